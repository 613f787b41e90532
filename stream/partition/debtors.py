"""Stage 1 of one number as the shell sees it: lanes in; ledger, deltas, dead letters out, a transaction at a time."""

from collections.abc import Callable, Mapping

import structlog

from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement, entity_partition
from stream.facts.fact import Fact
from stream.kafka.batches import Batch
from stream.kafka.deadletter import dead_letter
from stream.kafka.exits import Exit
from stream.kafka.writer import Line, Written
from stream.ledger.judge import Verdict
from stream.partition.clock import Clock, Statement
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.counts import EventCounts
from stream.partition.deadletter_limit import DeadLetterLimit
from stream.partition.intake import NO_FACT, Reader, Refusal, Tombstone, decoder_of
from stream.partition.merge import EventTimeMerge, MergedRun, PartitionBuffer
from stream.partition.pace import TransactionPace
from stream.partition.positions import KEY, Position, Positions, decode, stamp_of
from stream.partition.work import Commit, LogEnd
from stream.wire.record import Record

SLICE = 100
CAPACITY = 2_000
IN_HAND = 10_000
"""Records that one transaction holds at most: what they change of one entity is one record of the deltas topic."""
DEAD_BYTES_IN_HAND = 16_777_216
"""Bytes of dead letters after which a transaction takes no further slice in: one may be as large as a record can be."""
FRESH_MS = 2_000
EXCUSED_AFTER_MS = 5_000
STATE_EVERY_MS = 1_000

log = structlog.get_logger("stream.kafka")


class DebtorPartition:
    """The ledger of one number, fed by the partitions of that number of all inbound topics."""

    stage = 1

    def __init__(self, setup: WorkerSetup, live: LiveState, number: int, engine: DebtorStage | None = None) -> None:
        settings, names = setup.settings, setup.names
        self.number = number
        self.topics: tuple[str, ...] = names.inbound
        self.state_topic = names.ledger
        self.positions: Positions | None = None
        self.pace = TransactionPace(settings.kafka.transaction_timeout_ms)
        self._setup, self._live = setup, live
        self._engine = engine or DebtorStage(
            settings.definitions(), settings.plan(), settings.live_limits(), number, settings.watched()
        )
        self._reader = Reader(number, setup.debtor_partitions, settings.record_bytes, decoder_of(settings.plan()))
        self._clock = Clock(self.topics, settings.time.idle_after_ms, settings.time.idle_advance)
        self._horizon_ms = settings.time.correction_horizon_ms
        self._pane_ms = settings.plan().pane_ms
        self._inlet = EventTimeMerge((), self._reader.read, CAPACITY, self._pane_ms)
        self._reading_since: dict[str, int] = {}
        self._dead: list[Line] = []
        self._dead_bytes = 0
        self._accepted: list[Fact] = []
        self._tally = EventCounts(settings.plan().sites)
        self._limits = settings.document.limits
        self._drains = {topic: DeadLetterLimit(self._limits) for topic in self.topics}
        self._applied = 0
        self._committed_ms = 0
        self._stated: Statement | None = None
        self._stated_ms = 0

    # state ------------------------------------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        if key != KEY:
            self._engine.restore(key, value)
        elif value is not None:
            self.positions = decode(value)

    def resume(self, starts: Mapping[str, tuple[int, int]]) -> None:
        lanes = [PartitionBuffer(topic, offset, epoch) for topic, (offset, epoch) in starts.items()]
        for lane in lanes:
            lane.stamp_ms = stamp_of(self.positions, lane.topic)
        self._inlet = EventTimeMerge(lanes, self._reader.read, CAPACITY, self._pane_ms)
        self._reading_since = dict.fromkeys(starts, self._setup.monotonic_ms())
        at = self.positions
        marks = {topic: position.watermark_ms for topic, position in at.tps.items()} if at else {}
        self._clock.restore(marks, at.greatest_ms if at else None)
        for topic in self.topics:
            self._drains[topic] = DeadLetterLimit(self._limits, at.tps[topic].refused if at and topic in at.tps else ())
        self._applied, self._stated = 0, None
        self._committed_ms = self._setup.monotonic_ms()

    # input ------------------------------------------------------------------------------------------------------------

    def feed(self, batch: Batch) -> None:
        self._inlet.lanes[batch.topic].feed(batch)

    def full(self, topic: str) -> bool | None:
        if self._inlet.full(topic):
            return True
        return False if self._inlet.roomy(topic) else None

    def look(self, log_end: LogEnd, held: Callable[[str], bool]) -> None:
        now_ms = self._setup.monotonic_ms()
        at_end: dict[str, bool] = {}
        for topic, lane in self._inlet.lanes.items():
            end, fetched_ms = log_end(topic)
            if end is not None and fetched_ms >= self._reading_since[topic]:
                lane.log_end = max(end, lane.log_end or 0)
            if held(topic):
                self._reading_since[topic] = now_ms
            answered_ms = max(fetched_ms, self._reading_since[topic])
            lane.excused = now_ms - answered_ms > EXCUSED_AFTER_MS
            fresh = not held(topic) and now_ms - fetched_ms <= FRESH_MS
            at_end[topic] = fresh and lane.applied == lane.fed == lane.log_end
        trusted = self._setup.wall_ms() if self._live.clock_trusted else None
        self._clock.look(now_ms, trusted, at_end)
        self._tell_partitions()

    def backlog_ms(self) -> int | None:
        return self._inlet.backlog_ms()

    def progress(self) -> Mapping[str, tuple[int, int]]:
        return {
            topic: (lane.applied, 0 if topic in self._inlet.ahead else lane.lag)
            for topic, lane in self._inlet.lanes.items()
        }

    # work -------------------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        if self._full():
            return False
        runs = self._inlet.take(SLICE, self._live.ceiling_ms)
        for run in runs:
            self._apply(run)
            self._applied += len(run.records)
        return bool(runs)

    def _full(self) -> bool:
        """Whether a transaction should hold no more than what is in hand."""
        return (
            self._applied >= IN_HAND
            or self._dead_bytes >= DEAD_BYTES_IN_HAND
            or self._engine.pending + len(self._dead) >= self.pace.rows
        )

    def _apply(self, run: MergedRun) -> None:
        topic, apply, horizon_ms = run.topic, self._engine.apply, self._horizon_ms
        mark = self._clock.watermarks[topic]
        accepted: list[Fact] = []
        passed = 0
        for record, fact in zip(run.records, run.outcomes, strict=True):
            if isinstance(fact, NO_FACT):
                if isinstance(fact, Tombstone):
                    self._tally.tombstone()
                    continue
                self._refuse(topic, record, fact, passed)
                passed = 0
                continue
            frontier_ms = None if mark is None else mark - horizon_ms
            try:
                verdict = apply(fact, frontier_ms)
            except Exception:  # noqa: BLE001  one event must never stop a partition (live 6)
                again = self._apply_again(topic, record, fact, frontier_ms)
                if isinstance(again, Refusal):
                    self._refuse(topic, record, again, passed)
                    passed = 0
                    continue
                verdict = again
            if mark is None or fact.occurred_at > mark:
                mark = fact.occurred_at
            if verdict.kind == "accepted":
                accepted.append(fact)
                passed += 1
            elif verdict.kind in ("duplicate", "superseded"):
                self._tally.known(verdict.kind)
                passed += 1
            else:
                self._refuse(topic, record, Refusal(verdict.kind, verdict.detail), passed)
                passed = 0
        if mark is not None:
            self._clock.saw(topic, mark)
        self._accepted += accepted
        self._drains[topic].passed(passed)

    def _apply_again(self, topic: str, record: Record, fact: Fact, frontier_ms: int | None) -> Verdict | Refusal:
        """The second try of an event whose first one failed; the refusal `internal` if it fails, too."""
        try:
            return self._engine.apply(fact, frontier_ms)
        except Exception as error:  # noqa: BLE001
            log.error("event failed", topic=topic, partition=self.number, offset=record.offset, error=repr(error))
            return Refusal("internal", f"fold: {error!r}")

    def _refuse(self, topic: str, record: Record, refusal: Refusal, passed: int) -> None:
        """A dead letter; `passed`: records that were taken in since the last one of this topic."""
        room_bytes = self._setup.deadletter_bytes
        line = dead_letter(topic, self.number, record, refusal.reason, refusal.detail, room_bytes)
        self._dead.append(line)
        self._dead_bytes += len(line.value or b"")
        self._tally.refused(refusal.reason)
        drain = self._drains[topic]
        drain.passed(passed)
        too_many = drain.refused(refusal.reason)
        if too_many is not None:
            at = f"{topic}-{self.number} offset {record.offset}"
            self._setup.end(
                Exit.RESTART, f"{at}: {too_many}, the last one as {refusal.reason}: {refusal.detail}; "
                f"what is not committed will be read again"
            )  # fmt: skip

    # output -----------------------------------------------------------------------------------------------------------

    def due(self, interval_ms: int) -> bool:
        since_ms = self._setup.monotonic_ms() - self._committed_ms
        if self._applied:
            return since_ms >= interval_ms or self._full()
        if since_ms < max(interval_ms, STATE_EVERY_MS):
            return False
        return self._clock.statement() != self._stated or self._moved() or since_ms >= self._setup.touch_every_ms

    def _moved(self) -> bool:
        """Whether offsets went on without a record, over control records."""
        at = self.positions
        return at is None or any(
            lane.applied != at.tps[topic].offset if topic in at.tps else True
            for topic, lane in self._inlet.lanes.items()
        )

    def commit(self, *, force: bool = False) -> Commit:  # noqa: ARG002  there is always the offset record
        setup, names = self._setup, self._setup.names
        self._forget()
        self._tally.accepted(self._accepted)
        self._accepted = []
        changes = self._engine.take()
        statement = self._clock.statement()
        positions = self._positions_now()
        outgoing: dict[tuple[str, int], list[Line]] = {
            (self.state_topic, self.number): [
                *(Line(key, value) for key, value in changes.state), Line(KEY, positions.encode())
            ]
        }  # fmt: skip
        for key, value in changes.deltas:
            partition = entity_partition(key.decode(), setup.entity_partitions)
            outgoing.setdefault((names.deltas, partition), []).append(Line(key, value))
        if self._speaks(statement):
            said = encode_statement(self.number, *statement)
            for partition in range(setup.entity_partitions):
                outgoing.setdefault((names.deltas, partition), []).append(Line(STATEMENT_KEY, said))
        if self._dead:
            outgoing[names.deadletter, self.number % setup.partitions[names.deadletter]] = self._dead
        offsets = {(topic, self.number): at.offset for topic, at in positions.tps.items()}
        self._dead, self._dead_bytes, self._applied = [], 0, 0
        self._committed_ms = setup.monotonic_ms()
        counted = self._tally.cut()

        def then(written: Written) -> None:
            self.positions = positions
            if written.clock_offset_ms is not None:
                self._live.clock_compared(written.clock_offset_ms)
                setup.meters.set("collections_clock_offset_seconds", to=written.clock_offset_ms / 1000)
            counted.tell(setup.meters)

        return Commit(outgoing, offsets, then)

    def _forget(self) -> None:
        """What is older than anything that may still come, by the slowest of the topics."""
        marks = [mark for mark in self._clock.watermarks.values() if mark is not None]
        if len(marks) == len(self.topics):
            forgotten = self._engine.forget(min(marks) - self._horizon_ms)
            if forgotten:
                self._setup.meters.add("collections_facts_forgotten_total", by=forgotten)

    def _speaks(self, statement: Statement) -> bool:
        """Whether every deltas partition hears the statement now. Once a second is enough; a transaction costs by the
        partitions that it touches, so the others hold only what has changed."""
        now_ms = self._setup.monotonic_ms()
        speaks = self._stated is None or now_ms - self._stated_ms >= STATE_EVERY_MS
        if speaks:
            self._stated, self._stated_ms = statement, now_ms
        return speaks

    def _positions_now(self) -> Positions:
        tps = {
            topic: Position(lane.applied, self._clock.watermarks[topic], self._drains[topic].state, lane.stamp_ms)
            for topic, lane in self._inlet.lanes.items()
        }
        setup = self._setup
        return Positions(
            setup.fingerprint, setup.debtor_partitions, setup.entity_partitions, tps, self._clock.greatest_ms
        )

    # meters -----------------------------------------------------------------------------------------------------------

    def _tell_partitions(self) -> None:
        meters, number = self._setup.meters, str(self.number)
        meters.set("collections_ledger_entities", number, to=self._engine.entities)
        for topic, lane in self._inlet.lanes.items():
            meters.set("collections_consumer_lag_records", topic, number, to=lane.lag)
            meters.set("collections_partition_idle", topic, number, to=topic in self._clock.idle)
            mark = self._clock.watermarks[topic]
            if mark is not None:
                meters.set("collections_watermark_timestamp_seconds", topic, number, to=mark / 1000)

    def withdraw(self) -> None:
        """Ends the series of a number that is no longer ours."""
        self._setup.meters.drop("collections_transaction_rows", "1", str(self.number))
        self._setup.meters.drop("collections_ledger_entities", str(self.number))
        for topic in self.topics:
            for name in ("consumer_lag_records", "partition_idle", "watermark_timestamp_seconds"):
                self._setup.meters.drop(f"collections_{name}", topic, str(self.number))
