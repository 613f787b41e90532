"""One run of a feed over one input: values go in, events and refusals come out (feeds 1 to 6). No clock, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from stream.feeds.feed_counts import FeedCounts
from stream.feeds.given import GivenEvent, RecordPlace, RefusedRecord, Unmapped
from stream.feeds.inputs import BYTE_ORDER_MARK, Malformed, Read, header_of, reader_of
from stream.feeds.joining import JoinedRecord, Joining
from stream.feeds.json_text import decode, encode, written
from stream.feeds.loading import Feed
from stream.feeds.wrong import Wrong, shown

__all__ = ["FeedCounts", "FeedRun", "GivenEvent", "Observer", "RecordPlace", "RefusedRecord"]

MOST_OPEN = 100_000


class Observer(Protocol):
    """Looks on while a feed runs, for `feed check`."""

    def saw(self, record: Any) -> None:
        """A record of the input, before anything is done with it."""

    def gave(self, rule: str, count: int) -> None:
        """So many events of the rule with this key, out of one record."""

    def left(self, record: Any, place: RecordPlace) -> None:
        """A record that no event wanted."""


class FeedRun:
    """A run over one input (all files of a command, or one partition of a topic): what is joined is joined within it.

    A run may be thrown away and begun anew from `oldest`: what is read again gives the same events.
    """

    def __init__(self, feed: Feed, most_open: int = MOST_OPEN, observer: Observer | None = None) -> None:
        self._feed = feed
        self.counts = FeedCounts()
        self._observer = observer
        self._events: list[GivenEvent] = []
        self._refused: list[RefusedRecord] = []
        self._read: Read | None = None if feed.needs_header else reader_of(feed.mapping.input, None)
        self._json_fields = tuple(feed.mapping.input.json_)
        self._plain = not self._json_fields and feed.records is None and feed.join is None
        self._joining = None if feed.join is None else Joining(feed.join, most_open)

    def header(self, line: bytes) -> tuple[str, ...]:
        """The columns that a header line names. Raises Malformed."""
        return header_of(self._feed.mapping.input, line)

    def use_columns(self, columns: Sequence[str]) -> None:
        """The columns of the values that follow."""
        self._read = reader_of(self._feed.mapping.input, columns)

    def take(self, place: RecordPlace, value: bytes) -> None:
        """Takes one input value: a line, or the value of a Kafka record. No bytes make it fail."""
        value = value.rstrip(b"\r\n")
        if value.startswith(BYTE_ORDER_MARK):
            value = value[3:]
        if not value or value.isspace():
            return
        self.counts.values += 1
        assert self._read is not None, "use_columns comes first"
        try:
            found = self._read(value)
        except Malformed as malformed:
            self.counts.records += 1
            self.counts.malformed += 1
            self.counts.refused[self._feed.format] += 1
            self._refused.append(RefusedRecord("malformed", str(malformed), self._feed.format, place, value, True))
            return
        if self._plain and type(found) is dict:
            self._record(found, place, value)
        else:
            self._values(found, place, value)

    def _values(self, found: Any, place: RecordPlace, raw: bytes) -> None:
        items = found if isinstance(found, list) and self._feed.format == "json" else [found]
        several = items is found
        for item in items:
            value = None if several else raw
            try:
                records = self._records(item)
            except Unmapped as refusal:
                self.counts.records += 1
                self._refuse(refusal, item, place, value)
                continue
            if self._feed.records is not None:
                value = None
            for record in records:
                if self._feed.records is not None:
                    try:
                        self._read_json_fields(record)
                    except Unmapped as unmapped:
                        self.counts.records += 1
                        self._refuse(unmapped, record, place, None)
                        continue
                self._record(record, place, value)

    def _records(self, item: Any) -> Sequence[Any]:
        self._read_json_fields(item)
        if self._feed.records is None:
            return (item,)
        try:
            found = self._feed.records(item if isinstance(item, dict) else {})
        except Wrong as wrong:
            raise Unmapped("records", str(wrong)) from None
        if found is None:
            return ()
        if not isinstance(found, list):
            raise Unmapped("records", f"{shown(found)} is no list")
        return found

    def _read_json_fields(self, item: Any) -> None:
        if not isinstance(item, dict):
            return
        for name in self._json_fields:
            text = item.get(name)
            if isinstance(text, str):
                try:
                    item[name] = msgspec.json.decode(text)
                except (ValueError, RecursionError):
                    raise Unmapped(name, f"{shown(text)} is no JSON, as `input.json` says") from None

    def _record(self, record: Any, place: RecordPlace, value: bytes | None) -> None:
        self.counts.records += 1
        if self._observer is not None:
            self._observer.saw(record)
        stated = record
        if not isinstance(record, dict):
            record = {}
        if self._joining is not None:
            try:
                given = self._joining.take(record, place)
            except Unmapped as refusal:
                self._refuse(refusal, stated, place, value)
                return
            if given is not None:
                self._give_joined(given)
                return
        self._give(record, 1, place, value, stated)

    def _give_joined(self, given: list[JoinedRecord]) -> None:
        for record, version, place, wrong in given:
            self.counts.joined += 1
            if wrong is None:
                self._give(record, version, place, None, record)
            else:
                self._refuse(wrong, record, place, None)
        assert self._joining is not None
        self.counts.clock_ahead, self.counts.overflow = self._joining.held.clock_ahead, self._joining.held.overflow

    def _give(self, record: Any, version: int, place: RecordPlace, value: bytes | None, stated: Any) -> None:
        """The events of one record: all, or none where one is refused. `stated`: the record as it came."""
        events: list[GivenEvent] = []
        try:
            for rule in self._feed.rules:
                before = len(events)
                events += rule.events(record, version)
                if self._observer is not None:
                    self._observer.gave(rule.key, len(events) - before)
        except Unmapped as refusal:
            self._refuse(refusal, stated, place, value)
            return
        if not events:
            self.counts.unused += 1
            if self._observer is not None:
                self._observer.left(stated, place)
            return
        self.counts.mapped += 1
        for event in events:
            self.counts.events[event.type] += 1
        self._events += events

    def _refuse(self, refusal: Unmapped, record: Any, place: RecordPlace, value: bytes | None) -> None:
        self.counts.unmapped += 1
        self.counts.refused[refusal.field] += 1
        as_json = written(record) if value is None else value
        self._refused.append(RefusedRecord("unmapped", str(refusal), refusal.field, place, as_json, value is not None))

    def end(self) -> None:
        """The end of the input: what is open is given out."""
        if self._joining is not None:
            self._give_joined(self._joining.at_end())

    def drain(self) -> tuple[list[GivenEvent], list[RefusedRecord]]:
        """The events and refusals since this was last asked, in the order in which they came about."""
        drained = self._events, self._refused
        self._events, self._refused = [], []
        return drained

    @property
    def open_joins(self) -> int:
        """How many joins wait for further rows."""
        return 0 if self._joining is None else self._joining.held.open_count

    @property
    def oldest(self) -> RecordPlace | None:
        """Where reading must begin anew, so that nothing that is held is missing; None where nothing is held."""
        return None if self._joining is None else self._joining.oldest

    def state(self) -> bytes:
        """What the run holds: event time and joins, as one line of JSON."""
        held = {} if self._joining is None else self._joining.state()
        return encode({"feed": self._feed.name, **held})

    def restore(self, state: bytes) -> None:
        """Puts back what `state` gave, before the first value. Raises ValueError, in one line."""
        self._put_back(state, whole=True)

    def clock(self) -> bytes:
        """Event time alone, and the row that waits for a second clock: small enough for a commit's metadata."""
        if self._joining is None:
            return encode({"feed": self._feed.name})
        return encode({"feed": self._feed.name, **self._joining.clock_state()})

    def set_clock(self, clock: bytes) -> None:
        """Puts back what `clock` gave. Raises ValueError, in one line."""
        self._put_back(clock, whole=False)

    def _put_back(self, state: bytes, *, whole: bool) -> None:
        try:
            found = decode(state)
            name = found["feed"]
            if name == self._feed.name and self._joining is not None:
                if whole:
                    self._joining.restore(found)
                else:
                    self._joining.set_clock(found)
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(f"is no state of a feed: {error}") from None
        if name != self._feed.name:
            raise ValueError(f"is the state of the feed {name}, not of {self._feed.name}")
