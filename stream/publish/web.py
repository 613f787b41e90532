"""The web server: /metrics, /health/live, /health/ready, the page and its data. It keeps no state."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from stream.publish.address import AddressError
from stream.publish.facts import FactsPage
from stream.publish.headroom import HeadroomPage
from stream.publish.push import FloorStream
from stream.publish.scrape import Scrape
from stream.publish.views import BusyError
from stream.publish.wallboard import Wallboard

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JAVASCRIPT = "text/javascript"
ASSETS = {
    "agents.js": JAVASCRIPT,
    "alerts.js": JAVASCRIPT,
    "board.css": "text/css",
    "board.js": JAVASCRIPT,
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
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors *",  # a wall's own frame may show it
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def _well() -> str | None:
    return None


@dataclass(frozen=True)
class HealthAnswers:
    """What the health addresses ask: each gives None when all is well, else why not in one line. `live`: the process
    works; `ready`: it serves its partitions, or shows current data."""

    live: Callable[[], str | None] = _well
    ready: Callable[[], str | None] = _well


class Web:
    """Serves the metrics of `registry`, `health` and, if given, the page of `wallboard`.

    `beside`: a coroutine that runs as long as it serves. `more`: further text for /metrics, beside the registry's.
    `headroom`: answers diallers. `facts`: answers who asks for the facts behind a number.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        health: HealthAnswers,
        wallboard: Wallboard | None = None,
        beside: Callable[[], Coroutine[None, None, None]] | None = None,
        more: Callable[[], bytes] = bytes,
        headroom: HeadroomPage | None = None,
        facts: FactsPage | None = None,
    ) -> None:
        self._scrape = Scrape(lambda: generate_latest(registry) + more())
        self._health = health
        self._wallboard = wallboard
        self._stream = FloorStream(wallboard) if wallboard is not None else None
        self._beside = beside
        self._headroom = headroom
        self._facts = facts or FactsPage()
        self._task: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens on host and port (0: any free one) and returns the port. OSError if it cannot."""
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        if self._beside is not None:
            self._task = asyncio.get_running_loop().create_task(self._beside())
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Stops listening; a request that is being answered has one second."""
        if self._stream is not None:
            self._stream.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._runner is not None:
            await self._runner.cleanup()
        if self._wallboard is not None:
            await self._wallboard.stop()
        await self._facts.stop()
        self._scrape.close()

    @property
    def watching(self) -> int:
        """Browsers to which the page is pushed."""
        return 0 if self._stream is None else self._stream.watching

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/health/live", _health(self._health.live))
        app.router.add_get("/health/ready", _health(self._health.ready))
        if self._headroom is not None:
            app.router.add_get("/api/headroom", self._headroom.one)
            app.router.add_post("/api/headroom", self._headroom.many)
        if self._wallboard is not None:
            folder = files("stream.publish.board")
            app.router.add_get("/", _asset((folder / "index.html").read_bytes(), ASSETS["index.html"]))
            for name, kind in ASSETS.items():
                app.router.add_get(f"/board/{name}", _asset((folder / name).read_bytes(), kind))
            app.router.add_get("/api/floor", self._board_data)
            app.router.add_get("/api/facts", self._facts.one)
            app.router.add_get("/api/floor/stream", self._board_stream)
        return app

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        zipped = _takes_gzip(request.headers.get("Accept-Encoding", ""))
        headers = {"Content-Type": CONTENT_TYPE_LATEST} | ({"Content-Encoding": "gzip"} if zipped else {})
        return web.Response(body=await self._scrape.body(zipped), headers=headers)

    async def _board_data(self, request: web.Request) -> web.StreamResponse:
        assert self._wallboard is not None
        self._wallboard.start()
        try:
            body = await self._wallboard.answer(request.query)
        except (AddressError, BusyError) as error:
            return _refused(error)
        return web.Response(body=body, content_type="application/json", headers=HEADERS)

    async def _board_stream(self, request: web.Request) -> web.StreamResponse:
        assert self._stream is not None
        try:
            return await self._stream.answer(request, HEADERS, _takes_gzip(request.headers.get("Accept-Encoding", "")))
        except (AddressError, BusyError) as error:
            return _refused(error)


def _refused(error: AddressError | BusyError) -> web.Response:
    """Why a view cannot be shown, as JSON."""
    if isinstance(error, AddressError):
        return web.json_response({"error": str(error)}, status=400, headers=HEADERS)
    return web.json_response({"error": str(error)}, status=503, headers=HEADERS | {"Retry-After": "2"})


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding names gzip, and not with a weight of 0."""
    for one in accepted.lower().split(","):
        name, *weights = (word.strip() for word in one.split(";"))
        if name == "gzip":
            return not any(weight.startswith("q=0") and not weight[3:].strip(".0") for weight in weights)
    return False


def _health(state: Callable[[], str | None]) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        reason = state()
        return web.Response(text=f"{reason or 'ok'}\n", status=200 if reason is None else 503)

    return answer


def _asset(body: bytes, kind: str) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)

    return answer
