"""Events a second through both stages of one worker, against stock Faust's empty agent on the same topic."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.system import BenchError, Progress, System

START_MS = 1_793_577_600_000
STOCK_SECONDS = 12
RATE = 32.0
"""Events a second of the simulated day, which the worker then reads as fast as it can: a floor of 512 agents."""


@dataclass(frozen=True)
class Throughput:
    """What one worker did with a backlog: `events` in `seconds`, `cpu_us` of its own CPU an event."""

    events: int
    seconds: float
    cpu_us: float
    rss_mib: int

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


async def worker(system: System, events: int, port: int) -> Throughput:
    """Fills the topics with a simulated day, starts a worker, and waits until both stages have read all of it."""
    system.run("topics", "create")
    say(f"producing {events:,} events")
    system.run(
        "simulate",
        "--from",
        "2026-11-02T00:00:00Z",
        "--events",
        str(events),
        "--mess",
        "none",
        "--seed",
        "7",
        "--rate",
        str(RATE),
    )
    async with Progress(system) as progress, system.worker(port):
        _, total = await progress.counts()
        while (await progress.counts())[0] == 0:
            await asyncio.sleep(0.05)
            system.cpu_seconds()
        # The first commit has been seen: from here to the last one, both as committed.
        first, began, cpu = (await progress.counts())[0], time.perf_counter(), system.cpu_seconds()
        done = first
        while done < total:
            await asyncio.sleep(0.2)
            done, _ = await progress.counts()
            say(f"{done:,} of {total:,} events committed")
        while True:
            applied, end = await progress.deltas()
            if applied >= end - system.partitions * 2:
                break
            await asyncio.sleep(0.1)
        seconds, used = time.perf_counter() - began, system.cpu_seconds() - cpu
        return Throughput(total - first, seconds, used / (total - first) * 1e6, system.rss_mib())


def stock(system: System) -> float:
    """Events a second through an empty agent of stock Faust on the calls topic of the same broker."""
    say("stock Faust, an empty agent on the same topic")
    done = subprocess.run(
        [sys.executable, "-m", "bench.stock", system.bootstrap, f"{system.prefix}.calls.v1", str(STOCK_SECONDS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=STOCK_SECONDS * 10,
    )
    found = re.search(r"rate=(\d+)", done.stdout)
    if found is None:
        raise BenchError(f"stock Faust ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return float(found[1])


def say(line: str) -> None:
    """Progress, on one line of a terminal."""
    sys.stderr.write(f"\r\x1b[K{line}" if sys.stderr.isatty() else "")
    sys.stderr.flush()


def lines(result: Throughput, stock_rate: float) -> Iterator[tuple[str, str]]:
    """The rows of the report."""
    yield "events through both stages, one worker", f"{result.events:,}"
    yield "events/s", f"{result.rate:,.0f}"
    yield "CPU of the worker, us an event", f"{result.cpu_us:.1f}"
    yield "memory of the worker at the end", f"{result.rss_mib:,} MiB"
    yield "stock Faust 0.15.3, an empty agent, events/s", f"{stock_rate:,.0f}"
    yield "ratio to stock Faust", f"{result.rate / stock_rate:.1f}"
