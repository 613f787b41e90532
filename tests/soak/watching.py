"""What is written down of a soak: a line of JSON for each sample."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from tests.soak.plan import SCRAPE_SECONDS
from tests.soak.probing import Probes
from tests.soak.proc import Usage, group_usage, usage
from tests.soak.processes import WORKERS, Processes

PAGES = ("/metrics", "/metrics/agents")
STREAMS = 6
LAG = re.compile(r"^collections_consumer_lag_records\{[^}]*\} (\S+)$", re.MULTILINE)
AS_OF = re.compile(r"^collections_kpi_as_of_timestamp_seconds\{[^}]*\} (\S+)$", re.MULTILINE)
Sample = dict[str, Any]


@dataclass
class Scraped:
    """What the scrapes since the last sample gave: milliseconds and bytes of each, records of lag and seconds of age
    that the workers told last."""

    took_ms: list[float] = field(default_factory=list)
    size_bytes: list[int] = field(default_factory=list)
    failed: int = 0
    lag: dict[str, float] = field(default_factory=dict)
    as_of: dict[str, float] = field(default_factory=dict)


class Watch:
    """`others`: name -> process id of what runs beside (the broker); `groups`: of those with processes of their own
    (Chromium). `samples`: all that was written to `file`."""

    def __init__(
        self, file: Path, processes: Processes, probes: Probes, others: dict[str, int], groups: dict[str, int]
    ) -> None:
        self.samples: list[Sample] = []
        self.pushed_bytes = 0
        self._file = file
        self._processes = processes
        self._probes = probes
        self._others, self._groups = others, groups
        self._scraped = Scraped()
        self._began = time.monotonic()

    async def scrape(self) -> None:
        """As Prometheus does, both pages of both workers; until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            while True:
                began = time.monotonic()
                for name in WORKERS:
                    if name in self._processes.running():
                        for page in PAGES:
                            await self._one(session, name, page)
                await asyncio.sleep(max(0.0, began + SCRAPE_SECONDS - time.monotonic()))

    async def _one(self, session: aiohttp.ClientSession, name: str, page: str) -> None:
        began, scraped = time.monotonic(), self._scraped
        try:
            async with session.get(self._processes.address(name) + page) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            scraped.failed += name in self._processes.running()
            return
        scraped.took_ms.append((time.monotonic() - began) * 1_000)
        scraped.size_bytes.append(len(text))
        if page == "/metrics":
            scraped.lag[name] = sum(map(float, LAG.findall(text)))
            scraped.as_of[name] = max(map(float, AS_OF.findall(text)), default=0.0)  # 0: no numbers yet

    async def stream(self) -> None:
        """A browser that only listens to what the board pushes, and comes back when it is cut off; until cancelled."""
        url = f"{self._processes.address('board')}/api/floor/stream"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_read=60)) as session:
            while True:
                try:
                    async with session.get(url) as answer:
                        async for chunk in answer.content.iter_any():
                            self.pushed_bytes += len(chunk)
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(1.0)

    async def sample(self, told: Callable[[], dict[str, Any]]) -> Sample:
        """One more line, with what `told` says."""
        scraped, self._scraped = self._scraped, Scraped(lag=self._scraped.lag, as_of=self._scraped.as_of)
        floor = await self._floor()
        took, as_of = self._probes.taken(), max(scraped.as_of.values(), default=0.0)
        line: Sample = {
            "at_s": round(time.monotonic() - self._began, 1),
            "processes": self._used(),
            "lag_records": sum(scraped.lag.get(name, 0.0) for name in WORKERS if name in self._processes.running()),
            "as_of_age_s": round(time.time() - as_of, 1) if as_of else None,
            "latency_ms": round(median(took) * 1_000) if took else None,
            "latency_most_ms": round(max(took) * 1_000) if took else None,
            "scrape_ms": round(median(scraped.took_ms), 1) if scraped.took_ms else None,
            "scrape_bytes": max(scraped.size_bytes, default=None),
            "scrapes_failed": scraped.failed,
            "board_bytes": floor,
            "pushed_bytes": self.pushed_bytes,
            "restarts": dict(self._processes.restarts),
            **told(),
        }
        self.samples.append(line)
        with self._file.open("a") as out:
            out.write(json.dumps(line) + "\n")
        return line

    async def _floor(self) -> int | None:
        url = f"{self._processes.address('board')}/api/floor"
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
                session.get(url) as answer,
            ):
                return len(await answer.read()) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _used(self) -> dict[str, dict[str, int]]:
        running = self._processes.running()
        found: dict[str, Usage | None] = {name: usage(pid) for name, pid in (*running.items(), *self._others.items())}
        found |= {name: group_usage(pid) for name, pid in self._groups.items()}
        return {
            name: {"life": self._processes.lives.get(name, 1)} | vars(each)
            for name, each in found.items()
            if each is not None
        }
