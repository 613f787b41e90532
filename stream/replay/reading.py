"""From input files to raw events: one value of bytes each, with the place where it stands.

JSON Lines (plain, gzip, zstd) end at LF; a CR before it, blank lines and a byte-order mark at the start of a file are
skipped, and the last line needs no LF. Parquet: see parquet.py.
"""

from collections.abc import Iterator
from typing import NamedTuple

from stream.replay.chunks import STDIN, Position, check, chunks

__all__ = ["CUT_BYTES", "Raw", "read"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PARQUET = (".parquet", ".pq")

CUT_BYTES = 16 * 1024 * 1024
"""A line is kept up to here: what is longer is one value of CUT_BYTES + 1 bytes, and no line at all."""


class Raw(NamedTuple):
    """One event as it lies in its file: `line` counts from 1 (Parquet: the row)."""

    value: bytes
    source: str
    line: int


def read(sources: list[str], position: Position) -> Iterator[Raw]:
    """Every raw event of the sources, one source after the other. InputError names an input that is missing or torn;
    those that are missing are named before anything is read."""
    position.total = check(sources)
    for source in sources:
        if source != STDIN and source.endswith(_PARQUET):
            from stream.replay.parquet import rows

            before = position.read
            yield from (Raw(value, source, row) for row, value in enumerate(rows(source), 1))
            position.read = before + check([source])
        else:
            for number, line in enumerate(_lines(chunks(source, position)), 1):
                if line.endswith(b"\r"):
                    line = line[:-1]
                if line and not line.isspace():
                    yield Raw(line, source, number)


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The lines of a stream of bytes without their LF, cut as CUT_BYTES says; memory is bounded by that, too."""
    held: list[bytes] = []
    held_bytes = 0
    at_start = True
    for piece in pieces:
        if at_start and piece:
            at_start = False
            piece = piece.removeprefix(_BYTE_ORDER_MARK)
        first, *others = piece.split(b"\n")
        if held_bytes <= CUT_BYTES:
            held.append(first)
            held_bytes += len(first)
        if others:
            yield b"".join(held)[: CUT_BYTES + 1]
            last = others.pop()
            yield from others
            held, held_bytes = [last], len(last)
    yield b"".join(held)[: CUT_BYTES + 1]
