"""How long output stands still while workers join, leave, die and restart, and how long the restores in it take."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median
from typing import Any

from aiokafka import AIOKafkaConsumer

from bench.result import Row
from bench.setting import Setting, step
from bench.system import BenchError, System
from deploy.local.broker import free_port
from stream.engine.deltas.delta import entity_partition

RATE = 500
NUMBERS = 4
TURNS = 3
CALM_S = 5.0
PATIENCE_S = 90
SESSION_S = 6
STATIC_SESSION_S = 30


class Silence:
    """Follows the KPI topic as a user reads it, and knows when each number of stage 2 said something."""

    def __init__(self, system: System) -> None:
        self._arrived: dict[int, list[float]] = defaultdict(list)
        self._consumer = AIOKafkaConsumer(
            f"{system.prefix}.kpi.v1", bootstrap_servers=system.bootstrap, isolation_level="read_committed",
            auto_offset_reset="latest", fetch_max_wait_ms=20,
        )  # fmt: skip

    async def run(self) -> None:
        """Until cancelled."""
        await self._consumer.start()
        try:
            while True:
                fetched = await self._consumer.getmany(timeout_ms=200)
                entities = {record.key.rsplit(b"|", 2)[0] for records in fetched.values() for record in records}
                for number in {entity_partition(entity.decode(), NUMBERS) for entity in entities}:
                    self._arrived[number].append(time.perf_counter())
        finally:
            await self._consumer.stop()

    def longest(self, since: float, until: float) -> dict[int, float]:
        """Number -> its longest silence in seconds that lies in this time, wholly or in part."""
        if len(self._arrived) < NUMBERS:
            raise BenchError(f"only {len(self._arrived)} of {NUMBERS} numbers have KPI records")
        found = {}
        for number, arrived in self._arrived.items():
            times = [*arrived, until]
            gaps = [b - a for a, b in itertools.pairwise(times) if b > since and a < until]
            found[number] = max(gaps, default=until - since)
        return found


class Pair:
    """Two workers of one group under load. `silences`, `exits`, `restores`, `returns`: seconds, by what happened."""

    def __init__(self, setting: Setting, name: str, **kafka: Any) -> None:
        shared: dict[str, Any] = {"prefix": setting.named(name), "group": setting.named(name)}
        shared["publish"] = {"every": "200ms"}
        static = kafka.pop("static", False)
        self.one, self.other = (
            System(setting.bootstrap, setting.path, f"{name}-{which}", **shared,
                   kafka=kafka | ({"group_instance_id": which} if static else {}))
            for which in ("one", "other")
        )  # fmt: skip
        self.silence = Silence(self.one)
        self.found: dict[str, list[float]] = defaultdict(list)
        self._read: dict[System, int] = defaultdict(int)

    @asynccontextmanager
    async def under_load(self) -> AsyncIterator[None]:
        """The first worker with all numbers, and events."""
        self.one.run("topics", "create")
        async with self.one.worker(free_port()), AsyncExitStack() as stack:
            await self.one.ready()
            options = ("--rate", str(RATE), "--agents", "200", "--no-history", "--no-incident", "--mess", "none")
            load = self.one.start("simulate", *options)
            stack.callback(load.wait, 20)
            stack.callback(load.terminate)
            following = asyncio.create_task(self.silence.run())
            stack.callback(following.cancel)
            await asyncio.sleep(2 * CALM_S)
            yield

    async def measured(self, what: str, course: Callable[[], Awaitable[None]]) -> dict[int, float]:
        """Runs the course, and keeps what it was like for readers from its beginning until all is calm."""
        self._restores()
        began = time.perf_counter()
        await course()
        await asyncio.sleep(CALM_S)
        longest = self.silence.longest(began, time.perf_counter())
        self.found[what].append(max(longest.values()))
        for since, seconds in self._restores():
            self.found["back" if since else "new"].append(seconds)
        return longest

    async def numbers(self, one: int, other: int) -> None:
        """Returns when the two have so many numbers open, of each stage."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            wanted = [(self.one, one), *([(self.other, other)] if other else [])]
            if all([await _has(system, count) for system, count in wanted]):
                return
            await asyncio.sleep(0.1)
        raise BenchError(f"the workers did not come to have {one} and {other} numbers within {PATIENCE_S} s")

    def assignments(self) -> int:
        """How often the first worker has been given numbers."""
        return sum(line.get("event") == "assigned" for line in _lines(self.one, 0)[0])

    def _restores(self) -> list[tuple[int, float]]:
        """(offset from which it was read, seconds) of each number opened since the last call."""
        opened = []
        for system in (self.one, self.other):
            lines, self._read[system] = _lines(system, self._read[system])
            opened += [(line["since"], line["seconds"]) for line in lines if line.get("event") == "open"]
        return opened


def _lines(system: System, start: int) -> tuple[list[dict[str, Any]], int]:
    raw = system.log.read_bytes()[start:] if system.log.exists() else b""
    whole = raw[: raw.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")], start + len(whole)


async def _has(system: System, count: int) -> bool:
    shown = await system.metrics()
    return all(f'collections_partitions_owned{{stage="{stage}"}} {count}.0' in shown for stage in (1, 2))


def rows(setting: Setting) -> Iterator[Row]:
    """The part `rebalance`."""
    turns = 1 if setting.smoke else TURNS
    step(f"workers join, leave and die under {RATE} events/s, {turns} times")
    found = asyncio.run(_changing(setting, turns))
    words = {
        "calm": "longest silence of a number's KPI records, nothing happens",
        "join": "a worker joins: longest silence of a number's KPI records",
        "leave": "a worker leaves on SIGTERM: longest silence of a number's KPI records",
        "exit": "a worker leaves on SIGTERM: until its process has ended",
        "kill": f"a worker is killed, session {SESSION_S} s: longest silence of a number's KPI records",
        "new": "fence, restore and checks of a number at a new owner",
        "back": "the same of a number that came back, its state kept",
    }
    for key, what in words.items():
        took = found[key]
        yield Row(f"rebalance.{key}.median", f"{what}, median of {len(took)}", round(median(took), 2), "s")
        yield Row(f"rebalance.{key}.most", f"{what}, most", round(max(took), 2), "s")
    step("a static member restarts")
    others, own, rebalances = asyncio.run(_static(setting))
    yield Row(
        "rebalance.static.others", "a static member restarts: longest silence of the other's numbers", others, "s"
    )
    yield Row("rebalance.static.own", "the same of its own numbers, its start included", own, "s")
    yield Row("rebalance.static.rebalances", "rebalances of the other meanwhile", rebalances)


async def _changing(setting: Setting, turns: int) -> dict[str, list[float]]:
    pair = Pair(setting, "rebalance", session_timeout=f"{SESSION_S}s")

    async def joins() -> None:
        await pair.other.ready(PATIENCE_S)
        await pair.numbers(NUMBERS // 2, NUMBERS // 2)

    async def leaves() -> None:
        pair.found["exit"].append(await pair.other.stop())
        await pair.numbers(NUMBERS, 0)

    async def dies() -> None:
        pair.other.kill()
        await pair.numbers(NUMBERS, 0)

    async with pair.under_load():
        await pair.measured("calm", lambda: asyncio.sleep(CALM_S))
        for _ in range(turns):
            for end, course in (("leave", leaves), ("kill", dies)):
                async with pair.other.worker(free_port()):
                    await pair.measured("join", joins)
                    await pair.measured(end, course)
    return pair.found


async def _static(setting: Setting) -> tuple[float, float, float]:
    """(longest silence of the other's numbers, of its own, rebalances of the other)."""
    pair = Pair(setting, "static", static=True, session_timeout=f"{STATIC_SESSION_S}s")

    async def restarts() -> None:
        await pair.other.stop()
        async with pair.other.worker(free_port()):
            await pair.other.ready(PATIENCE_S)
            await asyncio.sleep(CALM_S)

    async with pair.under_load(), pair.other.worker(free_port()):
        await pair.other.ready(PATIENCE_S)
        await pair.numbers(NUMBERS // 2, NUMBERS // 2)
        await asyncio.sleep(CALM_S)
        before = pair.assignments()
        longest = sorted((await pair.measured("restart", restarts)).values())
        rebalances = pair.assignments() - before
    half = NUMBERS // 2
    return round(longest[half - 1], 2), round(longest[-1], 2), rebalances
