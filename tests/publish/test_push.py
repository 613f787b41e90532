"""Views pushed to browsers: one rendering for all who watch, the newest for the slow, and an end for the stuck."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from stream.publish import push, views, wallboard
from stream.publish.events import GZIP_HEAD, event, packed
from stream.publish.trouble import SILENT
from stream.publish.views import Views
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load
from tests.publish.records import kpi, value

NOW_MS = 1_793_582_243_000


class Served:
    """A running server of a floor whose feed is the test."""

    def __init__(self) -> None:
        settings = load(environ={"KPI_STREAM_SITES": "{main: {zone: Asia/Shanghai}, pune: {zone: Asia/Kolkata}}"})
        self.wallboard = Wallboard(settings, clock_ms=lambda: NOW_MS)
        self.wallboard.start = lambda: None  # type: ignore[method-assign]
        self.wallboard.feed.loaded, self.wallboard.feed.reported = True, None
        self.web = Web(CollectorRegistry(), HealthAnswers(), self.wallboard)
        self.base = ""

    def dials(self, count: int) -> None:
        """The floor has dialled so often."""
        self.wallboard.latest.on_kpi(*kpi(value("dials", count), level="site", entity="main", revision=count))


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(views, "PUSHED_S", 0.05)
    monkeypatch.setattr(wallboard, "SHARED_S", 0.0)
    of = Served()
    of.base = f"http://127.0.0.1:{await of.web.start('127.0.0.1', 0)}"
    yield of
    await of.web.stop()


class Browser:
    """Reads the events of one stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self, name: str) -> dict[str, Any]:
        """The data of the next event of that name."""
        while True:
            lines = (await asyncio.wait_for(self.answer.content.readuntil(b"\n\n"), 60)).decode().splitlines()
            if f"event: {name}" in lines:
                return dict(json.loads(next(line for line in lines if line.startswith("data: "))[6:]))

    async def dials(self, count: int) -> None:
        """Waits until the floor is shown with so many."""
        while (await self.next("floor"))["floor"]["cells"][0]["n"] != count:
            pass


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as one:
        yield one


async def reached(served: Served, watching: int) -> None:
    """Waits until so many browsers are told."""
    for _ in range(2_000):
        if served.web.watching == watching:
            return
        await asyncio.sleep(0.03)
    raise AssertionError(f"{served.web.watching} watch")


async def test_a_change_is_pushed_and_nothing_is_made_anew_without_one(
    served: Served, session: aiohttp.ClientSession
) -> None:
    served.dials(1)
    async with session.get(f"{served.base}/api/floor/stream?kpis=dials") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        browser = Browser(answer)
        assert await browser.next("now") == {
            "now_ms": NOW_MS, "limit_ms": 120_000, "loading": False, "problem": None, "trouble": None
        }  # fmt: skip
        await browser.dials(1)
        made = served.wallboard.renderings
        for _ in range(2):  # two seconds each
            await browser.next("now")
        assert served.wallboard.renderings == made
        served.dials(2)
        await browser.dials(2)
        assert served.wallboard.renderings == made + 1


async def test_two_hundred_browsers_share_each_rendering(served: Served, session: aiohttp.ClientSession) -> None:
    served.dials(1)
    url = f"{served.base}/api/floor/stream?kpis=dials"
    browsers = [Browser(await session.get(url)) for _ in range(200)]
    await asyncio.gather(*(browser.dials(1) for browser in browsers))
    served.dials(2)
    await asyncio.gather(*(browser.dials(2) for browser in browsers))
    assert served.wallboard.renderings == 2


async def test_trouble_is_told_without_a_change_of_the_records(served: Served, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{served.base}/api/floor/stream") as answer:
        browser = Browser(answer)
        assert (await browser.next("now"))["trouble"] is None
        served.wallboard.feed.reported = SILENT
        while (told := await browser.next("now"))["trouble"] is None:
            pass
        assert (told["trouble"], told["problem"]) == ("silent", SILENT.text)


async def test_who_is_slow_gets_the_newest_and_not_what_came_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "REST", 0)
    monkeypatch.setattr(views, "PUSHED_S", 0.01)
    told = [0]
    of: Views[str] = Views(lambda view: f"{view} {told[0]}".encode(), changes=lambda: told[0])
    quick, slow = of.watch("a"), of.watch("a")
    first = await slow.next(10)
    assert first is not None
    assert first.body == b"a 0"
    for n in range(1, 6):
        told[0] = n
        while (made := await quick.next(10)) is None or made.body != f"a {n}".encode():
            pass
    newest = await slow.next(10)
    assert newest is not None
    assert newest.body == b"a 5"
    assert await slow.next(0.05) is None
    await of.close()


async def test_who_takes_nothing_is_dropped(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "STUCK_S", 0.2)
    monkeypatch.setattr(push, "NOW_EVERY_S", 0.001)
    monkeypatch.setattr(push.FloorStream, "_now_event", lambda _: (b": " + b"x" * 1_000_000 + b"\n\n",) * 2)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.base.rsplit(":", 1)[1]), limit=1_000)
    writer.write(b"GET /api/floor/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reached(served, 1)
    await reached(served, 0)  # nobody reads: the reader holds two kilobytes, and the system some megabytes
    assert not reader.at_eof()
    writer.close()


async def test_a_wrong_address_gets_no_stream_but_why(served: Served, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{served.base}/api/floor/stream?window=week") as answer:
        assert answer.status == 400
        assert "window: there is no 'week'" in (await answer.json())["error"]


async def test_the_server_stops_while_browsers_watch(served: Served, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{served.base}/api/floor/stream") as answer:
        await Browser(answer).next("now")
        await asyncio.wait_for(served.web.stop(), 60)
        with pytest.raises((aiohttp.ClientError, asyncio.IncompleteReadError, zlib.error)):
            await Browser(answer).dials(-1)


def test_packed_events_can_be_read_in_any_order_behind_one_head() -> None:
    one, two = packed(event("now", b"{}")), packed(event("floor", b'{"a": 1}'))
    for order in ((one, two), (two, one), (two, two)):
        reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
        text = reader.decompress(GZIP_HEAD + b"".join(order))
        assert text == b"".join(event("now", b"{}") if part is one else event("floor", b'{"a": 1}') for part in order)
