"""The texts of /metrics and /metrics/agents, rendered in one thread, one rendering at a time however many requests
come."""

import asyncio
import gzip
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

REST = 19
"""A text is kept for this many times the CPU time that it took: each of the two takes a twentieth of a core at most."""
KEPT_S = 5.0
"""And never longer than this."""
ASKED_S = 60.0
"""A form of the text that nobody has asked for that long is not made along with the others any more."""

Form = tuple[bool, bool]
"""Whether it is OpenMetrics, and whether it is zipped."""


class Scrape:
    """Renders a text and keeps it for a while. `make(openmetrics)` runs in the thread; a request that comes meanwhile
    waits for the same text, and an exception of `make` is raised in every request that waits.

    `thread`: where it is made; several may share one. `clock`: monotonic seconds; `cpu`: CPU seconds of the calling
    thread.
    """

    def __init__(
        self,
        make: Callable[[bool], bytes],
        thread: ThreadPoolExecutor | None = None,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._make = make
        self._clock = clock
        self._cpu = cpu
        self._thread = thread or ThreadPoolExecutor(1, "scrape")
        self._making: asyncio.Task[None] | None = None
        self._texts: Mapping[Form, bytes] = {}
        self._asked: dict[Form, float] = {}
        self._kept_until_s = 0.0

    async def body(self, zipped: bool = False, openmetrics: bool = False) -> bytes:
        """The text; `zipped`: compressed with gzip."""
        form = (openmetrics, zipped)
        self._asked[form] = self._clock()
        while True:
            found = self._texts.get(form)
            if found is not None and self._clock() < self._kept_until_s:
                return found
            if self._making is not None:
                await asyncio.shield(self._making)
            else:
                await asyncio.shield(self._begin())
            # What was made while this request waited is good enough for it, however long that took.
            if (found := self._texts.get(form)) is not None:
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
        now_s = self._clock()
        self._asked = {form: at_s for form, at_s in self._asked.items() if now_s - at_s <= ASKED_S}
        made = asyncio.get_running_loop().run_in_executor(self._thread, self._made_by_thread, tuple(self._asked))
        self._texts, worked_s = await made
        self._kept_until_s = self._clock() + min(REST * worked_s, KEPT_S)

    def _made_by_thread(self, forms: tuple[Form, ...]) -> tuple[Mapping[Form, bytes], float]:
        began_s = self._cpu()
        texts: dict[Form, bytes] = {}
        for openmetrics in sorted({form[0] for form in forms}):
            text = self._make(openmetrics)
            texts[openmetrics, False] = text
            if (openmetrics, True) in forms:
                texts[openmetrics, True] = gzip.compress(text, 1)
        return texts, self._cpu() - began_s

    def close(self) -> None:
        """Renders no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
