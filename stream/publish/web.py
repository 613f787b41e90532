"""The pages: /metrics, /metrics/agents, /health/live, /health/ready, the board and its data, headroom; who may see
each of them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web
from prometheus_client import CollectorRegistry

from stream.http.access import Access
from stream.http.pages import Handler, Page, Refused, caller_of
from stream.http.roles import BOARD, DIALLERS, EVERYBODY, LEADS, MANAGERS, METRICS
from stream.http.server import HttpServer
from stream.publish.address import AddressError
from stream.publish.facts import FactsPage
from stream.publish.headroom import HeadroomPage
from stream.publish.metrics_page import MetricsPages, WindowTexts, takes
from stream.publish.push import FloorStream
from stream.publish.views import BusyError
from stream.publish.wallboard import Wallboard

JAVASCRIPT = "text/javascript"
ASSETS = {
    "agents.js": JAVASCRIPT,
    "alerts.js": JAVASCRIPT,
    "board.css": "text/css",
    "board.js": JAVASCRIPT,
    "debtors.js": JAVASCRIPT,
    "drill.js": JAVASCRIPT,
    "facts.js": JAVASCRIPT,
    "groups.js": JAVASCRIPT,
    "help.js": JAVASCRIPT,
    "icon.svg": "image/svg+xml",
    "index.html": "text/html",
    "make.js": JAVASCRIPT,
    "number.js": JAVASCRIPT,
    "numbers.js": JAVASCRIPT,
    "people.js": JAVASCRIPT,
    "queues.js": JAVASCRIPT,
    "rows.js": JAVASCRIPT,
    "scores.js": JAVASCRIPT,
    "sorting.js": JAVASCRIPT,
    "spark.js": JAVASCRIPT,
    "standings.js": JAVASCRIPT,
    "states.js": JAVASCRIPT,
    "table.js": JAVASCRIPT,
    "tiles.js": JAVASCRIPT,
    "transport.js": JAVASCRIPT,
    "views.css": "text/css",
    "words.js": JAVASCRIPT,
    "words_views.js": JAVASCRIPT,
}
KEPT = {"Cache-Control": "no-cache"}
"""Of files: a browser may keep them, and asks each time whether they are still the same."""


def _well() -> str | None:
    return None


@dataclass(frozen=True)
class HealthAnswers:
    """What the health addresses ask: each gives None when all is well, else why not in one line. `live`: the process
    works; `ready`: it serves its partitions, or shows current data."""

    live: Callable[[], str | None] = _well
    ready: Callable[[], str | None] = _well


class Web:
    """Serves the metrics of `registry`, `health` and, if given, the page of `wallboard`, to whom `access` lets in.

    `beside`: a coroutine that runs as long as it serves. `windows`: what is told of windows, beside the registry.
    `headroom`: answers diallers. `pages`: further ones. `facts`: answers who asks for the facts behind a number.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        health: HealthAnswers,
        wallboard: Wallboard | None = None,
        beside: Callable[[], Coroutine[None, None, None]] | None = None,
        windows: WindowTexts | None = None,
        headroom: HeadroomPage | None = None,
        access: Access | None = None,
        pages: Iterable[Page] = (),
        facts: FactsPage | None = None,
    ) -> None:
        self._metrics = MetricsPages(registry, windows)
        self._health = health
        self._wallboard = wallboard
        self._stream = FloorStream(wallboard) if wallboard is not None else None
        self._beside = beside
        self._headroom = headroom
        self._facts = facts or FactsPage()
        self._task: asyncio.Task[None] | None = None
        self._server = HttpServer([*self._pages(), *pages], access or Access())

    async def start(self, host: str, port: int) -> int:
        """Listens on host and port (0: any free one) and returns the port. OSError if it cannot."""
        port = await self._server.start(host, port)
        if self._beside is not None:
            self._task = asyncio.get_running_loop().create_task(self._beside())
        return port

    async def stop(self) -> None:
        """Stops listening; a request that is being answered has one second."""
        if self._stream is not None:
            self._stream.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._server.stop()
        if self._wallboard is not None:
            await self._wallboard.stop()
        await self._facts.stop()
        self._metrics.close()

    @property
    def watching(self) -> int:
        """Browsers to which the page is pushed."""
        return 0 if self._stream is None else self._stream.watching

    def _pages(self) -> list[Page]:
        """Every page, and whom it is for."""
        pages = [
            Page("/metrics", self._metrics.all_but_agents, METRICS),
            Page("/metrics/agents", self._metrics.agents, METRICS),
            Page("/health/live", _health(self._health.live), EVERYBODY, counted=False),
            Page("/health/ready", _health(self._health.ready), EVERYBODY, counted=False),
        ]
        if self._headroom is not None:
            pages.append(Page("/api/headroom", self._headroom.one, DIALLERS, often=True))
            pages.append(Page("/api/headroom", self._headroom.many, DIALLERS, method="POST", often=True))
        if self._wallboard is not None:
            folder = files("stream.publish.board")
            pages.append(Page("/", _asset((folder / "index.html").read_bytes(), ASSETS["index.html"]), BOARD))
            for name, kind in ASSETS.items():
                asset = _asset((folder / name).read_bytes(), kind)
                pages.append(Page(f"/board/{name}", asset, BOARD, counted=False))
            pages.append(Page("/api/floor", self._board_data, BOARD))
            pages.append(Page("/api/floor/stream", self._board_stream, BOARD, stream=True))
            pages.append(Page("/api/debtors", self._wallboard.debtors.answer, MANAGERS))
            pages.append(Page("/api/facts", self._facts_data, LEADS, stream=True))
        return pages

    async def _board_data(self, request: web.BaseRequest) -> web.StreamResponse:
        assert self._wallboard is not None
        self._wallboard.start()
        try:
            body = await self._wallboard.answer(request.query, caller_of(request))
        except (AddressError, BusyError) as error:
            raise _refused(error, request) from error
        return web.Response(body=body, content_type="application/json")

    async def _board_stream(self, request: web.BaseRequest) -> web.StreamResponse:
        assert self._stream is not None
        try:
            return await self._stream.answer(request, takes(request.headers.get("Accept-Encoding", ""), "gzip"))
        except (AddressError, BusyError) as error:
            raise _refused(error, request) from error

    async def _facts_data(self, request: web.BaseRequest) -> web.StreamResponse:
        """For who leads the team, or the agent's team: facts name calls and payments."""
        assert self._wallboard is not None
        site, level, entity = (request.query.get(name, "") for name in ("site", "level", "entity"))
        team = entity if level == "team" else None
        if level == "agent":
            team = self._wallboard.latest.team_of(site, entity)
        if not caller_of(request).leads(site, team):
            raise Refused(403, "entity: neither your team nor an agent of it")
        return await self._facts.one(request)


def _refused(error: AddressError | BusyError, request: web.BaseRequest) -> Refused:
    """Why a view cannot be shown, in the language of the page."""
    if isinstance(error, AddressError):
        language = request.query.get("lang") or request.headers.get("Accept-Language") or ""
        return Refused(400, error.zh if language.lower().startswith("zh") else str(error))
    return Refused(503, str(error), {"Retry-After": "2"})


def _health(state: Callable[[], str | None]) -> Handler:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        reason = state()
        return web.Response(text=f"{reason or 'ok'}\n", status=200 if reason is None else 503)

    return answer


def _asset(body: bytes, kind: str) -> Handler:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=KEPT)

    return answer
