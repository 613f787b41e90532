"""Which numbers this worker has: opened and closed as Faust assigns and revokes partitions."""

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

Place = tuple[int, int]
"""(stage, number)."""

log = structlog.get_logger("stream.kafka")


@dataclass
class _Kept:
    """The state of a number that was revoked, for the case that it comes back."""

    work: Work
    read_through: int
    since_ms: int


class Assignments:
    """The numbers of a worker. `make`: a new Work for a (stage, number)."""

    def __init__(
        self,
        setup: WorkerSetup,
        live: LiveState,
        consumer: Callable[[], BulkConsumer],
        make: Callable[[Place], Work],
    ) -> None:
        self._setup, self._live = setup, live
        self._consumer = consumer
        self._make = make
        self._numbers: dict[Place, PartitionTask] = {}
        self._kept: dict[Place, _Kept] = {}
        self._places = dict.fromkeys(setup.names.inbound, 1) | {setup.names.deltas: 2}
        live.steer = self.steer
        self.assigned = False
        self.closing = False

    @property
    def numbers(self) -> Collection[PartitionTask]:
        """The numbers that are assigned, open or not."""
        return self._numbers.values()

    def feed(self, batch: Batch) -> None:
        """Hands a batch to its number."""
        number = self._numbers.get((self._places[batch.topic], batch.partition))
        if number is not None:
            number.feed(batch)

    def assign(self, assigned: Iterable[TP]) -> None:
        """Begins to open the numbers of these partitions; returns at once."""
        if self.closing:
            return
        self.assigned = True
        places = self._whole(set(assigned))
        log.info("assigned", **{f"stage_{stage}": [n for s, n in places if s == stage] for stage in (1, 2)})
        self._live.pace_commits(len(places))
        gate = asyncio.Semaphore(RESTORES_AT_ONCE)
        fences = Fences(len(places))

        async def live(number: PartitionTask) -> None:
            await number.fence()
            await fences.done()
            async with gate:
                await number.open()
            self._tell()
            await number.apply_and_commit()

        for place in places:
            kept = self._kept.pop(place, None) or _Kept(self._make(place), 0, 0)
            number = self._numbers[place] = PartitionTask(
                self._setup,
                self._live,
                self._consumer(),
                kept.work,
                kept.read_through,
                partial(self._make, place),
            )
            number.run(live)
        self.forget()

    async def revoke(self) -> None:
        """Commits and closes every number; returns when all are closed. A rebalance takes all partitions away."""
        self.assigned = False
        numbers, self._numbers = self._numbers, {}
        await asyncio.gather(*(number.close() for number in numbers.values()))
        now_ms = self._setup.monotonic_ms()
        for place, number in numbers.items():
            self._kept[place] = _Kept(number.work, number.read_through, now_ms)
            number.work.withdraw()
        if numbers:
            log.info("closed", numbers=len(numbers))
        self._tell()

    def steer(self) -> None:
        """Sets the ceiling of those that catch up (live 2, max_ahead), and wakes who may go on under it.

        To be called ten times a second, and by a number that catches up whenever it has gone on: over a thin history
        ten minutes of event time are few records.
        """
        backlogs = [number.work.backlog_ms() for number in self._numbers.values() if number.is_open]
        slowest_ms = min((at_ms for at_ms in backlogs if at_ms is not None), default=None)
        ahead_ms = self._setup.settings.time.max_ahead_ms
        ceiling_ms = NO_CEILING_MS if slowest_ms is None else slowest_ms + ahead_ms
        raised, self._live.ceiling_ms = ceiling_ms > self._live.ceiling_ms, ceiling_ms
        if raised:
            for number in self._numbers.values():
                number.wake()

    def moving(self) -> dict[str, int]:
        """Name -> a number that should change before long, of everything that is under way (watchdog.py)."""
        moving: dict[str, int] = {}
        for number in self._numbers.values():
            if not number.is_open:
                moving[f"opening {number.name}"] = number.read_through
            elif number.committing:
                moving[f"commit of {number.name}"] = number.progress
            else:
                behind = {topic: at for topic, (at, lag) in number.work.progress().items() if lag}
                moving |= {f"{topic}-{number.work.partition}": at for topic, at in behind.items()}
        return moving

    def excused(self) -> frozenset[str]:
        """Of the names that `moving` gives, those that wait for a partition without a leader."""
        if not self._live.writable:
            return frozenset(self.moving())
        excused = set()
        for number in self._numbers.values():
            if lost := number.leaderless:
                excused |= {f"opening {number.name}", *(f"{topic}-{number.work.partition}" for topic in lost)}
        return frozenset(excused)

    def _whole(self, assigned: set[TP]) -> list[Place]:
        """The places of these partitions. Stage 1 needs a number of all inbound topics together (contract 1)."""
        inbound, counts = self._setup.names.inbound, self._setup.partitions
        for tp in sorted(assigned, reverse=True):
            if tp.partition >= counts[tp.topic]:
                self._setup.end(Exit.REFUSED, has_changed(tp.topic, counts[tp.topic], tp.partition + 1))
        places = [(2, tp.partition) for tp in assigned if tp.topic == self._setup.names.deltas]
        for number in sorted({tp.partition for tp in assigned if tp.topic in inbound}):
            missing = [topic for topic in inbound if TP(topic, number) not in assigned]
            if missing:
                split = f"partitions of number {number} are split over workers: {', '.join(missing)} elsewhere"
                self._setup.end(Exit.RESTART, split)
            places.append((1, number))
        return sorted(places)

    def forget(self) -> None:
        """Drops kept state that was not asked for in a while: it is memory, and tombstones do not last for ever."""
        now_ms = self._setup.monotonic_ms()
        self._kept = {place: kept for place, kept in self._kept.items() if now_ms - kept.since_ms < KEEP_MS}

    def _tell(self) -> None:
        for stage in (1, 2):
            owned = sum(number.is_open for number in self._numbers.values() if number.work.stage == stage)
            self._setup.meters.set("collections_numbers_owned", str(stage), to=owned)


class Fences:
    """All numbers fence before the first one restores (live 1): the longer a former owner's transaction stays open, the
    longer every reader waits."""

    def __init__(self, parties: int) -> None:
        self._left = parties
        self._passed = asyncio.Event()

    async def done(self) -> None:
        """One more has fenced; returns when all have."""
        self._left -= 1
        if self._left <= 0:
            self._passed.set()
        await self._passed.wait()
