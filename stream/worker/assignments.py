"""The partitions assigned to this worker: a task for each, begun and closed as Faust assigns and revokes them."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

import structlog
from faust.types import TP

from stream.kafka.batches import Batch
from stream.kafka.bulk import BulkConsumer
from stream.kafka.exits import Exit
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.merge import NO_CEILING_MS
from stream.partition.task import PartitionTask
from stream.partition.work import Work
from stream.worker.startup import has_changed

RESTORES_AT_ONCE = 4
KEEP_MS = 600_000

StagePartition = tuple[int, int]
"""(stage, partition): 1 is the debtor stage, 2 the entity stage."""

log = structlog.get_logger(__name__)


@dataclass
class _Kept:
    """The state of a revoked partition, kept in case it is assigned again. `read_through`: state records below this
    offset are in it. `since_ms`: when it was revoked, monotonic."""

    work: Work
    read_through: int
    since_ms: int


class Assignments:
    """The partition tasks of a worker. `make` gives new Work, with an empty engine, for a (stage, partition).

    `assigned`: whether partitions have been assigned since the last revocation. `closing`: no more are taken.
    """

    def __init__(
        self,
        setup: WorkerSetup,
        live: LiveState,
        consumer: Callable[[], BulkConsumer],
        make: Callable[[StagePartition], Work],
    ) -> None:
        self._setup, self._live = setup, live
        self._consumer = consumer
        self._make = make
        self._tasks: dict[StagePartition, PartitionTask] = {}
        self._kept: dict[StagePartition, _Kept] = {}
        self._stages = dict.fromkeys(setup.names.inbound, 1) | {setup.names.deltas: 2}
        live.steer = self.steer
        self.assigned = False
        self.closing = False

    @property
    def tasks(self) -> Collection[PartitionTask]:
        """The tasks of the assigned partitions, open or not."""
        return self._tasks.values()

    def task(self, stage: int, partition: int) -> PartitionTask | None:
        """The task of an assigned partition, open or not; None: it is not assigned to us."""
        return self._tasks.get((stage, partition))

    def feed(self, batch: Batch) -> None:
        """Hands a batch to the task of its partition; one of a partition that is no longer assigned is dropped."""
        task = self._tasks.get((self._stages[batch.topic], batch.partition))
        if task is not None:
            task.feed(batch)

    def assign(self, assigned: Iterable[TP]) -> None:
        """Begins to open these partitions; returns at once. All fence first, then at most four restore at a time."""
        if self.closing:
            return
        self.assigned = True
        owned = self._stage_partitions(set(assigned))
        log.info("assigned", **{f"stage_{stage}": [n for of, n in owned if of == stage] for stage in (1, 2)})
        self._live.pace_commits(len(owned))
        gate = asyncio.Semaphore(RESTORES_AT_ONCE)
        fences = Fences(len(owned))

        async def live(task: PartitionTask) -> None:
            await task.fence()
            await fences.done()
            async with gate:
                await task.open()
            self._export_owned()
            await task.apply_and_commit()

        for each in owned:
            kept = self._kept.pop(each, None) or _Kept(self._make(each), 0, 0)
            task = self._tasks[each] = PartitionTask(
                self._setup, self._live, self._consumer(), kept.work, kept.read_through, partial(self._make, each)
            )
            task.run(live)
        self.forget()

    async def revoke(self) -> None:
        """Commits and closes every partition; returns when all are closed. A rebalance takes all of them away."""
        self.assigned = False
        tasks, self._tasks = self._tasks, {}
        await asyncio.gather(*(task.close() for task in tasks.values()))
        now_ms = self._setup.monotonic_ms()
        for each, task in tasks.items():
            self._kept[each] = _Kept(task.work, task.read_through, now_ms)
            task.work.withdraw()
        if tasks:
            log.info("closed", partitions=len(tasks))
        self._export_owned()

    def steer(self) -> None:
        """Sets the event time up to which partitions that catch up may go: that of the slowest one plus
        `time.max_ahead` (live 2). When it rises, tasks that wait for it are woken.

        To be called ten times a second, and by a task that catches up whenever it has gone on: where the history is
        sparse, ten minutes of event time are few records.
        """
        backlogs = [task.work.backlog_ms() for task in self._tasks.values() if task.is_open]
        slowest_ms = min((at_ms for at_ms in backlogs if at_ms is not None), default=None)
        ahead_ms = self._setup.settings.time.max_ahead_ms
        ceiling_ms = NO_CEILING_MS if slowest_ms is None else slowest_ms + ahead_ms
        raised, self._live.ceiling_ms = ceiling_ms > self._live.ceiling_ms, ceiling_ms
        if raised:
            for task in self._tasks.values():
                task.wake()

    def moving(self) -> dict[str, int]:
        """Name -> an integer that should change before long, for everything that is under way (watchdog.py): an
        opening, a commit, or a topic partition with lag."""
        moving: dict[str, int] = {}
        for task in self._tasks.values():
            if not task.is_open:
                moving[f"opening {task.name}"] = task.read_through
            elif task.committing:
                moving[f"commit of {task.name}"] = task.progress
            else:
                lagging = {topic: offset for topic, (offset, lag) in task.work.progress().items() if lag}
                moving |= {f"{topic}-{task.work.partition}": offset for topic, offset in lagging.items()}
        return moving

    def excused(self) -> frozenset[str]:
        """The names of `moving` that cannot change, since a partition that they need has no leader."""
        if not self._live.writable:
            return frozenset(self.moving())
        excused = set()
        for task in self._tasks.values():
            if lost := task.leaderless:
                excused |= {f"opening {task.name}", *(f"{topic}-{task.work.partition}" for topic in lost)}
        return frozenset(excused)

    def _stage_partitions(self, assigned: set[TP]) -> list[StagePartition]:
        """What these topic partitions make up, sorted. A debtor partition needs the same partition of all inbound
        topics (contract 1): if one is missing, or is new since the worker started, the worker ends."""
        inbound, counts = self._setup.names.inbound, self._setup.partitions
        for tp in sorted(assigned, reverse=True):
            if tp.partition >= counts[tp.topic]:
                self._setup.end(Exit.REFUSED, has_changed(tp.topic, counts[tp.topic], tp.partition + 1))
        owned = [(2, tp.partition) for tp in assigned if tp.topic == self._setup.names.deltas]
        for partition in sorted({tp.partition for tp in assigned if tp.topic in inbound}):
            missing = [topic for topic in inbound if TP(topic, partition) not in assigned]
            if missing:
                split = f"the topics' partitions {partition} are split over workers: {', '.join(missing)} elsewhere"
                self._setup.end(Exit.RESTART, split)
            owned.append((1, partition))
        return sorted(owned)

    def forget(self) -> None:
        """Drops state that has been kept for ten minutes: it takes memory, and a restore that goes on from it must
        still find the tombstones written since, which compaction removes in time."""
        now_ms = self._setup.monotonic_ms()
        self._kept = {each: kept for each, kept in self._kept.items() if now_ms - kept.since_ms < KEEP_MS}

    def _export_owned(self) -> None:
        for stage in (1, 2):
            owned = sum(task.is_open for task in self._tasks.values() if task.work.stage == stage)
            self._setup.meters.set("collections_partitions_owned", str(stage), to=owned)


class Fences:
    """Holds every partition back until all have fenced (live 1): the longer a former owner's transaction stays open,
    the longer every reader waits. `parties`: how many there are."""

    def __init__(self, parties: int) -> None:
        self._awaited = parties
        self._passed = asyncio.Event()

    async def done(self) -> None:
        """One more has fenced; returns when all have."""
        self._awaited -= 1
        if self._awaited <= 0:
            self._passed.set()
        await self._passed.wait()
