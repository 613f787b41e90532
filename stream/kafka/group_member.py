"""A member of a consumer group beside the worker (`forward`, a feed of a topic): it waits for a broker that is gone,
and goes on from what it has committed."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaConnectionError, KafkaError

from stream.backoff import backoff_seconds
from stream.settings import Settings
from stream.wire.consumer import AIOKafkaConsumer

FIRST_SECONDS = 1.0
CLOSE_SECONDS = 5.0
GONE = (KafkaError, OSError, TimeoutError)
"""A broker that is gone or slow, and a producer that was fenced."""


def unlogged() -> None:
    """Silences the client's own log: it tells of every attempt to connect, and a person gets one line instead."""
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def reason_of(error: BaseException) -> str:
    """An error of the client in one line."""
    if isinstance(error, KafkaConnectionError):
        return "no broker answers"
    if isinstance(error, TimeoutError):
        return "no answer"
    lines = str(error).splitlines()
    return lines[0] if lines and lines[0] else type(error).__name__


class GroupMember(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads a topic as a member of `group` in attempts: each joins the group, works, and leaves it. So a member that
    was put out never takes its partitions back from their new owner.

    `gone`: after what another attempt is made, the later the more of them fail, after `longest_seconds` at most; `warn`
    gets a line each time. Anything else ends it. Subclasses have the attempt, and are told of partitions.
    """

    def __init__(
        self,
        settings: Settings,
        group: str,
        warn: Callable[[str], None],
        gone: tuple[type[Exception], ...] = GONE,
        longest_seconds: float = 30.0,
    ) -> None:
        self._settings, self._group, self._warn = settings, group, warn
        self._gone, self._longest_seconds = gone, longest_seconds
        self._consumer: Any = None

    async def _attempt(self, stopped: asyncio.Event) -> None:
        """Works until `stopped` is set or something fails."""
        raise NotImplementedError

    async def _let_go(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are another's from now on."""
        raise NotImplementedError

    async def _attempt_until(self, stopped: asyncio.Event) -> None:
        """Attempts, one after the other, until `stopped` is set."""
        unlogged()
        waits = backoff_seconds(FIRST_SECONDS, self._longest_seconds)
        while not stopped.is_set():
            begun = time.monotonic()
            try:
                await self._attempt(stopped)
            except self._gone as error:
                if stopped.is_set():
                    return
                if time.monotonic() - begun > self._longest_seconds:
                    waits = backoff_seconds(FIRST_SECONDS, self._longest_seconds)
                wait = next(waits)
                servers = self._settings.kafka.bootstrap_servers
                self._warn(f"{servers}: {reason_of(error)}; going on from the last commit in {wait:.0f} s")
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), wait)

    def _join(self, fetch_wait_ms: int, **more: Any) -> None:
        """Makes the consumer of an attempt. It reads what is committed, and commits nothing by itself."""
        kafka = self._settings.kafka
        self._consumer = AIOKafkaConsumer(
            **self._settings.kafka_client_options(),
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=fetch_wait_ms,
            session_timeout_ms=kafka.session_timeout_ms,
            heartbeat_interval_ms=kafka.heartbeat_ms,
            max_poll_interval_ms=2**31 - 1,
            metadata_max_age_ms=5_000,
            **more,
        )

    async def _leave(self, working: Iterable["asyncio.Future[Any]"], opened: Iterable[TopicPartition]) -> None:
        """Ends the tasks of an attempt, lets go of what is open, and leaves the group."""
        tasks = list(working)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._let_go(list(opened))
        await asyncio.wait([asyncio.ensure_future(self._consumer.stop())], timeout=CLOSE_SECONDS)

    def _is_there(self, tp: TopicPartition, offset: int, start: int, end: int) -> bool:
        """Whether a committed offset is in the topic; says a line, if it is not."""
        if start <= offset <= end:
            return True
        what = "records were deleted unread" if offset < start else "the topic was made anew"
        self._warn(f"{tp.topic}-{tp.partition}: offset {offset} is not there ({what}); going on at {start}")
        return False
