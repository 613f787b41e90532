"""What stock Faust does where the worker loses and repeats nothing: the reason for our own transport and commits.

If one of these fails, Faust has been mended there, and ADR 0010 and 0012 should be looked at again.
"""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

pytestmark = [pytest.mark.broker, pytest.mark.faults, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]


async def make_topic(broker: str, topic: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(topic, partitions, 1)])
    await admin.close()


async def send(broker: str, topic: str, first: int, count: int, *, a_second: int = 10**6) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    for n in range(first, first + count):
        await producer.send(topic, b"%d" % n, key=b"%d" % (n % 50))
        if n % 20 == 0:
            await asyncio.sleep(20 / a_second)
    await producer.stop()


@contextmanager
def stock(broker: str, topic: str, file: Path, fails_at: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A stock Faust worker, ended in order."""
    file.touch()
    command = [
        sys.executable,
        "-m",
        "tests.faults.stock_app",
        broker,
        topic,
        str(file),
        *([fails_at] if fails_at else []),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    finally:
        process.kill()
        process.wait()


def processed(*files: Path) -> Counter[str]:
    return Counter(name for file in files for name in file.read_text().splitlines())


async def until_processed(names: set[str], *files: Path) -> Counter[str]:
    while not names <= (found := processed(*files)).keys():  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return found


async def test_stock_faust_repeats_events_at_a_rebalance_though_every_worker_joins_and_leaves_in_order(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    await make_topic(broker, topic_prefix, 4)
    first, second = tmp_path / "first", tmp_path / "second"
    with stock(broker, topic_prefix, first):
        await send(broker, topic_prefix, 0, 20)
        await until_processed({str(n) for n in range(20)}, first)
        sending = asyncio.create_task(send(broker, topic_prefix, 20, 6_000, a_second=400))
        with stock(broker, topic_prefix, second):
            while not processed(second):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
        await sending
        found = await until_processed({str(n) for n in range(6_020)}, first, second)
    assert found.total() > 6_020  # each was sent once


async def test_stock_faust_skips_an_event_whose_agent_failed_once_and_commits_beyond_it(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    await make_topic(broker, topic_prefix, 1)
    file = tmp_path / "processed"
    await send(broker, topic_prefix, 0, 100)
    others = {str(n) for n in range(100)} - {"50"}
    with stock(broker, topic_prefix, file, "50"):
        await until_processed(others, file)
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, group_id=topic_prefix, enable_auto_commit=False)
    await consumer.start()
    offset = await consumer.committed(TopicPartition(topic_prefix, 0))
    await consumer.stop()
    assert offset == 100
    with stock(broker, topic_prefix, file):  # nor does a new start bring it back
        await send(broker, topic_prefix, 100, 1)
        found = await until_processed(others | {"100"}, file)
    assert "50" not in found
