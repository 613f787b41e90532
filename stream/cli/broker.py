"""What the commands that talk to Kafka share: reaching a broker, reading topics to their ends, errors of one line."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from aiokafka import TopicPartition

    from stream.settings import Settings


GIVE_UP_SECONDS = 10.0
RETRY_SECONDS = 0.5


@contextmanager
def reached(settings: "Settings") -> Iterator[None]:
    """Enters the block once a broker answers; Kafka's errors within it become a CommandError that names the servers.

    A broker that does not answer is waited for, with a line on stderr, for GIVE_UP_SECONDS. One that refuses us is not
    waited for: the CommandError says what it refuses, with exit code 2.
    """
    from aiokafka.errors import KafkaError

    servers = settings.kafka.bootstrap_servers
    try:
        with _unlogged():
            asyncio.run(_answer(settings))
            yield
    except KafkaError as error:
        raise CommandError(f"Kafka at {servers}: {str(error) or type(error).__name__}") from error
    except OSError as error:
        raise CommandError(f"Kafka at {servers}: {error.strerror or error}") from error


async def _answer(settings: "Settings") -> None:
    from aiokafka.errors import KafkaConnectionError, NodeNotReadyError

    from stream.kafka.access import denial
    from stream.kafka.topics import admin_client

    servers, until, announced = settings.kafka.bootstrap_servers, time.monotonic() + GIVE_UP_SECONDS, False
    while True:
        try:
            async with admin_client(settings) as admin:
                await admin.describe_cluster()
                return
        except (KafkaConnectionError, NodeNotReadyError, OSError) as error:
            denied = await denial(settings)
            if denied is not None and denied.final:
                raise CommandError(f"Kafka at {denied.text}", exit_code=2) from error
            if time.monotonic() >= until:
                gave_up = f"no answer for {GIVE_UP_SECONDS:g} s, given up"
                raise CommandError(f"Kafka at {servers}: {gave_up} ({denied.text if denied else error})") from error
            if not announced:
                print(f"Kafka at {servers} does not answer; waiting up to {GIVE_UP_SECONDS:g} s", file=sys.stderr)
                announced = True
            await asyncio.sleep(RETRY_SECONDS)


def refuse_denied(settings: "Settings") -> None:
    """CommandError with exit code 2 if a broker answers and refuses us; one that does not answer is no error.

    For commands that wait for a broker in their own way.
    """
    from stream.kafka.access import denial

    with _unlogged():
        denied = asyncio.run(denial(settings))
    if denied is not None and denied.final:
        raise CommandError(f"Kafka at {denied.text}", exit_code=2)


def committed_records(
    settings: "Settings", topics: Iterable[str], only: tuple[int, int] | None = None
) -> Iterator[Any]:
    """Every committed record of the topics, each partition in the order of its offsets, up to the present ends.
    `only`: read just this partition, from this offset on.

    To be used inside `reached`. CommandError names a topic that does not exist.
    """
    with asyncio.Runner() as runner:
        consumer = runner.run(started(partial(_consumer, settings)))
        try:
            pending = runner.run(_assigned(settings, consumer, list(topics), only))
            while pending:
                for tp, records in runner.run(consumer.getmany(timeout_ms=500, max_records=5_000)).items():
                    end = pending.get(tp, 0)  # a finished partition may hand over once more what was fetched before
                    yield from (record for record in records if record.offset < end)
                for partition in runner.run(_finished(consumer, pending)):
                    del pending[partition]
        finally:
            runner.run(consumer.stop())


async def _finished(consumer: Any, pending: dict[Any, int]) -> list[Any]:
    """The partitions that have been read to their ends, which are paused: a producer may go on."""
    # Offsets have gaps (transaction markers): the position passes them, the records do not.
    finished = [partition for partition, end in pending.items() if await consumer.position(partition) >= end]
    consumer.pause(*finished)
    return finished


async def started(make: Callable[[], Any]) -> Any:
    """Makes an aiokafka client, which has to be made in a running loop, starts it and gives it; one that cannot be
    started is stopped, and the error goes on."""
    client = make()
    try:
        await client.start()
    except BaseException:
        await client.stop()
        raise
    return client


def _consumer(settings: "Settings") -> Any:
    from stream.wire.consumer import AIOKafkaConsumer

    return AIOKafkaConsumer(
        **settings.kafka_client_options(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=100,
    )


async def _assigned(
    settings: "Settings", consumer: Any, topics: list[str], only: tuple[int, int] | None
) -> dict[Any, int]:
    """Assigns the partitions of the topics; gives the end offset of each that holds something to read."""
    partitions = [each for each in await _partitions(settings, topics) if only is None or each.partition == only[0]]
    consumer.assign(partitions)
    starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    for partition in partitions:
        if only is not None and starts[partition] < only[1] < ends[partition]:
            consumer.seek(partition, only[1])
    return {partition: end for partition, end in ends.items() if end > starts[partition]}


async def _partitions(settings: "Settings", topics: list[str]) -> "list[TopicPartition]":
    from aiokafka import TopicPartition

    from stream.kafka.topics import admin_client, partition_counts

    async with admin_client(settings) as admin:
        counts = await partition_counts(admin)
    missing = next((topic for topic in topics if topic not in counts), None)
    if missing is not None:
        raise CommandError(f"there is no topic {missing} (`kpi-stream topics create` makes it)")
    return [TopicPartition(topic, partition) for topic in topics for partition in range(counts[topic])]


@contextmanager
def _unlogged() -> Iterator[None]:
    """Silences aiokafka's log for the length of the block: the command says in one line what went wrong."""
    import logging

    logger = logging.getLogger("aiokafka")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
