"""The page's data for browsers: one thread makes one view at a time, however many browsers ask and however often."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

V = TypeVar("V", bound=Hashable)

MOST_VIEWS = 64
KEPT_S = 0.5
"""How long a body is served again before it is made anew."""
FORGOTTEN_S = 10.0
"""A view that nobody has asked for in this time makes room for another."""
REST = 4
"""After each body the thread rests this many times as long as it took: it works a fifth of the time at most."""
WAIT_S, FIRST_WAIT_S = 1.0, 3.0
"""How long a request waits for a newer body when there is an older one, and when there is none."""


class BusyError(Exception):
    """More views are asked for than can be made; the message says what to do."""


@dataclass
class _Held:
    body: bytes | None = None
    made_s: float = 0.0
    asked_s: float = 0.0
    waiting: "asyncio.Future[None] | None" = field(default=None, repr=False)


class Views(Generic[V]):
    """Bodies by view. `make` runs in the thread. Views that are looked at take turns and are kept; a request for
    another one when there are MOST_VIEWS raises BusyError."""

    def __init__(self, make: Callable[[V], bytes], clock: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "board")
        self._held: dict[V, _Held] = {}
        self._queue: deque[V] = deque()
        self._task: asyncio.Task[None] | None = None

    async def body(self, view: V) -> bytes:
        """The view's body: a new one if it is made within a second, or else the one before.

        BusyError: there are too many views, or there is no body within three seconds. What `make` raises is raised
        here."""
        held = self._place(view)
        if held.body is not None and self._clock() - held.made_s < KEPT_S:
            return held.body
        if held.waiting is None:
            held.waiting = asyncio.get_running_loop().create_future()
            # A page that is being opened goes before those that show something.
            (self._queue.append if held.body is not None else self._queue.appendleft)(view)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())
        waiting = held.waiting
        await asyncio.wait({waiting}, timeout=FIRST_WAIT_S if held.body is None else WAIT_S)
        if waiting.done():
            waiting.result()
        if held.body is None:
            raise BusyError("the board is busy: it will try again")
        return held.body

    def _place(self, view: V) -> _Held:
        now_s = self._clock()
        if view not in self._held and len(self._held) >= MOST_VIEWS:
            for other, held in list(self._held.items()):
                if now_s - held.asked_s > FORGOTTEN_S and held.waiting is None:
                    del self._held[other]
            if len(self._held) >= MOST_VIEWS:
                raise BusyError(
                    f"{MOST_VIEWS} different views are being looked at: choose one that another screen shows"
                    " (the same site, window, kpis, rank and agents), or close some"
                )
        held = self._held.setdefault(view, _Held())
        if now_s - held.asked_s > FORGOTTEN_S:
            held.body = None  # nobody has looked for a while: the body is too old to be shown
        held.asked_s = now_s
        return held

    async def _work(self) -> None:
        try:
            while self._queue:
                view = self._queue.popleft()
                began_s = self._clock()
                await self._renew(self._held[view], view)
                await asyncio.sleep(REST * (self._clock() - began_s))
        finally:
            self._task = None

    async def _renew(self, held: _Held, view: V) -> None:
        waiting = held.waiting
        assert waiting is not None
        made = asyncio.get_running_loop().run_in_executor(self._thread, self._make, view)
        await asyncio.wait({made})
        held.waiting = None
        if (error := made.exception()) is not None:
            waiting.set_exception(error)
            waiting.exception()  # those who wait have it; if none is left, asyncio shall not log it
        else:
            held.body, held.made_s = made.result(), self._clock()
            waiting.set_result(None)

    async def close(self) -> None:
        """Makes no more bodies."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._thread.shutdown(wait=False, cancel_futures=True)
