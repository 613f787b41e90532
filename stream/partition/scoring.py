"""Scores, kept up to date beside entity partition 0 and published in its transactions (ADR 0073)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream.backoff import backoff_seconds
from stream.facts.format import NewerFormatError
from stream.facts.printable import error_text
from stream.kafka.exits import Exit, RefusedError
from stream.partition.context import WorkerSetup
from stream.partition.score_source import KafkaSource, ScoreSource
from stream.scores.inputs import Reached, StatedClock, stated
from stream.scores.publishing import Publishing, ScoreChange, is_score
from stream.scores.scores import ScoreClock, Scores
from stream.wire.record import Record

OWNER = 0
"""The entity partition whose owner computes the scores."""
FETCH_SECONDS = 0.25
LOOK_EVERY_MS = 500
MOST_CHANGES = 2_000
"""Records of scores that one transaction holds at most."""

log = structlog.get_logger(__name__)


class _Round(NamedTuple):
    """What is computed once everything before `ends` is read. `clock` None: nothing, that was the first reading."""

    ends: Mapping[TopicPartition, int]
    clock: ScoreClock | None = None
    is_full: bool = False


class Scoring:
    """Reads what scores are computed from, and has ready what the owner's next transaction is to publish.

    One object serves one ownership: it begins by reading what was published last. Only `committed` makes changes count
    as published: an owner that loses a transaction, or the partition, leaves nothing behind but what is in the topic.
    """

    def __init__(self, setup: WorkerSetup, source: ScoreSource | None = None) -> None:
        settings = setup.settings
        self._setup = setup
        self._source = source or KafkaSource(setup)
        self._scores = Scores(settings.schemes(), settings.targets(), settings.periods())
        self._publishing = Publishing(self._scores, settings.publish.keep_ms, settings.publication().run)
        self._every_ms, self._grace_ms = settings.publish.scores_every_ms, settings.time.grace_ms
        self._reached: dict[int, Reached] = {}
        self._waiting: Sequence[ScoreChange] = ()
        self._taken = False
        self._committed = asyncio.Event()
        self._next: _Round | None = None
        self._rounded_ms: int | None = None
        self._looked_ms = 0
        self._is_stopped = False
        self._task: asyncio.Task[None] | None = None

    # what the owner calls ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to read, in a task of its own; an unknown failure ends the worker."""
        self._report()
        self._task = asyncio.create_task(self._guarded())

    def stop(self) -> None:
        """Ends the task; what was not committed is forgotten."""
        self._is_stopped = True  # `asyncio.wait_for` of Python 3.11, deep in aiokafka, may lose a cancellation
        if self._task is not None:
            self._task.cancel()
        for gauge in ("collections_scores_timestamp_seconds", "collections_measurements_undeclared"):
            self._setup.meters.drop(gauge)

    def take(self) -> Sequence[ScoreChange]:
        """What the next transaction is to publish; nothing while it was given to one that is in flight."""
        if self._taken or not self._waiting:
            return ()
        self._taken = True
        return self._waiting

    def committed(self) -> None:
        """The transaction that holds what was taken is committed."""
        changes, self._waiting, self._taken = self._waiting, (), False
        for change in changes:
            self._publishing.put(change.key, change.value)
        self._setup.listener.on_scores([(change.key, change.value) for change in changes])
        self._setup.meters.add("collections_score_records_total", by=len(changes))
        lines = sum(change.line is not None for change in changes)
        self._setup.meters.add("collections_score_ledger_records_total", by=lines)
        self._committed.set()

    # the task ---------------------------------------------------------------------------------------------------------

    async def _guarded(self) -> None:
        try:
            await self._run()
        except (RefusedError, NewerFormatError) as error:
            self._setup.end(Exit.REFUSED, f"scores: {error}")
        except Exception as error:
            log.error("scores failed", exc_info=error)
            self._setup.end(Exit.RESTART, f"scores failed: {error_text(error)}")
        finally:
            await self._source.close()

    async def _run(self) -> None:
        waits = backoff_seconds()
        is_known = False
        while not self._is_stopped:
            try:
                if not is_known:
                    await self._source.published(self._put_published)
                    is_known = True
                await self._source.open()
                self._next = _Round(await self._source.ends())
                waits = backoff_seconds()
                while not self._is_stopped:
                    await self._go_on()
            except (KafkaError, OSError) as error:
                wait_s = next(waits)
                log.warning("scores cannot be read", error=repr(error), retry_in_s=wait_s)
                await asyncio.sleep(wait_s)

    def _put_published(self, key: bytes, value: bytes | None) -> None:
        try:
            if value is not None and not is_score(key, value):
                raise ValueError("no score")
            self._publishing.put(key, value)
            self._setup.listener.on_scores([(key, value)])
        except ValueError:
            log.warning("a record of the topic of scores cannot be read", key=repr(key))

    async def _go_on(self) -> None:
        """Takes in what has come, and computes if it is time and everything is read."""
        batches = await self._source.fetch(FETCH_SECONDS)
        for tp, batch in batches.items():
            if batch.records:
                put = self._put_kpis if tp.topic == self._setup.names.kpi else self._put_stated
                await asyncio.to_thread(put, batch.records)
        waiting = self._next
        if waiting is None:
            await self._look()
        elif self._source.has_read(waiting.ends):
            self._next = None
            if waiting.clock is not None:
                await self._publish(waiting.clock, is_full=waiting.is_full)

    def _put_kpis(self, records: Sequence[Record]) -> None:
        wanted = self._scores.evidence.windows
        latest = {record.key or b"": record.value for record in records}
        for key, value in latest.items():
            try:
                _, level, _, window, _ = key.decode().split("|")
                if value is not None and (level, window) in wanted:
                    self._scores.put_record(value)
            except (ValueError, KeyError, TypeError) as error:
                log.warning("a record of the KPI topic cannot be read", key=repr(key), error=error_text(error))

    def _put_stated(self, records: Sequence[Record]) -> None:
        latest = {record.key or b"": record.value for record in records}
        for key, value in latest.items():
            said = stated(key, value)
            if isinstance(said, StatedClock):
                self._reached[said.partition] = said.reached
            elif said is not None:
                self._scores.put_measurement(said.measurement_id, said.measurement)

    async def _look(self) -> None:
        """Whether scores are to be computed: as often as configured, and when one is no longer provisional."""
        now_ms = self._setup.monotonic_ms()
        if now_ms - self._looked_ms < LOOK_EVERY_MS:
            return
        self._looked_ms = now_ms
        clock = self._clock()
        if clock is None:
            return
        is_full = self._rounded_ms is None or now_ms - self._rounded_ms >= self._every_ms
        if is_full or self._publishing.is_ending(clock):
            # A partition states its clock in the transaction of its KPI records, but the topics show the two one after
            # the other: what lies there by now is read first.
            self._next = _Round(await self._source.ends(), clock, is_full)
        else:
            self._report()

    def _clock(self) -> ScoreClock | None:
        """How far all entity partitions are; None while one has not said it."""
        partitions = range(self._setup.entity_partitions)
        if any(partition not in self._reached for partition in partitions):
            return None
        reached = [self._reached[partition] for partition in partitions]
        marks = [each.watermark_ms for each in reached]
        known = [mark for mark in marks if mark is not None]
        final_ms = min(known) - self._grace_ms if len(known) == len(marks) else 0
        return ScoreClock(min(each.as_of_ms for each in reached), final_ms)

    async def _publish(self, clock: ScoreClock, *, is_full: bool) -> None:
        if is_full:
            self._rounded_ms = self._setup.monotonic_ms()
        compute = self._publishing.changes if is_full else self._publishing.endings
        sheets: Iterator[list[ScoreChange]] = compute(clock, self._setup.wall_ms())
        while (changes := await asyncio.to_thread(next, sheets, None)) is not None:
            for first in range(0, len(changes), MOST_CHANGES):
                self._committed.clear()
                self._waiting = changes[first : first + MOST_CHANGES]
                await self._committed.wait()
        self._report()

    def _report(self) -> None:
        """Everything that was read is published; at the start: nothing was."""
        meters = self._setup.meters
        meters.set("collections_scores_timestamp_seconds", to=self._setup.wall_ms() / 1000)
        meters.set("collections_measurements_undeclared", to=self._scores.evidence.undeclared)
