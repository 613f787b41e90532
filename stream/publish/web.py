"""The web server: /metrics, /metrics/agents, /health/live, /health/ready, the page and its data. It keeps no state."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web
from prometheus_client import CollectorRegistry

from stream.publish.headroom import HeadroomPage
from stream.publish.metrics_page import MetricsPages, WindowTexts
from stream.publish.views import BusyError
from stream.publish.wallboard import AddressError, Wallboard

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ASSETS = {
    "index.html": "text/html",
    "board.css": "text/css",
    "board.js": "text/javascript",
    "numbers.js": "text/javascript",
    "words.js": "text/javascript",
    "icon.svg": "image/svg+xml",
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

    `beside`: a coroutine that runs as long as it serves. `windows`: what is told
    of windows, beside the registry's metrics.
    `headroom`: answers diallers.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        health: HealthAnswers,
        wallboard: Wallboard | None = None,
        beside: Callable[[], Coroutine[None, None, None]] | None = None,
        windows: WindowTexts | None = None,
        headroom: HeadroomPage | None = None,
    ) -> None:
        self._metrics = MetricsPages(registry, windows)
        self._health = health
        self._wallboard = wallboard
        self._beside = beside
        self._headroom = headroom
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
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._runner is not None:
            await self._runner.cleanup()
        if self._wallboard is not None:
            await self._wallboard.stop()
        self._metrics.close()

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/metrics", self._metrics.all_but_agents)
        app.router.add_get("/metrics/agents", self._metrics.agents)
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
        return app

    async def _board_data(self, request: web.Request) -> web.StreamResponse:
        assert self._wallboard is not None
        self._wallboard.start()
        try:
            body = await self._wallboard.answer(request.query)
        except AddressError as error:
            return web.json_response({"error": str(error)}, status=400, headers=HEADERS)
        except BusyError as error:
            return web.json_response({"error": str(error)}, status=503, headers=HEADERS | {"Retry-After": "2"})
        return web.Response(body=body, content_type="application/json", headers=HEADERS)


def _health(state: Callable[[], str | None]) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        reason = state()
        return web.Response(text=f"{reason or 'ok'}\n", status=200 if reason is None else 503)

    return answer


def _asset(body: bytes, kind: str) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)

    return answer
