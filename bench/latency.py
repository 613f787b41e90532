"""From producing an event to the KPI record that counts it (read_committed), and to /metrics, under steady load."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from statistics import quantiles

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.result import Row
from bench.setting import Setting, say, step
from bench.system import BenchError, System
from deploy.local.broker import free_port

EVERY_S = 0.1
SCRAPE_EVERY_S = 1.0
"""A scrape takes time of the worker; this is still fifteen times as often as usual."""
LOADS = ((1_000, "200ms"), (10_000, "1s"))
"""Events a second, and `publish.every`."""
WARM_UP_S = 8
SECONDS = 30
PATIENCE_S = 60
SURVEYS = r'collections_window_surveys{{[^}}]*entity="{}"[^}}]*window="day"[^}}]*}} (\S+)'
Hook = Callable[[], Awaitable[None]]


class Probes:
    """Sends surveys of agents and a team of their own, so that a KPI record tells which event it counts."""

    def __init__(self, system: System, team: str) -> None:
        self.sent: dict[str, float] = {}
        self.took: dict[str, float] = {}
        self._system = system
        self._team = team
        self._producer = AIOKafkaProducer(bootstrap_servers=system.bootstrap)
        self._consumer = AIOKafkaConsumer(
            f"{system.prefix}.kpi.v1",
            bootstrap_servers=system.bootstrap,
            isolation_level="read_committed",
            auto_offset_reset="latest",
            fetch_max_wait_ms=20,
        )

    async def send(self, seconds: float, load: subprocess.Popen[bytes], course: asyncio.Future[None]) -> None:
        """Ten probes a second for so long and until the course is over; returns when all were seen, BenchError if some
        were not."""
        await self._producer.start()
        await self._consumer.start()
        await self._consumer.seek_to_end()
        reading = asyncio.create_task(self._read())
        try:
            for number in count():
                if number >= seconds / EVERY_S and course.done():
                    break
                if load.poll() is not None:
                    raise BenchError("the simulator ended")
                await self._one(f"{self._team}-{number}")
                say(f"latency: {number + 1} probes sent, {len(self.took)} seen")
                await asyncio.sleep(EVERY_S)
            until = time.monotonic() + PATIENCE_S
            while True:
                await asyncio.sleep(0.1)
                if len(self.took) == len(self.sent) or time.monotonic() > until:
                    break
        finally:
            reading.cancel()
            await self._consumer.stop()
            await self._producer.stop()
        if len(self.took) < len(self.sent):
            missing = len(self.sent) - len(self.took)
            raise BenchError(f"{missing} of {len(self.sent)} probes never reached a KPI record")

    async def _one(self, agent: str) -> None:
        event = {
            "type": "survey",
            "event_id": agent,
            "survey_id": agent,
            "agent_id": agent,
            "team_id": self._team,
            "score": 5,
            "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        self.sent[agent] = time.perf_counter()
        await self._producer.send_and_wait(
            f"{self._system.prefix}.activity.v1", orjson.dumps(event), key=agent.encode()
        )

    async def _read(self) -> None:
        async for record in self._consumer:
            _, level, entity, *_ = record.key.decode().split("|")
            if level == "agent" and entity in self.sent and entity not in self.took:
                self.took[entity] = time.perf_counter() - self.sent[entity]

    async def on_metrics(self) -> tuple[list[float], list[float]]:
        """How long each probe took to the team's number of surveys on /metrics, and each scrape; ends by being
        cancelled."""
        found: list[float] = []
        scrapes: list[float] = []
        surveys = re.compile(SURVEYS.format(self._team))
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                began = time.perf_counter()
                shown = [float(each) for each in surveys.findall(await self._system.metrics())]
                sent = list(self.sent.values())
                now = time.perf_counter()
                scrapes.append(now - began)
                found += [now - at for at in sent[len(found) : int(max(shown, default=0))]]
                await asyncio.sleep(SCRAPE_EVERY_S)
        return found, scrapes


async def nothing() -> None:
    """The course of a run in which nothing happens."""


async def under_load(
    system: System, rate: int, seconds: int, *, history: bool = False, course: Hook = nothing
) -> tuple[Probes, tuple[list[float], list[float]]]:
    """Probes beside `rate` simulated events a second; after them others, how long these took to /metrics and how long
    each scrape took.

    /metrics is left alone before, as it takes time of the worker, and in a run with a course altogether.
    """
    await system.ready()
    past = "--history" if history else "--no-history"
    options = ["--rate", str(rate), "--agents", str(min(1_000, 16 * rate)), past, "--no-incident", "--mess", "none"]
    load = system.start("simulate", *options)
    probes, others = Probes(system, "probe"), Probes(system, "other")
    try:
        await asyncio.sleep(min(WARM_UP_S, seconds / 2))
        running = asyncio.ensure_future(course())
        await probes.send(seconds, load, running)
        await running
        if course is not nothing:
            return probes, ([], [])
        scraping = asyncio.create_task(others.on_metrics())
        await others.send(max(5, seconds / 4), load, running)
        await asyncio.sleep(2 * SCRAPE_EVERY_S)
        scraping.cancel()
        return probes, await scraping
    finally:
        load.terminate()
        load.wait(20)


def rows(setting: Setting) -> Iterator[Row]:
    """The part `latency`."""
    seconds = setting.seconds(SECONDS)
    for rate, every in LOADS[:1] if setting.smoke else LOADS:
        words = f"{rate:,} events/s, publish.every {every}"
        step(f"latency at {words}, {seconds} s")
        system = System(setting.bootstrap, setting.path, f"latency-{rate}", publish={"every": every})
        probes, (shown, scrapes) = asyncio.run(_alone(system, rate, seconds))
        yield from cuts(f"latency.{rate}", f"event to KPI record at {words}", list(probes.took.values()))
        each = f"scraped every {SCRAPE_EVERY_S:g} s"
        yield from cuts(f"latency.{rate}.metrics", f"event to /metrics, {each}, at {words}", shown)
        yield from cuts(f"latency.{rate}.scrape", f"a scrape of /metrics at {words}", scrapes)


async def _alone(system: System, rate: int, seconds: int) -> tuple[Probes, tuple[list[float], list[float]]]:
    system.run("topics", "create")
    async with system.worker(free_port()):
        return await under_load(system, rate, seconds)


def cuts(key: str, what: str, took: list[float]) -> Iterator[Row]:
    """Median, 99th percentile and maximum."""
    if len(took) < 2:
        raise BenchError(f"{what}: {len(took)} probes were seen")
    points = quantiles(took, n=100, method="inclusive")
    for name, value in (("median", points[49]), ("p99", points[98]), ("most", max(took))):
        yield Row(
            f"{key}.{name}", f"{what}, {name}" + f" of {len(took)}" * (name == "most"), round(value * 1_000), "ms"
        )
