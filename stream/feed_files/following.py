"""Follows files as they grow and rotate, until somebody says that it is enough (feeds 6)."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from stream.feed_files.output import Sink
from stream.feed_files.places import HEAD_BYTES, Places
from stream.feed_files.reading import Report, SourceReading, read_source
from stream.feeds.feed_run import FeedRun
from stream.feeds.loading import Feed
from stream.replay.chunks import InputError, is_packed

POLL_SECONDS = 0.25
SAVE_SECONDS = 10.0
QUIET_LOOKS = 240
"""After a minute without a word nobody writes to a renamed file any more: a writer may reopen its log late."""
_CHUNK_BYTES = 256 * 1024

Identity = tuple[int, int]
"""Device and inode: what a file is, whatever its name."""


def _is_pattern(source: str) -> bool:
    """Whether a name stands for files; a file that has brackets in its name is itself."""
    return glob.has_magic(source) and not Path(source).exists()


class _Followed:
    """A file that is open. `quiet_looks`: so many looks it has had no name and nothing was written to it."""

    def __init__(self, file: BinaryIO, reading: SourceReading, at: int) -> None:
        self.file, self.reading, self.at, self.quiet_looks = file, reading, at, 0
        self._head = os.pread(file.fileno(), HEAD_BYTES, 0)

    def pieces(self) -> Iterator[bytes]:
        """What has been written since."""
        while chunk := self.file.read(_CHUNK_BYTES):
            self.at += len(chunk)
            yield chunk

    @property
    def was_cut(self) -> bool:
        """Whether the file is shorter than what was read of it, or begins otherwise: it has grown again since."""
        former, self._head = self._head, os.pread(self.file.fileno(), HEAD_BYTES, 0)
        return os.fstat(self.file.fileno()).st_size < self.at or not self._head.startswith(former)


class Following:
    """Files and patterns of files, read as they grow. What is renamed is read on to its end; what takes its name, or
    what is cut, is read from the beginning. Compressed files are read once."""

    def __init__(self, sources: Sequence[str], feed: Feed, run: FeedRun, sink: Sink, places: Places) -> None:
        self._sources, self._feed, self._run, self._sink, self._places = sources, feed, run, sink, places
        self._open: dict[Identity, _Followed] = {}
        self._packed: set[Identity] = set()

    def follow(
        self, wait: Callable[[float], bool], save: Callable[[], None], monotonic: Callable[[], float], report: Report
    ) -> None:
        """Goes on until `wait(seconds)` says that it is enough; `save` writes the places and the run now and then.

        InputError: a file is missing at the beginning, or cannot be read.
        """
        for source in self._sources:
            if not _is_pattern(source) and not Path(source).exists():
                raise InputError(f"{source}: No such file or directory")
        saved_at, unsaved = monotonic(), False
        while True:
            read = self.look()
            unsaved = unsaved or read
            report(self._run.counts.records)
            if unsaved and monotonic() - saved_at >= SAVE_SECONDS:
                save()
                saved_at, unsaved = monotonic(), False
            if wait(0.0 if read else POLL_SECONDS):
                break
        self.look()
        for identity, followed in [*self._open.items()]:
            if followed.quiet_looks:
                self._let_go(identity, followed)

    def look(self) -> bool:
        """Reads whatever is there now. Whether there was anything."""
        read = False
        there = self._there()
        for identity, path in there.items():
            if identity not in self._open and identity not in self._packed:
                read = self._begin(identity, path) or read
        for identity, followed in [*self._open.items()]:
            if followed.was_cut:
                followed = self._begin_again(identity, followed)
            followed.quiet_looks = 0 if identity in there else followed.quiet_looks + 1
            for chunk in followed.pieces():
                read, followed.quiet_looks = True, 0
                followed.reading.add(chunk)
                self._write()
            if followed.quiet_looks >= QUIET_LOOKS:
                self._let_go(identity, followed)
        return read

    def _let_go(self, identity: Identity, followed: _Followed) -> None:
        """Ends a file that has no name any more: what stands last in it is whole."""
        followed.reading.finish()
        self._write()
        self._close(identity)

    def keep_places(self) -> None:
        """Puts the place in every open file where it is kept."""
        for followed in self._open.values():
            place = followed.reading.place
            self._places.put(place, followed.reading.former)
            followed.reading.former = place

    def close(self) -> None:
        """Closes the files."""
        for identity in [*self._open]:
            self._close(identity)

    def _there(self) -> dict[Identity, str]:
        found: dict[Identity, str] = {}
        for source in self._sources:
            for path in sorted(glob.glob(source)) if _is_pattern(source) else [source]:  # noqa: PTH207
                try:
                    status = os.stat(path)  # noqa: PTH116
                except OSError:
                    continue  # it is being rotated
                found.setdefault((status.st_dev, status.st_ino), path)
        return found

    def _begin(self, identity: Identity, path: str) -> bool:
        try:
            if is_packed(path):
                self._packed.add(identity)
                return self._read_packed(path)
            file = Path(path).open("rb", buffering=0)  # noqa: SIM115  kept open; a buffer would give what was cut
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                return False
            raise InputError(f"{path}: {error.strerror or error}") from error
        head = file.read(HEAD_BYTES)
        former = self._places.of(head, os.fstat(file.fileno()).st_size)
        offset = 0 if former is None else former.offset
        file.seek(offset)
        self._open[identity] = _Followed(file, SourceReading(path, self._feed, self._run, former, head), offset)
        return False

    def _begin_again(self, identity: Identity, followed: _Followed) -> _Followed:
        name = followed.reading.name
        followed.file.seek(0)
        new = _Followed(followed.file, SourceReading(name, self._feed, self._run, None, b""), 0)
        self._open[identity] = new
        return new

    def _read_packed(self, path: str) -> bool:
        for _ in read_source(path, self._feed, self._run, self._places):
            self._write()
        return True

    def _write(self) -> None:
        self._sink.write(*self._run.drain())

    def _close(self, identity: Identity) -> None:
        followed = self._open.pop(identity)
        self._places.put(followed.reading.place, followed.reading.former)
        followed.file.close()
