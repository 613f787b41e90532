"""From input files to raw events: the bytes of each event and the line on which it stands, block by block.

JSON Lines (plain, gzip, zstd) end at LF; a CR before it, blank lines and a byte-order mark at the start of a file are
skipped, and the last line needs no LF. Parquet: see parquet.py. A plain file may be read in parts, by bytes: a line
belongs to the part in which it starts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from stream.replay.chunks import STDIN, FilePosition, InputError, check, chunks, is_packed, raw_chunks

__all__ = ["CUT_BYTES", "Block", "InputPart", "Raw", "parts_of", "read"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PARQUET = (".parquet", ".pq")
PART_BYTES = 64 * 1024 * 1024

CUT_BYTES = 16 * 1024 * 1024
"""A longer line is cut: it becomes one value of CUT_BYTES + 1 bytes, which is refused as oversized."""


class Raw(NamedTuple):
    """One event as it lies in its file. `line` counts from 1; in a Parquet file it is the row."""

    value: bytes
    source: str
    line: int


Refused = tuple[int, bytes, str, str]
"""Line, value, reason and detail of an event that its source refuses without its being decoded."""


@dataclass
class Block:
    """Some events of a part, in its order.

    `lines`: the line of each value, counted from 1 in the part. `passed`: how many lines of the part end with this
    block. `greatest_ms`: the greatest `occurred_at` in it, and `stamp_ms`: the latest instant at which one of its
    records was written; None where the source does not know them. `tombstones`: records of a topic without a value,
    which are no events.
    """

    values: list[bytes]
    lines: Sequence[int]
    passed: int
    refused: list[Refused] = field(default_factory=list)
    greatest_ms: int | None = None
    stamp_ms: int | None = None
    tombstones: int = 0


class InputPart(Protocol):
    """What one task reads of one source. It is pickled for other processes."""

    @property
    def source(self) -> str:
        """The name of the source, as people are shown it."""
        ...

    @property
    def numbered(self) -> bool:
        """Whether its line numbers already count from the start of the whole source."""
        ...

    def blocks(self, position: FilePosition) -> Iterator[Block]:
        """Its events, in order. InputError if the source is missing or torn."""
        ...


@dataclass(frozen=True)
class LinesPart:
    """The lines of a file that start in the bytes `[start, end)`. `end` None: a whole file, which may be compressed."""

    source: str
    start: int = 0
    end: int | None = None
    numbered: bool = False

    def blocks(self, position: FilePosition) -> Iterator[Block]:
        """As `InputPart` says."""
        if self.end is None:
            pieces = chunks(self.source, position)
        else:
            pieces = _range(self.source, self.start, self.end, position)
        return _blocks(pieces, whole=self.start == 0)


@dataclass(frozen=True)
class RowsPart:
    """The rows `[first, end)` of a Parquet file, counted from 0. `size`: its share of the file, in bytes."""

    source: str
    first: int
    end: int
    size: int
    numbered: bool = True

    def blocks(self, position: FilePosition) -> Iterator[Block]:
        """As `InputPart` says."""
        from stream.replay.parquet import rows

        count = max(1, self.end - self.first)
        done = 0
        for lines, values in rows(self.source, self.first, self.end):
            done += len(values)
            yield Block(values, lines, 0)
            position.read += self.size * len(values) // count
        position.read += self.size - self.size * done // count


def parts_of(sources: Sequence[str], part_bytes: int | None = None) -> list[InputPart]:
    """The sources cut into parts, in order. InputError names one that is missing, or is no whole Parquet file."""
    check(list(sources))
    part_bytes = part_bytes or PART_BYTES
    found: list[InputPart] = []
    for source in sources:
        if source != STDIN and source.endswith(PARQUET):
            found += _parquet_parts(source, part_bytes)
        elif source == STDIN or is_packed(source):
            found.append(LinesPart(source))
        else:
            size = Path(source).stat().st_size
            starts = range(0, max(size, 1), part_bytes)
            found += [LinesPart(source, start, min(start + part_bytes, size)) for start in starts]
    return found


def _parquet_parts(source: str, part_bytes: int) -> list[InputPart]:
    from stream.replay.parquet import count_rows

    count, size = count_rows(source), Path(source).stat().st_size
    # A row is many times larger in memory than at rest.
    step = max(1, count * part_bytes // max(1, 8 * size))
    starts = range(0, max(count, 1), step)
    return [RowsPart(source, first, min(first + step, count), size // len(starts)) for first in starts]


def read(sources: list[str], position: FilePosition) -> Iterator[Raw]:
    """Every raw event of the sources, one source after the other.

    InputError names an input that is missing or torn; missing ones are found before anything is read.
    """
    position.total = check(sources)
    for source in sources:
        for part in parts_of([source], part_bytes=1 << 62):
            for block in part.blocks(position):
                for line, value in zip(block.lines, block.values, strict=True):
                    yield Raw(value, source, line)


def _blocks(pieces: Iterator[bytes], whole: bool) -> Iterator[Block]:
    """The lines of a file that comes in pieces; `whole`: from its start on, where a byte-order mark may be."""
    first, at_start, plain = 1, whole, True
    held: list[bytes] = []
    held_bytes = 0
    for piece in pieces:
        if at_start and piece:
            at_start, piece = False, piece.removeprefix(_BYTE_ORDER_MARK)
        lines = piece.split(b"\n")
        # Nearly all pieces hold nothing but lines that begin with a brace: counting that is much cheaper than looking.
        plain = plain and b"\r" not in piece and piece.count(b"\n{") == len(lines) - 1
        if held_bytes <= CUT_BYTES:
            held.append(lines[0])
            held_bytes += len(lines[0])
        if len(lines) > 1:
            lines[0] = b"".join(held)[: CUT_BYTES + 1]
            last = lines.pop()
            yield _block(lines, first, plain)
            first += len(lines)
            held, held_bytes, plain = [last], len(last), b"\r" not in last
    rest = _block([b"".join(held)[: CUT_BYTES + 1]], first, plain=False)
    yield replace(rest, passed=first - 1)  # this line has no end, so no part follows


def _block(lines: list[bytes], first: int, plain: bool) -> Block:
    passed = first + len(lines) - 1
    if plain and lines[0].startswith(b"{"):
        return Block(lines, range(first, passed + 1), passed)
    kept = [
        (number, line.removesuffix(b"\r")) for number, line in enumerate(lines, first) if line and not line.isspace()
    ]
    return Block([line for _, line in kept], [number for number, _ in kept], passed)


def _range(source: str, start: int, end: int, position: FilePosition) -> Iterator[bytes]:
    """The bytes of the lines that start in `[start, end)`. A line that starts before and reaches into it is skipped."""
    position.read += end - start
    try:
        with Path(source).open("rb") as file:
            at = max(0, start - 1)
            file.seek(at)
            skipping = start > 0
            for piece in raw_chunks(file, FilePosition()):
                begin = 0
                if skipping:
                    begin = piece.find(b"\n") + 1
                    if not begin:
                        at += len(piece)
                        if at >= end:
                            return
                        continue
                    skipping = False
                    if at + begin >= end:
                        return
                if at + len(piece) >= end:
                    # The last line is the one that holds the byte before the end.
                    stop = piece.find(b"\n", max(begin, end - 1 - at))
                    if stop >= 0:
                        yield piece[begin : stop + 1]
                        return
                yield piece[begin:]
                at += len(piece)
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}") from error
