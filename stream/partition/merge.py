"""The records of a debtor partition's topics, merged by event time (live 2, catch-up). Pure.

Each topic has a buffer. The merge takes from the one whose next record is the earliest, and within a buffer by offset:

calls     09:00  09:04  09:09 ...                 gives 09:00, then payments' 09:03, then 09:04
payments         09:03         (at its log end)   empty: the others go on without it
cases     (behind its log end, nothing fetched)   empty: all the others wait for its next batch
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from stream.kafka.batches import Batch
from stream.partition.intake import NO_FACT, Outcome
from stream.wire.record import Record

Read = Callable[[Sequence[Record]], list[Outcome]]
"""Reads records: the outcome of each, in their order."""

CHUNK = 256
MOST_BATCHES = 16
MOST_BYTES = 16 << 20
"""Bytes of batches that may wait in a buffer beside the batch that is being applied."""
NO_CEILING_MS = 2**63


class MergedRun(NamedTuple):
    """Records of one topic that are to be applied now, one after the other, each with its outcome."""

    topic: str
    records: Sequence[Record]
    outcomes: Sequence[Outcome]


class GapError(Exception):
    """Records are missing from what was fetched. The worker restarts, and sees whether the topic still has them."""


class PartitionBuffer:
    """The fetched records of one topic partition that wait to be applied.

    All offsets are next offsets: those below `applied` were taken, those below `fed` were buffered, those below
    `log_end` are in the topic (None: not known yet). `buffered`: how many records wait. `stamp_ms`: the
    timestamp of the last record that was fed (the broker stamps, so they rise), None for none. `epoch`: the seek that
    its batches belong to. `excused`: nobody has answered for this partition for a while, so the merge does not wait
    for it.
    """

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
    def has_backlog(self) -> bool:
        """Whether the topic holds more than has been fetched, or it is not known yet whether it does."""
        return self.log_end is None or self.fed < self.log_end

    def holds(self, records: int, batches: int, size_bytes: int) -> bool:
        """Whether at least so many records, batches or bytes wait here; few large records fill the memory, too."""
        return self.buffered >= records or len(self._waiting) >= batches or self._waiting_bytes >= size_bytes

    @property
    def lag(self) -> int:
        """How many offsets lie between what is applied and the log end as last seen; 0 while that is not known."""
        return 0 if self.log_end is None else max(0, self.log_end - self.applied)

    def accept(self, batch: Batch) -> bool:
        """Moves `fed` over a batch, and returns True; False for a batch of an earlier seek, which is to be dropped.

        GapError: offsets between the last batch and this one were lost or deleted by retention, or the log has gone
        back, because its topic was made anew.
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
        """Buffers the records of a batch, unless the batch is of an earlier seek. GapError: as `accept`."""
        if not self.accept(batch):
            return
        records = batch.records
        if records:
            self._waiting.append((records, batch.size_bytes))
            self._waiting_bytes += batch.size_bytes
            self.buffered += len(records)
        elif not self.buffered:
            self.applied = self.fed

    def head_ms(self, read: Read) -> int | None:
        """Event time of the next record; 0 for one that is no fact (it need not wait); None if nothing is buffered."""
        if self._index == len(self._outcomes) and not self._refill(read):
            return None
        return self._times[self._index]

    def run(self, limit: int, until_ms: int) -> MergedRun:
        """Takes the next record, and those after it that have been read and do not lie after `until_ms`; `limit` at
        most. To be called after `head_ms` has found a record."""
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
    """Merges the buffers of a debtor partition.

    `capacity`: a topic of which so many records are buffered is to be paused at the consumer. `pane_ms`: records of one
    pane may come in any order. Nothing asks what was known inside a pane (alerts are evaluated at its end), and a
    buffer that may go on to the end of a pane gives many records at a time. `ahead`: the topics that the last choice
    passed over, because they wait for others to catch up.
    """

    def __init__(self, buffers: Iterable[PartitionBuffer], read: Read, capacity: int, pane_ms: int = 1) -> None:
        self.buffers = {buffer.topic: buffer for buffer in buffers}
        self.ahead: frozenset[str] = frozenset()
        self._read = read
        self._capacity = capacity
        self._pane_ms = pane_ms

    def full(self, topic: str) -> bool:
        """Whether this topic should be paused: its buffer holds as much as it may."""
        return self.buffers[topic].holds(self._capacity, MOST_BATCHES, MOST_BYTES)

    def has_room(self, topic: str) -> bool:
        """Whether a topic that was paused may go on: half of what its buffer may hold is taken."""
        return not self.buffers[topic].holds(self._capacity // 2 + 1, MOST_BATCHES // 2 + 1, MOST_BYTES // 2 + 1)

    def backlog_ms(self) -> int | None:
        """Event time of the earliest next record of the buffers that have a backlog; None: no such record is known."""
        heads = (buffer.head_ms(self._read) for buffer in self.buffers.values() if buffer.has_backlog)
        return min((head for head in heads if head), default=None)

    def take(self, limit: int, ceiling_ms: int = NO_CEILING_MS) -> list[MergedRun]:
        """Takes up to `limit` records in the order of the merge. Empty: nothing is there, or a topic has to be waited
        for.

        A buffer with a backlog gives nothing later than `ceiling_ms` (live 2, `max_ahead`); one without is live
        traffic, which is never held back.
        """
        taken: list[MergedRun] = []
        while limit > 0:
            buffer, until_ms = self._next(ceiling_ms)
            if buffer is None:
                break
            run = buffer.run(limit, until_ms)
            taken.append(run)
            limit -= len(run.records)
        return taken

    def _next(self, ceiling_ms: int) -> tuple[PartitionBuffer | None, int]:
        """The buffer with the earliest next record, and the event time up to which it may go on before the next choice;
        (None, 0): none may."""
        best: PartitionBuffer | None = None
        best_ms = second_ms = NO_CEILING_MS
        ahead: set[str] = set()
        for buffer in self.buffers.values():
            head = buffer.head_ms(self._read)
            if head is None:
                if buffer.has_backlog and not buffer.excused:
                    self.ahead = frozenset(set(self.buffers) - {buffer.topic})
                    return None, 0
            elif head > ceiling_ms and buffer.has_backlog:
                ahead.add(buffer.topic)
            elif best is None or head < best_ms:
                best, best_ms, second_ms = buffer, head, best_ms
            elif head < second_ms:
                second_ms = head
        self.ahead = frozenset(ahead)
        second_ms += self._pane_ms - 1 - second_ms % self._pane_ms
        if best is not None and best.has_backlog:
            second_ms = min(second_ms, ceiling_ms)
        return best, second_ms
