"""Headroom: how long a dialler waits for an answer of a worker that takes in events meanwhile (conduct 5)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from random import Random
from statistics import quantiles

import aiohttp

from bench.result import Row
from bench.setting import Setting, say, step
from bench.system import BenchError, System
from deploy.local.broker import free_port

EVENTS_A_SECOND, QUERIES_A_SECOND = 5_000, 500
WARM_UP_S = 8
SECONDS = 30
DEBTORS = 20_000
PACKS = ["us_reg_f", "cn_gbt_45251", "any"]


class Asker:
    """Asks about debtors at a steady rate, whatever the answers take; an answer's time runs from when it was due."""

    def __init__(self, system: System) -> None:
        self._url = f"http://127.0.0.1:{system.port}/api/headroom"
        self._chance = Random(1)
        self.took: list[float] = []
        self.refused = 0
        self.allowed = 0

    async def ask(self, seconds: float) -> None:
        """So many questions a second for so long; returns when all are answered."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:
            began = time.perf_counter()
            pending = []
            for number in range(int(seconds * QUERIES_A_SECOND)):
                due = began + number / QUERIES_A_SECOND
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                pending.append(asyncio.create_task(self._one(session, due)))
                if not number % QUERIES_A_SECOND:
                    say(f"headroom: {number} asked, {len(self.took)} answered")
            await asyncio.gather(*pending)

    async def _one(self, session: aiohttp.ClientSession, due: float) -> None:
        query = {"debtor": f"d-{self._chance.randrange(DEBTORS):06}"}
        async with session.get(self._url, params=query) as answer:
            body = await answer.json()
        self.took.append(time.perf_counter() - due)
        self.refused += answer.status != 200
        self.allowed += bool(body.get("allowed"))


def rows(setting: Setting) -> Iterator[Row]:
    """The part `headroom`."""
    seconds = setting.seconds(SECONDS)
    words = f"{QUERIES_A_SECOND} questions/s beside {EVENTS_A_SECOND:,} events/s"
    step(f"headroom: {words}, {seconds} s")
    system = System(setting.bootstrap, setting.path, "headroom", conduct={"packs": PACKS})
    asker = asyncio.run(_measured(system, seconds))
    if asker.refused:
        raise BenchError(f"{asker.refused} of {len(asker.took)} questions were refused")
    points = quantiles(asker.took, n=100, method="inclusive")
    for name, value in (("median", points[49]), ("p99", points[98]), ("most", max(asker.took))):
        yield Row(f"headroom.{name}", f"an answer, {words}, {name}", round(value * 1_000, 2), "ms")
    yield Row(
        "headroom.allowed", "of these, calls that were allowed", round(100 * asker.allowed / len(asker.took)), "%"
    )


async def _measured(system: System, seconds: int) -> Asker:
    system.run("topics", "create")
    async with system.worker(free_port()):
        await system.ready()
        options = [
            "--rate",
            str(EVENTS_A_SECOND),
            "--agents",
            "1000",
            "--no-history",
            "--no-incident",
            "--mess",
            "none",
        ]
        load = system.start("simulate", *options)
        try:
            await asyncio.sleep(WARM_UP_S)
            asker = Asker(system)
            await asker.ask(seconds)
            if load.poll() is not None:
                raise BenchError("the simulator ended")
            return asker
        finally:
            load.terminate()
            load.wait(20)
