"""A real HTTP server that alerts are posted to, which answers as a test says; and time that does not pass."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from stream.forward.posting import Timing
from tests.deploy.prometheus import free_port

Answer = Callable[[int], web.Response | Awaitable[web.Response]]
"""What is answered to the n-th post (from 0)."""


def ok(_number: int = 0) -> web.Response:
    return web.Response()


@dataclass
class Post:
    """One that came."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def key(self) -> str:
        return self.headers["Idempotency-Key"]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """Listens on `port` between `start` and `stop`. `posts`: all that came, with what was answered."""

    answer: Answer = ok
    port: int = field(default_factory=free_port)
    posts: list[Post] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=t0ps3cret"

    @property
    def taken(self) -> list[str]:
        """The keys of what it took, in order."""
        return [post.key for post in self.posts if 200 <= post.status < 300]

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.StreamResponse:
        post = Post(request.path, dict(request.headers), await request.read(), 0)
        self.posts.append(post)
        answer = self.answer(len(self.posts) - 1)
        answer = answer if isinstance(answer, web.Response) else await answer
        post.status = answer.status
        return answer


@contextlib.asynccontextmanager
async def receiving(answer: Answer = ok) -> AsyncIterator[Receiver]:
    receiver = Receiver(answer)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop()


@dataclass
class Time:
    """Seconds that pass only where somebody waits for them; `waits`: how long, in order."""

    at: float = 1_000.0
    waits: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Timing:
        return Timing(lambda: self.at, lambda: self.at, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


async def until(holds: Callable[[], bool], timeout_s: float = 60) -> None:
    end = asyncio.get_running_loop().time() + timeout_s
    while not holds():
        assert asyncio.get_running_loop().time() < end, "it did not come true in time"
        await asyncio.sleep(0.02)
