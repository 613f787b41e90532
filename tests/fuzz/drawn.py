"""Requests that nobody would send: drawn from what the server knows and what it does not, then broken by bytes.

What is drawn follows from the random generator alone, so a seed repeats it.
"""

import random
from collections.abc import Callable
from functools import cache
from urllib.parse import quote

from tests.http.served import CALLERS, Door, token

VERSIONS = [*["1.1"] * 60, "1.0", "0.9", "2.0", "1.1 x"]
ODD_METHODS = ["HEAD", "HEAD", "OPTIONS", "PUT", "TRACE", "CONNECT", "get", "BREW", "G\x00T", ""]
METHODS = [*["GET"] * 30, *["POST"] * 20, *ODD_METHODS]
PATHS = [
    "/", "/metrics", "/health/live", "/health/ready", "/api/floor", "/api/headroom", "/login", "/logout", "/login.css",
    "/board/board.js", "/board/../web.py", "/board/%2e%2e/web.py", "//", "*", "http://x/", "/%00", "/api/floor/", "",
]  # fmt: skip
NAMES = ["site", "window", "kpis", "rank", "agents", "lang", "debtor", "at", "case", "number", "token", "no-such"]
VALUES = [
    "main", "pune", "day", "rolling_15m", "dials,connect_rate", "20", "d-7", "2026-11-02T15:00:00Z", "", ",", "0", "-1",
    "9" * 400, "1e3", "²", "٣", "\udcff", "%ff", "%", "a" * 3_000, "\x00", "a|b", "dials," * 300, "\u202e",
]  # fmt: skip
HEADERS: list[tuple[str, list[str]]] = [
    ("Host", ["evil.example", "127.0.0.1:1", "", "[::1", "a" * 300, "127.0.0.1, evil.example"]),
    ("Authorization", ["Bearer", "Bearer " + "a" * 5_000, "Basic YTpi", "bearer token-manager", "\xff\xfe"]),
    ("Cookie", ["kpi_stream=token-wall", "kpi_stream=", "a=b; " * 200, "kpi_stream=\"token-lead", ";;;=", "\x80=\x81"]),
    ("Origin", ["null", "https://evil.example", "http://127.0.0.1", "http://[", "://"]),
    ("Accept-Encoding", ["gzip", "gzip;q=0", "br, GZIP;q=0.5", ";q=", ","]),
    ("Accept", ["text/html", "*/*", "application/openmetrics-text"]),
    ("Content-Type", ["application/json", "multipart/form-data", "multipart/form-data; boundary=x", "a/b; charset=x"]),
    ("Content-Encoding", ["gzip", "deflate", "br", "identity", "no-such"]),
    ("Content-Length", ["0", "-1", "5", "99999999999999999999", "1e3", "+5", "0x10", "5, 5"]),
    ("Transfer-Encoding", ["chunked", "gzip, chunked", "identity", "chunked, chunked", "\x0bchunked"]),
    ("Expect", ["100-continue", "200-ok"]),
    ("Connection", ["close", "keep-alive", "Upgrade"]),
    ("Upgrade", ["websocket", "h2c"]),
    ("Sec-Fetch-Site", ["cross-site", "none"]),
    ("Range", ["bytes=0-", "bytes=9-1"]),
    ("If-None-Match", ["*", '"x"']),
    ("X-Forwarded-For", ["1.2.3.4"]),
]  # fmt: skip
BODIES = [
    b"", b"[]", b'[{"debtor":"d-7"}]', b'[{"debtor":"d-7","at":"x"}]', b"[" * 5_000, b"{}", b"token=token-wall",
    b'{"action":"ack","id":"9f2c","by":"anna"}',
    b'{"action":"silence","match":{"rule":"r"},"for":"2h","by":"a","note":"b"}',
    b'{"action":"judge","id":"x","by":"a","true_alarm":7}',
    b'{"token":"token-wall"}', b"\x00\xff", b"--x\r\n\r\n--x--",
    b"--x\r\n", b"--x\r\nContent-Disposition: form-data; name=token\r\n\r\ntoken-wall\r\n--x--",
    b'[{"debtor":"' + b"a" * 4_000 + b'"}]', b"1e999", b'"\\ud800"', b"[1," * 300,
    b"5\r\nabcde\r\n0\r\n\r\n", b"zz\r\n",
]  # fmt: skip


PIECES = [b"\r\n", b"\n", b"\x00", b" ", b":", b"%", b"\r", b"\xff" * 40, b"a" * 20_000]


@cache
def pages() -> list[tuple[str, str]]:
    """(method, path) of every page of the server."""
    by_path = Door().web._server._pages
    return sorted((method, path) for path, methods in by_path.items() for method in methods)


def request(draw: random.Random) -> bytes:
    """One request, or what was one before some of its bytes were changed."""
    whole = _whole(draw)
    breaks = draw.choice([0, 0, 0, 0, 0, 1, 1, 2, 8])
    for _ in range(breaks):
        whole = draw.choice(BREAKS)(draw, whole)
    return whole


def _whole(draw: random.Random) -> bytes:
    method, path = draw.choice(pages()) if draw.random() < 0.7 else (draw.choice(METHODS), draw.choice(PATHS))
    body = draw.choice(BODIES)
    lines = [f"{method} {_target(draw, path)} HTTP/{draw.choice(VERSIONS)}"]
    host = "127.0.0.1" if draw.random() < 0.97 else None
    if host is not None:
        lines.append(f"Host: {host}")
    if draw.random() < 0.8:
        lines.append(f"Authorization: Bearer {token(draw.choice(list(CALLERS)))}")
    for name, values in draw.sample(HEADERS, draw.choice([0, 0, 0, 1, 2])):
        lines.append(f"{name}: {draw.choice(values)}")
    if body and method in ("POST", "PUT") and draw.random() < 0.9:
        lines.append(f"Content-Length: {len(body)}")
    if draw.random() < 0.7:
        lines.append("Connection: close")
    head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
    return head + (body if method in ("POST", "PUT") or draw.random() < 0.1 else b"")


def _target(draw: random.Random, path: str) -> str:
    if draw.random() < 0.05:
        path = "/" + quote(draw.randbytes(draw.randrange(12)), safe="/")
    pairs = [
        f"{draw.choice(NAMES)}={quote(draw.choice(VALUES).encode('utf-8', 'surrogateescape'), safe=',%')}"
        for _ in range(draw.choice([0, 0, 1, 2, 4]))
    ]
    return path + "?" * bool(pairs) + "&".join(pairs)


def _flip(draw: random.Random, text: bytes) -> bytes:
    at = draw.randrange(len(text) or 1)
    return text[:at] + draw.randbytes(1) + text[at + 1 :]


def _cut(draw: random.Random, text: bytes) -> bytes:
    return text[: draw.randrange(len(text) + 1)]


def _left_out(draw: random.Random, text: bytes) -> bytes:
    at = draw.randrange(len(text) + 1)
    return text[:at] + text[at + draw.randrange(1, 30) :]


def _put_in(draw: random.Random, text: bytes) -> bytes:
    at = draw.randrange(len(text) + 1)
    piece = draw.choice(
        [b"\r\n", b"\n", b"\x00", b" ", b":", b"%", b"\r", b"\xff" * 40, b"a" * 20_000, draw.randbytes(9)]
    )
    return text[:at] + piece + text[at:]


def _twice(draw: random.Random, text: bytes) -> bytes:
    at = draw.randrange(len(text) + 1)
    return text[:at] + text


BREAKS: list[Callable[[random.Random, bytes], bytes]] = [_flip, _flip, _cut, _left_out, _put_in, _twice]
