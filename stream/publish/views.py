"""The page's data for browsers: one thread makes one view at a time, however many browsers look, however they ask."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

V = TypeVar("V", bound=Hashable)

MOST_VIEWS = 256
"""More than there are connections (http/limits.py), so that agents may each look at their own."""
KEPT_S = 0.5
"""How long a body is served again, to those who ask for it, before it is made anew."""
PUSHED_S = 1.0
"""How often, at most, a view is made anew for those who watch it."""
FORGOTTEN_S = 10.0
"""A view that nobody has asked for or watched in this time makes room for another."""
REST = 4
"""After each body the thread rests this many times the CPU that it took: it takes a fifth of a core at most."""
WAIT_S, FIRST_WAIT_S = 1.0, 3.0
"""How long a request waits for a newer body when there is an older one, and when there is none."""


class BusyError(Exception):
    """More views are asked for than can be made; the message says what to do."""


class Rendering(NamedTuple):
    """What was made of a view. `number` counts up; `changes`: what `Views` was told before it was made;
    `packed`: the body as `pack` made it for those who watch."""

    number: int
    changes: Hashable
    body: bytes
    packed: bytes


@dataclass
class _Held:
    made: Rendering | None = None
    made_s: float = 0.0
    asked_s: float = 0.0
    watchers: int = 0
    waiting: "asyncio.Future[None] | None" = field(default=None, repr=False)
    """Those who asked for the rendering that is due; done when it is made."""
    fresh: "asyncio.Future[None] | None" = field(default=None, repr=False)
    """Those who watch; done when the next rendering is made, due or not yet."""


class Views(Generic[V]):
    """Renderings by view. `make` runs in the thread; `changes` gives another value whenever a rendering might differ.

    Views that are looked at take turns and are kept. One that is watched is made anew when there is a change, a second
    after the one before at the earliest; whoever watches gets the newest, however slow he is to take it. A request for
    another view when there are MOST_VIEWS raises BusyError. `rest`: how long the thread rests, see REST; `pack` runs in
    the thread, too."""

    def __init__(
        self,
        make: Callable[[V], bytes],
        clock: Callable[[], float] = time.monotonic,
        changes: Callable[[], Hashable] = lambda: None,
        rest: float | None = None,
        pack: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._make = make
        self._pack = pack
        self._clock = clock
        self._changes = changes
        self._rest = rest
        self._thread = ThreadPoolExecutor(1, "board")
        self._held: dict[V, _Held] = {}
        self._queue: deque[V] = deque()
        self._task: asyncio.Task[None] | None = None
        self._pushing: asyncio.Task[None] | None = None
        self._worked_s = 0.0  # of CPU: what the thread waits for costs nobody anything
        self.made = 0
        """Renderings so far."""

    async def body(self, view: V) -> bytes:
        """The view's body: a new one if it is made within a second, or else the one before.

        BusyError: there are too many views, or there is no body within three seconds. What `make` raises is raised
        here."""
        return (await self._rendering(view)).body

    async def _rendering(self, view: V) -> Rendering:
        held = self._place(view)
        if held.made is not None and self._clock() - held.made_s < KEPT_S:
            return held.made
        waiting = self._due(view, held)
        await asyncio.wait({waiting}, timeout=FIRST_WAIT_S if held.made is None else WAIT_S)
        if waiting.done():
            waiting.result()
        if held.made is None:
            raise BusyError("the board is busy: it will try again")
        return held.made

    def watch(self, view: V) -> "Watching":
        """Somebody watches the view from now on until he leaves. BusyError: there are too many views."""
        held = self._place(view)
        held.watchers += 1
        if held.made is None:
            self._due(view, held)
        if self._pushing is None:
            self._pushing = asyncio.get_running_loop().create_task(self._push())
        return Watching(held, self._clock)

    def _due(self, view: V, held: _Held) -> "asyncio.Future[None]":
        """The view is to be made, if that is not being done already; what it gives is done when it is."""
        if held.waiting is None:
            held.waiting = asyncio.get_running_loop().create_future()
            # A page that is being opened goes before those that show something.
            (self._queue.append if held.made is not None else self._queue.appendleft)(view)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())
        return held.waiting

    async def _push(self) -> None:
        """Makes watched views anew, as long as there are some."""
        try:
            while any(held.watchers for held in self._held.values()):
                now_s, changes = self._clock(), self._changes()
                for view, held in self._held.items():
                    if held.watchers:
                        held.asked_s = now_s
                        if _is_old(held, now_s, changes):
                            self._due(view, held)
                await asyncio.sleep(PUSHED_S / 4)
        finally:
            self._pushing = None

    def _place(self, view: V) -> _Held:
        now_s = self._clock()
        if view not in self._held and len(self._held) >= MOST_VIEWS:
            for other, held in list(self._held.items()):
                if now_s - held.asked_s > FORGOTTEN_S and held.waiting is None and not held.watchers:
                    del self._held[other]
            if len(self._held) >= MOST_VIEWS:
                raise BusyError(
                    f"{MOST_VIEWS} different views are being looked at: choose one that another screen shows"
                    " (the same site, window, kpis, rank and agents), or close some"
                )
        held = self._held.setdefault(view, _Held())
        if now_s - held.asked_s > FORGOTTEN_S and not held.watchers:
            held.made = None  # nobody has looked for a while: the body is too old to be shown
        held.asked_s = now_s
        return held

    async def _work(self) -> None:
        try:
            while self._queue:
                view = self._queue.popleft()
                worked_s = self._worked_s
                await self._renew(self._held[view], view)
                await asyncio.sleep((REST if self._rest is None else self._rest) * (self._worked_s - worked_s))
        finally:
            self._task = None

    async def _renew(self, held: _Held, view: V) -> None:
        waiting = held.waiting
        assert waiting is not None
        changes = self._changes()
        made = asyncio.get_running_loop().run_in_executor(self._thread, self._whole, view)
        await asyncio.wait({made})
        those = [future for future in (waiting, held.fresh) if future is not None]
        held.waiting = held.fresh = None
        held.made_s = self._clock()
        error = made.exception()
        if error is None:
            self.made += 1
            held.made = Rendering(self.made, changes, *made.result())
        for future in those:
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
                future.exception()  # those who wait have it; if none is left, asyncio shall not log it

    def _whole(self, view: V) -> tuple[bytes, bytes]:
        began_s = time.thread_time()
        try:
            body = self._make(view)
            return body, self._pack(body)
        finally:
            self._worked_s += time.thread_time() - began_s

    async def close(self) -> None:
        """Makes no more bodies."""
        tasks = {task for task in (self._task, self._pushing) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._thread.shutdown(wait=False, cancel_futures=True)


class Watching:
    """One who watches a view. `next` gives the newest rendering that he has not had; what came in between is left out.
    `leave` must be called in the end."""

    def __init__(self, held: _Held, clock: Callable[[], float]) -> None:
        self._held = held
        self._clock = clock
        self._had = 0

    async def next(self, timeout_s: float) -> Rendering | None:
        """The newest rendering, once there is one that he has not had; None: there is none for so long. What `make`
        raises is raised here."""
        held = self._held
        if held.made is None or held.made.number == self._had:
            if held.fresh is None:
                held.fresh = asyncio.get_running_loop().create_future()
            fresh = held.fresh
            await asyncio.wait({fresh}, timeout=timeout_s)
            if not fresh.done():
                return None
            fresh.result()
        assert held.made is not None
        self._had = held.made.number
        return held.made

    def leave(self) -> None:
        """He watches no more."""
        self._held.watchers -= 1
        self._held.asked_s = self._clock()


def _is_old(held: _Held, now_s: float, changes: Hashable) -> bool:
    """Whether a watched view is to be made anew."""
    if held.waiting is not None:
        return False
    return held.made is None or (now_s - held.made_s >= PUSHED_S and held.made.changes != changes)
