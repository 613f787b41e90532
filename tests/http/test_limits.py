"""How much a real server takes of a request, of a caller and of all together, and what it says beyond that."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from stream.http import connection, limits, server
from stream.http.limits import BODY_BYTES, CONNECTIONS, HEAD_BYTES, MOST_CONNECTIONS, Rates
from stream.http.pages import Page, caller_of
from stream.http.roles import BOARD, EVERYBODY
from stream.publish.web import ASSETS
from tests.http.served import Door, answer_of, guarded

Connected = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HOST = b"Host: 127.0.0.1\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(guarded(tmp_path)) as of:
        yield of


@asynccontextmanager
async def connected(door: Door) -> AsyncIterator[Connected]:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server closes."""
    async with asyncio.timeout(60):
        return await reader.read()


def head_of(size: int, kind: str) -> bytes:
    """A request of exactly so many bytes, most of them in one place."""
    start, close = b"GET /health/live", b"Connection: close\r\n"
    if kind == "line":
        rest = b" HTTP/1.1\r\n" + HOST + close + b"\r\n"
        return start + b"?" + b"a" * (size - len(start) - len(rest) - 1) + rest
    head = start + b" HTTP/1.1\r\n" + HOST + close
    if kind == "field":
        return head + b"X: " + b"a" * (size - len(head) - 7) + b"\r\n\r\n"
    lines = (size - len(head) - 2) // 6 - 2
    head += b"A: b\r\n" * lines
    return head + b"X: " + b"a" * (size - len(head) - 7) + b"\r\n\r\n"


@pytest.mark.parametrize("kind", ["line", "field", "fields"])
@pytest.mark.parametrize(("size", "status"), [(HEAD_BYTES, 200), (HEAD_BYTES + 1, 431)])
@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_request_line_and_headers_have_16_kib_together(
    door: Door, kind: str, size: int, status: int, pieces: int
) -> None:
    request = head_of(size, kind)
    assert len(request) == size
    step = -(-size // pieces)
    async with connected(door) as (reader, writer):
        for start in range(0, size, step):
            writer.write(request[start : start + step])
            await writer.drain()
            await asyncio.sleep(0)
        assert answer_of(await all_of(reader)).status == status


async def test_a_head_without_an_end_is_refused_once_it_is_too_long(door: Door) -> None:
    answer = await door.send(b"GET / HTTP/1.1\r\nX: " + b"a" * (HEAD_BYTES + 1))
    assert answer.status == 431
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("size", "status"), [(BODY_BYTES, 400), (BODY_BYTES + 1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_has_a_mebibyte(door: Door, size: int, status: int, chunked: bool) -> None:
    body = b" " * size
    if chunked:
        body = f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    headers = {"Content_Length": "", "Transfer_Encoding": "chunked"} if chunked else {}
    answer = await door.ask("/api/headroom", "dialler", "POST", body=body, more=headers)
    assert answer.status == status


async def test_a_body_that_unpacks_to_more_is_refused(door: Door) -> None:
    body = gzip.compress(b" " * (64 * BODY_BYTES))
    answer = await door.ask("/api/headroom", "dialler", "POST", body=body, Content_Encoding="gzip")
    assert answer.status == 413


async def test_a_client_that_asks_whether_its_body_is_wanted_is_told(door: Door) -> None:
    async with connected(door) as (reader, writer):
        head = "POST /api/headroom HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-dialler\r\n"
        writer.write(f"{head}Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n".encode())
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"[]")
        assert answer_of(await all_of(reader)).body == b"[]"
    refused = await door.ask("/api/headroom", "wall", "POST", body=b"[]", Expect="100-continue")
    assert refused.status == 403
    assert (await door.ask("/api/headroom", "dialler", "POST", body=b"[]", Expect="200-ok")).status == 417


async def test_a_token_has_20_requests_a_second_and_a_diallers_1000(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (limits.REQUESTS_PER_S, limits.DIALLER_REQUESTS_PER_S) == (20, 1_000)
    monkeypatch.setattr(server, "DIALLER_REQUESTS_PER_S", 100)
    now_s = 100.0
    door.web._server._rates = Rates(lambda: now_s)
    answers = [await door.ask("/api/floor", "wall") for _ in range(22)]
    assert [answer.status for answer in answers] == [200] * 20 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "1"
    assert (await door.ask("/api/floor", "lead")).status == 200  # another token
    for path in ("/health/live", *(f"/board/{name}" for name in ASSETS)):
        assert (await door.ask(path, "wall")).status == 200, path
    now_s += 0.999
    assert (await door.ask("/api/floor", "wall")).status == 429
    now_s += 0.001
    assert (await door.ask("/api/floor", "wall")).status == 200
    statuses = [(await door.ask("/api/headroom?debtor=d", "dialler")).status for _ in range(101)]
    assert statuses == [200] * 100 + [429]


async def test_who_else_may_ask_for_headroom_may_ask_as_often_as_a_dialler_and_is_counted_apart(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "DIALLER_REQUESTS_PER_S", 30)
    door.web._server._rates = Rates(lambda: 100.0)
    statuses = [(await door.ask("/api/headroom?debtor=d", "manager")).status for _ in range(31)]
    assert statuses == [200] * 30 + [429]
    assert [(await door.ask("/api/floor", "manager")).status for _ in range(21)] == [200] * 20 + [429]
    refused = [(await door.ask("/api/headroom?debtor=d", "wall")).status for _ in range(21)]
    assert refused == [403] * 20 + [429]


async def test_whoever_guesses_tokens_is_counted_by_his_address(door: Door) -> None:
    now_s = 100.0
    door.web._server._rates = Rates(lambda: now_s)
    statuses = [(await door.ask("/api/floor", Authorization=f"Bearer {n}")).status for n in range(21)]
    assert statuses == [401] * 20 + [429]
    assert (await door.ask("/login", method="POST", body=b"token=x")).status == 429
    assert (await door.ask("/api/floor", "wall")).status == 200


def test_what_is_counted_is_forgotten_after_a_second_however_many_ask() -> None:
    now_s = 0.0
    rates = Rates(lambda: now_s)
    for n in range(25_000):
        assert rates.takes(n, 20)
    assert len(rates._taken) <= limits._MOST_COUNTED
    now_s = 2.0
    for n in range(11_000):
        rates.takes(f"x{n}", 20)
    assert len(rates._taken) <= limits._MOST_COUNTED


async def test_beyond_200_connections_health_alone_is_answered_and_beyond_250_nobody_is_heard(door: Door) -> None:
    async with AsyncExitStack() as stack:

        async def one_more() -> Connected:
            return await stack.enter_async_context(connected(door))

        for _ in range(CONNECTIONS):
            reader, writer = await one_more()
            writer.write(b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n")
            assert (await asyncio.wait_for(reader.readuntil(b"ok\n"), 60)).startswith(OK)
        busy = await door.ask("/", "wall")
        assert (busy.status, busy.headers["Connection"]) == (503, "close")
        assert busy.headers["Content-Security-Policy"]
        assert (await door.ask("/health/live")).status == 200
        for _ in range(MOST_CONNECTIONS - CONNECTIONS):
            await one_more()
        reader, _ = await one_more()
        assert answer_of(await all_of(reader)).status == 503
    for _ in range(200):  # those that closed are counted out once the server has seen it
        if (await door.ask("/", "wall")).status == 200:
            return
        await asyncio.sleep(0.1)
    pytest.fail("connections that have closed still count")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request may take a third of a second."""
    monkeypatch.setattr(connection, "REQUEST_S", 0.3)
    monkeypatch.setattr(connection, "GRACE_S", 0.1)
    monkeypatch.setattr(server, "REQUEST_S", 0.3)
    monkeypatch.setattr(server, "LOOKS_S", 0.05)


async def test_a_head_that_does_not_come_is_given_up(door_of_pages: Door) -> None:
    async with connected(door_of_pages) as (reader, writer):
        writer.write(b"GET / HT")
        assert answer_of(await all_of(reader)).status == 408
    async with connected(door_of_pages) as (reader, _):
        assert answer_of(await all_of(reader)).status == 408


async def test_a_head_that_drips_is_given_up_all_the_same(door_of_pages: Door) -> None:
    async with connected(door_of_pages) as (reader, writer):
        said = asyncio.create_task(all_of(reader))
        writer.write(b"GET /?")
        while not said.done():
            writer.write(b"a")
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(0.02)
        with contextlib.suppress(ConnectionError):
            assert answer_of(await said).status == 408


async def test_a_body_that_does_not_come_is_given_up(door_of_pages: Door) -> None:
    async with connected(door_of_pages) as (reader, writer):
        writer.write(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nabc")
        answer = answer_of(await all_of(reader))
    assert (answer.status, answer.body) == (408, b"the request has not come within 0.3 s\n")


async def test_a_page_that_takes_too_long_is_given_up(door_of_pages: Door) -> None:
    answer = await door_of_pages.ask("/slow")
    assert (answer.status, answer.body) == (503, b"the page was not made within 0.3 s\n")


async def test_a_stream_goes_on_for_as_long_as_somebody_reads_it(door_of_pages: Door) -> None:
    async with connected(door_of_pages) as (reader, writer):
        writer.write(b"GET /stream HTTP/1.1\r\n" + HOST + b"\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        assert b"Content-Security-Policy" in head
        assert b"X-Content-Type-Options: nosniff" in head
        for _ in range(30):
            await asyncio.wait_for(reader.readuntil(b"tick\n"), 60)


async def test_a_stream_ends_when_its_token_is_withdrawn_or_may_see_something_else(quick: None, tmp_path: Path) -> None:
    async with Door(guarded(tmp_path)) as door, connected(door) as (reader, writer):
        head = b"GET /api/floor/stream HTTP/1.1\r\n" + HOST
        writer.write(head + b"Authorization: Bearer token-wall\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"event: now"), 60)
        async with connected(door) as (other, asked):
            asked.write(head + b"Authorization: Bearer token-lead\r\n\r\n")
            await asyncio.wait_for(other.readuntil(b"event: now"), 60)
            path = tmp_path / "tokens"
            path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("wall ")))
            with contextlib.suppress(ConnectionError):
                await all_of(reader)
            await asyncio.wait_for(other.readuntil(b"event: now"), 60)
            path.write_text(path.read_text().replace("lead lead main/t-3,t-4", "lead lead main/t-1"))
            with contextlib.suppress(ConnectionError):
                await all_of(other)


async def test_an_answer_that_nobody_reads_is_given_up(door_of_pages: Door) -> None:
    async with connected(door_of_pages) as (reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        await reader.readuntil(b"\r\n")
        for _ in range(600):
            if not door_of_pages.web._server._connections._open:  # type: ignore[union-attr]
                return
            await asyncio.sleep(0.05)
    pytest.fail("the connection is still open")


async def test_requests_that_come_together_are_answered_in_turn(door_of_pages: Door) -> None:
    one = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"
    async with connected(door_of_pages) as (reader, writer):
        writer.write(one * 3 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        said = await all_of(reader)
    assert said.count(OK) == 4


async def test_a_connection_may_rest_between_two_requests_for_longer_than_a_request_may_take(
    door_of_pages: Door,
) -> None:
    one = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"
    async with connected(door_of_pages) as (reader, writer):
        for _ in range(2):
            writer.write(one)
            assert (await asyncio.wait_for(reader.readuntil(b"ok\n"), 60)).startswith(OK)
            await asyncio.sleep(0.6)


@pytest.fixture
async def door_of_pages(quick: None) -> AsyncIterator[Door]:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=await request.read())

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        assert caller_of(request).role == "manager"
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"tick\n")
            await asyncio.sleep(0.05)

    async def large(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"a" * 64_000_000)

    pages = [
        Page("/echo", echo, EVERYBODY, method="POST"),
        Page("/slow", slow, BOARD),
        Page("/stream", stream, BOARD, stream=True),
        Page("/large", large, BOARD),
    ]
    async with Door(pages=pages) as of:
        yield of
