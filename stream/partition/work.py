"""What a partition task runs: the partition of either stage, and one of its commits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from stream.kafka.batches import Batch
from stream.kafka.writer import Outgoing, Written
from stream.partition.pace import TransactionPace
from stream.partition.positions import Positions

LogEnd = Callable[[str], tuple[int | None, int]]
"""topic -> (log end, monotonic ms) of the last fetch that answered for the work's partition of it."""


@dataclass(frozen=True)
class Commit:
    """What one transaction holds. `offsets`: (topic, partition) -> next offset, for the group. `then`: to be called
    once the transaction is committed, and never if it is not; only then do the work's positions move."""

    outgoing: Outgoing
    offsets: Mapping[tuple[str, int], int]
    then: Callable[[Written], None]

    @property
    def rows(self) -> int:
        """How many records it writes."""
        return sum(map(len, self.outgoing.values()))


class Work(Protocol):
    """An owned partition of one stage: its engine with inputs and outputs. Used by one task alone.

    The order of calls: `restore` for each record of the state topic, `resume`, then any of the others, until the
    partition is closed. If it comes back later: `restore` for the records that are new, `resume`, and so on.
    """

    stage: int
    """1: debtor stage, 2: entity stage."""
    partition: int
    topics: tuple[str, ...]
    """The topics of which it reads this partition."""
    state_topic: str
    positions: Positions | None
    """As of the last commit, or as restored; None before the first."""
    pace: TransactionPace
    """How much a transaction should hold at most; the partition task tells it how each one went."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Takes one record of the state topic; the offset record is one of them."""

    def resume(self, starts: Mapping[str, tuple[int, int]]) -> None:
        """Begins to read, with nothing buffered, at topic -> (offset, epoch)."""

    def feed(self, batch: Batch) -> None:
        """Buffers a fetched batch. GapError: records before it are missing."""

    def full(self, topic: str) -> bool | None:
        """Whether fetching of a topic should pause (True), go on (False), or stay as it is (None)."""

    def look(self, log_end: LogEnd, held: Callable[[str], bool]) -> None:
        """Learns how far the topics go, and counts silence. To be called at least every second. `held`: whether a topic
        is paused."""

    def step(self) -> bool:
        """Applies a slice of what is buffered, which takes a few milliseconds; False: nothing was there, or the next
        transaction should hold no more (`pace`)."""

    def due(self, interval_ms: int) -> bool:
        """Whether a commit should be made now. `interval_ms`: the least time between two commits."""

    def prepare(self) -> bool:
        """Makes a part of the commit that is due, which takes a few milliseconds; True: there is more to make. From the
        first call until `commit` nothing is applied, and a commit stays due."""

    def commit(self, *, force: bool = False) -> Commit | None:
        """Takes what is to be committed; None: there is nothing (never if `force`). The caller commits it and calls
        `then`, or throws this work away."""

    def backlog_ms(self) -> int | None:
        """Event time of the earliest buffered record of a topic with a backlog; None: there is no backlog."""

    def progress(self) -> Mapping[str, tuple[int, int]]:
        """topic -> (next offset to apply, lag). The lag is 0 also of a topic that waits for others to catch up."""

    def withdraw(self) -> None:
        """Removes the gauges of a partition that is no longer ours."""
