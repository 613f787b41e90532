"""Runs schedules against one broker: events in, faults, and the verdict."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.broker import LocalBroker
from stream.kafka.topics import create_topics
from tests.faults.delivering import Courier
from tests.faults.door import Door
from tests.faults.injecting import Injector
from tests.faults.schedule import Disorder, Kind, Schedule, make_schedule
from tests.faults.slot import Slot
from tests.faults.story import deliveries, write_story
from tests.faults.verdict import Expected, Reader, replayed
from tests.kafka.scored import schemes_from
from tests.kafka.workers import SESSION_MS, configured

WORKERS = 4
SETTLE_SECONDS = 240.0
READY_SECONDS = 120.0
STOP_SECONDS = 15.0
RULES = [
    {"rule": "few", "kpi": "connect_rate", "level": "team", "window": "rolling_15m", "below": 0.4, "exit": 0.45,
     "min_denominator": 5, "for": "2m", "keep_firing_for": "1m"},
    {"rule": "silent", "kpi": "right_party_rate", "level": "site", "window": "rolling_5m", "below": 0.5},
    {"rule": "paid", "kpi": "recovered_amount", "level": "site", "window": "interval_30m", "currency": "CNY",
     "above": 100000},
]  # fmt: skip

CONDUCT = {
    "packs": ["uk_conc", "any"],
    # Beacons complain of what was received 90 days before: their breaches are of the day of the story.
    "parameters": {"uk_conc.complaint_response": {"days": 89}},
    "rules": [
        {"rule": "calls_per_day", "kind": "frequency", "per": "debtor", "counts": "attempts", "limit": 2,
         "window": {"days": 1, "local": True}},
        {"rule": "contacts", "kind": "frequency", "counts": "contacts", "channels": ["call", "sms"], "per": "case",
         "limit": 1, "window": {"days": 7}},
        {"rule": "spacing", "kind": "spacing", "per": "case", "days": 7, "local": True},
        {"rule": "hours", "kind": "hours", "from": "09:30", "until": "21:00"},
    ],
}  # fmt: skip
SCHEMES_OF_ALL_KINDS = schemes_from("2018-01-01")


@dataclass(frozen=True)
class Report:
    """What one schedule gave. `compared`: KPI records, scores, breaches and alerts; `read`: output records read.
    `ends`: exit codes of workers while it ran."""

    schedule: Schedule
    deliveries: int
    read: int
    compared: int
    faults: Counter[Kind]
    differences: list[str]
    seconds: float
    ends: Counter[int] = field(default_factory=Counter)

    def line(self) -> str:
        """For a person; the seed repeats it."""
        plan = self.schedule
        return (
            f"seed {plan.seed}: {plan.workers} workers, {plan.disorder}, {self.deliveries} deliveries, "
            f"{self.faults.total()} faults, exits {dict(sorted(self.ends.items()))}, {self.read} records read, "
            f"{self.compared} compared, {len(self.differences)} differences, {self.seconds:.0f} s"
        )


class Stand:
    """A broker with a door for each worker."""

    def __init__(self, broker: LocalBroker, doors: list[Door], folder: Path) -> None:
        self.broker = broker
        self.doors = doors
        self.folder = folder


@asynccontextmanager
async def stand(folder: Path) -> AsyncIterator[Stand]:
    """A running broker behind doors, with its data in the folder."""
    async with AsyncExitStack() as stack:
        doors = [await stack.enter_async_context(Door()) for _ in range(WORKERS)]
        broker = LocalBroker(folder / "kafka", doors=[door.port for door in doors])
        for door, behind in zip(doors, broker.behind, strict=True):
            door.behind = behind
        try:
            await asyncio.to_thread(broker.start)
            yield Stand(broker, doors, folder)
        finally:
            await asyncio.to_thread(broker.stop)


UNFENCED = """
import uuid, stream.kafka.names as names
names.Names.transactional_id = lambda self, stage, number: f"{self.prefix}-{uuid.uuid4()}"
"""
"""Workers whose transactions fence nobody: what the suite finds then is what it is worth."""


async def run_schedule(stand: Stand, seed: int, before: str = "pass") -> Report:
    """One schedule from its first event to its verdict. RuntimeError: a worker ended in a way that no fault explains,
    or the events could not be delivered."""
    began = time.monotonic()
    schedule = make_schedule(seed, SESSION_MS / 1000)
    folder = stand.folder / f"{seed}-{time.monotonic_ns()}"
    folder.mkdir()
    prefix = f"s{seed}-{time.monotonic_ns() % 1_000_000}"
    sections = {
        "alerts": RULES,
        "time": {"idle_advance": False, "idle_after": "1h", "grace": "0s"},
        # The last events lie six years after the first: all periods are to be computed until then.
        "publish": {"scores_every": "500ms", "keep": "3650d"},
        "conduct": CONDUCT,
        **SCHEMES_OF_ALL_KINDS,
    }
    config, settings = configured(stand.broker.bootstrap, prefix, folder, **sections)
    await asyncio.to_thread(create_topics, settings)
    story = folder / "events.jsonl"
    events = await asyncio.to_thread(write_story, story, config, seed, settings.kafka.partitions)
    expected = await asyncio.to_thread(replayed, story, config, folder / "replay")
    numbers = deliveries(schedule, events, prefix, settings.kafka.partitions)
    async with (
        Reader(settings) as reader,
        Courier(stand.broker.bootstrap, schedule, numbers) as courier,
        AsyncExitStack() as stack,
    ):
        slots = []
        for door in stand.doors[: schedule.workers]:
            door.heal()
            own, _ = configured(f"127.0.0.1:{door.port}", prefix, folder, **sections)
            slots.append(await stack.enter_async_context(Slot(own, door, before)))
        injector = Injector(stand.broker, slots)
        for turn, faults in enumerate(schedule.rounds):
            await _ready(slots)
            following = asyncio.create_task(reader.follow())
            await asyncio.gather(courier.deliver(turn), injector.inject(faults))
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        differences = await _settled(schedule, reader, expected, slots)
    compared = reader.found.compared(expected, alerts=_orderly(schedule))
    return Report(
        schedule, sum(map(len, numbers)), reader.found.records, compared, injector.done, differences,
        time.monotonic() - began, Counter(code for slot in slots for code in slot.ends),
    )  # fmt: skip


def _orderly(schedule: Schedule) -> bool:
    return schedule.disorder is not Disorder.SHUFFLED


async def _ready(slots: list[Slot]) -> None:
    """Returns when every worker is ready. RuntimeError: one is not, for longer than any fault explains."""
    deadline = time.monotonic() + READY_SECONDS
    while not all([await asyncio.to_thread(slot.is_ready) for slot in slots]):
        for slot in slots:
            slot.check()
            if time.monotonic() > deadline:
                told = "\n".join(f"ends {each.ends}, ready {each.is_ready()}: {each.log[-3000:]}" for each in slots)
                raise RuntimeError(f"a worker is not ready after {READY_SECONDS:.0f} s:\n{told}")
        await asyncio.sleep(0.1)


async def _settled(schedule: Schedule, reader: Reader, expected: Expected, slots: list[Slot]) -> list[str]:
    """The differences once there are none, or once the time is over; and again when all workers have ended in order,
    since what is right must stay so."""
    alerts = _orderly(schedule)
    deadline = time.monotonic() + SETTLE_SECONDS
    while (differences := reader.found.differences(expected, alerts=alerts)) and time.monotonic() < deadline:
        for slot in slots:
            slot.check()
        await reader.read(0.5)
    await _ready(slots)
    codes = await asyncio.gather(*(slot.stop(STOP_SECONDS) for slot in slots))
    if differences:
        return differences
    while await reader.read(1.0):
        pass
    differences = reader.found.differences(expected, alerts=alerts)
    return differences + [f"a worker ended with {code} on SIGTERM" for code in codes if code != 0]
