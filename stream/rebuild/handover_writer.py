"""Writes what a hand-over has made: under the workers' own transactional ids, so that no worker can write meanwhile."""

import asyncio
import marshal
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions

from stream.engine.deltas.delta import entity_partition as entity_home
from stream.engine.entities.windows_state import CLOCK_KEY
from stream.facts.instant import instant_ms, instant_text
from stream.kafka.exits import RefusedError
from stream.kafka.topics import NEW_TOPIC_SECONDS, admin_client, make_missing, partition_counts
from stream.kafka.writer import FENCED, Line, Writer
from stream.partition.context import WorkerSetup
from stream.partition.intake import key_partition
from stream.partition.positions import KEY, Position, Positions
from stream.rebuild.stopped_state import Published, StoppedState, latest_records, merged_clock, offsets
from stream.replay.handover_state import FormerClocks
from stream.replay.job import Job
from stream.replay.parcels import Index, read_parcels

LINES_AT_ONCE = 5_000
"""Of one transaction: it must be over before the broker ends it."""

UNFINISHED = "hand-over"
"""Key of the fingerprint of a state that is being made: no worker has it, so every worker refuses, and names it."""


class HandOverWriter:
    """`numbers` of stage 1 and `deltas` of stage 2, as they are to be."""

    def __init__(self, setup: WorkerSetup, numbers: int, deltas: int) -> None:
        self.setup = setup
        self._numbers = numbers
        self._deltas = deltas
        self._writers: dict[tuple[int, int], Writer] = {}

    async def prepare(self) -> None:
        """Makes the topics wide enough, and fences every number. RefusedError: a topic has too many partitions."""
        names = self.setup.names
        async with admin_client(self.setup.settings) as admin:
            await make_missing(admin, self.setup.settings)
            async with asyncio.timeout(NEW_TOPIC_SECONDS):
                counts = await _grown(admin, {names.deltas: self._deltas, names.windows: self._deltas})
        if counts[names.ledger] > self._numbers:
            raise RefusedError(f"{names.ledger} has {counts[names.ledger]} partitions, the inbound topics fewer")
        self.setup = replace(self.setup, partitions=counts)
        places = [(1, number) for number in range(self._numbers)] + [(2, number) for number in range(self._deltas)]
        kafka = self.setup.settings.kafka
        for stage, number in places:
            writer = Writer(
                self.setup.client_options, names.transactional_id(stage, number), kafka.transaction_timeout_ms
            )
            await writer.fence()
            self._writers[stage, number] = writer

    async def close(self) -> None:
        """Lets the numbers go."""
        await asyncio.gather(*(writer.close() for writer in self._writers.values()))

    async def write(
        self,
        job: Job,
        lefts: Sequence[StoppedState],
        legacies: Sequence[FormerClocks],
        said: Published,
        positions: Sequence[Positions],
        ledgers: Sequence[tuple[Path, Index]],
    ) -> tuple[int, int]:
        """Writes everything; how many KPI records and alerts were published. RefusedError: a worker has started."""
        try:
            return await self._write(job, lefts, legacies, said, positions, ledgers)
        except FENCED as error:
            raise RefusedError("a worker was started during the hand-over: stop it, and begin again") from error

    async def _write(
        self,
        job: Job,
        lefts: Sequence[StoppedState],
        legacies: Sequence[FormerClocks],
        said: Published,
        positions: Sequence[Positions],
        ledgers: Sequence[tuple[Path, Index]],
    ) -> tuple[int, int]:
        names = self.setup.names
        for number, left in enumerate(lefts):
            await self._mark(2, names.windows, number, left.positions)
        await self._new_ledger(positions)
        for number in range(self._numbers):
            records = (pair for _, some in read_parcels(ledgers, number) for pair in some)
            await self._lines(1, number, ((names.ledger, number, key, value) for key, value in records))
        kpis = alerts = 0
        kept = set[bytes]()
        for number in range(self._deltas):
            with (job.folder / f"handover-{number}").open("rb") as file:
                new_kpis, new_alerts, state = marshal.load(file)
            await self._windows(number, lefts, legacies[number], (new_kpis, new_alerts, state))
            kept.update(key for key, _ in new_kpis)
            kpis, alerts = kpis + len(new_kpis), alerts + len(new_alerts)
        kpis += await self._empty(job, lefts, said, kept)
        counts = {count for left in lefts if left.positions is not None for count in left.positions.counts}
        await self._finish(positions, tuple(sorted(counts - {self._numbers})))
        return kpis, alerts

    async def _mark(self, stage: int, topic: str, number: int, before: Positions | None) -> None:
        """From now on every worker refuses this state. What the old record says is kept, for a hand-over that has to
        begin again."""
        setup = self.setup
        old = before or Positions({}, setup.debtor_partitions, setup.entity_partitions)
        marked = replace(old, fingerprint={**setup.fingerprint, UNFINISHED: "unfinished"})
        await self._commit(stage, number, {(topic, number): [Line(KEY, marked.encode())]})

    async def _new_ledger(self, positions: Sequence[Positions]) -> None:
        """The ledger's topic is made anew: its keys may have moved to other partitions."""
        setup, name = self.setup, self.setup.names.ledger
        async with admin_client(setup.settings) as admin, asyncio.timeout(2 * NEW_TOPIC_SECONDS):
            await admin.delete_topics([name])
            while name in await partition_counts(admin):  # noqa: ASYNC110  only asking tells
                await asyncio.sleep(0.2)
            while name not in await partition_counts(admin):
                await make_missing(admin, setup.settings)
                await asyncio.sleep(0.2)
        for number, each in enumerate(positions):
            await self._mark(1, name, number, each)

    async def _windows(
        self, number: int, lefts: Sequence[StoppedState], legacy: FormerClocks, made: tuple[Any, Any, Any]
    ) -> None:
        setup, topic = self.setup, self.setup.names.windows
        kpis, alerts, changed = made
        # What was taken over and has not changed is no change of stage 2's, but part of the state all the same.
        new = {key for key, _ in changed}
        state = [*changed, *(pair for pair in legacy.alerts if pair[0] not in new)]
        new = {key for key, _ in state}
        old = lefts[number].keys if number < len(lefts) else set()
        kept = {
            key: value
            for left in lefts
            for key, value in left.kept.items()
            if entity_home("|".join(key.decode().split("|")[1:4]), self._deltas) == number
        }
        gone = [(key, None) for key in sorted(old - new - kept.keys())]
        moved = [(key, value) for key, value in kept.items() if key not in old]
        # What says how far the alerts are goes with the alerts themselves: both or neither.
        first = [pair for pair in [*state, *gone] if pair[0].startswith(b"a|") or pair[0] == CLOCK_KEY]
        rest = [pair for pair in [*state, *gone, *moved] if not (pair[0].startswith(b"a|") or pair[0] == CLOCK_KEY)]
        outgoing = {(topic, number): [Line(key, value) for key, value in first]}
        for key, value in alerts:
            home = key_partition(key, setup.partitions[setup.names.alerts])
            outgoing.setdefault((setup.names.alerts, home), []).append(Line(key, value))
        await self._commit(2, number, outgoing)
        await self._lines(2, number, ((topic, number, key, value) for key, value in rest))
        await self._lines(2, number, (self._kpi(key, value) for key, value in kpis))

    async def _empty(self, job: Job, lefts: Sequence[StoppedState], said: Published, kept: set[bytes]) -> int:
        """Publishes, with no KPIs, the windows that hold nothing any more; not those that stay as they are."""
        clock = merged_clock(lefts)
        horizon_ms = self.setup.settings.time.correction_horizon_ms
        watermark_ms = clock.get("watermark")
        frontier_ms = watermark_ms - horizon_ms if isinstance(watermark_ms, int) else None
        written = 0
        for key, record in sorted((await latest_records(self.setup, said.keys - kept)).items()):
            tumbling = not str(record["window"]).startswith("rolling_")
            if tumbling and job.from_ms is not None and instant_ms(str(record["start"])) < job.from_ms:
                continue
            if tumbling and frontier_ms is not None and instant_ms(str(record["end"])) < frontier_ms:
                continue
            as_of = clock.get("as_of")
            if isinstance(as_of, int) and as_of:
                record["as_of"] = instant_text(as_of)
            emptied = {**record, "revision": said.revision + 1, "kpis": []}
            home = entity_home(key.decode().rsplit("|", 2)[0], self._deltas)
            await self._lines(2, home, [self._kpi(key, orjson.dumps(emptied))])
            written += 1
        return written

    def _kpi(self, key: bytes, value: bytes) -> tuple[str, int, bytes, bytes | None]:
        topic = self.setup.names.kpi
        return topic, key_partition(key, self.setup.partitions[topic]), key, value

    async def _finish(self, positions: Sequence[Positions], former: tuple[int, ...]) -> None:
        """The offset records: with the last of them, workers may go on."""
        setup, names = self.setup, self.setup.names
        for number, each in enumerate(positions):
            ends = {(topic, number): at.offset for topic, at in each.tps.items()}
            await self._commit(1, number, {(names.ledger, number): [Line(KEY, each.encode())]}, ends)
        for number in range(self._deltas):
            _, end = await offsets(setup, TopicPartition(names.deltas, number))
            tps = {names.deltas: Position(end)}
            at = Positions(setup.fingerprint, self._numbers, self._deltas, tps, former=former)
            ends = {(names.deltas, number): end}
            await self._commit(2, number, {(names.windows, number): [Line(KEY, at.encode())]}, ends)

    async def _lines(self, stage: int, number: int, lines: Iterable[tuple[str, int, bytes, bytes | None]]) -> None:
        """Writes (topic, partition, key, value) in as many transactions as it takes."""
        rest = iter(lines)
        while some := list(islice(rest, LINES_AT_ONCE)):
            outgoing: dict[tuple[str, int], list[Line]] = {}
            for topic, partition, key, value in some:
                outgoing.setdefault((topic, partition), []).append(Line(key, value))
            await self._commit(stage, number, outgoing)

    async def _commit(
        self,
        stage: int,
        number: int,
        outgoing: dict[tuple[str, int], list[Line]],
        ends: dict[tuple[str, int], int] | None = None,
    ) -> None:
        group = self.setup.settings.kafka.group
        await self._writers[stage, number].commit(outgoing, ends or {}, group)


async def _grown(admin: Any, wanted: dict[str, int]) -> dict[str, int]:
    """Partition counts, once these topics have as many as wanted. RefusedError: one has more."""
    while True:
        counts = await partition_counts(admin)
        for topic, count in wanted.items():
            if counts.get(topic, 0) > count:
                raise RefusedError(
                    f"{topic} has {counts[topic]} partitions, {count} are configured: partitions cannot be taken away; "
                    f"kafka.deltas_partitions or another kafka.group"
                )
        short = {topic: count for topic, count in wanted.items() if counts.get(topic, 0) < count}
        if not short:
            return counts
        there = {topic: NewPartitions(count) for topic, count in short.items() if topic in counts}
        if there:
            await admin.create_partitions(there)
        await asyncio.sleep(0.2)
