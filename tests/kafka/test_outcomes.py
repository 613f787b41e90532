"""What a worker does when its broker, its clock or its own work fails: one outcome each, as in docs/runbook.md."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.broker import LocalBroker
from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from stream.partition.intake import key_partition
from tests.kafka.broker_admin import alter, make_on, replicas_in_sync
from tests.kafka.records import call
from tests.kafka.small_disk import NoMountError, SmallDisk
from tests.kafka.workers import WorkerProcess, configured, latest_kpis, produce, until_counted, until_final

pytestmark = [pytest.mark.broker, pytest.mark.faults, pytest.mark.timeout(300)]

STANDS_STILL = """
from stream.partition.debtors import DebtorPartition
DebtorPartition.step = lambda self: False
"""

CLOCK_OFF = """
import time
shift_ns = {seconds} * 10**9
now_ns = time.time_ns
time.time_ns = lambda: now_ns() + shift_ns
time.time = lambda: (now_ns() + shift_ns) / 1e9
"""


def calls(first: int, count: int) -> list[tuple[bytes | None, bytes | None]]:
    return [(b"d-%d" % (n % 60), call(n, n * 100, f"d-{n % 60}")) for n in range(first, first + count)]


def by_agent(count: int) -> dict[str, int]:
    return dict(Counter(f"a-{n % 3}" for n in range(count)))


async def test_a_partition_that_stands_still_with_lag_is_named_in_log_and_metric_and_the_worker_exits_5(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, _ = configured(broker, topic_prefix, tmp_path, kafka={"stall_after": "8s"})
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    async with WorkerProcess(config, STANDS_STILL) as worker:
        await worker.ready()
        await produce(broker, inbound, calls(0, 100))
        await worker.logs("no progress")
        [named, *_] = worker.events("no progress")
        assert named["what"].startswith(f"{inbound}-")
        assert worker.metric(f'collections_stalled_seconds{{what="{named["what"]}"}}') > 0
        assert await worker.ends(30) == 5, worker.log[-3000:]
        assert f"no progress for 8 s: {inbound}-" in worker.events("worker ends")[-1]["reason"]


async def test_a_broker_that_refuses_writes_makes_the_worker_exit_5_until_it_takes_them_again(
    own_broker: LocalBroker, topic_prefix: str, tmp_path: Path
) -> None:
    bootstrap = own_broker.bootstrap
    kafka = {"replication": 2, "transaction_timeout": "5s", "stall_after": "10s"}
    config, settings = configured(bootstrap, topic_prefix, tmp_path, kafka=kafka)
    names = Names(topic_prefix, topic_prefix)
    await make_internal_topics(bootstrap)  # with one replica each, while there is but one node
    second = LocalBroker(tmp_path / "second", joins=own_broker)
    try:
        await asyncio.to_thread(second.start)
        await asyncio.to_thread(create_topics, settings)
        await alter(settings, names.deltas, min_insync_replicas="2")
        async with WorkerProcess(config) as worker:
            await worker.ready()
            await produce(bootstrap, names.inbound[0], calls(0, 100))
            await until_counted(settings, "dials", "agent", by_agent(100))
            await asyncio.to_thread(second.stop)
            await produce(bootstrap, names.inbound[0], calls(100, 100))
            assert await worker.ends(60) == 5, worker.log[-3000:]
        assert await replicas_in_sync(settings, names.deltas) == {1}  # and two are wanted
        # The next one cannot even end the transaction that the first one left open, and says so.
        async with WorkerProcess(config) as worker:
            assert await worker.ends(90) == 5, worker.log[-3000:]
            reason = worker.events("worker ends")[-1]["reason"]
            assert re.search("no progress for 10 s: opening (debtor|entity) partition", reason), reason
            assert "Traceback" not in worker.log
        await asyncio.to_thread(second.start)
        async with WorkerProcess(config):
            await until_counted(settings, "dials", "agent", by_agent(200), 60)
    finally:
        await asyncio.to_thread(second.kill)


async def test_a_partition_without_a_leader_is_waited_for_while_all_others_are_served(
    own_broker: LocalBroker, topic_prefix: str, tmp_path: Path
) -> None:
    bootstrap = own_broker.bootstrap
    config, settings = configured(bootstrap, topic_prefix, tmp_path, kafka={"stall_after": "8s"})
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    await make_internal_topics(bootstrap)  # on the node that stays
    sent = calls(0, 200)
    led = [each for each in sent if key_partition(each[0] or b"", 4) != 0]
    second = LocalBroker(tmp_path / "second", joins=own_broker)
    try:
        await asyncio.to_thread(create_topics, settings)
        await asyncio.to_thread(second.start)
        await make_on(settings, inbound, {0: [2], 1: [1], 2: [1], 3: [1]})
        async with WorkerProcess(config) as worker:
            await worker.ready()
            await produce(bootstrap, inbound, sent[:100])
            await until_counted(settings, "dials", "agent", by_agent(100))
            worker.signal(signal.SIGTERM)
            assert await worker.ends() == 0
        await produce(bootstrap, inbound, sent[100:])
        await asyncio.to_thread(second.stop)
        async with WorkerProcess(config) as worker:
            await worker.owns(3)
            await worker.counts('collections_events_consumed_total{type="call"}', len(set(led) & set(sent[100:])))
            standing = 'collections_stalled_seconds{what="opening debtor partition 0"}'
            while not worker.metric(standing) > 16:  # twice as long as anything else may stand
                assert worker.code is None, worker.log[-3000:]
                await asyncio.sleep(0.5)
            assert (worker.get("/health/live"), worker.get("/health/ready")) == (200, 503)
            await asyncio.to_thread(second.start)
            await until_counted(settings, "dials", "agent", by_agent(200), 60)
            await worker.ready()
            assert "Traceback" not in worker.log
    finally:
        await asyncio.to_thread(second.kill)


async def test_an_output_without_a_leader_is_waited_for_and_nothing_is_lost_or_counted_twice(
    own_broker: LocalBroker, topic_prefix: str, tmp_path: Path
) -> None:
    bootstrap = own_broker.bootstrap
    kafka = {"stall_after": "8s", "transaction_timeout": "5s"}
    config, settings = configured(bootstrap, topic_prefix, tmp_path, kafka=kafka)
    names = Names(topic_prefix, topic_prefix)
    await make_internal_topics(bootstrap)
    second = LocalBroker(tmp_path / "second", joins=own_broker)
    try:
        await asyncio.to_thread(create_topics, settings)
        await asyncio.to_thread(second.start)
        await make_on(settings, names.kpi, {0: [2], 1: [1], 2: [1], 3: [1]})
        async with WorkerProcess(config) as first:
            await first.ready()
            await produce(bootstrap, names.inbound[0], calls(0, 100))
            await until_counted(settings, "dials", "agent", by_agent(100))
            await asyncio.to_thread(second.stop)
            await produce(bootstrap, names.inbound[0], calls(100, 100))
            async with after_the_cut(first, config, "partitions have no leader", "partitions have no leader") as worker:
                await asyncio.sleep(16)  # twice as long as anything may stand
                assert worker.code is None, worker.log[-3000:]
                assert (worker.get("/health/live"), worker.get("/health/ready")) == (200, 503)
                await asyncio.to_thread(second.start)
                await until_counted(settings, "dials", "agent", by_agent(200), 90)
                await worker.ready(60)
                assert "Traceback" not in worker.log
    finally:
        await asyncio.to_thread(second.kill)


async def make_internal_topics(bootstrap: str) -> None:
    """Those of groups and of transactions are made by the first who needs them."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="first")
    await producer.start()
    await producer.stop()
    consumer = AIOKafkaConsumer("__transaction_state", bootstrap_servers=bootstrap, group_id="first")
    await consumer.start()
    await consumer.stop()


async def test_a_full_disk_ends_the_broker_and_the_worker_goes_on_once_there_is_room(
    topic_prefix: str, tmp_path: Path
) -> None:
    try:
        disk = SmallDisk(tmp_path / "kafka" / "log")
    except NoMountError as error:
        pytest.skip(str(error))
    with disk, LocalBroker(tmp_path / "kafka", within=disk.within) as broker:
        config, settings = configured(broker.bootstrap, topic_prefix, tmp_path)
        inbound = Names(topic_prefix, topic_prefix).inbound[0]
        async with WorkerProcess(config) as first:
            await first.ready()
            await produce(broker.bootstrap, inbound, calls(0, 100))
            await until_counted(settings, "dials", "agent", by_agent(100))
            disk.fill()
            while broker.pid is not None:  # noqa: ASYNC110  only asking tells
                await asyncio.sleep(0.1)
            assert "No space left on device" in (tmp_path / "kafka" / "broker.log").read_text()
            away = ("the broker does not answer", "the broker cannot be reached")
            async with after_the_cut(first, config, *away) as worker:
                assert (worker.get("/health/live"), worker.get("/health/ready")) == (200, 503)
                disk.free()
                await asyncio.to_thread(broker.start)
                await produce(broker.bootstrap, inbound, calls(100, 100))
                await until_counted(settings, "dials", "agent", by_agent(200), 60)
                await worker.ready()
                assert "Traceback" not in worker.log


@asynccontextmanager
async def after_the_cut(first: WorkerProcess, config: Path, goes_on: str, starts: str) -> AsyncIterator[WorkerProcess]:
    """The worker that waits and says so: the same one, or, where a transaction was cut in half, the one that its
    supervisor starts after exit code 5."""
    try:
        await first.logs(goes_on, 60)
        await asyncio.sleep(8)  # what was under way has failed by now, if it fails
    except AssertionError:
        assert await first.ends(1) == 5, first.log[-3000:]
    if first.code is None:
        yield first
        return
    async with WorkerProcess(config) as second:
        await second.logs(starts)
        yield second


async def test_a_worker_whose_clock_is_ten_minutes_off_counts_right_and_says_nothing_of_silence(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    sections = {"time": {"grace": "0s", "idle_after": "500ms"}}
    config, settings = configured(broker, topic_prefix, tmp_path, **sections)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    async with WorkerProcess(config, CLOCK_OFF.format(seconds=600)) as worker:
        await worker.ready()
        await produce(broker, inbound, calls(0, 100))
        await until_counted(settings, "dials", "agent", by_agent(100))
        assert abs(worker.metric("collections_clock_offset_seconds") - 600) < 30
        await asyncio.sleep(2)  # four times idle_after
        assert worker.metric(f'collections_partition_idle{{partition="0",topic="{inbound}"}}') == 0
        assert not any(record["final"] for record in (await latest_kpis(settings)).values())
        worker.signal(signal.SIGTERM)
        assert await worker.ends() == 0
    async with WorkerProcess(config):
        await until_final(settings)
        await until_counted(settings, "dials", "agent", by_agent(100))
