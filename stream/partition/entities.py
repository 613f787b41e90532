"""An owned partition of the entity stage: deltas in; KPI records, alerts and windows state out, by transactions."""

import time
from collections import deque
from collections.abc import Callable, Mapping

import structlog

from stream.engine.entities.publication import StageOutput
from stream.engine.entities.stage import EntityStage
from stream.facts.format import NewerFormatError
from stream.kafka.batches import Batch
from stream.kafka.exits import RefusedError
from stream.kafka.writer import Line, Written
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.intake import key_partition
from stream.partition.merge import PartitionBuffer
from stream.partition.pace import TransactionPace
from stream.partition.positions import KEY, Position, Positions, decode, stamp_of
from stream.partition.scoring import OWNER, Scoring
from stream.partition.work import Commit, LogEnd
from stream.scores.inputs import Reached, clock_record
from stream.wire.record import Record

SLICE = 200
CAPACITY = 2_000
TICK_AT_LEAST_EVERY_MS = 1_000
CACHED_KEYS = 500_000
TICKED_AT_ONCE = 100
"""KPI records that are made before others have their turn: a dialler waits for an answer meanwhile (conduct 5)."""

log = structlog.get_logger(__name__)

LIVE_PANES = 2
"""Panes by which a watermark may move at once and still be live; one that moves further catches up."""


class EntityPartition:
    """The entities of one partition of the deltas topic (`Work`)."""

    stage = 2

    def __init__(
        self, setup: WorkerSetup, partition: int, engine: EntityStage | None = None, live: LiveState | None = None
    ) -> None:
        settings, names = setup.settings, setup.names
        self.partition = partition
        self.topics: tuple[str, ...] = (names.deltas,)
        self.state_topic = names.windows
        self.positions: Positions | None = None
        self.pace = TransactionPace(settings.kafka.transaction_timeout_ms)
        self._setup = setup
        self._engine = engine or EntityStage(
            settings.plan(), settings.rules(), settings.publication(), partition, setup.debtor_partitions
        )
        self._pane_ms = settings.plan().pane_ms
        self._every_ms = min(settings.publish.every_ms, TICK_AT_LEAST_EVERY_MS)
        self._buffer = PartitionBuffer(names.deltas, 0, 0)
        self._waiting: deque[Record] = deque()
        self._panes: dict[int, int] = {}
        self._urgent = True
        self._applied = False
        self._ticked_ms = self._committed_ms = 0
        self._partition_of: dict[bytes, int] = {}
        self._frozen_rows = 0
        self._dead_partitions: frozenset[int] = frozenset()
        self._has_scores = bool(settings.schemes())
        self._scoring: Scoring | None = None
        self._reached: Reached | None = None
        self._prepared: StageOutput | None = None
        self._tick_seconds = 0.0
        self._at_once: Callable[[int], int] = int if live is None else live.at_once

    def restore(self, key: bytes, value: bytes | None) -> None:
        if key != KEY:
            self._engine.restore(key, value)
        elif value is not None:
            self.positions = decode(value)

    def resume(self, starts: Mapping[str, tuple[int, int]]) -> None:
        offset, epoch = starts[self.topics[0]]
        self._buffer = PartitionBuffer(self.topics[0], offset, epoch)
        self._buffer.stamp_ms = stamp_of(self.positions, self.topics[0])
        self._waiting.clear()
        self._urgent, self._applied = True, False
        self._ticked_ms = self._committed_ms = self._setup.monotonic_ms()
        self._reached = None
        self._prepared, self._tick_seconds = None, 0.0
        if self._has_scores and self.partition == OWNER:
            self._scoring = Scoring(self._setup)
            self._scoring.start()

    def feed(self, batch: Batch) -> None:
        buffer = self._buffer
        if not buffer.accept(batch):
            return
        self._waiting.extend(batch.records)
        buffer.buffered = len(self._waiting)
        if not buffer.buffered:
            buffer.applied = buffer.fed

    def full(self, topic: str) -> bool | None:  # noqa: ARG002  there is but one
        if len(self._waiting) >= CAPACITY:
            return True
        return False if len(self._waiting) <= CAPACITY // 2 else None

    def look(self, log_end: LogEnd, held: Callable[[str], bool]) -> None:  # noqa: ARG002  silence is nothing here
        end, _ = log_end(self.topics[0])
        if end is not None:
            self._buffer.log_end = max(end, self._buffer.log_end or 0)
        labels = (self.topics[0], str(self.partition))
        self._setup.meters.set("collections_consumer_lag_records", *labels, to=self._buffer.lag)

    def backlog_ms(self) -> int | None:
        return None

    def progress(self) -> Mapping[str, tuple[int, int]]:
        return {self.topics[0]: (self._buffer.applied, self._buffer.lag)}

    def step(self) -> bool:
        waiting, engine, buffer = self._waiting, self._engine, self._buffer
        if not waiting or self._prepared is not None or self._full():
            return False
        for _ in range(min(self._at_once(SLICE), len(waiting))):
            record = waiting.popleft()
            key, value = record.key or b"", record.value or b""
            try:
                stated = engine.apply(key, value)
            except NewerFormatError as error:
                raise RefusedError(f"{buffer.topic}-{self.partition} offset {record.offset}: {error}") from error
            if stated is not None and stated.watermark_ms is not None:
                self._note_watermark(stated.partition, stated.watermark_ms)
            buffer.applied = record.offset + 1
        buffer.buffered = len(waiting)
        if not waiting:
            buffer.applied = buffer.fed
        self._applied = True
        return True

    def _full(self) -> bool:
        """Whether the next tick has as much to write as a transaction should hold."""
        return self._engine.pending >= self.pace.rows

    def _note_watermark(self, debtor_partition: int, watermark_ms: int) -> None:
        """Takes note of a debtor partition's watermark. One that enters a new pane may end windows and evaluate alerts,
        which is published without delay. One that runs through many panes catches up: a tick per pane would cost more
        than all the rest, so the pace is that of publication."""
        least = min(self._panes.values(), default=-1)
        self._panes[debtor_partition] = watermark_ms // self._pane_ms
        if len(self._panes) == self._setup.debtor_partitions and 0 < min(self._panes.values()) - least <= LIVE_PANES:
            self._urgent = True

    def due(self, interval_ms: int) -> bool:
        if self._prepared is not None:
            return True
        since_ms = self._setup.monotonic_ms() - self._ticked_ms
        urgent = self._applied and (self._urgent or self._full())
        return since_ms >= (interval_ms if urgent else max(interval_ms, self._every_ms))

    def prepare(self) -> bool:
        made, most = self._prepared or StageOutput(), self.pace.rows // 2
        self._prepared = made
        self._tick(made, min(self._at_once(TICKED_AT_ONCE), max(1, most - len(made.kpis))))
        return made.behind and len(made.kpis) < most

    def _tick(self, made: StageOutput, most: int) -> None:
        """Adds to what is made for the next commit what is due, so many KPI records at most."""
        began = time.perf_counter()
        add(made, self._engine.tick(self._setup.monotonic_ms(), most))
        self._tick_seconds += time.perf_counter() - began

    def commit(self, *, force: bool = False) -> Commit | None:
        setup, names = self._setup, self._setup.names
        output, self._prepared = self._prepared, None
        if output is None:
            output = StageOutput()
            self._tick(output, self.pace.rows // 2)
        setup.meters.observe("collections_tick_duration_seconds", seconds=self._tick_seconds)
        self._tick_seconds = 0.0
        self._ticked_ms = setup.monotonic_ms()
        self._urgent = False
        self._report_clock()
        scored = self._scoring.take() if self._scoring is not None else ()
        told = self._scoring.forgotten() if self._scoring is not None else []
        reached = self._reached if output.behind else self._reached_now()
        idle = not (output.kpis or output.alerts or output.state or scored or told) and reached == self._reached
        recent = self._ticked_ms - self._committed_ms < setup.touch_every_ms
        if idle and recent and not force and not self._offset_moved():
            return None
        tps = {self.topics[0]: Position(self._buffer.applied, stamp_ms=self._buffer.stamp_ms)}
        former = self.positions.former if self.positions is not None else ()
        positions = Positions(setup.fingerprint, setup.debtor_partitions, setup.entity_partitions, tps, former=former)
        outgoing: dict[tuple[str, int], list[Line]] = {
            (self.state_topic, self.partition): [
                *(Line(key, value) for key, value in output.state), Line(KEY, positions.encode())
            ]
        }  # fmt: skip
        for topic, records in ((names.kpi, output.kpis), (names.alerts, output.alerts)):
            for key, value in records:
                outgoing.setdefault((topic, self._hashed(key, topic)), []).append(Line(key, value))
        if reached is not None and reached != self._reached:
            told.append(clock_record(self.partition, reached))
        if told:
            outgoing[names.scoring, 0] = [Line(*each) for each in told]
        if scored:
            outgoing[names.scores, 0] = [Line(each.key, each.value) for each in scored]
        if lines := [Line(each.key, each.line) for each in scored if each.line is not None]:
            outgoing[names.scoreledger, 0] = lines
        self._applied = False

        def then(_: Written) -> None:
            self.positions = positions
            self._committed_ms = setup.monotonic_ms()
            self._reached = reached
            if scored and self._scoring is not None:
                self._scoring.committed()
            setup.listener.on_committed(self.partition, output.kpis, output.alerts)
            frozen = self._engine.counters["frozen"]
            setup.meters.add("collections_rows_frozen_total", by=frozen - self._frozen_rows)
            self._frozen_rows = frozen
            setup.meters.add("collections_kpi_records_total", by=len(output.kpis))
            for state, count in output.alert_states.items():
                setup.meters.add("collections_alert_records_total", state, by=count)

        return Commit(outgoing, {(self.topics[0], self.partition): self._buffer.applied}, then)

    def _reached_now(self) -> Reached | None:
        """How far this partition is, for scores, by whole panes; None: nobody asks, or nothing was heard."""
        engine = self._engine
        if not self._has_scores or not engine.as_of_ms:
            return None
        mark_ms = engine.watermark_ms
        return Reached(engine.as_of_ms, None if mark_ms is None else mark_ms // self._pane_ms * self._pane_ms)

    def _report_clock(self) -> None:
        """Shows the watermark, and names the debtor partitions that nobody has owned for time.dead_after."""
        meters, partition, dead = self._setup.meters, str(self.partition), self._engine.silent_partitions
        if self._engine.watermark_ms is not None:
            name = "collections_finality_watermark_timestamp_seconds"
            meters.set(name, partition, to=self._engine.watermark_ms / 1000)
        if dead != self._dead_partitions:
            self._dead_partitions = dead
            meters.set("collections_partitions_silent", partition, to=len(dead))
            if dead:
                log.warning("debtor partitions without an owner are left out of finality and alerts",
                            partitions=sorted(dead), by=self.partition)  # fmt: skip

    def _offset_moved(self) -> bool:
        at = self.positions
        return at is None or at.tps[self.topics[0]].offset != self._buffer.applied

    def _hashed(self, key: bytes, topic: str) -> int:
        """The partition of a key by Kafka's default partitioner. KPI keys recur, so theirs are remembered."""
        partitions = self._setup.partitions[topic]
        if topic != self._setup.names.kpi:
            return key_partition(key, partitions)
        partition = self._partition_of.get(key)
        if partition is None:
            if len(self._partition_of) >= CACHED_KEYS:
                self._partition_of.clear()
            partition = self._partition_of[key] = key_partition(key, partitions)
        return partition

    def withdraw(self) -> None:
        """Removes the gauges of this partition, which is no longer ours."""
        meters, partition = self._setup.meters, str(self.partition)
        meters.drop("collections_consumer_lag_records", self.topics[0], partition)
        meters.drop("collections_finality_watermark_timestamp_seconds", partition)
        meters.drop("collections_partitions_silent", partition)
        meters.drop("collections_transaction_rows", "2", partition)
        if self._scoring is not None:
            self._scoring.stop()
            self._scoring = None
        self._setup.listener.on_revoked(self.partition)


def add(made: StageOutput, output: StageOutput) -> None:
    """Adds what a further tick gave to what is made for one commit."""
    made.kpis += output.kpis
    made.alerts += output.alerts
    made.alert_states += output.alert_states
    made.state += output.state
    made.behind = output.behind
