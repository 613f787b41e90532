"""What both stages have in common, seen from the life of a number (number.py)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from stream.kafka.batches import Batch
from stream.kafka.writer import Outgoing, Written
from stream.partition.pace import TransactionPace
from stream.partition.positions import Positions

LogEnd = Callable[[str], tuple[int | None, int]]
"""topic -> (log end, monotonic ms) of the last fetch that answered for this number's partition of it."""


@dataclass(frozen=True)
class Commit:
    """What one transaction holds. `offsets`: (topic, partition) -> next offset, for the group. `then`: to be called
    once it is committed."""

    outgoing: Outgoing
    offsets: Mapping[tuple[str, int], int]
    then: Callable[[Written], None]

    @property
    def rows(self) -> int:
        """How many records it writes."""
        return sum(map(len, self.outgoing.values()))


class Work(Protocol):
    """A number's engine with its inputs and outputs. Not thread-safe, and never entered by two tasks.

    The order of calls: `restore`*, `resume`, then any of the others, until the number is closed; after a return
    `restore`* (only what lies beyond), `resume` and so on.
    """

    stage: int
    number: int
    topics: tuple[str, ...]
    state_topic: str
    positions: Positions | None
    pace: TransactionPace
    """How much a transaction should hold at most. It is told of each by number.py."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """One record of the state topic, the offset record included."""

    def resume(self, starts: Mapping[str, tuple[int, int]]) -> None:
        """Begins with an empty inlet at topic -> (offset, epoch)."""

    def feed(self, batch: Batch) -> None:
        """Takes a fetched batch in."""

    def full(self, topic: str) -> bool | None:
        """Whether fetching should pause (True), go on (False), or stay as it is (None)."""

    def look(self, log_end: LogEnd, held: Callable[[str], bool]) -> None:
        """Learns how far the logs go, and counts silence. At least every second."""

    def step(self) -> bool:
        """Applies a slice of what is there, a few milliseconds long; False when there was nothing to apply, or a
        transaction should hold no more (`pace`)."""

    def due(self, interval_ms: int) -> bool:
        """Whether a commit should be made now, if the last one is at least `interval_ms` ago where nothing urges."""

    def commit(self, *, force: bool = False) -> Commit | None:
        """What is to be committed; None: nothing at all (never if `force`). The caller commits it, or ends the
        process."""

    def backlog_ms(self) -> int | None:
        """Event time of the earliest record that waits while there is more behind it; None: no backlog."""

    def progress(self) -> Mapping[str, tuple[int, int]]:
        """topic -> (offset applied, lag). Lag 0 also for what waits on purpose, since it is ahead of others."""

    def withdraw(self) -> None:
        """Ends the series of a number that is no longer ours."""
