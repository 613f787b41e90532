"""Reads files into a run of a feed: each from its beginning, or from the place where it was left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from stream.feed_files.output import Sink
from stream.feed_files.places import HEAD_BYTES, FilePlace, Places, place_of
from stream.feeds.feed_run import FeedRun
from stream.feeds.framing import Framer, Line
from stream.feeds.given import RecordPlace
from stream.feeds.inputs import Malformed
from stream.feeds.loading import Feed
from stream.replay.chunks import STDIN, FilePosition, InputError, chunks

Report = Callable[[int], None]
"""Is told the number of records now and then."""


class SourceReading:
    """One source of a run: its bytes go in, its values go to the run. `former`: the place from which it goes on."""

    def __init__(self, name: str, feed: Feed, run: FeedRun, former: FilePlace | None, head: bytes) -> None:
        self.name = name
        self.former = former
        self._feed, self._run, self._head = feed, run, head
        self._columns = former.columns if former is not None else None
        offset, line = (former.offset, former.line) if former is not None else (0, 0)
        self._framer = Framer(feed.mapping.input, offset, line)
        self._at = offset

    def add(self, chunk: bytes) -> None:
        """Takes bytes. Raises InputError where the header is none."""
        known = len(self._head)
        if known < HEAD_BYTES:
            self._head += chunk[max(0, known - self._at) : max(0, HEAD_BYTES - self._at)]
        self._at += len(chunk)
        self._take(self._framer.add(chunk))

    def finish(self) -> None:
        """Takes a last line without newline, too. The place stays before it: the line may still be written on."""
        self._take(self._framer.rest())

    @property
    def place(self) -> FilePlace:
        """How far it was read."""
        return place_of(self._head, self._framer.offset, self._framer.line, self._columns)

    def _take(self, lines: list[Line]) -> None:
        if not lines:
            return
        run, name = self._run, self.name
        if self._feed.needs_header:
            if self._columns is None:
                lines = self._without_header(lines)
            if self._columns is not None:
                run.use_columns(self._columns)
        for number, value in lines:
            run.take(RecordPlace(name, number), value)

    def _without_header(self, lines: list[Line]) -> list[Line]:
        for at, (number, line) in enumerate(lines):
            if line.strip():
                try:
                    self._columns = self._run.header(line.rstrip(b"\r"))
                except Malformed as malformed:
                    raise InputError(f"{self.name}:{number}: {malformed}") from None
                return lines[at + 1 :]
        return []


def read_all(
    sources: Sequence[str], feed: Feed, run: FeedRun, sink: Sink, places: Places | None, report: Report
) -> list[str]:
    """Reads every source to its end into the run, and what the run gives into the sink. The sources that are missing
    or torn, a line each: what was readable of them is given."""
    wrong = []
    for source in sources:
        try:
            for _ in read_source(source, feed, run, places):
                sink.write(*run.drain())
                report(run.counts.records)
        except InputError as error:
            wrong.append(str(error))
        sink.write(*run.drain())
    return wrong


def read_source(source: str, feed: Feed, run: FeedRun, places: Places | None) -> Iterator[None]:
    """Reads one source to its end, a piece at each step. InputError: it is missing or torn."""
    found: Iterator[bytes] = chunks(source, FilePosition())
    reading: SourceReading | None = None
    try:
        if places is None or source == STDIN:
            reading = SourceReading("stdin" if source == STDIN else source, feed, run, None, b"")
        else:
            head, found = _headed(found)
            plain = Path(source).suffix not in (".gz", ".zst", ".zstd")
            former = places.of(head, Path(source).stat().st_size if plain else None)
            reading = SourceReading(source, feed, run, former, head)
            found = _after(found, former.offset if former is not None else 0)
        for chunk in found:
            reading.add(chunk)
            yield
        reading.finish()
        yield
    finally:
        if places is not None and reading is not None and source != STDIN:
            places.put(reading.place, reading.former)


def _headed(found: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first 4 KiB, or all that there is, and the chunks with them."""
    first = b""
    for chunk in found:
        first += chunk
        if len(first) >= HEAD_BYTES:
            break
    return first[:HEAD_BYTES], _chained([first], found)


def _chained(first: Iterable[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from rest


def _after(found: Iterator[bytes], offset: int) -> Iterator[bytes]:
    """The chunks without their first bytes."""
    for chunk in found:
        if offset >= len(chunk):
            offset -= len(chunk)
            continue
        yield chunk[offset:]
        offset = 0
