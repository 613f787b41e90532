"""What watches a view: server-sent events, packed once for all browsers that look at the same.

The stream of a browser has the events `you` (who looks: at once), `now` (clocks, and why nothing new comes: at once,
and every two seconds) and `floor` (the view's data, whenever it is made anew). A browser that takes them slowly misses
those in between and gets the newest; one that takes nothing for half a minute is dropped, and comes back by itself.
"""

import asyncio
import random
import time

from aiohttp import web

from stream.http.pages import caller_of
from stream.publish.events import GZIP_HEAD, event, packed
from stream.publish.views import Watching
from stream.publish.wallboard import Wallboard

NOW_EVERY_S = 2.0
STUCK_S = 30.0
SHARED_S = 0.5
"""An event `now` is made for all streams, half a second old at most."""
BACK_MS = (500, 3_000)
"""When a browser that lost its stream comes back, so that not all come at once."""
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


async def _write(stream: web.StreamResponse, content: bytes) -> None:
    """Writes; ConnectionError: the browser has gone; TimeoutError: it has taken nothing for half a minute."""
    async with asyncio.timeout(STUCK_S):
        await stream.write(content)


class FloorStream:
    """Answers /api/floor/stream with a stream of its own for each request, until the browser goes, or `close`."""

    def __init__(self, wallboard: Wallboard) -> None:
        self._wallboard = wallboard
        self._now: tuple[float, bytes, bytes] = (-SHARED_S, b"", b"")
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def watching(self) -> int:
        """Browsers that are being told."""
        return len(self._tasks)

    async def answer(self, request: web.BaseRequest, zipped: bool) -> web.StreamResponse:
        """Streams until the browser has gone. AddressError, Refused and BusyError before anything is sent."""
        caller = caller_of(request)
        watch = self._wallboard.watch(request.query, caller)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            return await self._tell(request, watch, self._wallboard.you(caller), zipped)
        finally:
            watch.leave()
            self._tasks.discard(task)

    async def _tell(self, request: web.BaseRequest, watch: Watching, you: bytes, zipped: bool) -> web.StreamResponse:
        stream = web.StreamResponse(headers=HEADERS | ({"Content-Encoding": "gzip"} if zipped else {}))
        await stream.prepare(request)
        begin = b"retry: %d\n\n" % random.randint(*BACK_MS) + event("you", you)
        try:
            await _write(stream, GZIP_HEAD + packed(begin) if zipped else begin)
            while True:
                await _write(stream, self._now_event()[zipped])
                made = await watch.next(NOW_EVERY_S)
                self._wallboard.start()  # somebody still looks
                if made is not None:
                    await _write(stream, made.packed if zipped else event("floor", made.body))
        except (ConnectionError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()  # what it has not taken must not be waited for
            return stream

    def _now_event(self) -> tuple[bytes, bytes]:
        """The event `now`, plain and packed."""
        at_s, plain, small = self._now
        if time.monotonic() - at_s >= SHARED_S:
            plain = event("now", self._wallboard.now())
            small = packed(plain)
            self._now = (time.monotonic(), plain, small)
        return plain, small

    def close(self) -> None:
        """Ends all streams."""
        for task in self._tasks:
            task.cancel()
