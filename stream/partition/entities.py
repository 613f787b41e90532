"""Stage 2 of one number as the shell sees it: deltas in, KPI records, alerts and windows state out."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping

import orjson
import structlog

from stream.engine.deltas.delta import STATEMENT_KEY
from stream.engine.entities.stage import EntityStage
from stream.facts.format import NewerFormatError
from stream.kafka.batches import Batch
from stream.kafka.exits import RefusedError
from stream.kafka.writer import Line, Written
from stream.partition.context import WorkerSetup
from stream.partition.intake import key_partition
from stream.partition.merge import PartitionBuffer
from stream.partition.pace import TransactionPace
from stream.partition.positions import KEY, Position, Positions, decode, stamp_of
from stream.partition.work import Commit, LogEnd
from stream.windows.exact import loads
from stream.wire.record import Record

SLICE = 200
CAPACITY = 2_000
TICK_AT_LEAST_EVERY_MS = 1_000
CACHED_KEYS = 500_000

log = structlog.get_logger("stream.kafka")

LIVE_PANES = 2
"""A watermark that moves by more panes at once does not follow the clock on the wall."""


class EntityPartition:
    """The windows of one number of the deltas topic."""

    stage = 2

    def __init__(self, setup: WorkerSetup, number: int, engine: EntityStage | None = None) -> None:
        settings, names = setup.settings, setup.names
        self.number = number
        self.topics: tuple[str, ...] = (names.deltas,)
        self.state_topic = names.windows
        self.positions: Positions | None = None
        self.pace = TransactionPace(settings.kafka.transaction_timeout_ms)
        self._setup = setup
        self._engine = engine or EntityStage(
            settings.plan(), settings.rules(), settings.publication(), number, setup.debtor_partitions
        )
        self._pane_ms = settings.plan().pane_ms
        self._every_ms = min(settings.publish.every_ms, TICK_AT_LEAST_EVERY_MS)
        self._lane = PartitionBuffer(names.deltas, 0, 0)
        self._waiting: deque[Record] = deque()
        self._panes: dict[int, int] = {}
        self._urgent = True
        self._applied = False
        self._ticked_ms = self._committed_ms = 0
        self._homes: dict[bytes, int] = {}
        self._frozen = 0
        self._dead: frozenset[int] = frozenset()

    def restore(self, key: bytes, value: bytes | None) -> None:
        if key != KEY:
            self._engine.restore(key, value)
        elif value is not None:
            self.positions = decode(value)

    def resume(self, starts: Mapping[str, tuple[int, int]]) -> None:
        offset, epoch = starts[self.topics[0]]
        self._lane = PartitionBuffer(self.topics[0], offset, epoch)
        self._lane.stamp_ms = stamp_of(self.positions, self.topics[0])
        self._waiting.clear()
        self._urgent, self._applied = True, False
        self._ticked_ms = self._committed_ms = self._setup.monotonic_ms()

    def feed(self, batch: Batch) -> None:
        lane = self._lane
        if not lane.admits(batch):
            return
        self._waiting.extend(batch.records)
        lane.buffered = len(self._waiting)
        if not lane.buffered:
            lane.applied = lane.fed

    def full(self, topic: str) -> bool | None:  # noqa: ARG002  there is but one
        if len(self._waiting) >= CAPACITY:
            return True
        return False if len(self._waiting) <= CAPACITY // 2 else None

    def look(self, log_end: LogEnd, held: Callable[[str], bool]) -> None:  # noqa: ARG002  silence is told by stage 1
        end, _ = log_end(self.topics[0])
        if end is not None:
            self._lane.log_end = max(end, self._lane.log_end or 0)
        labels = (self.topics[0], str(self.number))
        self._setup.meters.set("collections_consumer_lag_records", *labels, to=self._lane.lag)

    def backlog_ms(self) -> int | None:
        return None

    def progress(self) -> Mapping[str, tuple[int, int]]:
        return {self.topics[0]: (self._lane.applied, self._lane.lag)}

    def step(self) -> bool:
        waiting, engine, lane = self._waiting, self._engine, self._lane
        if not waiting or self._full():
            return False
        for _ in range(min(SLICE, len(waiting))):
            record = waiting.popleft()
            key, value = record.key or b"", record.value or b""
            try:
                engine.apply(key, value)
            except NewerFormatError as error:
                raise RefusedError(f"{lane.topic}-{self.number} offset {record.offset}: {error}") from error
            if key == STATEMENT_KEY:
                self._hear(value)
            lane.applied = record.offset + 1
        lane.buffered = len(waiting)
        if not waiting:
            lane.applied = lane.fed
        self._applied = True
        return True

    def _full(self) -> bool:
        """Whether the next tick should write no more than what it has to already."""
        return self._engine.pending >= self.pace.rows

    def _hear(self, statement: bytes) -> None:
        """A watermark that enters a new pane may end windows and evaluate alerts: that is published without delay. One
        that runs through many panes catches up; then a tick per pane would cost more than all the rest, and the pace is
        that of publication."""
        said = loads(statement)
        watermark_ms = said["watermark"]
        if watermark_ms is None:
            return
        least = min(self._panes.values(), default=-1)
        self._panes[said["n"]] = watermark_ms // self._pane_ms
        if len(self._panes) == self._setup.debtor_partitions and 0 < min(self._panes.values()) - least <= LIVE_PANES:
            self._urgent = True

    def due(self, interval_ms: int) -> bool:
        since_ms = self._setup.monotonic_ms() - self._ticked_ms
        urgent = self._applied and (self._urgent or self._full())
        return since_ms >= (interval_ms if urgent else max(interval_ms, self._every_ms))

    def commit(self, *, force: bool = False) -> Commit | None:
        setup, names = self._setup, self._setup.names
        began = time.perf_counter()
        output = self._engine.tick(setup.monotonic_ms(), self.pace.rows // 2)
        setup.meters.observe("collections_tick_duration_seconds", seconds=time.perf_counter() - began)
        self._ticked_ms = setup.monotonic_ms()
        self._urgent = False
        self._tell_clock()
        idle = not (output.kpis or output.alerts or output.state)
        recent = self._ticked_ms - self._committed_ms < setup.touch_every_ms
        if idle and recent and not force and not self._moved():
            return None
        tps = {self.topics[0]: Position(self._lane.applied, stamp_ms=self._lane.stamp_ms)}
        former = self.positions.former if self.positions is not None else ()
        positions = Positions(setup.fingerprint, setup.debtor_partitions, setup.entity_partitions, tps, former=former)
        outgoing: dict[tuple[str, int], list[Line]] = {
            (self.state_topic, self.number): [
                *(Line(key, value) for key, value in output.state), Line(KEY, positions.encode())
            ]
        }  # fmt: skip
        for topic, records in ((names.kpi, output.kpis), (names.alerts, output.alerts)):
            for key, value in records:
                outgoing.setdefault((topic, self._home(key, topic)), []).append(Line(key, value))
        self._applied = False

        def then(_: Written) -> None:
            self.positions = positions
            self._committed_ms = setup.monotonic_ms()
            setup.listener.on_committed(self.number, output.kpis, output.alerts)
            frozen = self._engine.counters["frozen"]
            setup.meters.add("collections_rows_frozen_total", by=frozen - self._frozen)
            self._frozen = frozen
            setup.meters.add("collections_kpi_records_total", by=len(output.kpis))
            for state, count in Counter(orjson.loads(value)["state"] for _, value in output.alerts).items():
                setup.meters.add("collections_alert_records_total", state, by=count)

        return Commit(outgoing, {(self.topics[0], self.number): self._lane.applied}, then)

    def _tell_clock(self) -> None:
        """Tells the watermark, and names the stage-1 numbers that nobody has owned for time.dead_after."""
        meters, number, dead = self._setup.meters, str(self.number), self._engine.dead_numbers
        if self._engine.watermark_ms is not None:
            name = "collections_finality_watermark_timestamp_seconds"
            meters.set(name, number, to=self._engine.watermark_ms / 1000)
        if dead != self._dead:
            self._dead = dead
            meters.set("collections_numbers_dead", number, to=len(dead))
            if dead:
                log.warning("numbers without an owner are left out of finality and alerts",
                            numbers=sorted(dead), by=self.number)  # fmt: skip

    def _moved(self) -> bool:
        at = self.positions
        return at is None or at.tps[self.topics[0]].offset != self._lane.applied

    def _home(self, key: bytes, topic: str) -> int:
        """The partition of a key by Kafka's default partitioner. KPI keys recur, so that the hash is kept."""
        partitions = self._setup.partitions[topic]
        if topic != self._setup.names.kpi:
            return key_partition(key, partitions)
        home = self._homes.get(key)
        if home is None:
            if len(self._homes) >= CACHED_KEYS:
                self._homes.clear()
            home = self._homes[key] = key_partition(key, partitions)
        return home

    def withdraw(self) -> None:
        """Ends the series of a number that is no longer ours."""
        meters, number = self._setup.meters, str(self.number)
        meters.drop("collections_consumer_lag_records", self.topics[0], number)
        meters.drop("collections_finality_watermark_timestamp_seconds", number)
        meters.drop("collections_numbers_dead", number)
        meters.drop("collections_transaction_rows", "2", number)
        self._setup.listener.on_revoked(self.number)
