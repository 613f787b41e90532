"""Whether scrapes take time from the stream: event to KPI record with a scrape of both pages every 5 s, and without."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from statistics import quantiles

import aiohttp

from bench.latency import Probes
from bench.result import Row
from bench.setting import Setting, step
from bench.system import System
from deploy.local.broker import free_port

RATE, AGENTS = 1_000, 1_000
EVERY = "200ms"
"""`publish.every`: what a scrape takes shows the more, the sooner a record goes out."""
SCRAPE_EVERY_S = 5.0
WARM_UP_S = 30
ROUNDS = 3
SECONDS = 25
PATHS = ("/metrics", "/metrics/agents")
ACCEPT = {"Accept": "application/openmetrics-text;version=1.0.0,*/*;q=0.1", "Accept-Encoding": "gzip"}


def rows(setting: Setting) -> Iterator[Row]:
    """The part `scraped`: turns without and with scrapes, so that both meet the same machine."""
    seconds, rounds = setting.seconds(SECONDS), 1 if setting.smoke else ROUNDS
    words = f"{RATE:,} events/s of {AGENTS:,} agents"
    step(f"scraped: {words}, {rounds} x 2 x {seconds} s")
    system = System(setting.bootstrap, setting.path, "scraped", publish={"every": EVERY}, metrics={"limit_kib": 100})
    plain, scraped = asyncio.run(_measured(system, seconds, rounds))
    found = {
        "plain": quantiles(plain, n=100, method="inclusive"),
        "with": quantiles(scraped, n=100, method="inclusive"),
    }
    for key, how in (("plain", "without scrapes"), ("with", f"both pages scraped every {SCRAPE_EVERY_S:g} s")):
        yield Row(f"scraped.{key}.median", f"event to KPI record, {words}, {how}, median", _ms(found[key][49]), "ms")
        yield Row(f"scraped.{key}.p99", f"event to KPI record, {words}, {how}, p99", _ms(found[key][98]), "ms")
    more = 100 * (found["with"][98] / found["plain"][98] - 1)
    yield Row("scraped.more", "p99 with scrapes beyond that without", round(more, 1), "%")


async def _measured(system: System, seconds: int, rounds: int) -> tuple[list[float], list[float]]:
    system.run("topics", "create")
    took: tuple[list[float], list[float]] = ([], [])
    async with system.worker(free_port()):
        await system.ready()
        load = system.start(
            "simulate", "--rate", str(RATE), "--agents", str(AGENTS), "--no-history", "--no-incident", "--mess", "none"
        )
        try:
            await asyncio.sleep(min(WARM_UP_S, seconds))
            for number in range(rounds):
                for scrapes in (False, True):
                    took[scrapes].extend(
                        await _turn(system, load, f"{'with' if scrapes else 'plain'}-{number}", seconds, scrapes)
                    )
        finally:
            load.terminate()
            load.wait(20)
    return took


async def _turn(system: System, load: subprocess.Popen[bytes], team: str, seconds: int, scrapes: bool) -> list[float]:
    probes = Probes(system, team)
    scraping = asyncio.create_task(_scrape(system)) if scrapes else None
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    over.set_result(None)
    try:
        await probes.send(seconds, load, over)
    finally:
        if scraping is not None:
            scraping.cancel()
    return list(probes.took.values())


async def _scrape(system: System) -> None:
    """Both pages as Prometheus asks for them, until it is cancelled."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        while True:
            for path in PATHS:
                async with session.get(f"http://127.0.0.1:{system.port}{path}", headers=ACCEPT) as answer:
                    await answer.read()
            await asyncio.sleep(SCRAPE_EVERY_S)


def _ms(seconds: float) -> int:
    return round(seconds * 1_000)
