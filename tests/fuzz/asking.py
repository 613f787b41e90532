"""Sends drawn requests to real servers, and looks at every answer: none is a fault, all carry the headers, and nobody
is let in without a token."""

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from pathlib import Path

from stream.http.limits import Rates
from tests.fuzz.drawn import request
from tests.http.served import Answer, Door, answer_of, guarded

AT_ONCE = 16
SECONDS = 60.0
QUIET_S = 0.2
PROTECTED = (b"/metrics", b"/api/", b"/board/", b"/ ")


class FaultError(AssertionError):
    """An answer that should not be. The message holds the request."""


def _unlimited() -> Rates:
    """Counts nobody: each request comes a second after the one before."""
    now_s = 0.0

    def clock() -> float:
        nonlocal now_s
        now_s += 1.0
        return now_s

    return Rates(clock)


async def ask(requests: int, seed: int) -> Counter[str]:
    """Sends so many requests, half to a server that asks for tokens and half to one that is open; how many were
    answered by each status, `closed` those that got no answer. FaultError: the first one that should not be."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        async with Door(guarded(Path(folder))) as closed, Door() as opened:
            doors = (closed, opened)
            for door in doors:
                door.web._server._rates = _unlimited()
            numbers = iter(range(requests))

            async def some() -> None:
                for number in numbers:
                    sent = request(random.Random(f"{seed} {number}"))
                    door = doors[number % 2]
                    counts[await _one(door, sent, f"seed {seed}, request {number}: {sent[:2_000]!r}")] += 1

            await asyncio.gather(*(some() for _ in range(AT_ONCE)))
            for door in doors:
                healthy = await door.ask("/health/live")
                if healthy.status != 200:
                    raise FaultError(f"the server is not well afterwards: {healthy}")
    return counts


async def _one(door: Door, sent: bytes, named: str) -> str:
    said = await _said(door, sent, named)
    if said == b"":
        return "closed"
    answers = [part for part in said.split(b"HTTP/1.")[1:] if part[1:2] == b" "]
    if not said.startswith(b"HTTP/1.") or not answers:
        raise FaultError(f"{named}: the answer is no HTTP: {said[:200]!r}")
    first = _first(said)
    look(first, sent, named, guards=door.web._server._access.tokens is not None)
    return str(first.status)


async def _said(door: Door, sent: bytes, named: str) -> bytes:
    """What the server says: a whole answer, or what there is once it closes; nothing where it waits for more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    said = b""
    try:
        async with asyncio.timeout(SECONDS):
            with contextlib.suppress(ConnectionError):
                writer.write(sent)
                await writer.drain()
                try:
                    said = await asyncio.wait_for(reader.read(65_536), QUIET_S)
                except TimeoutError:
                    writer.write_eof()  # it waits for the rest of a request that was cut
                while not _is_whole(said, sent) and (part := await reader.read(65_536)):
                    said += part
            return said
    except TimeoutError as error:
        raise FaultError(f"{named}: the answer does not end within {SECONDS:g} s: {said[:300]!r}") from error
    finally:
        writer.close()


def _is_whole(said: bytes, sent: bytes) -> bool:
    if b"\r\n\r\n" not in said:
        return False
    first = _first(said)
    length = first.headers["Content-Length"]
    if first.status < 200:
        return False
    bodyless = sent.startswith(b"HEAD ") or first.status == 204
    # A stream goes on for as long as it is read: its head is enough.
    return bodyless or length is None or len(first.body) >= int(length)


def _first(said: bytes) -> Answer:
    head, divider, rest = said.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100") and rest:
        return answer_of(rest)
    return answer_of(head + divider + rest)


def look(answer: Answer, sent: bytes, named: str, *, guards: bool) -> None:
    """FaultError if the answer should not be."""
    if answer.status >= 500 and answer.status != 503:
        raise FaultError(f"{named}: answered with {answer.status}")
    for header in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"):
        if answer.headers[header] is None:
            raise FaultError(f"{named}: {answer.status} without {header}")
    if answer.headers["Access-Control-Allow-Origin"] is not None:
        raise FaultError(f"{named}: let another origin read it")
    target = [*sent.split(b" "), b""][1].split(b"?")[0] + b" "
    has_token = b"token-" in sent.lower() or b"\r\ncookie" in sent.lower()
    if guards and answer.status == 200 and target.startswith(PROTECTED) and not has_token:
        raise FaultError(f"{named}: let in without a token")
    if b"Traceback" in answer.body:
        raise FaultError(f"{named}: shows a traceback")
