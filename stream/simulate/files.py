"""Writes a stream of events as JSON Lines: to a file, plain, .gz or .zst, or to standard output."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import orjson
import zstandard

from stream.simulate.mess import Item
from stream.written_file import written

STDOUT = "-"
_REPORT_EVERY = 20_000


def write_lines(items: Iterable[Item], path: str, report: Callable[[int], None] = lambda _count: None) -> int:
    """How many lines were written to `path`; `-` is standard output.

    A file appears under its name when it is whole (`stream/written_file.py`); an error or Ctrl-C leaves nothing of it.
    `report(lines)` is called every now and then. Raises OSError where the file cannot be written.
    """
    count = 0
    with opened(path) as out:
        for _, event in items:
            line = event if isinstance(event, bytes) else orjson.dumps(event)
            out.write(line + b"\n")
            count += 1
            if count % _REPORT_EVERY == 0:
                report(count)
    return count


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with written(Path(path)) as raw, _compressed(raw, Path(path).suffix) as out:
        yield out


@contextmanager
def _compressed(raw: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    if suffix == ".gz":
        # No time and no name in the header: the same events give the same bytes.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=5, fileobj=raw, mtime=0) as packed:
            yield cast("IO[bytes]", packed)
    elif suffix == ".zst":
        with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as squeezed:
            yield cast("IO[bytes]", squeezed)
    else:
        yield raw
