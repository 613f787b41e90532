"""The board: what browsers cost the worker that pushes to them, and how smooth 1,000 agents are in a browser."""

from __future__ import annotations

import asyncio
import shutil
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp

from bench.board_page import frames
from bench.board_push import pushed
from bench.result import Row
from bench.setting import Setting, say, step
from bench.system import BenchError, System
from deploy.local.broker import free_port

EVENTS_A_SECOND, AGENTS = 2_000, 1_000
BROWSERS = (1, 200)
WARM_UP_S, SECONDS = 20, 30
PATIENCE_S = 60
FLOOR_BYTES = 2_000  # more than the events before the first view


class Browsers:
    """Streams of the page, packed as browsers take them and read as fast as they come. `views`: how many were pushed to
    the first of them."""

    def __init__(self, system: System) -> None:
        self._url = f"http://127.0.0.1:{system.port}/api/floor/stream"
        self.views = 0
        self.lost = 0

    @asynccontextmanager
    async def looking(self, count: int) -> AsyncIterator[None]:
        """So many look, from when each has been shown the floor."""
        shown = asyncio.Semaphore(0)
        limit = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=limit, timeout=_patient(), auto_decompress=False) as session:
            looks = [asyncio.create_task(self._look(session, shown, first=not number)) for number in range(count)]
            try:
                async with asyncio.timeout(PATIENCE_S):
                    for number in range(count):
                        await shown.acquire()
                        say(f"board: {number + 1} of {count} browsers are shown the floor")
                yield
            finally:
                for look in looks:
                    look.cancel()
                await asyncio.gather(*looks, return_exceptions=True)

    async def _look(self, session: aiohttp.ClientSession, shown: asyncio.Semaphore, *, first: bool) -> None:
        unpack, came = zlib.decompressobj(16 + zlib.MAX_WBITS), 0
        async with session.get(self._url, headers={"Accept-Encoding": "gzip"}) as answer:
            if answer.status != 200:
                raise BenchError(f"the page's stream: {answer.status} {await answer.text()}")
            async for some in answer.content.iter_any():
                if came < FLOOR_BYTES <= came + len(some):
                    shown.release()
                came += len(some)
                if first:
                    self.views += unpack.decompress(some).count(b"event: floor")
        self.lost += 1


def _patient() -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_read=PATIENCE_S)


def rows(setting: Setting) -> Iterator[Row]:
    """The part `board`."""
    seconds = setting.seconds(SECONDS)
    step(f"board: {EVENTS_A_SECOND:,} events/s of {AGENTS:,} agents, {seconds} s each without, with 1 and 200 browsers")
    yield from asyncio.run(_costs(setting, seconds))
    for count, cpu, views in asyncio.run(pushed(BROWSERS, seconds)):
        yield Row(f"board.push.{count}", f"pushing alone, {count} browsers: {views} views/s", cpu, "% of a core")
    chromium = shutil.which("chromium")
    if chromium is None:
        yield Row("board.frames", "the page in Chromium", "not measured: there is no chromium on the path")
        return
    for screen in asyncio.run(frames(chromium, setting.path, setting.seconds(10))):
        of, name = f"1,000 agents, {screen.words}", f"board.{screen.name}"
        yield Row(f"{name}.longest", f"{of}: longest task of the page", screen.longest_ms, "ms")
        yield Row(f"{name}.mean", f"{of}: drawing after a change, mean", screen.drawn_ms, "ms")
        yield Row(f"{name}.frame", f"{of}: between two frames while numbers change, p99", screen.frame_ms, "ms")


async def _costs(setting: Setting, seconds: int) -> list[Row]:
    system = System(setting.bootstrap, setting.path, "board")
    system.run("topics", "create")
    async with system.worker(free_port()):
        await system.ready()
        rate = ["--rate", str(EVENTS_A_SECOND), "--agents", str(AGENTS)]
        load = system.start("simulate", *rate, "--no-history", "--no-incident", "--mess", "none")
        try:
            await asyncio.sleep(setting.seconds(WARM_UP_S))
            alone = await _cpu(system, seconds)
            found = [
                Row("board.0.cpu", f"the worker at {EVENTS_A_SECOND:,} events/s, nobody looks", alone, "% of a core")
            ]
            for count in BROWSERS:
                browsers = Browsers(system)
                async with browsers.looking(count):
                    before = browsers.views
                    cpu = await _cpu(system, seconds)
                    pushed = (browsers.views - before) / seconds
                if browsers.lost:
                    raise BenchError(f"{browsers.lost} of {count} streams ended")
                more = round(cpu - alone, 1)
                found.append(
                    Row(f"board.{count}.cpu", f"{count} browsers look: of a core more than without", more, "%")
                )
                found.append(Row(f"board.{count}.views", "views pushed to each of them", round(pushed, 2), "/s"))
            if load.poll() is not None:
                raise BenchError("the simulator ended")
            return found
        finally:
            load.terminate()
            load.wait(20)


async def _cpu(system: System, seconds: int) -> float:
    """The worker's CPU, in percent of a core."""
    before, began = system.cpu_seconds(), asyncio.get_running_loop().time()
    await asyncio.sleep(seconds)
    took = asyncio.get_running_loop().time() - began
    return round(100 * (system.cpu_seconds() - before) / took, 1)
