"""What pushing costs the server of the page: its CPU with 1 and with 200 browsers, apart from a worker's own work.

`python -m bench.board_push URL COUNT` is so many browsers, until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import NamedTuple

import aiohttp
from prometheus_client import CollectorRegistry

from bench.board_page import change
from bench.setting import say
from bench.system import BenchError
from stream.publish.monitoring import BOARD_REST
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load

SETTLED_S = 2.0
CHANGED_S = 0.5


class Pushed(NamedTuple):
    """CPU in percent of a core, and views made a second."""

    browsers: int
    cpu: float
    views: float


async def pushed(browsers: tuple[int, ...], seconds: int) -> list[Pushed]:
    """A floor of 1,000 agents that changes all the time, served as a worker serves it; so many browsers in turn."""
    board = Wallboard(load(environ={"KPI_STREAM_SITES": "{main: {zone: UTC}}"}), rest=BOARD_REST)
    board.start = lambda: None  # type: ignore[method-assign]
    board.feed.loaded, board.feed.reported = True, None
    change(board, 0)
    web = Web(CollectorRegistry(), HealthAnswers(), board)
    url = f"http://127.0.0.1:{await web.start('127.0.0.1', 0)}/api/floor/stream"
    found = []
    try:
        for count in browsers:
            looking = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.board_push", url, str(count))
            try:
                await _reached(web, count)
                await asyncio.sleep(SETTLED_S)
                found.append(await _measured(board, count, seconds))
            finally:
                looking.terminate()
                await looking.wait()
            await _reached(web, 0)
    finally:
        await web.stop()
    return found


async def _measured(board: Wallboard, count: int, seconds: int) -> Pushed:
    made, cpu_s, began_s = board.renderings, time.process_time(), time.monotonic()
    while (took_s := time.monotonic() - began_s) < seconds:
        board.latest.changes += 1  # as if a record had come: what reading costs is the worker's figure
        say(f"board: {count} browsers, {took_s:.0f} of {seconds} s")
        await asyncio.sleep(CHANGED_S)
    cpu = 100 * (time.process_time() - cpu_s) / took_s
    return Pushed(count, round(cpu, 2), round((board.renderings - made) / took_s, 2))


async def _reached(web: Web, browsers: int) -> None:
    """Returns when so many browsers are told; BenchError if they never are."""
    for _ in range(600):
        if web.watching == browsers:
            return
        await asyncio.sleep(0.1)
    raise BenchError(f"{web.watching} browsers look, not {browsers}")


async def _look(url: str, count: int) -> None:
    limit, patient = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=limit, timeout=patient, auto_decompress=False) as session:
        await asyncio.gather(*(_read(session, url) for _ in range(count)), return_exceptions=True)


async def _read(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url, headers={"Accept-Encoding": "gzip"}) as answer:
        async for _ in answer.content.iter_any():
            pass


if __name__ == "__main__":
    asyncio.run(_look(sys.argv[1], int(sys.argv[2])))
