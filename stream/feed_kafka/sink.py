"""Events and refusals of a feed of files to Kafka: a transaction for each piece of the input."""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from math import inf
from typing import Any

from aiokafka.errors import BrokerResponseError, UnknownError

from stream.backoff import backoff_seconds
from stream.feed_kafka.destination import GONE, Destination, destination
from stream.feed_kafka.errors import CannotSend
from stream.feed_kafka.letters import letter_of_file
from stream.feeds.given import GivenEvent, RefusedRecord
from stream.kafka.group_member import reason_of, unlogged
from stream.kafka.writer import FENCED, Outgoing, Writer
from stream.settings import Settings

__all__ = ["CannotSend", "KafkaSink"]


STOP_SECONDS = 5.0
"""How long a broker that does not answer is waited for after a stop."""
LOOK_SECONDS = 0.5
TAKEN_OVER = "the feed was started once more elsewhere, or the broker gave a transaction up"


class KafkaSink:
    """Writes for a feed of files, which is not asynchronous: nothing happens between two calls.

    What is written twice, since the answer to a commit was lost, is the same events once more. `name`: of the feed in
    the configuration, which runs once at a time: it takes the place of another process of that name, which then ends.
    None: of no other one. `patience_s`: how long a broker that does not answer is waited for; None: until `stopped`
    says so, and STOP_SECONDS longer.
    """

    def __init__(
        self,
        settings: Settings,
        name: str | None,
        warn: Callable[[str], None] = lambda _line: None,
        patience_s: float | None = 60.0,
        stopped: Callable[[], bool] | None = None,
    ) -> None:
        unlogged()
        self._stopped = stopped or (lambda: False)
        self._settings, self._warn, self._patience_s = settings, warn, patience_s
        self._id_parts = ("run", secrets.token_hex(8)) if name is None else ("files", name)
        self._named = name is not None
        self._runner = asyncio.Runner()
        self._destination: Destination | None = None
        self._writer: Writer | None = None

    def open(self) -> None:
        """Makes sure that events can be written. CannotSend: there is no broker, or a topic is missing."""
        self._runner.run(self._insist(self._open))

    def write(self, events: Sequence[GivenEvent], refused: Sequence[RefusedRecord] = ()) -> None:
        """Writes all of it in one transaction, and returns once it is committed. CannotSend: it is not, for sure or
        perhaps."""
        if events or refused:
            self._runner.run(self._insist(lambda: self._commit(events, refused)))

    def close(self) -> None:
        """Ends the connections. Never raises, and takes two seconds at most."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self._runner.run(writer.close())
        self._runner.close()

    async def _open(self) -> None:
        if self._writer is None:
            self._destination = await destination(self._settings)
            writer = Writer(
                self._settings.kafka_client_options(),
                self._destination.names.feed_id(*self._id_parts),
                self._settings.kafka.transaction_timeout_ms,
            )
            await writer.fence()
            self._writer = writer

    async def _commit(self, events: Sequence[GivenEvent], refused: Sequence[RefusedRecord]) -> None:
        await self._open()
        assert self._writer is not None
        assert self._destination is not None
        room_bytes = self._destination.deadletter_bytes
        letters = [letter_of_file(each, room_bytes) for each in refused]
        outgoing: Outgoing = self._destination.outgoing(events, letters, 0)
        await self._writer.commit(outgoing, {}, "")

    async def _insist(self, attempt: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Tries until it works, with a new producer each time."""
        servers, waits, patience = self._settings.kafka.bootstrap_servers, backoff_seconds(), self._patience()
        told = False
        while True:
            try:
                await _within(attempt(), patience)
            except GONE as error:
                await self._let_go()
                if isinstance(error, FENCED) and self._named:
                    raise CannotSend(f"{servers}: {TAKEN_OVER}") from error
                # A transaction that the broker gave up, or at which it failed itself, may be written the next time.
                passing = isinstance(error, (*FENCED, UnknownError)) or bool(getattr(error, "retriable", False))
                final = isinstance(error, BrokerResponseError) and not passing
                wait = next(waits)
                if final or patience() <= 0:
                    raise CannotSend(f"{servers}: {reason_of(error)}") from error
                if not told:
                    self._warn(f"{servers}: {reason_of(error)}; trying again")
                    told = True
                await asyncio.sleep(min(wait, max(0.0, patience())))
            else:
                return

    def _patience(self) -> Callable[[], float]:
        """For how many seconds more it may be tried, asked again and again."""
        until = inf if self._patience_s is None else time.monotonic() + self._patience_s

        def left_s() -> float:
            nonlocal until
            if self._stopped():
                until = min(until, time.monotonic() + STOP_SECONDS)
            return until - time.monotonic()

        return left_s

    async def _let_go(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.close()


async def _within(work: Coroutine[Any, Any, None], patience: Callable[[], float]) -> None:
    """Waits for the work; TimeoutError where there is no patience left."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=min(LOOK_SECONDS, max(0.01, patience())))
            if not task.done() and patience() <= 0:
                raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    task.result()
