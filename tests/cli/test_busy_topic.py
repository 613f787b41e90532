"""A command reads what a topic holds when it begins, however fast a producer goes on writing to it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import orjson
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from stream.cli.broker import committed_records, reached, started
from stream.cli.checkup import SAMPLE, _consumer, _newest
from stream.settings import Settings, load
from tests.cli.conftest import Command

RUNS = 200
BACKLOG = 3_000


@contextmanager
def written_to(servers: str, topic: str) -> Iterator[None]:
    """Partition 1 holds a backlog, which takes several fetches of 1 MiB; partition 0 is written to all the while."""
    ready, stop = threading.Event(), threading.Event()

    async def write() -> None:
        async with AIOKafkaProducer(bootstrap_servers=servers, linger_ms=1) as producer:
            await asyncio.gather(*[await producer.send(topic, b"%-2000d" % n, b"k%d" % n, 1) for n in range(BACKLOG)])
            await producer.send_and_wait(topic, b"0", b"k", 0)
            ready.set()
            number = 0
            while not stop.is_set():
                for _ in range(10):
                    number += 1
                    await producer.send(topic, b"%d" % number, b"k%d" % number, 0)
                await producer.flush()
                await asyncio.sleep(0.002)

    thread = threading.Thread(target=lambda: asyncio.run(write()))
    thread.start()
    try:
        assert ready.wait(30)
        yield
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture
def settings(broker: str, topic_prefix: str, command: Command, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of two partitions, whose topics are there."""
    kafka = {"bootstrap_servers": broker, "topic_prefix": topic_prefix, "group": topic_prefix, "partitions": 2}
    monkeypatch.setenv("KPI_STREAM_KAFKA", orjson.dumps(kafka).decode())
    ran = command("topics", "create")
    assert ran.code == 0, ran.error
    return load()


@pytest.mark.broker
@pytest.mark.timeout(240)
def test_two_hundred_readings_of_a_busy_topic_each_end_where_it_ended_when_they_began(
    settings: Settings, broker: str, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}.kpi.v1"
    read_before = 0
    with written_to(broker, topic), reached(settings):
        for _ in range(RUNS):
            found: dict[int, list[int]] = {0: [], 1: []}
            for record in committed_records(settings, [topic]):
                found[record.partition].append(int(record.value))
            assert found[1] == list(range(BACKLOG))
            assert found[0] == list(range(len(found[0])))
            assert len(found[0]) >= read_before
            read_before = len(found[0])
    assert read_before > RUNS, "the topic was not busy"


@pytest.mark.broker
def test_doctor_looks_at_so_many_records_of_each_partition_and_no_more(
    settings: Settings, broker: str, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}.kpi.v1"

    async def newest() -> list[int]:
        consumer = await started(partial(_consumer, settings, 15_000))
        try:
            found = await _newest(consumer, [TopicPartition(topic, number) for number in (0, 1)])
            return [record.partition for record in found]
        finally:
            await consumer.stop()

    with written_to(broker, topic):
        for _ in range(20):
            partitions = asyncio.run(newest())
            assert partitions.count(1) == SAMPLE
            assert 1 <= partitions.count(0) <= SAMPLE


@pytest.mark.broker
def test_what_is_no_kpi_record_in_the_live_topic_is_named_with_its_place(
    settings: Settings, broker: str, topic_prefix: str, command: Command
) -> None:
    topic = f"{topic_prefix}.kpi.v1"

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
            await producer.send_and_wait(topic, b'{"site":"main"}', b"k", 0)

    asyncio.run(send())
    ran = command("reconcile", "live", "live")
    assert (ran.code, ran.error) == (1, f"kpi-stream: {topic} partition 0 offset 0: not a KPI record\n")
