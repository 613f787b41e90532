"""What the numbers of a worker share: settings, names, partition counts, and the sides that they talk to."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from stream.kafka.clocks import monotonic_ms, wall_ms
from stream.kafka.exits import End, end_now
from stream.kafka.names import Names
from stream.partition.merge import NO_CEILING_MS
from stream.settings import Settings

TOUCH_EVERY_MS = 30_000
FULL_PACE = 16
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
    """Hears what has been committed, exactly as published, and which numbers are no longer ours."""

    def on_committed(self, number: int, kpis: Records, alerts: Records = ()) -> None: ...
    def on_revoked(self, number: int) -> None: ...


class Silent:
    """Meters and an outlet that do nothing."""

    def add(self, name: str, *labels: str, by: float = 1) -> None: ...
    def set(self, name: str, *labels: str, to: float) -> None: ...
    def drop(self, name: str, *labels: str) -> None: ...
    def observe(self, name: str, *labels: str, seconds: float) -> None: ...
    def on_committed(self, number: int, kpis: Records, alerts: Records = ()) -> None: ...
    def on_revoked(self, number: int) -> None: ...


@dataclass
class Context:
    """`partitions`: topic -> its count, as the broker had it when the worker started. `deadletter_bytes`: the greatest
    record that the dead-letter topic takes. `ceiling_ms`: event time up to which a lane that catches up may go (live 2,
    max_ahead); `steer` sets it anew. `clock_offset_ms`: our clock minus the broker's, as of the last commit; None: not
    known yet. `broker_answers`: whether some fetch has been answered lately; while there is no broker, no transaction
    is begun. `leaderless`: (topic, partition) of those that nobody can read at the moment: they are waited for."""

    settings: Settings
    partitions: Mapping[str, int]
    fingerprint: Mapping[str, Any]
    client_options: Mapping[str, Any]
    meters: MetricSink = field(default_factory=Silent)
    outlet: CommitListener = field(default_factory=Silent)
    deadletter_bytes: int = DEADLETTER_BYTES
    end: End = end_now
    monotonic_ms: Callable[[], int] = monotonic_ms
    wall_ms: Callable[[], int] = wall_ms
    ceiling_ms: int = NO_CEILING_MS
    steer: Callable[[], None] = lambda: None
    clock_offset_ms: int | None = None
    broker_answers: bool = True
    leaderless: frozenset[tuple[str, int]] = frozenset()

    def __post_init__(self) -> None:
        kafka = self.settings.kafka
        self.names = Names(kafka.topic_prefix, kafka.group)
        self.commit_every_ms = kafka.commit_every_ms
        self.turn = asyncio.Lock()
        self._boot_ms: int | None = None  # wall clock less monotonic clock, as of the last comparison
        # A number with nothing to say commits now and then: that it lives, and how far our clock is off. Its gauges are
        # withdrawn when a session passes without a commit (live 6).
        self.touch_every_ms = min(TOUCH_EVERY_MS, self.settings.time.dead_after_ms // 4, kafka.session_timeout_ms // 2)

    @property
    def numbers(self) -> int:
        """Count of stage-1 numbers."""
        return self.partitions[self.names.inbound[0]]

    @property
    def deltas(self) -> int:
        """Count of stage-2 numbers."""
        return self.partitions[self.names.deltas]

    @property
    def writable(self) -> bool:
        """Whether every partition that transactions write to has a leader; while one has none, none is begun."""
        return all(topic in self.names.inbound for topic, _ in self.leaderless)

    def pace(self, numbers: int) -> None:
        """Commits of so many numbers on this worker: each as often as configured up to 16 of them, slower beyond."""
        self.commit_every_ms = self.settings.kafka.commit_every_ms * max(FULL_PACE, numbers) // FULL_PACE

    def measured(self, clock_offset_ms: int) -> None:
        """A commit has told how far our clock is off."""
        self.clock_offset_ms = clock_offset_ms
        self._boot_ms = self.wall_ms() - self.monotonic_ms()

    @property
    def clock_trusted(self) -> bool:
        """Whether our clock is known to be within a minute of the broker's (live 2). A clock that has stepped since it
        was compared is off by that much more: between two commits it might say an hour of silence."""
        if self.clock_offset_ms is None:
            return False
        stepped_ms = 0 if self._boot_ms is None else self.wall_ms() - self.monotonic_ms() - self._boot_ms
        return abs(self.clock_offset_ms + stepped_ms) <= TRUSTED_MS
