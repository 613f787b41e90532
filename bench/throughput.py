"""Events a second through both stages of one worker: a believable floor, from the first commit to the last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.result import Row
from bench.setting import Setting, step
from bench.system import Progress, System, cpu_seconds
from deploy.local.broker import free_port

START_MS = 1_793_577_600_000
RATE = 32.0
"""Events a second of the simulated day, which the worker then reads as fast as it can: a floor of 512 agents."""
EVENTS = 1_000_000
RULE = {"rule": "low", "kpi": "connect_rate", "level": "team", "window": "rolling_15m", "below": 0.1}
HISTORY: dict[str, Any] = {"alerts": [RULE], "time": {"idle_advance": False}}
"""Configuration of a worker that reads history: the wall clock never becomes event time."""


@dataclass(frozen=True)
class Throughput:
    """What one worker did with a backlog: `events` in `seconds`, `cpu_us` of its own CPU an event."""

    events: int
    seconds: float
    cpu_us: float
    rss_mib: int
    broker_cpu_us: float | None = None

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


def floor(setting: Setting, name: str, full: int = EVENTS, **sections: Any) -> System:
    """A system on inbound topics with so many events of a floor, which are filled the first time that one asks."""
    events = setting.events(full)
    own = System(
        setting.bootstrap, setting.path, name, prefix=setting.named(f"floor-{events}"), **{**HISTORY, **sections}
    )
    own.run("topics", "create")
    marker = setting.path / f"floor-{events}.filled"
    if not marker.exists():
        step(f"producing {events:,} events of a floor")
        arguments = ["--from", "2026-11-02T00:00:00Z", "--mess", "none", "--seed", "7", "--rate", str(RATE)]
        own.run("simulate", "--events", str(events), *arguments)
        marker.touch()
    return own


Hook = Callable[[System], Awaitable[None]]


async def nothing(_: System) -> None:
    """The hook that does nothing."""


async def worker(system: System, setting: Setting, *, beside: Hook = nothing, after: Hook = nothing) -> Throughput:
    """Starts a worker on a backlog that is there, and waits until both stages have read all of it.

    `beside` runs from the first commit on, while the worker works; `after` when it has read all, before it ends.
    """
    async with Progress(system) as progress, system.worker(free_port()):
        _, total = await progress.counts()
        first, began, cpu = 0, time.perf_counter(), system.cpu_seconds()
        while first == 0:
            await asyncio.sleep(0.05)
            system.cpu_seconds()
            first = (await progress.counts())[0]
        if first < total:
            # The first commit has been seen: from here to the last one, both as committed.
            began, cpu = time.perf_counter(), system.cpu_seconds()
        else:
            # One commit took all of a small backlog: measured with the start of the worker.
            first = 0
        brokers = cpu_seconds(setting.broker_pid) if setting.broker_pid else 0.0
        other = asyncio.ensure_future(beside(system))
        await progress.caught_up()
        seconds, used = time.perf_counter() - began, system.cpu_seconds() - cpu
        events, peak = total - first, system.rss_mib(peak=True)
        broker_us = (cpu_seconds(setting.broker_pid) - brokers) / events * 1e6 if setting.broker_pid else None
        await other
        await after(system)
        return Throughput(events, seconds, used / events * 1e6, peak, broker_us)


def lines(key: str, what: str, result: Throughput) -> Iterator[Row]:
    """The rows of one run."""
    yield Row(f"{key}.events", f"{what}: events through both stages, one worker", result.events)
    yield Row(f"{key}.rate", f"{what}: throughput", round(result.rate), "events/s")
    yield Row(f"{key}.cpu_us", f"{what}: CPU of the worker", round(result.cpu_us, 2), "us an event")
    yield Row(f"{key}.rss_mib", f"{what}: most memory of the worker", result.rss_mib, "MiB")
    if result.broker_cpu_us is not None:
        yield Row(f"{key}.broker_cpu_us", f"{what}: CPU of the broker", round(result.broker_cpu_us, 2), "us an event")


def rows(setting: Setting) -> Iterator[Row]:
    """The part `floor`: the full path on a believable mix, and what it left on each topic."""
    from bench.topics import bytes_an_event

    system = floor(setting, "floor")
    step("one worker on the floor")
    result = asyncio.run(worker(system, setting))
    yield from lines("floor", "floor", result)
    yield from bytes_an_event(setting, system, "floor", setting.events(EVENTS))
