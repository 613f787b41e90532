"""The text of /metrics, rendered in a thread of its own, one rendering at a time however many requests come."""

import asyncio
import gzip
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

REST = 9
"""A text is kept for this many times the CPU time that it took, so that scrapes take a tenth of a core at most."""
KEPT_S = 5.0
"""And never longer than this."""


class Scrape:
    """Renders the text and keeps it for a while. `make` runs in the thread; a request that comes meanwhile waits for
    the same text, and an exception of `make` is raised in every request that waits.

    `clock`: monotonic seconds; `cpu`: CPU seconds of the calling thread.
    """

    def __init__(
        self,
        make: Callable[[], bytes],
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._make = make
        self._clock = clock
        self._cpu = cpu
        self._thread = ThreadPoolExecutor(1, "scrape")
        self._making: asyncio.Task[None] | None = None
        self._text: bytes | None = None
        self._zipped: bytes | None = None
        self._zip = False
        self._kept_until_s = 0.0

    async def body(self, zipped: bool = False) -> bytes:
        """The text; `zipped`: compressed with gzip."""
        self._zip |= zipped
        while True:
            found = self._zipped if zipped else self._text
            if found is not None and self._clock() < self._kept_until_s:
                return found
            if self._making is not None:
                await asyncio.shield(self._making)
            else:
                await asyncio.shield(self._begin())
            # What was made while this request waited is good enough for it, however long that took.
            if (found := self._zipped if zipped else self._text) is not None:
                return found

    def _begin(self) -> "asyncio.Task[None]":
        self._making = asyncio.get_running_loop().create_task(self._renew())
        self._making.add_done_callback(self._made)
        return self._making

    def _made(self, task: "asyncio.Task[None]") -> None:
        self._making = None
        if not task.cancelled():
            task.exception()  # those who waited have it already; asyncio shall not log it

    async def _renew(self) -> None:
        found = await asyncio.get_running_loop().run_in_executor(self._thread, self._made_by_thread, self._zip)
        self._text, self._zipped, worked_s = found
        self._kept_until_s = self._clock() + min(REST * worked_s, KEPT_S)

    def _made_by_thread(self, zip_too: bool) -> tuple[bytes, bytes | None, float]:
        began_s = self._cpu()
        text = self._make()
        return text, gzip.compress(text, 1) if zip_too else None, self._cpu() - began_s

    def close(self) -> None:
        """Renders no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
