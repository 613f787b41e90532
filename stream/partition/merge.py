"""The inlet of a number: the records of its topic partitions, merged by event time (live 2, catch-up). Pure.

calls     09:00  09:04  09:09 ...                 take: the lane with the smallest head, within a lane by offset
payments         09:03         (at its log end)   does not hold the others back
cases     (behind its log end, nothing fetched)   holds all of them back until its next batch is there
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from stream.kafka.batches import Batch
from stream.partition.intake import NO_FACT, Outcome
from stream.wire.record import Record

Read = Callable[[Sequence[Record]], list[Outcome]]
"""What becomes of records that are read together, each by itself."""

CHUNK = 256
MOST_BATCHES = 16
MOST_BYTES = 16 << 20
"""Bytes of batches that may wait in a lane behind the one that is being applied."""
NO_CEILING_MS = 2**63


class MergedRun(NamedTuple):
    """Records of one topic that are to be applied now, one after the other, each with its outcome."""

    topic: str
    records: Sequence[Record]
    outcomes: Sequence[Outcome]


class GapError(Exception):
    """Records did not arrive. The worker starts anew, and looks then whether the topic still has them."""


class PartitionBuffer:
    """One topic's partition of this number. Offsets are "next" offsets: `applied` is taken, `fed` is buffered.
    `stamp_ms`: the greatest timestamp of a record that was fed, None for none."""

    def __init__(self, topic: str, offset: int, epoch: int) -> None:
        self.topic = topic
        self.epoch = epoch
        self.applied = offset
        self.fed = offset
        self.log_end: int | None = None
        self.stamp_ms: int | None = None
        self.excused = False
        self.buffered = 0
        self._waiting: deque[tuple[Sequence[Record], int]] = deque()
        self._waiting_bytes = 0
        self._records: Sequence[Record] = ()
        self._outcomes: list[Outcome] = []
        self._times: list[int] = []
        self._index = 0
        self._cut = 0

    @property
    def behind(self) -> bool:
        """Whether the log holds more than has been fetched, or nobody knows yet."""
        return self.log_end is None or self.fed < self.log_end

    def holds(self, records: int, batches: int, size_bytes: int) -> bool:
        """Whether so much waits here: records, batches or bytes (few and large ones fill a memory, too)."""
        return self.buffered >= records or len(self._waiting) >= batches or self._waiting_bytes >= size_bytes

    @property
    def lag(self) -> int:
        """Offsets between what is applied and the log end as last seen; 0 while unknown."""
        return 0 if self.log_end is None else max(0, self.log_end - self.applied)

    def admits(self, batch: Batch) -> bool:
        """Whether the batch is the next of this lane, and then it is fed; one of an earlier seek is to be dropped.

        GapError: something between it and the last one was lost on the way or deleted by retention, or the log has gone
        back, since its topic was made anew.
        """
        if batch.epoch != self.epoch:
            return False
        if batch.start > self.fed:
            raise GapError(f"{self.topic}-{batch.partition}: offsets {self.fed} to {batch.start - 1} did not arrive")
        if batch.start < self.fed:
            raise GapError(f"{self.topic}-{batch.partition}: the log went back from offset {self.fed} to {batch.start}")
        self.fed = batch.next_offset
        self.log_end = max(batch.log_end, self.log_end or 0)
        if batch.records:
            self.stamp_ms = max(batch.records[-1].timestamp, self.stamp_ms or 0)
        return True

    def feed(self, batch: Batch) -> None:
        """Takes a batch in, if this lane admits it."""
        if not self.admits(batch):
            return
        records = batch.records
        if records:
            self._waiting.append((records, batch.size_bytes))
            self._waiting_bytes += batch.size_bytes
            self.buffered += len(records)
        elif not self.buffered:
            self.applied = self.fed

    def head_ms(self, read: Read) -> int | None:
        """Event time of the next record; 0 for one that is no fact (it need not wait); None if nothing is there."""
        if self._index == len(self._outcomes) and not self._refill(read):
            return None
        return self._times[self._index]

    def run(self, limit: int, until_ms: int) -> MergedRun:
        """The record of `head_ms` and those behind it that have been read and are not later than `until_ms`."""
        times, start = self._times, self._index
        stop, end = start + 1, min(len(times), start + limit)
        while stop < end and times[stop] <= until_ms:
            stop += 1
        records = self._records[self._cut + start : self._cut + stop]
        self._index = stop
        self.buffered -= stop - start
        self.applied = records[-1].offset + 1 if self.buffered else self.fed
        return MergedRun(self.topic, records, self._outcomes[start:stop])

    def _refill(self, read: Read) -> bool:
        self._cut += self._index
        if self._cut >= len(self._records):
            if not self._waiting:
                self._records, self._outcomes, self._times, self._cut, self._index = (), [], [], 0, 0
                return False
            (self._records, size_bytes), self._cut = self._waiting.popleft(), 0
            self._waiting_bytes -= size_bytes
        self._index = 0
        self._outcomes = outcomes = read(self._records[self._cut : self._cut + CHUNK])
        self._times = [0 if isinstance(outcome, NO_FACT) else outcome.occurred_at for outcome in outcomes]
        return True


class EventTimeMerge:
    """The lanes of one number. `capacity`: a lane with as many records buffered is to be paused at the consumer.
    `ahead`: the lanes that the last choice passed over, since they wait for others to catch up.

    `pane_ms`: records of one pane may be given in any order. Nothing asks what was known inside a pane (alerts are
    evaluated at their ends), and a lane that may go on to the end of a pane gives many records at a time.
    """

    def __init__(self, lanes: Iterable[PartitionBuffer], read: Read, capacity: int, pane_ms: int = 1) -> None:
        self.lanes = {lane.topic: lane for lane in lanes}
        self.ahead: frozenset[str] = frozenset()
        self._read = read
        self._capacity = capacity
        self._pane_ms = pane_ms

    def full(self, topic: str) -> bool:
        """Whether this lane should be given nothing more for now."""
        return self.lanes[topic].holds(self._capacity, MOST_BATCHES, MOST_BYTES)

    def roomy(self, topic: str) -> bool:
        """Whether it may be given more again: half of what it was full of is taken."""
        return not self.lanes[topic].holds(self._capacity // 2 + 1, MOST_BATCHES // 2 + 1, MOST_BYTES // 2 + 1)

    def backlog_ms(self) -> int | None:
        """Event time of the earliest head among the lanes that are behind their log end; None: none such is known."""
        heads = (lane.head_ms(self._read) for lane in self.lanes.values() if lane.behind)
        return min((head for head in heads if head), default=None)

    def take(self, limit: int, ceiling_ms: int = NO_CEILING_MS) -> list[MergedRun]:
        """Up to `limit` records in the order of the merge. Empty: there is nothing, or a lane must be waited for.

        A lane that is behind its log end gives nothing later than `ceiling_ms` (live 2, `max_ahead`); one at its log
        end is live traffic and always may.
        """
        taken: list[MergedRun] = []
        while limit > 0:
            lane, until_ms = self._next(ceiling_ms)
            if lane is None:
                break
            run = lane.run(limit, until_ms)
            taken.append(run)
            limit -= len(run.records)
        return taken

    def _next(self, ceiling_ms: int) -> tuple[PartitionBuffer | None, int]:
        """The lane with the smallest head, and the event time up to which it may go on before the next choice."""
        best: PartitionBuffer | None = None
        best_ms = second_ms = NO_CEILING_MS
        ahead: set[str] = set()
        for lane in self.lanes.values():
            head = lane.head_ms(self._read)
            if head is None:
                if lane.behind and not lane.excused:
                    self.ahead = frozenset(set(self.lanes) - {lane.topic})
                    return None, 0
            elif head > ceiling_ms and lane.behind:
                ahead.add(lane.topic)
            elif best is None or head < best_ms:
                best, best_ms, second_ms = lane, head, best_ms
            elif head < second_ms:
                second_ms = head
        self.ahead = frozenset(ahead)
        second_ms += self._pane_ms - 1 - second_ms % self._pane_ms
        if best is not None and best.behind:
            second_ms = min(second_ms, ceiling_ms)
        return best, second_ms
