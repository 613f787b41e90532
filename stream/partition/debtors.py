"""An owned partition of the debtor stage: events in; ledger records, deltas and dead letters out, by transactions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from stream.conduct.headroom import Query, headroom
from stream.conduct.history import History
from stream.engine.debtors.agents import AgentNow
from stream.engine.debtors.findings import ConductFinding
from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.deltas.routing import Routing
from stream.facts.fact import Fact
from stream.facts.printable import error_text
from stream.kafka.batches import Batch
from stream.kafka.deadletter import dead_letter
from stream.kafka.exits import Exit
from stream.kafka.writer import Line, Written
from stream.ledger.judge import Verdict
from stream.partition.clock import Clock, Statement
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.counts import EventCounts
from stream.partition.deadletter_limit import DeadLetterLimit
from stream.partition.debtor_records import records_of
from stream.partition.erasing import Erasing
from stream.partition.intake import NO_FACT, Reader, Refusal, Tombstone, decoder_of
from stream.partition.merge import EventTimeMerge, MergedRun, PartitionBuffer
from stream.partition.pace import TransactionPace
from stream.partition.positions import KEY, AgentsSaid, ConductSaid, Position, Positions, decode, stamp_of
from stream.partition.work import Commit, LogEnd
from stream.wire.record import Record

SLICE = 100
CAPACITY = 2_000
IN_HAND = 10_000
"""Records that one transaction holds at most: what they change of one entity is one record of the deltas topic."""
DELTAS_AT_ONCE = 800
"""Deltas that are made in one turn of the loop: some twelve milliseconds, an eighth of it while diallers ask."""
DEAD_BYTES_IN_HAND = 16_777_216
"""Bytes of dead letters from which on a transaction takes in no further slice; each may be as large as a record may."""
FRESH_MS = 2_000
EXCUSED_AFTER_MS = 5_000
STATE_EVERY_MS = 1_000
REPORT_EVERY_MS = 1_000
"""How often the gauges of a partition are set: nobody scrapes them more often."""

log = structlog.get_logger(__name__)


class DebtorPartition:
    """The debtors of one partition, fed by the partitions of this index of all inbound topics (`Work`)."""

    stage = 1

    def __init__(self, setup: WorkerSetup, live: LiveState, partition: int, engine: DebtorStage | None = None) -> None:
        settings, names = setup.settings, setup.names
        self.partition = partition
        self.topics: tuple[str, ...] = names.inbound
        self.state_topic = names.ledger
        self.positions: Positions | None = None
        self.pace = TransactionPace(settings.kafka.transaction_timeout_ms)
        self.erasing = Erasing(setup, partition)
        self._setup, self._live = setup, live
        self._engine = engine or DebtorStage(
            settings.definitions(), settings.plan(), settings.live_limits(), partition, settings.watched(),
            settings.conduct(), settings.schemes().windows, teams=settings.asks_teams(),
        )  # fmt: skip
        self._routing = Routing(settings.rules(), setup.entity_partitions)
        self._reader = Reader(partition, setup.debtor_partitions, settings.record_bytes, decoder_of(settings.plan()))
        self._clock = Clock(self.topics, settings.time.idle_after_ms, settings.time.idle_advance)
        self._run = settings.publication().run
        self._headroom_rules = settings.headroom_rules()
        self._horizon_ms = settings.time.correction_horizon_ms
        self._pane_ms = settings.plan().pane_ms
        self._merge = EventTimeMerge((), self._reader.read, CAPACITY, self._pane_ms)
        self._reading_since: dict[str, int] = {}
        self._dead: list[Line] = []
        self._dead_bytes = 0
        self._accepted: list[Fact] = []
        self._counts = EventCounts(settings.plan().sites)
        self._limits = settings.document.limits
        self._dead_letter_limits = {topic: DeadLetterLimit(self._limits) for topic in self.topics}
        self._applied = self._committed_ms = self._stated_ms = 0
        self._stated: Statement | None = None
        self._reported_ms = -REPORT_EVERY_MS
        self._preparing = False

    # state ------------------------------------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        if key != KEY:
            self._engine.restore(key, value)
        elif value is not None:
            self.positions = decode(value)

    def resume(self, starts: Mapping[str, tuple[int, int]]) -> None:
        buffers = [PartitionBuffer(topic, offset, epoch) for topic, (offset, epoch) in starts.items()]
        for buffer in buffers:
            buffer.stamp_ms = stamp_of(self.positions, buffer.topic)
        self._merge = EventTimeMerge(buffers, self._reader.read, CAPACITY, self._pane_ms)
        self._reading_since = dict.fromkeys(starts, self._setup.monotonic_ms())
        at = self.positions
        marks = {topic: position.watermark_ms for topic, position in at.tps.items()} if at else {}
        self._clock.restore(marks, at.greatest_ms if at else None)
        for topic in self.topics:
            self._dead_letter_limits[topic] = DeadLetterLimit(
                self._limits, at.tps[topic].refused if at and topic in at.tps else ()
            )
        self._applied, self._stated, self._preparing = 0, None, False
        self.erasing.reset()
        self._committed_ms = self._setup.monotonic_ms()
        known = [mark for mark in marks.values() if mark is not None]
        if self._engine.late is not None and len(known) == len(self.topics):
            self._engine.late.before_ms = min(known)
        if at is not None:
            if self._engine.conduct is not None:
                self._engine.conduct.judged_ms = at.conduct.judged_ms
            if not at.agents.complete:
                self._engine.say_all_agents()
            if not at.measured:
                self._engine.say_all_measurements()

    # input ------------------------------------------------------------------------------------------------------------

    def feed(self, batch: Batch) -> None:
        self._merge.buffers[batch.topic].feed(batch)

    def full(self, topic: str) -> bool | None:
        if self._merge.full(topic):
            return True
        return False if self._merge.has_room(topic) else None

    def look(self, log_end: LogEnd, held: Callable[[str], bool]) -> None:
        now_ms = self._setup.monotonic_ms()
        at_end: dict[str, bool] = {}
        for topic, buffer in self._merge.buffers.items():
            end, fetched_ms = log_end(topic)
            if end is not None and fetched_ms >= self._reading_since[topic]:
                buffer.log_end = max(end, buffer.log_end or 0)
            if held(topic):
                self._reading_since[topic] = now_ms
            answered_ms = max(fetched_ms, self._reading_since[topic])
            buffer.excused = now_ms - answered_ms > EXCUSED_AFTER_MS
            fresh = not held(topic) and now_ms - fetched_ms <= FRESH_MS
            at_end[topic] = fresh and buffer.applied == buffer.fed == buffer.log_end
        trusted = self._setup.wall_ms() if self._live.clock_trusted else None
        self._clock.look(now_ms, trusted, at_end)
        if now_ms - self._reported_ms >= REPORT_EVERY_MS:
            self._reported_ms = now_ms
            self._report_partitions()

    def backlog_ms(self) -> int | None:
        return self._merge.backlog_ms()

    def progress(self) -> Mapping[str, tuple[int, int]]:
        return {
            topic: (buffer.applied, 0 if topic in self._merge.ahead else buffer.lag)
            for topic, buffer in self._merge.buffers.items()
        }

    # work -------------------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        if self._preparing or self._full():
            return False
        runs = self._merge.take(self._live.at_once(SLICE), self._live.ceiling_ms)
        for run in runs:
            self._apply(run)
            self._applied += len(run.records)
        return bool(runs)

    def _full(self) -> bool:
        """Whether the next transaction should hold no more than what was applied since the last one."""
        return (
            self._applied >= self._live.at_once(IN_HAND)
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
                    self._counts.tombstone()
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
                self._counts.known(verdict.kind)
                passed += 1
            else:
                self._refuse(topic, record, Refusal(verdict.kind, verdict.detail), passed)
                passed = 0
        if mark is not None:
            self._clock.saw(topic, mark)
        self._accepted += accepted
        self._dead_letter_limits[topic].passed(passed)

    def _apply_again(self, topic: str, record: Record, fact: Fact, frontier_ms: int | None) -> Verdict | Refusal:
        """Tries an event again that has failed; the refusal `internal` if it fails again."""
        try:
            return self._engine.apply(fact, frontier_ms)
        except Exception as error:  # noqa: BLE001
            log.error(
                "event failed", topic=topic, partition=self.partition, offset=record.offset, error=error_text(error)
            )
            return Refusal("internal", f"fold: {error!r}")

    def _refuse(self, topic: str, record: Record, refusal: Refusal, passed: int) -> None:
        """Adds a dead letter, and ends the worker if there are too many. `passed`: how many records of this topic were
        accepted, or known already, since its last refusal."""
        room_bytes = self._setup.deadletter_bytes
        line = dead_letter(topic, self.partition, record, refusal.reason, refusal.detail, room_bytes)
        self._dead.append(line)
        self._dead_bytes += len(line.value or b"")
        self._counts.refused(refusal.reason)
        limit = self._dead_letter_limits[topic]
        limit.passed(passed)
        too_many = limit.refused(refusal.reason)
        if too_many is not None:
            at = f"{topic}-{self.partition} offset {record.offset}"
            self._setup.end(
                Exit.RESTART, f"{at}: {too_many}, the last one as {refusal.reason}: {refusal.detail}; "
                f"what is not committed will be read again"
            )  # fmt: skip

    # output -----------------------------------------------------------------------------------------------------------

    def due(self, interval_ms: int) -> bool:
        if self._preparing:
            return True
        since_ms = self._setup.monotonic_ms() - self._committed_ms
        if self._applied or self.erasing.waiting:
            return since_ms >= interval_ms or self._full()
        if since_ms < max(interval_ms, STATE_EVERY_MS):
            return False
        return (
            self._clock.statement() != self._stated or self._offsets_moved() or since_ms >= self._setup.touch_every_ms
        )

    def _offsets_moved(self) -> bool:
        """Whether offsets have moved since the last commit without a record to apply: over control records."""
        at = self.positions
        return at is None or any(
            buffer.applied != at.tps[topic].offset if topic in at.tps else True
            for topic, buffer in self._merge.buffers.items()
        )

    def prepare(self) -> bool:
        self._preparing = self._engine.prepare(self._live.at_once(DELTAS_AT_ONCE))
        return self._preparing

    def commit(self, *, force: bool = False) -> Commit:  # noqa: ARG002  there is always the offset record
        setup, names = self._setup, self._setup.names
        self._preparing = False
        self._forget()
        self._counts.accepted(self._accepted)
        self._accepted = []
        statement = self._clock.statement()
        applied = {topic: buffer.applied for topic, buffer in self._merge.buffers.items()}
        erased = self.erasing.perform(self._engine, self._clock.greatest_ms, applied)
        changes = self._engine.take(statement.watermark_ms)
        self.erasing.wrote(changes.conduct)
        said, found = self._agents_said(changes.agents), self._conduct_said(changes.conduct)
        positions = self._positions_now(said, found)
        outgoing = records_of(
            changes, setup, self.partition, self._routing, self._run,
            agents_revision=said.revision, conduct_revision=found.revision,
        )  # fmt: skip
        for place, lines in erased.items():
            outgoing.setdefault(place, []).extend(lines)
        outgoing[self.state_topic, self.partition] = [
            *(Line(key, value) for key, value in changes.state), Line(KEY, positions.encode())
        ]  # fmt: skip
        if self._statement_is_due(statement):
            encoded = encode_statement(self.partition, *statement)
            for partition in range(setup.entity_partitions):
                outgoing.setdefault((names.deltas, partition), []).append(Line(STATEMENT_KEY, encoded))
        if self._dead:
            outgoing[names.deadletter, self.partition % setup.partitions[names.deadletter]] = self._dead
        offsets = {(topic, self.partition): at.offset for topic, at in positions.tps.items()}
        self._dead, self._dead_bytes, self._applied = [], 0, 0
        self._committed_ms = setup.monotonic_ms()
        self._counts.found(changes.conduct)
        self._counts.credited(self._engine.accepted.take())
        counted = self._counts.cut()

        def then(written: Written) -> None:
            self.positions = positions
            if written.clock_offset_ms is not None:
                self._live.clock_compared(written.clock_offset_ms)
                setup.meters.set("collections_clock_offset_seconds", to=written.clock_offset_ms / 1000)
            counted.report(setup.meters)

        return Commit(outgoing, offsets, then)

    def _forget(self) -> None:
        """Drops the facts that nothing which may still come can ask for, by the least watermark of all topics."""
        marks = [mark for mark in self._clock.watermarks.values() if mark is not None]
        if len(marks) == len(self.topics):
            forgotten = self._engine.forget(min(marks) - self._horizon_ms)
            if forgotten:
                self._setup.meters.add("collections_facts_forgotten_total", by=forgotten)

    def _statement_is_due(self, statement: Statement) -> bool:
        """Whether this commit sends the statement to every deltas partition. Once a second is enough: a transaction
        costs by the partitions that it touches, so the other commits hold only what has changed."""
        now_ms = self._setup.monotonic_ms()
        is_due = self._stated is None or now_ms - self._stated_ms >= STATE_EVERY_MS
        if is_due:
            self._stated, self._stated_ms = statement, now_ms
        return is_due

    def _agents_said(self, agents: Sequence[AgentNow]) -> AgentsSaid:
        """What will have been said of agents with the next commit. A revision is above all that this partition has
        given, and at least the greatest stamp that it has read: so it goes on where a state that was lost had been."""
        before = self.positions.agents.revision if self.positions is not None else 0
        return AgentsSaid(self._next_revision(before) if agents else before, True)

    def _conduct_said(self, findings: Sequence[ConductFinding]) -> ConductSaid:
        """What will have been said of conduct with the next commit; revisions as of agents."""
        before, conduct = self.positions.conduct.revision if self.positions is not None else 0, self._engine.conduct
        judged_ms = None if conduct is None else conduct.judged_ms
        if conduct is not None and conduct.failures:
            log.error("debtors could not be judged", partition=self.partition, debtors=len(conduct.failures),
                      error=conduct.failures[0])  # fmt: skip
            self._setup.meters.add("collections_conduct_failures_total", by=len(conduct.failures))
            conduct.failures.clear()
        return ConductSaid(self._next_revision(before) if findings else before, judged_ms)

    def _next_revision(self, before: int) -> int:
        stamps_ms = [buffer.stamp_ms for buffer in self._merge.buffers.values() if buffer.stamp_ms is not None]
        return max([before + 1, *stamps_ms])

    def _positions_now(self, said: AgentsSaid, found: ConductSaid) -> Positions:
        tps = {
            topic: Position(
                buffer.applied, self._clock.watermarks[topic], self._dead_letter_limits[topic].state, buffer.stamp_ms
            )
            for topic, buffer in self._merge.buffers.items()
        }
        setup = self._setup
        return Positions(
            setup.fingerprint,
            setup.debtor_partitions,
            setup.entity_partitions,
            tps,
            self._clock.greatest_ms,
            agents=said,
            conduct=found,
            measured=True,
        )

    def headroom(self, query: Query) -> dict[str, Any]:
        """What may be done with one of its debtors, by the facts that are applied, committed or not (conduct 5)."""
        self._live.asked_ms = self._setup.monotonic_ms()
        history = History(self._headroom_rules, query.debtor, self._engine.facts_of(query.debtor))
        return headroom(history, query, self._clock.statement().watermark_ms)

    # meters -----------------------------------------------------------------------------------------------------------

    def _report_partitions(self) -> None:
        meters, partition = self._setup.meters, str(self.partition)
        meters.set("collections_ledger_entities", partition, to=self._engine.entities)
        for topic, buffer in self._merge.buffers.items():
            meters.set("collections_consumer_lag_records", topic, partition, to=buffer.lag)
            meters.set("collections_partition_idle", topic, partition, to=topic in self._clock.idle)
            mark = self._clock.watermarks[topic]
            if mark is not None:
                meters.set("collections_watermark_timestamp_seconds", topic, partition, to=mark / 1000)

    def withdraw(self) -> None:
        """Removes the gauges of this partition, which is no longer ours."""
        self._setup.meters.drop("collections_transaction_rows", "1", str(self.partition))
        self._setup.meters.drop("collections_ledger_entities", str(self.partition))
        for topic in self.topics:
            for name in ("consumer_lag_records", "partition_idle", "watermark_timestamp_seconds"):
                self._setup.meters.drop(f"collections_{name}", topic, str(self.partition))
