"""One partition of a source topic through a feed: records in; events, dead letters and the position out. No I/O."""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from stream.feed_kafka.errors import TooManyRefused
from stream.feed_kafka.letters import letter_of_record
from stream.feed_kafka.position import MOST_METADATA, SourcePosition
from stream.feeds.feed_counts import FeedCounts
from stream.feeds.feed_run import FeedRun
from stream.feeds.given import GivenEvent, RecordPlace, RefusedRecord
from stream.feeds.loading import Feed
from stream.kafka.writer import Line
from stream.partition.deadletter_limit import DeadLetterLimit
from stream.settings.document import LimitsSection
from stream.wire.record import Record, Unread

MOST_MARKS = 512
MOST_RECORDS = 5_000
"""Records of one step: some 100 ms of work, in which the group's heartbeat waits."""

Mark = tuple[int, str]
"""An offset, and the feed's event time before it: where reading may begin anew."""


@dataclass(frozen=True)
class Given:
    """What a step gave, to be written in one transaction with `position`. Nothing at all while it reads again what was
    given before: `position` is None then."""

    events: Sequence[GivenEvent]
    letters: Sequence[Line]
    position: SourcePosition | None


class SourcePartition:
    """Feeds the records of one partition, from a committed position on.

    What lies between `position.begin` and `position.through` is read again, since joins need its rows; it gives the
    same events as before, and these are not given a second time. `deadletter_bytes`: the greatest dead letter.
    """

    def __init__(
        self,
        feed: Feed,
        topic: str,
        partition: int,
        position: SourcePosition,
        *,
        most_open: int,
        limits: LimitsSection,
        deadletter_bytes: int,
    ) -> None:
        self.position = position
        self.next_offset = position.begin
        self._feed = feed
        self.partition = partition
        self._source, self._topic = f"{topic}-{partition}", topic
        self._run = FeedRun(feed, most_open=most_open)
        if position.clock:
            self._run.set_clock(position.clock.encode())
        self._limit = DeadLetterLimit(limits, position.refused)
        self._deadletter_bytes = deadletter_bytes
        self._marks: deque[Mark] = deque()
        self._waiting: deque[tuple[Sequence[Record], int]] = deque()

    def rest(self) -> FeedCounts:
        """Drops what was not stepped through, and counts from 0 again; gives what was counted."""
        self._waiting.clear()
        counts, self._run.counts = self._run.counts, FeedCounts()
        return FeedCounts() if self.next_offset < self.position.through else counts

    @property
    def counts(self) -> FeedCounts:
        """What has become of the records, those that were read again left out."""
        return FeedCounts() if self.next_offset < self.position.through else self._run.counts

    @property
    def open_joins(self) -> int:
        """How many joins wait for further rows."""
        return self._run.open_joins

    @property
    def busy(self) -> bool:
        """Whether there are records that wait for a step."""
        return bool(self._waiting)

    def feed(self, records: Sequence[Record], next_offset: int) -> None:
        """Takes what was fetched; `next_offset`: up to where that is everything."""
        self._waiting.append((records, next_offset))

    def step(self) -> Given:
        """Feeds the next records, at most MOST_RECORDS. TooManyRefused: beyond `limits.deadletter_*`; what this step
        would have given is not to be committed."""
        records, next_offset = self._waiting.popleft()
        if len(records) > MOST_RECORDS:
            self._waiting.appendleft((records[MOST_RECORDS:], next_offset))
            records, next_offset = records[:MOST_RECORDS], records[MOST_RECORDS].offset
        through = self.position.through
        again = self.next_offset < through
        if again and records and records[-1].offset >= through:
            cut = bisect_left(records, through, key=lambda each: each.offset)
            self._waiting.appendleft((records[cut:], next_offset))
            records, next_offset = records[:cut], through
        self._mark()
        unread = self._take(records)
        self.next_offset = next_offset
        events, refused = self._run.drain()
        if again:
            if next_offset >= through:
                self._run.counts = FeedCounts()
            return Given((), (), None)
        letters = self._refused(records, [*unread, *refused])
        self.position = self._now()
        return Given(events, letters, self.position)

    def _take(self, records: Sequence[Record]) -> list[RefusedRecord]:
        """Feeds the records; gives those that could not be unpacked at all, which no feed can look at."""
        take, source = self._run.take, self._source
        unread = []
        for record in records:
            value = record.value
            if isinstance(record, Unread):
                place = RecordPlace(source, record.offset)
                self._run.counts.malformed += 1
                unread.append(RefusedRecord("malformed", record.detail, "", place, record.prefix, True))
            elif value is not None:  # a tombstone says nothing
                take(RecordPlace(source, record.offset), value.rstrip(b"\r\n"))
        return unread

    def _refused(self, records: Sequence[Record], refused: Sequence[RefusedRecord]) -> list[Line]:
        """The dead letters, once they are counted towards the limit in the order of their offsets."""
        if not refused:
            self._limit.passed(len(records))
            return []
        offsets = [record.offset for record in records]
        done = 0
        for each in sorted(refused, key=lambda one: one.place.line):
            at = bisect_left(offsets, each.place.line)
            self._limit.passed(max(0, at - done))
            done = max(done, at + 1)
            too_many = self._limit.refused(each.reason)
            if too_many is not None:
                raise TooManyRefused(
                    f"{self._source} offset {each.place.line}: {too_many}, the last one as {each.reason}: {each.detail}"
                )
        self._limit.passed(max(0, len(records) - done))
        by_offset = {record.offset: record for record in records}
        return [
            letter_of_record(each, by_offset, self._topic, self.partition, self._deadletter_bytes) for each in refused
        ]

    def _mark(self) -> None:
        """Remembers event time as it is before the next record, for as long as reading may have to begin there."""
        if not self._feed.joins:
            return
        if not self._marks or self._marks[-1][0] < self.next_offset:
            self._marks.append((self.next_offset, self._run.clock().decode()))
        if len(self._marks) > MOST_MARKS:  # coarser: then a little more is read again
            self._marks = deque([*islice(self._marks, 0, None, 2)])

    def _now(self) -> SourcePosition:
        """The position after all that was fed: what a successor needs to go on as if it had been this one."""
        refused = self._limit.state
        oldest = self._run.oldest
        if not self._feed.joins:
            return SourcePosition(self.next_offset, self.next_offset, self.next_offset, "", refused)
        if oldest is None:
            self._marks.clear()
            self._marks.append((self.next_offset, self._run.clock().decode()))
        offset = self.next_offset if oldest is None else oldest.line
        while len(self._marks) > 1 and self._marks[1][0] <= offset:
            self._marks.popleft()
        begin, clock = self._marks[0]
        found = SourcePosition(offset, begin, self.next_offset, clock, refused)
        if len(found.metadata(self._feed.name).encode()) <= MOST_METADATA:
            return found
        return SourcePosition(offset, offset, self.next_offset, "", refused)
