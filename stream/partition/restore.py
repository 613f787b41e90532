"""Reads a partition of a state topic to its end: committed records only, in bulk, by a consumer of its own."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import structlog
from aiokafka import TopicPartition

from stream.facts.format import NewerFormatError
from stream.facts.printable import error_text, printable
from stream.kafka.batches import fetch, opened
from stream.kafka.exits import RefusedError

SLICE = 1_000
LOG_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Restoring(NamedTuple):
    """How far a restore is. `offset`: the next one to read. `records`: read since it began. `share` (0-1): of the
    offsets that it set out to read. `seconds_left`: an estimate."""

    offset: int
    records: int
    share: float
    seconds_left: float


async def restore(
    client_options: Mapping[str, Any],
    state: TopicPartition,
    start: int,
    take: Callable[[bytes, bytes | None], None],
    progress: Callable[[Restoring], None],
) -> int:
    """Gives `take` each record (key, value or None) from offset `start` to the end as it is now; returns that end.

    Of several records of one key in a fetch `take` gets the last alone. `progress` is called after every fetch. Only to
    be called after the fence: before, a former owner may still be writing. May be cancelled at any time, and continued
    from the last offset that `progress` was given: a record that is taken twice changes nothing. RefusedError: a record
    cannot be read, or a newer version of the product wrote it.
    """
    consumer = await opened(client_options, state)
    try:
        end = (await consumer.end_offsets([state]))[state]
        first = position = max(start, (await consumer.beginning_offsets([state]))[state])
        consumer.seek(state, position)
        records, began = 0, time.monotonic()
        told = began
        while position < end:  # not until the last record: control records may lie behind it
            batch = (await fetch(consumer._fetcher, (state,), 1.0)).get(state)
            if batch is None:
                continue
            # A key that changes often has many versions in one fetch, and reading one is most of the work.
            latest = list({record.key or b"": record.value for record in batch.records}.items())
            for at in range(0, len(latest), SLICE):
                _taken(state, latest[at : at + SLICE], take)
                await asyncio.sleep(0)
            position, records = batch.next_offset, records + len(batch.records)
            now = time.monotonic()
            done = Restoring(position, records, *_remaining(position - first, end - first, now - began))
            progress(done)
            if now - told > LOG_SECONDS:
                told = now
                log.info("restoring", topic=state.topic, partition=state.partition, records=records,
                         share=round(done.share, 3), seconds_left=round(done.seconds_left))  # fmt: skip
        if records:
            seconds = time.monotonic() - began
            log.info(
                "restored", topic=state.topic, partition=state.partition, records=records, seconds=round(seconds, 2)
            )
        return int(max(position, start))
    finally:
        await consumer.stop()


def _taken(
    state: TopicPartition, records: Sequence[tuple[bytes, bytes | None]], take: Callable[[bytes, bytes | None], None]
) -> None:
    for key, value in records:
        try:
            take(key, value)
        except NewerFormatError as error:
            why = f"{error}: start a worker of the version that wrote it"
            raise RefusedError(f"{state.topic}-{state.partition}: {why}") from error
        except Exception as error:  # whatever it is, starting again would find the same record
            why = f"the record of {_named(state.topic, key)} cannot be read: {error_text(error)}"
            raise RefusedError(f"{state.topic}-{state.partition}: {why}") from error


def _named(topic: str, key: bytes) -> str:
    """A record's key as a log may hold it. Those of the ledger begin with a debtor's id: they are told by their
    SHA-256, which whoever may read the topic compares."""
    if topic.endswith(".ledger"):
        return f"the key of SHA-256 {sha256(key).hexdigest()[:16]}..."
    return f"key '{printable(key)}'"


def _remaining(done: int, whole: int, seconds: float) -> tuple[float, float]:
    """(share, seconds left) of a restore that has read `done` of `whole` offsets in `seconds`."""
    share = min(1.0, done / whole) if whole else 1.0
    return share, seconds * (1 - share) / share if share else 0.0
