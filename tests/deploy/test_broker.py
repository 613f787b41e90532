"""The local broker is a real one: transactions, every codec, and data that outlive it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.broker import BrokerError, LocalBroker

pytestmark = pytest.mark.broker


async def create(bootstrap: str, topic: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    return topic


async def produce(bootstrap: str, topic: str, *values: bytes, **options: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, **options) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", isolation_level="read_committed"
    )
    async with consumer:
        return [(await asyncio.wait_for(consumer.getone(), 60)).value for _ in range(count)]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_is_read_back(broker: str, topic_prefix: str, codec: str) -> None:
    topic = await create(broker, topic_prefix)
    value = b"x" * 10_000
    await produce(broker, topic, value, compression_type=codec)
    assert await read(broker, topic, 1) == [value]


async def test_an_aborted_transaction_is_not_read(broker: str, topic_prefix: str) -> None:
    topic = await create(broker, topic_prefix)
    async with AIOKafkaProducer(bootstrap_servers=broker, transactional_id=topic_prefix) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"aborted")
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(topic, b"committed")
    assert await read(broker, topic, 1) == [b"committed"]


async def test_a_topic_nobody_created_is_an_error(broker: str, topic_prefix: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker, request_timeout_ms=1000) as producer:
        with pytest.raises(Exception, match=r"(?i)unknown|topic"):
            await producer.send_and_wait(topic_prefix, b"lost")


async def test_data_outlive_a_stop_and_a_kill(own_broker: LocalBroker) -> None:
    topic = await create(own_broker.bootstrap, "kept")
    await produce(own_broker.bootstrap, topic, b"before the stop")
    await asyncio.to_thread(own_broker.restart)
    await produce(own_broker.bootstrap, topic, b"before the kill")
    await asyncio.to_thread(own_broker.kill)
    assert own_broker.pid is None
    await asyncio.to_thread(own_broker.start)
    assert await read(own_broker.bootstrap, topic, 2) == [b"before the stop", b"before the kill"]


async def test_a_paused_broker_answers_nobody_and_goes_on_when_resumed(own_broker: LocalBroker) -> None:
    topic = await create(own_broker.bootstrap, "paused")
    async with AIOKafkaProducer(bootstrap_servers=own_broker.bootstrap) as producer:
        await producer.send_and_wait(topic, b"one")
        with own_broker.paused():
            sent = await producer.send(topic, b"two")
            await asyncio.sleep(1.5)
            assert not sent.done()
        await asyncio.wait_for(sent, 60)
    assert await read(own_broker.bootstrap, topic, 2) == [b"one", b"two"]


def test_a_second_broker_on_the_same_folder_is_refused(own_broker: LocalBroker) -> None:
    with pytest.raises(BrokerError, match="already runs"):
        LocalBroker(own_broker.data).start()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(BrokerError, match=f"port {port} is taken"):
            LocalBroker(tmp_path, port).start()


def test_a_stale_pid_file_never_ends_a_foreign_process(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (tmp_path / "broker.pid").write_text(str(stranger.pid))
        LocalBroker(tmp_path).kill()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
