"""A running server of a floor with its pages, and a client that sends bytes and reads answers as they come."""

import asyncio
import ssl
import sys
from collections.abc import Iterable, Mapping
from email.message import Message
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson
from prometheus_client import CollectorRegistry

from stream.conduct.headroom import Query
from stream.http.access import Access
from stream.http.pages import Page
from stream.http.roles import caller_of_scope
from stream.http.tokens import TokenFile, line_of
from stream.publish.alert_pages import AlertPages
from stream.publish.facts import FactsPage
from stream.publish.headroom import HeadroomPage
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load
from tests.publish.people_records import agent_now
from tests.publish.records import Record, alert, floor, standing

NOW_MS = 1_793_582_243_000
SITES = "{main: {zone: Asia/Shanghai}, pune: {zone: Asia/Kolkata}}"
CALLERS = {
    "metrics": ("metrics", "-"),
    "wall": ("wall", "main"),
    "agent": ("agent", "main/a-003"),
    "lead": ("lead", "main/t-3,t-4"),
    "dialler": ("dialler", "*"),
    "dialler of a site": ("dialler", "main"),
    "manager": ("manager", "*"),
    "manager of a site": ("manager", "main"),
}
"""Who asks -> role, scope. His token is `token-` and who he is."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def token(who: str) -> str:
    return f"token-{who.replace(' ', '-')}"


def tokens_file(folder: Path) -> Path:
    """A file of one token for each of CALLERS."""
    path = folder / "tokens"
    lines = [
        line_of(caller_of_scope(who.replace(" ", "-"), role, scope), token(who))
        for who, (role, scope) in CALLERS.items()
    ]
    path.write_text("# who may ask\n\n" + "\n".join(lines) + "\n")
    return path


@cache
def _records() -> list[Record]:
    return [*floor(), *floor(site="pune", agents=2, teams=1)]


class Door:
    """The server of a floor with two sites, a standing, alerts, and a headroom that says what it was asked."""

    def __init__(self, access: Access | None = None, pages: Iterable[Page] = ()) -> None:
        settings = load(environ={"KPI_STREAM_SITES": SITES, "KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"})
        self.wallboard = Wallboard(settings, clock_ms=lambda: NOW_MS)
        self.wallboard.feed.loaded, self.wallboard.feed.reported = True, None
        self.wallboard.start = lambda: None  # type: ignore[method-assign]
        latest = self.wallboard.latest
        for record in _records():
            latest.on_kpi(*record)
        latest.on_conduct(*standing())
        for n in range(24):
            latest.on_agent(agent_now(f"a-{n:03}", team=f"t-{n % 4 + 1}"))
        latest.on_alert(alert()[1])
        latest.on_alert(alert("1a", level="agent", entity="a-003", active_since="2026-11-02T01:11:00Z")[1])
        latest.on_alert(alert("2b", state="resolved", level="agent", entity="a-004")[1])
        latest.on_alert(alert("3c", level="site", entity="main", rule="complaints")[1])
        self.asked: list[Query] = []
        headroom = HeadroomPage(self._headroom, lambda: NOW_MS)
        facts = FactsPage([sys.executable, "-c", "print('no fact contributes to it')"])
        self.web = Web(
            CollectorRegistry(), HealthAnswers(), self.wallboard, headroom=headroom, access=access, facts=facts,
            pages=[*AlertPages(settings, self.wallboard).pages(), *pages],
        )  # fmt: skip
        self.port = 0

    def _headroom(self, query: Query) -> dict[str, object]:
        self.asked.append(query)
        return {"debtor": query.debtor, "allowed": True}

    async def __aenter__(self) -> Self:
        self.port = await self.web.start("127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.web.stop()

    async def ask(
        self,
        target: str,
        who: str | None = None,
        method: str = "GET",
        *,
        body: bytes | None = None,
        tls: ssl.SSLContext | None = None,
        more: Mapping[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        """The answer to one request. Names of headers are written with `_` for `-`."""
        lines = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        if who is not None:
            lines["Authorization"] = f"Bearer {token(who)}"
        if body is not None:
            lines["Content-Length"] = str(len(body))
        lines |= {name.replace("_", "-"): text for name, text in (headers | dict(more or {})).items()}
        head = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in lines.items() if text != "")]
        return await self.send("\r\n".join([*head, "", ""]).encode() + (body or b""), tls=tls)

    async def begun(self, target: str, who: str | None = None) -> bytes:
        """What comes first of a stream, up to its first `now`; of any other answer all of it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        by = "" if who is None else f"Authorization: Bearer {token(who)}\r\n"
        writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{by}Connection: close\r\n\r\n".encode())
        said = b""
        try:
            while b"event: now" not in said and (more := await asyncio.wait_for(reader.read(65_536), 60)):
                said += more
        finally:
            writer.close()
        return said

    async def send(self, request: bytes, *, tls: ssl.SSLContext | None = None) -> Answer:
        """The answer to bytes, until the server closes."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=tls, server_hostname="localhost" if tls else None
        )
        try:
            writer.write(request)
            await writer.drain()
            return answer_of(await asyncio.wait_for(reader.read(), 60))
        finally:
            writer.close()


def answer_of(said: bytes) -> Answer:
    """Status, headers and body of what the server sent; a body in chunks stays as it came."""
    head, _, body = said.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    return Answer(int(first.split()[1]), BytesParser().parsebytes(rest + b"\r\n\r\n"), body)


def guarded(folder: Path, **more: Any) -> Access:
    """Access by the tokens of CALLERS."""
    return Access(tokens=TokenFile(tokens_file(folder)), **more)
