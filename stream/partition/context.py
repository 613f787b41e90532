"""What the partitions of a worker share: what it was started with, and what changes while it runs."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from stream.kafka.clocks import monotonic_ms, wall_ms
from stream.kafka.exits import End, end_now
from stream.kafka.names import Names
from stream.partition.merge import NO_CEILING_MS
from stream.settings import Settings

TOUCH_EVERY_MS = 30_000
FULL_PACE = 16
"""Partitions of a worker up to which each commits as often as configured."""
ASKED_LATELY_MS = 1_000
TRUSTED_MS = 60_000
DEADLETTER_BYTES = 1_048_588  # a broker's own default

Records = Sequence[tuple[bytes, bytes]]


class MetricSink(Protocol):
    """The worker's counters, gauges and histograms, by the names of the closed list in `publish/metrics.py`."""

    def add(self, name: str, *labels: str, by: float = 1) -> None: ...
    def set(self, name: str, *labels: str, to: float) -> None: ...
    def drop(self, name: str, *labels: str) -> None: ...
    def observe(self, name: str, *labels: str, seconds: float) -> None: ...


class CommitListener(Protocol):
    """Hears what an entity partition has committed, exactly as published, and when the partition is no longer ours; and
    which scores are published (None: nobody has it any more)."""

    def on_committed(self, number: int, kpis: Records, alerts: Records = ()) -> None: ...
    def on_scores(self, scores: Sequence[tuple[bytes, bytes | None]]) -> None: ...
    def on_revoked(self, number: int) -> None: ...


class Silent:
    """A metric sink and a commit listener that do nothing."""

    def add(self, name: str, *labels: str, by: float = 1) -> None: ...
    def set(self, name: str, *labels: str, to: float) -> None: ...
    def drop(self, name: str, *labels: str) -> None: ...
    def observe(self, name: str, *labels: str, seconds: float) -> None: ...
    def on_committed(self, number: int, kpis: Records, alerts: Records = ()) -> None: ...
    def on_scores(self, scores: Sequence[tuple[bytes, bytes | None]]) -> None: ...
    def on_revoked(self, number: int) -> None: ...


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker, or a rebuild, is started with. Nothing in it changes while it runs.

    `partitions`: topic -> its partition count, as the broker had it at the start. `fingerprint`: what this
    configuration's numbers depend on, compared with that of each state. `deadletter_bytes`: the greatest record that
    the dead-letter topic takes. `end`: how the process ends. `monotonic_ms`: for durations; `wall_ms`: for event time.
    """

    settings: Settings
    partitions: Mapping[str, int]
    fingerprint: Mapping[str, Any]
    client_options: Mapping[str, Any]
    meters: MetricSink = field(default_factory=Silent)
    listener: CommitListener = field(default_factory=Silent)
    deadletter_bytes: int = DEADLETTER_BYTES
    end: End = end_now
    monotonic_ms: Callable[[], int] = monotonic_ms
    wall_ms: Callable[[], int] = wall_ms

    @cached_property
    def names(self) -> Names:
        """The names of topics and transactional ids."""
        return Names(self.settings.kafka.topic_prefix, self.settings.kafka.group)

    @cached_property
    def touch_every_ms(self) -> int:
        """How often a partition with nothing to say commits all the same: it says that it lives, and learns how far our
        clock is off. Its gauges are withdrawn when a session passes without a commit (live 6)."""
        time, kafka = self.settings.time, self.settings.kafka
        return min(TOUCH_EVERY_MS, time.dead_after_ms // 4, kafka.session_timeout_ms // 2)

    @property
    def debtor_partitions(self) -> int:
        """Count of debtor partitions: that of each inbound topic."""
        return self.partitions[self.names.inbound[0]]

    @property
    def entity_partitions(self) -> int:
        """Count of entity partitions: that of the deltas topic."""
        return self.partitions[self.names.deltas]


@dataclass
class LiveState:
    """What the partitions of a running worker know in common, and who writes it. Everything runs on one event loop.

    - `leaderless`: (topic, partition) of those that no broker leads at the moment; they are waited for. Housekeeping.
    - `broker_answers`: some fetch was answered lately; while none is, no transaction is begun. Housekeeping.
    - `ceiling_ms`: event time up to which a buffer that catches up may go (live 2, max_ahead). `steer` sets it anew.
    - `steer`: given by the assignments; called by a partition task that catches up.
    - `clock_offset_ms`: our clock minus the broker's, as of the last commit; None: not known yet.
    - `commit_every_ms`: how often each partition commits; the assignments say how many partitions there are.
    - `turn`: held by the partition task that applies a slice or begins a commit.
    - `asked_ms`: when a dialler asked last (monotonic).
    """

    setup: WorkerSetup
    leaderless: frozenset[tuple[str, int]] = frozenset()
    broker_answers: bool = True
    ceiling_ms: int = NO_CEILING_MS
    steer: Callable[[], None] = lambda: None
    clock_offset_ms: int | None = None
    commit_every_ms: int = field(init=False)
    turn: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    asked_ms: int | None = None
    _boot_ms: int | None = field(init=False, default=None)
    """Wall clock less monotonic clock, as of the last comparison with the broker's clock."""

    def __post_init__(self) -> None:
        self.pace_commits(0)

    @property
    def writable(self) -> bool:
        """Whether every partition that transactions write to has a leader; while one has none, none is begun."""
        return all(topic in self.setup.names.inbound for topic, _ in self.leaderless)

    def pace_commits(self, partitions: int) -> None:
        """This worker has so many partitions: each commits as often as configured up to 16 of them, slower beyond."""
        self.commit_every_ms = self.setup.settings.kafka.commit_every_ms * max(FULL_PACE, partitions) // FULL_PACE

    def at_once(self, most: int) -> int:
        """How much is done before others have their turn: `most`, or an eighth of it while diallers ask, who wait for
        an answer no longer than that takes (conduct 5)."""
        asked_ms = self.asked_ms
        is_asked = asked_ms is not None and self.setup.monotonic_ms() - asked_ms < ASKED_LATELY_MS
        return max(1, most // 8) if is_asked else most

    def clock_compared(self, clock_offset_ms: int) -> None:
        """A commit has told how far our clock is off."""
        self.clock_offset_ms = clock_offset_ms
        self._boot_ms = self.setup.wall_ms() - self.setup.monotonic_ms()

    @property
    def clock_trusted(self) -> bool:
        """Whether our clock is known to be within a minute of the broker's (live 2). A clock that has stepped since it
        was compared is off by that much more: between two commits it might say an hour of silence."""
        if self.clock_offset_ms is None:
            return False
        boot_ms = self.setup.wall_ms() - self.setup.monotonic_ms()
        stepped_ms = 0 if self._boot_ms is None else boot_ms - self._boot_ms
        return abs(self.clock_offset_ms + stepped_ms) <= TRUSTED_MS
