"""Where the events and refusals of a feed go that does not write to Kafka: files, or standard output."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Protocol

import zstandard

from stream.feed_files.rejects import reject_line
from stream.feeds.given import GivenEvent, RefusedRecord
from stream.simulate.files import STDOUT, opened


class Sink(Protocol):
    """What takes the events and refusals of a run, piece by piece."""

    def write(self, events: Sequence[GivenEvent], refused: Sequence[RefusedRecord] = ()) -> None:
        """Returns once they are written; they are then there after a crash of the process."""

    def close(self) -> None:
        """The end: nothing comes after."""


class LinesOut:
    """A file of lines: at the end of what is there (`append`), else under its name when it is whole. OSError."""

    def __init__(self, path: str, *, append: bool) -> None:
        self._stack = ExitStack()
        appended = append and path != STDOUT
        self._suffix = Path(path).suffix if appended else ""
        self._flushed = append or path == STDOUT
        try:
            self._file = self._stack.enter_context(_appended(path) if appended else opened(path))
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None

    def write(self, lines: bytes) -> None:
        """Writes whole lines. What is appended to a compressed file is a frame of its own."""
        if self._suffix == ".gz":
            lines = gzip.compress(lines, mtime=0)
        elif self._suffix == ".zst":
            lines = zstandard.compress(lines)
        self._file.write(lines)
        if self._flushed:
            self._file.flush()

    def close(self) -> None:
        """Closes the file, which then has its name."""
        self._stack.close()

    def abandon(self) -> None:
        """Closes the file of a run that failed: one that is not whole does not get its name."""
        with suppress(BaseException):
            self._stack.__exit__(OSError, OSError("abandoned"), None)


class FileSink:
    """Events to `out` and refusals to `rejects`, a line each; `rejects` None: they are counted only."""

    def __init__(self, out: str, rejects: str | None, *, append: bool) -> None:
        self._out = LinesOut(out, append=append)
        try:
            self._rejects = None if rejects is None else LinesOut(rejects, append=append)
        except OSError:
            self._out.abandon()
            raise

    def write(self, events: Sequence[GivenEvent], refused: Sequence[RefusedRecord] = ()) -> None:
        """Writes them."""
        if events:
            self._out.write(b"".join([event.json + b"\n" for event in events]))
        if refused and self._rejects is not None:
            self._rejects.write(b"".join(map(reject_line, refused)))

    def close(self) -> None:
        """Closes the files, which then have their names."""
        self._out.close()
        if self._rejects is not None:
            self._rejects.close()

    def abandon(self) -> None:
        """Closes the files of a run that failed."""
        self._out.abandon()
        if self._rejects is not None:
            self._rejects.abandon()


def _appended(path: str) -> IO[bytes]:
    _cut_torn_line(path)
    return Path(path).open("ab")


def _cut_torn_line(path: str) -> None:
    """Takes off a last line without newline: a run that was killed wrote half of it, and writes it again."""
    file = Path(path)
    if file.suffix in (".gz", ".zst") or not file.is_file():
        return
    with file.open("r+b") as torn:
        at = torn.seek(0, os.SEEK_END)
        while at > 0:
            start = max(0, at - 65_536)
            torn.seek(start)
            newline = torn.read(at - start).rfind(b"\n")
            if newline >= 0:
                torn.truncate(start + newline + 1)
                return
            at = start
        torn.truncate(0)
