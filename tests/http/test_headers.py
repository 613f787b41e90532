"""What every answer carries, whatever it answers; and by which names and from which pages the server can be asked."""

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from stream.http.access import Access
from stream.http.headers import host_name, is_own_origin
from tests.http.served import CALLERS, Answer, Door, guarded, token
from tests.http.test_roles import BODY, PAGES

POLICY = {
    "default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
}  # fmt: skip
TARGETS = ["/no-such", "/api/no-such", "/api/floor?window=week", "/api/floor?site=pune", "//", "/%00", "*", "http://x/"]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(guarded(tmp_path)) as of:
        yield of


def carries_everything(answer: Answer) -> None:
    headers = answer.headers
    assert {*headers["Content-Security-Policy"].split("; ")} == POLICY
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "kpi-stream"
    assert headers["Access-Control-Allow-Origin"] is None
    assert headers["Cache-Control"] in ("no-store", "no-cache")
    assert len(headers.get_all("Content-Security-Policy", [])) == 1


async def test_every_answer_carries_the_headers_whoever_asks_for_whatever(door: Door) -> None:
    for who in ("manager", "wall", None):
        for method, target in PAGES:
            carries_everything(await door.ask(target, who, method, body=BODY if method == "POST" else None))
    for target in TARGETS:
        carries_everything(await door.ask(target, "manager of a site"))
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "BREW", "POST"):
        carries_everything(await door.ask("/api/floor", "wall", method))


Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Said:
    """All that was logged: printed as it is by default, or given to `logging` once a test has set up a worker's log.
    The handler of that test writes to a stream that is closed, and would say so with the lines of this one."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [caplog.handler])
    return lambda: "".join((*capsys.readouterr(), caplog.text))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"no request at all\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_an_answer_to_what_is_no_request_carries_them_too_and_repeats_nothing(
    door: Door, request_bytes: bytes
) -> None:
    answer = await door.send(request_bytes)
    assert 400 <= answer.status < 500
    carries_everything(answer)
    assert b"Traceback" not in answer.body


async def test_a_page_that_fails_says_so_with_the_headers_and_the_log_holds_no_request(door: Door, said: Said) -> None:
    def fails(*_: object) -> object:
        raise KeyError("d-secret")

    door.wallboard._address.view = fails  # type: ignore[assignment, method-assign]
    answer = await door.ask("/api/floor?site=d-secret", "manager")
    assert answer.status == 500
    assert answer.json == {"error": "this page failed: the server's log says why"}
    carries_everything(answer)
    text = said()
    assert "KeyError" in text
    assert "test_headers.py" in text
    assert "d-secret" not in text
    assert token("manager") not in text


async def test_nothing_of_a_request_is_logged(door: Door, said: Said) -> None:
    for who in CALLERS:
        await door.ask("/api/headroom?debtor=d-secret", who)
        await door.ask("/api/headroom", who, "POST", body=b'[{"debtor":"d-secret","at":"d-secret"}]')
    await door.ask("/api/floor", Authorization="Bearer secret-of-somebody")
    await door.send(b"GET / HTTP/1.1\r\nAuthorization: Bearer secret-of-somebody\r\n\x01: x\r\n\r\n")
    text = said()
    assert "secret" not in text
    assert "token-" not in text


async def test_the_page_may_be_framed_by_those_that_are_named_alone(tmp_path: Path) -> None:
    async with Door(guarded(tmp_path, frame_ancestors=("'self'", "https://portal.example"))) as door:
        headers = (await door.ask("/", "wall")).headers
    assert headers["Content-Security-Policy"].endswith("; frame-ancestors 'self' https://portal.example")
    assert headers["X-Frame-Options"] is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "localhost.", "127.0.0.1:1"])
async def test_the_server_is_asked_by_its_address_or_localhost(door: Door, host: str) -> None:
    assert (await door.ask("/health/live", Host=host)).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:6066", "10.0.0.1", "a b", "[::1"]
)
@pytest.mark.parametrize("target", ["/", "/api/floor", "/metrics", "/health/live", "/no-such", "/login"])
async def test_a_name_that_is_not_the_servers_is_refused_on_every_page(door: Door, host: str, target: str) -> None:
    answer = await door.ask(target, "manager", Host=host)
    assert answer.status == 421
    assert "http.names" in answer.body.decode()
    carries_everything(answer)


async def test_names_that_are_configured_are_the_only_ones(tmp_path: Path) -> None:
    async with Door(guarded(tmp_path, names=frozenset({"board.example"}))) as door:
        assert (await door.ask("/", "wall", Host="Board.Example:443")).status == 200
        assert (await door.ask("/", "wall")).status == 421


def test_the_address_at_which_a_connection_came_in_is_a_name_and_no_other_address_is() -> None:
    everywhere = Access(host="0.0.0.0")
    assert everywhere.is_named("172.18.0.3", "172.18.0.3")
    assert everywhere.is_named("172.18.0.3", "::ffff:172.18.0.3")
    assert everywhere.is_named("fe80::1", "fe80::1%eth0")
    assert not everywhere.is_named("172.18.0.4", "172.18.0.3")
    assert not everywhere.is_named("", None)


@pytest.mark.parametrize(
    ("host", "name"),
    [("a.b:80", "a.b"), ("[::1]:6066", "::1"), ("[::1]", "::1"), ("A.B.", "a.b"), ("", ""), ("x:y", "x:y")],
)
def test_the_name_of_a_host_header_is_without_its_port(host: str, name: str) -> None:
    assert host_name(host) == name


ORIGINS = frozenset({"https://desk.example"})


async def test_no_script_of_another_page_reads_an_answer_unless_it_is_named(tmp_path: Path) -> None:
    async with Door(guarded(tmp_path, origins=ORIGINS)) as door:
        answer = await door.ask("/api/floor", "manager", Origin="https://desk.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "https://desk.example"
        assert answer.headers["Access-Control-Allow-Credentials"] is None
        assert answer.headers["Vary"] == "Origin"
        other = await door.ask("/api/floor", "manager", Origin="https://evil.example")
        assert (other.headers["Access-Control-Allow-Origin"], other.headers["Vary"]) == (None, "Origin")
        asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
        answer = await door.ask("/api/headroom", method="OPTIONS", Origin="https://desk.example", more=asked)
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
        assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
        assert (
            await door.ask("/api/headroom", method="OPTIONS", Origin="https://evil.example", more=asked)
        ).status == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://desk.example"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "null", "Sec_Fetch_Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example", "Sec_Fetch_Site": "same-origin"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Sec_Fetch_Site": "none"}, 200),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
    ],
)
@pytest.mark.parametrize("is_open", [False, True])
async def test_a_post_that_another_page_sends_changes_nothing(
    tmp_path: Path, headers: dict[str, str], status: int, is_open: bool
) -> None:
    access = Access(origins=ORIGINS) if is_open else guarded(tmp_path, origins=ORIGINS)
    async with Door(access) as door:
        answer = await door.ask("/api/headroom", None if is_open else "dialler", "POST", body=BODY, more=headers)
    assert answer.status == status


@pytest.mark.parametrize(
    ("origin", "host", "tls", "own"),
    [
        ("http://a:6066", "a:6066", False, True),
        ("https://a", "a", False, True),
        ("http://a", "a", True, False),
        ("http://a:1", "a:2", False, False),
        ("http://b", "a", False, False),
        ("null", "a", False, False),
        ("http://[", "a", False, False),
        ("HTTP://A", "a", False, True),
    ],
)
def test_an_origin_is_the_servers_own_where_it_names_the_same_host_and_port(
    origin: str, host: str, tls: bool, own: bool
) -> None:
    assert is_own_origin(origin, host, tls=tls) is own
