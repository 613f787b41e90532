"""Writes what a hand-over has made, under the workers' transactional ids: they are fenced, and none can write then."""

import asyncio
import marshal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions

from stream.engine.deltas.delta import entity_partition
from stream.engine.entities.windows_state import CLOCK_KEY
from stream.facts.instant import instant_ms, instant_text
from stream.kafka.exits import RefusedError
from stream.kafka.topics import NEW_TOPIC_SECONDS, admin_client, make_missing, partition_counts
from stream.kafka.writer import FENCED, Line, Writer
from stream.partition.context import WorkerSetup
from stream.partition.intake import key_partition
from stream.partition.positions import KEY, Position, Positions
from stream.rebuild.stopped_state import (
    ConductPublished,
    Published,
    StoppedState,
    latest_records,
    merged_clock,
    offsets,
)
from stream.replay.conduct_found import changed
from stream.replay.handover_state import FormerClocks
from stream.replay.job import Job
from stream.replay.parcels import Index, read_parcels

LINES_AT_ONCE = 5_000
"""Records of one transaction at most: it must be committed before the broker gives it up."""

UNFINISHED = "hand-over"
"""A key in the fingerprint of a state that is being made. No worker's own fingerprint has it, so every worker refuses
the state and names this key."""


@contextmanager
def _alone() -> Iterator[None]:
    """RefusedError where a worker has fenced our producers meanwhile."""
    try:
        yield
    except FENCED as error:
        raise RefusedError("a worker was started during the hand-over: stop it, and begin again") from error


class HandOverWriter:
    """Writes the state of so many debtor and entity partitions, the counts that are to be.

    The order of calls: `prepare`, `write`, and `close` in any case.
    """

    def __init__(self, setup: WorkerSetup, debtor_partitions: int, entity_partitions: int) -> None:
        self.setup = setup
        self._debtor_partitions = debtor_partitions
        self._entity_partitions = entity_partitions
        self._writers: dict[tuple[int, int], Writer] = {}

    async def prepare(self) -> None:
        """Gives the topics the partitions that are needed, and fences every partition of both stages. RefusedError: a
        topic has too many partitions already."""
        names = self.setup.names
        async with admin_client(self.setup.settings) as admin:
            await make_missing(admin, self.setup.settings)
            async with asyncio.timeout(NEW_TOPIC_SECONDS):
                wanted = dict.fromkeys((names.deltas, names.windows), self._entity_partitions)
                counts = await _grown(admin, wanted | {names.erasures: self._debtor_partitions})
        if counts[names.ledger] > self._debtor_partitions:
            raise RefusedError(f"{names.ledger} has {counts[names.ledger]} partitions, the inbound topics fewer")
        self.setup = replace(self.setup, partitions=counts)
        owned = [(1, partition) for partition in range(self._debtor_partitions)]
        owned += [(2, partition) for partition in range(self._entity_partitions)]
        kafka = self.setup.settings.kafka
        for stage, partition in owned:
            writer = Writer(
                self.setup.client_options, names.transactional_id(stage, partition), kafka.transaction_timeout_ms
            )
            await writer.fence()
            self._writers[stage, partition] = writer

    async def close(self) -> None:
        """Closes the producers."""
        await asyncio.gather(*(writer.close() for writer in self._writers.values()))

    async def mark(self, stopped: Sequence[StoppedState], positions: Sequence[Positions]) -> None:
        """From here on every worker refuses the state, until `write` is done. The ledger topic is empty then."""
        with _alone():
            for partition, state in enumerate(stopped):
                await self._mark(2, self.setup.names.windows, partition, state.positions)
            await self._new_ledger(positions)

    async def write_conduct(
        self,
        job: Job,
        published: ConductPublished,
        found: Sequence[tuple[Path, Index]],
        positions: Sequence[Positions],
    ) -> None:
        """Publishes what the conduct rules find otherwise than the topic says: after a change of rules, or of facts.
        What lies before `job.from_ms` stays as it is."""
        setup, topic = self.setup, self.setup.names.conduct
        latest = {key: record for key, record in published.latest.items() if _is_from(record, job.from_ms)}
        homes: dict[int, dict[bytes, dict[str, object]]] = {}
        for key, record in latest.items():
            homes.setdefault(key_partition(key.split(b"|")[1], self._debtor_partitions), {})[key] = record
        with _alone():
            for partition, at in enumerate(positions):
                judged_ms = at.conduct.judged_ms
                held = {
                    key: orjson.loads(value)
                    for _, some in read_parcels(found, partition)
                    for key, value, due_ms in some
                    if due_ms is None or (judged_ms is not None and due_ms < judged_ms)
                }
                held = {key: record for key, record in held.items() if _is_from(record, job.from_ms)}
                records = changed(homes.get(partition, {}), held, at.conduct.revision)
                await self._lines(1, partition, (
                    (topic, key_partition(key.split(b"|")[1], setup.partitions[topic]), key, value)
                    for key, value in records
                ))  # fmt: skip

    async def write(
        self,
        job: Job,
        stopped: Sequence[StoppedState],
        clocks: Sequence[FormerClocks],
        published: Published,
        positions: Sequence[Positions],
        ledgers: Sequence[tuple[Path, Index]],
    ) -> tuple[int, int]:
        """Writes everything else; returns how many KPI records and alerts were published. `stopped`: by partition of
        the windows topic as it was; `clocks`: by entity partition; `positions`: by debtor partition; `ledgers`: files
        of folded debtors. RefusedError: a worker was started meanwhile."""
        with _alone():
            names = self.setup.names
            for partition in range(self._debtor_partitions):
                records = (pair for _, some in read_parcels(ledgers, partition) for pair in some)
                await self._lines(1, partition, ((names.ledger, partition, key, value) for key, value in records))
            kpis = alerts = 0
            written = set[bytes]()
            for partition in range(self._entity_partitions):
                with (job.folder / f"handover-{partition}").open("rb") as file:
                    new_kpis, new_alerts, new_state = marshal.load(file)
                await self._windows(partition, stopped, clocks[partition], (new_kpis, new_alerts, new_state))
                written.update(key for key, _ in new_kpis)
                kpis, alerts = kpis + len(new_kpis), alerts + len(new_alerts)
            kpis += await self._empty(job, stopped, published, written)
            counts = {count for state in stopped if state.positions is not None for count in state.positions.counts}
            await self._finish(positions, tuple(sorted(counts - {self._debtor_partitions})))
            return kpis, alerts

    async def _mark(self, stage: int, topic: str, partition: int, before: Positions | None) -> None:
        """Writes an offset record that every worker refuses. What the former one says is kept in it, for a hand-over
        that has to begin again."""
        setup = self.setup
        old = before or Positions({}, setup.debtor_partitions, setup.entity_partitions)
        marked = replace(old, fingerprint={**setup.fingerprint, UNFINISHED: "unfinished"})
        await self._commit(stage, partition, {(topic, partition): [Line(KEY, marked.encode())]})

    async def _new_ledger(self, positions: Sequence[Positions]) -> None:
        """Deletes the ledger topic and creates it anew, marked: its keys may belong to other partitions now."""
        setup, name = self.setup, self.setup.names.ledger
        async with admin_client(setup.settings) as admin, asyncio.timeout(2 * NEW_TOPIC_SECONDS):
            await admin.delete_topics([name])
            while name in await partition_counts(admin):  # noqa: ASYNC110  only asking tells
                await asyncio.sleep(0.2)
            while name not in await partition_counts(admin):
                await make_missing(admin, setup.settings)
                await asyncio.sleep(0.2)
        for partition, each in enumerate(positions):
            await self._mark(1, name, partition, each)

    async def _windows(
        self, partition: int, stopped: Sequence[StoppedState], clock: FormerClocks, made: tuple[Any, Any, Any]
    ) -> None:
        """Writes one entity partition: windows, alerts and KPI records `made` (kpis, alerts, changed state), windows
        that stay and have moved here, and tombstones for what is no longer in the partition."""
        setup, topic = self.setup, self.setup.names.windows
        kpis, alerts, changed = made
        # Alerts that were taken over and did not change are not among the changes, yet they are part of the state.
        new = {key for key, _ in changed}
        state = [*changed, *(pair for pair in clock.alerts if pair[0] not in new)]
        new = {key for key, _ in state}
        old = stopped[partition].keys if partition < len(stopped) else set()
        kept = {
            key: value
            for state in stopped
            for key, value in state.kept.items()
            if entity_partition("|".join(key.decode().split("|")[1:4]), self._entity_partitions) == partition
        }
        gone = [(key, None) for key in sorted(old - new - kept.keys())]
        moved = [(key, value) for key, value in kept.items() if key not in old]
        # The clock and the alert states say how far alerts are published: one transaction with the alerts themselves.
        whole = [*state, *gone, *moved]
        first = [pair for pair in whole if pair[0].startswith((b"a|", b"g|")) or pair[0] == CLOCK_KEY]
        rest = [pair for pair in whole if not (pair[0].startswith((b"a|", b"g|")) or pair[0] == CLOCK_KEY)]
        outgoing = {(topic, partition): [Line(key, value) for key, value in first]}
        for key, value in alerts:
            home = key_partition(key, setup.partitions[setup.names.alerts])
            outgoing.setdefault((setup.names.alerts, home), []).append(Line(key, value))
        await self._commit(2, partition, outgoing)
        await self._lines(2, partition, ((topic, partition, key, value) for key, value in rest))
        await self._lines(2, partition, (self._kpi(key, value) for key, value in kpis))

    async def _empty(self, job: Job, stopped: Sequence[StoppedState], published: Published, written: set[bytes]) -> int:
        """Publishes a record without KPIs for each window that was published before and holds nothing any more. Windows
        that stay as they are, and those before the frontier, are left alone. Returns how many records."""
        clock = merged_clock(stopped)
        horizon_ms = self.setup.settings.time.correction_horizon_ms
        watermark_ms = clock.get("watermark")
        frontier_ms = watermark_ms - horizon_ms if isinstance(watermark_ms, int) else None
        count = 0
        for key, record in sorted((await latest_records(self.setup, published.keys - written)).items()):
            tumbling = not str(record["window"]).startswith("rolling_")
            if tumbling and job.from_ms is not None and instant_ms(str(record["start"])) < job.from_ms:
                continue
            if tumbling and frontier_ms is not None and instant_ms(str(record["end"])) < frontier_ms:
                continue
            as_of = clock.get("as_of")
            if isinstance(as_of, int) and as_of:
                record["as_of"] = instant_text(as_of)
            emptied = {**record, "revision": published.revision + 1, "kpis": []}
            home = entity_partition(key.decode().rsplit("|", 2)[0], self._entity_partitions)
            await self._lines(2, home, [self._kpi(key, orjson.dumps(emptied))])
            count += 1
        return count

    def _kpi(self, key: bytes, value: bytes) -> tuple[str, int, bytes, bytes | None]:
        topic = self.setup.names.kpi
        return topic, key_partition(key, self.setup.partitions[topic]), key, value

    async def _finish(self, positions: Sequence[Positions], former: tuple[int, ...]) -> None:
        """Writes the offset records, and commits the group's offsets: after the last one, workers may start."""
        setup, names = self.setup, self.setup.names
        for partition, each in enumerate(positions):
            ends = {(topic, partition): at.offset for topic, at in each.tps.items()}
            await self._commit(1, partition, {(names.ledger, partition): [Line(KEY, each.encode())]}, ends)
        for partition in range(self._entity_partitions):
            _, end = await offsets(setup, TopicPartition(names.deltas, partition))
            tps = {names.deltas: Position(end)}
            at = Positions(setup.fingerprint, self._debtor_partitions, self._entity_partitions, tps, former=former)
            ends = {(names.deltas, partition): end}
            await self._commit(2, partition, {(names.windows, partition): [Line(KEY, at.encode())]}, ends)

    async def _lines(self, stage: int, owned: int, lines: Iterable[tuple[str, int, bytes, bytes | None]]) -> None:
        """Writes (topic, partition, key, value) as partition `owned` of a stage, in as many transactions as it
        takes."""
        rest = iter(lines)
        while some := list(islice(rest, LINES_AT_ONCE)):
            outgoing: dict[tuple[str, int], list[Line]] = {}
            for topic, partition, key, value in some:
                outgoing.setdefault((topic, partition), []).append(Line(key, value))
            await self._commit(stage, owned, outgoing)

    async def _commit(
        self,
        stage: int,
        partition: int,
        outgoing: dict[tuple[str, int], list[Line]],
        ends: dict[tuple[str, int], int] | None = None,
    ) -> None:
        """One transaction of a partition of a stage: records by (topic, partition), and offsets for the group."""
        group = self.setup.settings.kafka.group
        await self._writers[stage, partition].commit(outgoing, ends or {}, group)


def _is_from(record: Mapping[str, object], from_ms: int | None) -> bool:
    """Whether a record of conduct is of this instant or a later one."""
    return from_ms is None or instant_ms(str(record["at"])) >= from_ms


async def _grown(admin: Any, wanted: dict[str, int]) -> dict[str, int]:
    """Adds partitions until these topics have as many as wanted; returns all partition counts. RefusedError: one has
    more."""
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
