"""What the readers of other partitions see while workers join and die: latency during a rebalance and a restore."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any

from bench.calls import partition_of
from bench.latency import PATIENCE_S, Probes, cuts, under_load
from bench.result import Row
from bench.setting import Setting, step
from bench.system import BenchError, System
from deploy.local.broker import free_port
from stream.engine.deltas import delta

RATE = 1_000
SECONDS = 36
NUMBERS = 4
OWNED = re.compile(r'collections_partition_idle{partition="(\d+)",topic="[^"]*calls[^"]*"}')
READ = re.compile(r'collections_finality_watermark_timestamp_seconds{partition="(\d+)"}')


class Course:
    """When the other worker came and when it was killed; what the first one owned in between."""

    def __init__(self, one: System, other: System, seconds: int) -> None:
        self.joined = self.killed = 0.0
        self.kept: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
        self._one, self._other, self._seconds = one, other, seconds

    async def run(self) -> None:
        """Another worker joins after a third of the time, dies without a word when it has worked for a third, and it is
        over a third after the first one has all numbers."""
        await asyncio.sleep(self._seconds / 3)
        self.joined = time.perf_counter()
        async with self._other.worker(free_port()):
            await self._other.ready()
            await self._one_has(NUMBERS // 2)
            await asyncio.sleep(self._seconds / 3)
            shown = await self._one.metrics()
            self.kept = _numbers(OWNED, shown), _numbers(READ, shown)
            self.killed = time.perf_counter()
            self._other.kill()
        await self._one_has(NUMBERS)
        await asyncio.sleep(self._seconds / 3)

    async def _one_has(self, numbers: int) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            shown = await self._one.metrics()
            if len(_numbers(OWNED, shown)) == len(_numbers(READ, shown)) == numbers:
                return
            await asyncio.sleep(0.2)
        raise BenchError(f"the survivor did not take the other's numbers within {PATIENCE_S} s")


def rows(setting: Setting) -> Iterator[Row]:
    """The part `handover`."""
    seconds = 9 if setting.smoke else SECONDS
    step(f"a worker joins and dies under {RATE:,} events/s")
    course, probes = asyncio.run(_run(setting, seconds))
    between = {name: took for name, took in probes.took.items() if course.joined <= probes.sent[name] < course.killed}
    yield from cuts("handover.rebalance", "a second worker joins: event to KPI record", list(between.values()))
    stages = course.kept
    after = {
        name: took
        for name, took in probes.took.items()
        if probes.sent[name] >= course.killed
        and partition_of(name) in stages[0]
        and delta.entity_partition(f"main|agent|{name}", NUMBERS) in stages[1]
    }
    yield Row(
        "handover.kept", "numbers of stage 1 and 2 that the survivor kept", f"{sorted(stages[0])} {sorted(stages[1])}"
    )
    yield from cuts(
        "handover.restore",
        "the other's numbers are restored: event to KPI record of kept numbers",
        list(after.values()),
    )
    rest = [took for name, took in probes.took.items() if probes.sent[name] >= course.killed and name not in after]
    if len(rest) > 1:
        yield from cuts("handover.taken", "a worker was killed: event to KPI record of the numbers it had", rest)


async def _run(setting: Setting, seconds: int) -> tuple[Course, Probes]:
    name = setting.named("handover")
    shared: dict[str, Any] = {
        "prefix": name,
        "group": name,
        "publish": {"every": "200ms"},
        "kafka": {"session_timeout": "6s"},
    }
    one, other = (System(setting.bootstrap, setting.path, f"handover-{name}", **shared) for name in ("one", "other"))
    one.run("topics", "create")
    course = Course(one, other, seconds)
    async with one.worker(free_port()):
        probes, _ = await under_load(one, RATE, seconds, history=not setting.smoke, course=course.run)
    if not all(course.kept):
        raise BenchError("the first worker kept no number: the second had taken all of them")
    return course, probes


def _numbers(pattern: re.Pattern[str], shown: str) -> frozenset[int]:
    return frozenset(int(number) for number in pattern.findall(shown))
