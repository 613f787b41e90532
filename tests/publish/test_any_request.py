"""No request makes the web server fail, whatever it says: an answer below 500, or 503 with its reason."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load
from tests.publish.records import alert, floor, kpi, value

NAMES = ["site", "window", "kpis", "rank", "agents", "lang", "no-such"]
WORDS = ["main", "day", "rolling_15m", "last_interval_30m", "dials", "dials,connect_rate", "20", "500", "", ",", "0"]
AWKWARD = ["9" * 5_000, "-1", "+5", "1e3", "²", "٣", "\udcff", "%ff", "%", "a" * 3_000, "\x00", "dials," * 600, "1_0"]

values = st.one_of(st.sampled_from(WORDS), st.sampled_from(AWKWARD), st.text(max_size=20))
queries = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=6)
paths = st.one_of(
    st.sampled_from(["/", "/metrics", "/health/live", "/health/ready", "/api/floor", "/board/board.js"]),
    st.text(max_size=20).map(lambda text: f"/{_encoded(text)}"),
    st.sampled_from(
        ["/board/../web.py", "/board/%2e%2e/web.py", "//", "/api/floor/", "/%00", "/%ff", "*", "http://x/"]
    ),
)
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
header_names = st.sampled_from(["Accept-Encoding", "Accept", "Range", "If-None-Match", "X-Forwarded-For", "Cookie"])
headers = st.lists(st.tuples(header_names, plain), max_size=4)
methods = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "TRACE", "get", "BREW"])


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape" if text.isascii() else "surrogatepass"), safe="")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server of a floor, in a loop and a thread of its own."""
    loop = asyncio.new_event_loop()
    wallboard = Wallboard(load(environ={"KPI_STREAM_SITES": "{main: {zone: Asia/Shanghai}}"}))
    wallboard.start = lambda: None  # type: ignore[method-assign]
    for record in floor(agents=3, teams=1):
        wallboard.latest.on_kpi(*record)
    for entity in ("9" * 5_000, "unassigned", "\U0001f600\u2028", "0"):
        wallboard.latest.on_kpi(*kpi(value("dials", 1), entity=entity))
        wallboard.latest.on_alert(alert(entity, entity=entity, rule="gone", kpi="no_such_kpi")[1])
    web = Web(CollectorRegistry(), HealthAnswers(), wallboard)
    found = loop.run_until_complete(web.start("127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield found
    asyncio.run_coroutine_threadsafe(web.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def asked(port: int, request: bytes, ends: bool = False) -> bytes:
    """The answer's first line; the server closes the connection. `ends`: nothing more will come."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while b"\r\n" not in answer and (got := connection.recv(65_536)):
            answer += got
    return answer.split(b"\r\n", 1)[0]


@given(methods, paths, queries, headers)
def test_no_request_is_answered_with_a_fault(
    port: int, method: str, path: str, query: list[tuple[str, str]], header: list[tuple[str, str]]
) -> None:
    target = path + "?" * bool(query) + "&".join(f"{name}={_encoded(text)}" for name, text in query)
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        *(f"{name}: {text}" for name, text in header),
    ]
    status = int(asked(port, "\r\n".join([*lines, "", ""]).encode()).split()[1])
    assert status < 500 or status == 503, (target[:200], header)


@given(st.binary(max_size=200))
def test_nothing_that_is_no_request_is_answered_with_a_fault(port: int, junk: bytes) -> None:
    first = asked(port, junk + b"\r\n\r\n", ends=True)
    assert first == b"" or int(first.split()[1]) < 500
