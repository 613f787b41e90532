"""More than one worker: two measured, eight and thirty-two simulated, and a floor on which all events are one team's.

The simulation runs the real core on one worker's share. A floor of W workers has W times the agents, debtors and
events; each number gets as many events a commit as with one worker, but of more agents, so that fewer fall together in
a row of the deltas topic. Measured for W: CPU of stage 1 an event, rows an event, CPU of stage 2 a row. What a worker
spends beside the core (fetch, transactions, sockets) is taken from the run of one worker, and a transaction that
touches more partitions of the deltas topic is charged by what `transaction_us` measures.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

from bench.calls import Floor, calls, fill
from bench.filling import make_topics
from bench.result import Row
from bench.setting import Setting, step
from bench.system import Progress, System
from bench.throughput import HISTORY, RULE, Throughput, worker
from deploy.local.broker import free_port
from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.entities.publication import Publication
from stream.engine.entities.stage import EntityStage
from stream.facts.decode import Rejection, decode
from stream.ledger.definitions import Definitions, FactLimits
from stream.windows.plan import WindowPlan

EVENTS = 300_000
NUMBERS = 4
COMMIT_S = 0.2
AGENTS, TEAMS = 1_000, 50
SIMULATED = (1, 2, 8, 32)
COMMITS = 20
TOUCHED = (1, 33)
PLAN = WindowPlan(
    rolling=(("rolling_5m", 300_000), ("rolling_15m", 900_000), ("rolling_1h", 3_600_000)),
    intervals=(("interval_30m", 1_800_000),),
)


class Share(NamedTuple):
    """What the core spends on one worker's share."""

    decode_us: float
    stage1_us: float
    rows: float
    row_us: float

    @property
    def event_us(self) -> float:
        """CPU of the core an event."""
        return self.decode_us + self.stage1_us + self.rows * self.row_us


def rows(setting: Setting) -> Iterator[Row]:
    """The part `scale`."""
    step("one worker, two workers, one team")
    one = _one(setting, "scale-one", TEAMS)
    yield Row("scale.1.rate", "one worker, calls", round(one.rate), "events/s")
    yield Row("scale.1.cpu_us", "one worker, calls: CPU", round(one.cpu_us, 2), "us an event")
    two, cpu_us = asyncio.run(_two(setting))
    yield Row("scale.2.rate", "two workers on the same cores", round(two), "events/s")
    yield Row("scale.2.cpu_us", "two workers: CPU of both", round(cpu_us, 2), "us an event")
    yield Row(
        "scale.2.efficiency", "two workers: CPU of one to CPU of two, an event", round(100 * one.cpu_us / cpu_us), "%"
    )
    yield from _simulated(setting, one)
    if setting.smoke:
        return
    hot = _one(setting, "scale-hot", 1)
    yield Row("scale.hot.rate", "all events on one team", round(hot.rate), "events/s")
    yield Row("scale.hot.cpu_us", "all events on one team: CPU", round(hot.cpu_us, 2), "us an event")
    yield Row(
        "scale.hot.ratio", "all events on one team, to fifty teams", round(hot.rate / one.rate, 2), "times the events/s"
    )


def _one(setting: Setting, name: str, teams: int) -> Throughput:
    system = System(setting.bootstrap, setting.path, name, **HISTORY | {"alerts": [RULE]})
    _filled(setting, system, teams)
    return asyncio.run(worker(system, setting))


def _filled(setting: Setting, system: System, teams: int) -> None:
    system.run("topics", "create")
    floor = Floor(setting.events(EVENTS), teams=teams, apart_ms=0)
    asyncio.run(fill(setting.bootstrap, floor, by_debtor=f"{system.prefix}.calls.v1", by_agent=None))


async def _two(setting: Setting) -> tuple[float, float]:
    """(events/s, CPU of both an event) of two workers, from when both own numbers until all is read."""
    name = setting.named("scale-two")
    shared: dict[str, Any] = {"prefix": name, "group": name, **HISTORY}
    one, other = (System(setting.bootstrap, setting.path, f"scale-{name}", **shared) for name in ("left", "right"))
    one.run("topics", "create")
    async with Progress(one) as progress, one.worker(free_port()), other.worker(free_port()):
        await one.ready()
        await other.ready()
        while True:
            if "collections_partitions_owned" in await other.metrics():
                break
            await asyncio.sleep(0.2)
        await asyncio.to_thread(_filled, setting, one, TEAMS)
        began, cpu = time.perf_counter(), one.cpu_seconds() + other.cpu_seconds()
        first, total = await progress.counts()
        await progress.caught_up()
        seconds, events = time.perf_counter() - began, max(1, total - first)
        return events / seconds, (one.cpu_seconds() + other.cpu_seconds() - cpu) / events * 1e6


def _simulated(setting: Setting, one: Throughput) -> Iterator[Row]:
    step("simulating a worker's share of 1, 2, 8 and 32")
    touch_us = asyncio.run(transaction_us(setting))
    yield Row("scale.touch_us", "a transaction, each partition more that it touches", round(touch_us, 1), "us")
    batch = max(1, int(one.rate * COMMIT_S / NUMBERS))
    shares = {workers: share(workers, batch, setting) for workers in SIMULATED}
    beside_us = max(0.0, one.cpu_us - shares[1].event_us)
    yield Row("scale.beside_us", "beside the core: fetch, transactions, sockets", round(beside_us, 2), "us an event")
    for workers, found in shares.items():
        touched = min(NUMBERS * workers, found.rows * batch)
        # The worker that reads the site gets a row of it from every number.
        site_us = found.row_us * NUMBERS * (workers - 1) / (batch * NUMBERS)
        more_us = touch_us * max(0.0, touched - NUMBERS) / batch
        total_us = found.event_us + beside_us + more_us + site_us
        what = f"simulated, {workers} worker{'s' * (workers > 1)}"
        yield Row(f"scale.sim.{workers}.cpu_us", f"{what}: CPU", round(total_us, 2), "us an event")
        yield Row(f"scale.sim.{workers}.rows", f"{what}: rows of the deltas topic", round(found.rows, 3), "an event")
        base_us = shares[1].event_us + beside_us
        yield Row(f"scale.sim.{workers}.efficiency", f"{what}: efficiency", round(100 * base_us / total_us), "%")


def share(workers: int, batch: int, setting: Setting) -> Share:
    """The core on `batch` events a commit for each of four numbers, of a floor so many times as large."""
    commits = 4 if setting.smoke else COMMITS
    floor = Floor(
        commits * NUMBERS * batch, agents=AGENTS * workers, teams=TEAMS * workers, debtors=100_000, apart_ms=0
    )
    stages = [DebtorStage(Definitions(), PLAN, FactLimits(), number) for number in range(NUMBERS)]
    reader = EntityStage(PLAN, (), Publication(), 0, NUMBERS)
    values = [(call.partition, call.at_ms, call.value) for call in calls(floor)]
    decode_s = stage1_s = stage2_s = 0.0
    made = taken = 0
    for begin in range(0, len(values), NUMBERS * batch):
        deltas: list[tuple[bytes, bytes]] = []
        part = values[begin : begin + NUMBERS * batch]
        clock = time.process_time()
        facts = [(number, decode(value)) for number, _, value in part]
        decode_s += time.process_time() - clock
        clock = time.process_time()
        for number, fact in facts:
            assert not isinstance(fact, Rejection), fact
            stages[number].apply(fact)
        for stage in stages:
            deltas += stage.take().deltas
        stage1_s += time.process_time() - clock
        made += len(deltas)
        mine = [(_as_of_one(key), value) for key, value in deltas]
        mine += [
            (STATEMENT_KEY, encode_statement(number, part[-1][1], part[-1][1], False)) for number in range(NUMBERS)
        ]
        clock = time.process_time()
        for key, value in mine:
            reader.apply(key, value)
        reader.tick(int(begin / batch / NUMBERS * COMMIT_S * 1_000))
        stage2_s += time.process_time() - clock
        taken += len(mine) - NUMBERS
    events = len(values)
    return Share(decode_s / events * 1e6, stage1_s / events * 1e6, made / events, stage2_s / max(1, taken) * 1e6)


def _as_of_one(key: bytes) -> bytes:
    """An entity of the large floor as one of those that a worker reads: it gets as many rows as it sends, of as many
    entities as with one worker."""
    site, level, name = key.decode().split("|")
    if level == "site":
        return key
    letter, _, number = name.partition("-")
    entities = AGENTS if level == "agent" else TEAMS
    return f"{site}|{level}|{letter}-{int(number) % entities}".encode()


async def transaction_us(setting: Setting) -> float:
    """CPU of one process for each partition more that a transaction touches with a small batch."""
    topic, few, many = setting.named("touched"), *TOUCHED
    await make_topics(setting.bootstrap, {topic: many})
    producer = AIOKafkaProducer(bootstrap_servers=setting.bootstrap, transactional_id=topic, linger_ms=0)
    await producer.start()
    spent = {}
    try:
        for touched in TOUCHED:
            began = time.process_time()
            for _ in range(COMMITS):
                await producer.begin_transaction()
                waiting = []
                for partition in range(touched):
                    batch = producer.create_batch()
                    batch.append(timestamp=None, key=b"k", value=b"v" * 200)
                    waiting.append(await producer.send_batch(batch, topic, partition=partition))
                await asyncio.gather(*waiting)
                await producer.commit_transaction()
            spent[touched] = time.process_time() - began
    finally:
        await producer.stop()
    return max(0.0, (spent[many] - spent[few]) / COMMITS / (many - few) * 1e6)
