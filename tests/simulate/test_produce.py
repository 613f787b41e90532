"""Simulated events on a real broker: topics, keys, partitions, pace, and what happens when no broker answers."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.partitioner import DefaultPartitioner

from deploy.local.broker import LocalBroker, free_port
from stream.simulate.mess import Item, Mess
from stream.simulate.outlet import CannotProduce
from stream.simulate.produce import Produced, produce
from stream.simulate.route import TOPICS, key_of, topic_of
from stream.simulate.scenario import batch
from tests.simulate.days import MONDAY_MS

PARTITIONS = 4
ROOT = Path(__file__).parents[2]


def some(events: int = 3_000, mess: Mess | None = None) -> list[Item]:
    return list(batch(1, MONDAY_MS, rate=5.0, events=events, mess=mess or Mess()))


async def make_topics(servers: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(f"{prefix}.{part}.v1", PARTITIONS, 1) for part in TOPICS])
    finally:
        await admin.close()


async def everything(servers: str, prefix: str) -> list[ConsumerRecord]:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        tps = [TopicPartition(f"{prefix}.{part}.v1", number) for part in TOPICS for number in range(PARTITIONS)]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        records: list[ConsumerRecord] = []
        while len(records) < sum(ends.values()):
            for batch_of in (await consumer.getmany(timeout_ms=500)).values():
                records.extend(batch_of)
        return records
    finally:
        await consumer.stop()


@pytest.mark.broker
async def test_every_event_arrives_once_in_its_topic_under_its_key_where_the_default_partitioner_puts_it(
    broker: str, topic_prefix: str
) -> None:
    await make_topics(broker, topic_prefix)
    items = some()
    produced = await produce(items, {"bootstrap_servers": broker}, asyncio.Event(), topic_prefix=topic_prefix)
    records = await everything(broker, topic_prefix)
    assert (produced.events, produced.stopped) == (3_000, False)
    assert sorted(record.value for record in records) == sorted(orjson.dumps(event) for _, event in items)
    partitions, partitioner = list(range(PARTITIONS)), DefaultPartitioner()
    for record in records:
        event = orjson.loads(record.value)
        assert record.topic == topic_of(event["type"], topic_prefix)
        assert record.key == str(key_of(event)).encode()
        assert record.partition == partitioner(record.key, partitions, partitions)
    assert len({record.partition for record in records}) == PARTITIONS


@pytest.mark.broker
async def test_within_a_partition_events_keep_their_order(broker: str, topic_prefix: str) -> None:
    await make_topics(broker, topic_prefix)
    items = some()
    await produce(items, {"bootstrap_servers": broker}, asyncio.Event(), topic_prefix=topic_prefix)
    place = {orjson.dumps(event): number for number, (_, event) in enumerate(items)}
    orders: dict[tuple[str, int], list[int]] = defaultdict(list)
    for record in await everything(broker, topic_prefix):
        orders[record.topic, record.partition].append(place[record.value])
    assert all(order == sorted(order) for order in orders.values())


@pytest.mark.broker
async def test_garbage_arrives_too(broker: str, topic_prefix: str) -> None:
    await make_topics(broker, topic_prefix)
    items = some(500, Mess(malformed=0.2, invalid=0.2))
    await produce(items, {"bootstrap_servers": broker}, asyncio.Event(), topic_prefix=topic_prefix)
    records = await everything(broker, topic_prefix)
    assert len(records) == len(items) > 650
    assert any(record.key is None for record in records)


@pytest.mark.broker
async def test_with_a_clock_each_event_waits_for_its_instant_and_a_stop_is_heeded(
    broker: str, topic_prefix: str
) -> None:
    """Clock: starts at MONDAY, runs 100 times too fast; stopped when the hundredth event is at hand."""
    await make_topics(broker, topic_prefix)
    begun = time.monotonic()

    def clock_ms() -> int:
        return MONDAY_MS + int((time.monotonic() - begun) * 100_000)

    stop = asyncio.Event()

    def endless() -> Iterator[Item]:
        for number, item in enumerate(batch(1, MONDAY_MS, rate=5.0, to_ms=MONDAY_MS + 86_400_000), 1):
            if number == 100:
                stop.set()
            yield item

    options = {"bootstrap_servers": broker}
    produced = await produce(endless(), options, stop, topic_prefix=topic_prefix, clock_ms=clock_ms)
    ended_ms = clock_ms()
    assert produced.stopped
    records = await everything(broker, topic_prefix)
    assert len(records) == produced.events == 99
    out = list(islice(batch(1, MONDAY_MS, rate=5.0, to_ms=MONDAY_MS + 86_400_000), produced.events))
    assert out[-1][0] <= ended_ms
    assert {record.value for record in records} == {orjson.dumps(event) for _, event in out}


@pytest.mark.broker
async def test_progress_is_told_each_second(broker: str, topic_prefix: str) -> None:
    await make_topics(broker, topic_prefix)
    lines: list[str] = []

    def slowly() -> Iterator[Item]:
        for number, item in enumerate(some(2_000)):
            if number in (500, 1_500):
                time.sleep(1.2)
            yield item

    await produce(
        slowly(), {"bootstrap_servers": broker}, asyncio.Event(), topic_prefix=topic_prefix, report=lines.append
    )
    assert lines
    assert all("events/s, at 2026-11-02T" in line for line in lines)


@pytest.mark.broker
async def test_a_missing_topic_is_named_with_its_remedy(broker: str, topic_prefix: str) -> None:
    with pytest.raises(CannotProduce, match=rf"{topic_prefix}\.calls\.v1; `kpi-stream topics create`"):
        await produce(some(10), {"bootstrap_servers": broker}, asyncio.Event(), topic_prefix=topic_prefix)


async def test_without_a_broker_it_says_so_once_and_gives_up_in_time() -> None:
    servers = f"127.0.0.1:{free_port()}"
    lines: list[str] = []
    begun = time.monotonic()
    with pytest.raises(CannotProduce, match=f"{servers}: no broker answers for 2 s"):
        await produce(some(10), {"bootstrap_servers": servers}, asyncio.Event(), warn=lines.append, give_up_s=2.0)
    assert time.monotonic() - begun < 10
    assert lines == [f"{servers}: no broker answers yet, trying for 2 s"]


async def test_a_stop_while_no_broker_answers_is_heeded() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.5, stop.set)
    options = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    assert await produce(some(10), options, stop) == Produced(0, 0.0, stopped=True)


async def test_a_stop_while_a_broker_takes_connections_and_never_answers_is_heeded() -> None:
    stop = asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        options = {"bootstrap_servers": f"127.0.0.1:{mute.getsockname()[1]}"}
        asyncio.get_running_loop().call_later(0.5, stop.set)
        assert await asyncio.wait_for(produce(some(10), options, stop), 60) == Produced(0, 0.0, stopped=True)


SENDER = """
import sys, time
from stream.simulate.produce import send
from stream.simulate.scenario import batch
now_ms = lambda: int(time.time() * 1000)
items = batch(1, now_ms(), rate=50.0, to_ms=now_ms() + 3_600_000)
print(send(items, {"bootstrap_servers": sys.argv[1]}, topic_prefix=sys.argv[2], clock_ms=now_ms, report=print).events)
"""


@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_ends_a_live_run_in_order(broker: str, topic_prefix: str, number: signal.Signals) -> None:
    await make_topics(broker, topic_prefix)
    sender = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", SENDER, broker, topic_prefix, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    assert sender.stdout is not None
    assert b"events/s" in await asyncio.wait_for(sender.stdout.readline(), 60)
    sender.send_signal(number)
    out, err = await asyncio.wait_for(sender.communicate(), 60)
    assert (sender.returncode, err) == (0, b"")
    assert len(await everything(broker, topic_prefix)) == int(out.splitlines()[-1]) > 0


@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.parametrize("stopped", [False, True])
async def test_a_broker_that_is_gone_for_good_ends_a_run_with_an_error_and_a_stop_waits_for_it_ten_seconds(
    own_broker: LocalBroker, topic_prefix: str, stopped: bool
) -> None:
    await make_topics(own_broker.bootstrap, topic_prefix)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupted() -> Iterator[Item]:
        for number, item in enumerate(batch(1, MONDAY_MS, rate=5.0, to_ms=MONDAY_MS + 86_400_000)):
            if number == 1_000:
                own_broker.stop()
                if stopped:
                    loop.call_soon(stop.set)
            yield item

    sending = produce(
        interrupted(),
        {"bootstrap_servers": own_broker.bootstrap},
        stop,
        topic_prefix=topic_prefix,
        give_up_s=60.0 if stopped else 5.0,
    )
    with pytest.raises(CannotProduce, match=rf"{own_broker.bootstrap}: "):
        await asyncio.wait_for(sending, 60)


@pytest.mark.broker
@pytest.mark.faults
async def test_a_broker_that_restarts_loses_and_repeats_nothing(own_broker: LocalBroker, topic_prefix: str) -> None:
    await make_topics(own_broker.bootstrap, topic_prefix)
    items = some(4_000)
    loop = asyncio.get_running_loop()
    restarted: asyncio.Future[None] | None = None

    def interrupted() -> Iterator[Item]:
        nonlocal restarted
        for number, item in enumerate(items):
            if number == 1_000:
                restarted = asyncio.ensure_future(asyncio.to_thread(own_broker.restart), loop=loop)
            yield item

    begun = time.monotonic()

    def clock_ms() -> int:
        # 4,000 events at 5 a second are 800 s; in a hundredth of that the broker is down for a part of them.
        return MONDAY_MS + int((time.monotonic() - begun) * 100_000)

    produced = await produce(
        interrupted(),
        {"bootstrap_servers": own_broker.bootstrap},
        asyncio.Event(),
        topic_prefix=topic_prefix,
        clock_ms=clock_ms,
    )
    assert restarted is not None
    await restarted
    records = await everything(own_broker.bootstrap, topic_prefix)
    assert produced.events == len(items)
    assert sorted(record.value for record in records) == sorted(orjson.dumps(event) for _, event in items)
