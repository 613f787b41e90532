"""Posts to one address: again and again while it is down, slow or has too much to do, and not where it refuses."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

from stream.backoff import backoff_seconds

ANSWER_SECONDS = 30.0
"""How long an answer may take; then it counts as none."""
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 30.0
LONGEST_ASKED_SECONDS = 3_600.0
"""A receiver may ask for that much patience, and no more."""
AT_ONCE = 8
SHOWN_CHARACTERS = 500
TOO_MANY = 429


@dataclass(frozen=True)
class NotTaken:
    """The receiver does not want it: an answer of 4xx, or a redirection, which is not followed."""

    status: int
    answer: str


@dataclass(frozen=True)
class Timing:
    """Time for those who wait, in seconds; a test has its own."""

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Poster:
    """Posts to `url`, to be used as an async context. `say` gets a line when the receiver stops taking what is posted,
    and one when it takes it again. Lines name its host alone: the rest of an address may be a secret."""

    def __init__(self, url: str, say: Callable[[str], None], clock: Timing | None = None) -> None:
        self._url, self._say, self._clock = url, say, clock or Timing()
        self.host = urlsplit(url).hostname or ""
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._not_before = 0.0
        self._trouble: str | None = None
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = ClientSession(timeout=ClientTimeout(total=ANSWER_SECONDS), cookie_jar=DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(
        self, body: bytes, headers: Mapping[str, str], wanted: Callable[[], bool] = lambda: True
    ) -> NotTaken | bool:
        """Posts until it is taken (True) or refused. `wanted` is asked before every attempt; once it says no, nothing
        more is posted (False)."""
        waits = backoff_seconds(FIRST_SECONDS, LONGEST_SECONDS)
        while True:
            while (patience := self._not_before - self._clock.now()) > 0:
                await self._clock.sleep(patience)
            if not wanted():
                return False
            async with self._at_once:
                status, answer, asked = await self._attempt(body, headers)
            if 200 <= status < 300:
                self._tell(None)
                return True
            if 300 <= status < 500 and status != TOO_MANY:
                return NotTaken(status, answer)
            self._tell(f"HTTP {status}" if status else answer)
            if asked is not None:
                self._not_before = max(self._not_before, self._clock.now() + asked)
            else:
                await self._clock.sleep(next(waits))

    async def _attempt(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, float | None]:
        """(status, answer, seconds that it asks to wait); status 0: no answer, and why."""
        assert self._session is not None
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                text = (await response.content.read(4 * SHOWN_CHARACTERS)).decode(errors="replace")
                asked = self._asked(response.headers.get("Retry-After")) if response.status >= TOO_MANY else None
                return response.status, text[:SHOWN_CHARACTERS], asked
        except (ClientError, OSError, TimeoutError) as error:
            return 0, _why(error), None

    def _asked(self, text: str | None) -> float | None:
        """Retry-After: seconds, or a date."""
        if text is None:
            return None
        try:
            seconds = (
                float(int(text)) if text.isdigit() else parsedate_to_datetime(text).timestamp() - self._clock.wall()
            )
        except (ValueError, OverflowError):
            return None
        return min(max(seconds, 0.0), LONGEST_ASKED_SECONDS)

    def _tell(self, trouble: str | None) -> None:
        if trouble is not None and self._trouble is None:
            self._say(f"{self.host}: {trouble}; trying again until it takes what is posted")
        elif trouble is None and self._trouble is not None:
            self._say(f"{self.host}: takes what is posted again")
        self._trouble = trouble


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer in {ANSWER_SECONDS:g} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
