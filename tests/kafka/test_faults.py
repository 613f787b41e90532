"""Kills, pauses, rebalances and outages: the numbers stay exact (live 6, live 1)."""

import asyncio
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from deploy.local.broker import LocalBroker
from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from stream.partition.intake import key_partition
from tests.kafka.records import call
from tests.kafka.workers import SESSION_MS, WorkerProcess, configured, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.faults, pytest.mark.timeout(240)]

DIALS = 'collections_dials_total{site="main",team="t-1"}'

DIES_IN_A_TRANSACTION = """
import os, signal, aiokafka
commit = aiokafka.AIOKafkaProducer.commit_transaction
seen = []
async def die(self):
    seen.append(1)
    if len(seen) >= {commits}:
        await __import__("asyncio").sleep(0.05)  # what was sent is in the log, open
        os.kill(os.getpid(), signal.SIGKILL)
    await commit(self)
aiokafka.AIOKafkaProducer.commit_transaction = die
"""

RESTORES_SLOWLY = """
import asyncio, stream.partition.task as number
restore = number.restore
async def slow(*given):
    if given[1].partition == 0:
        await asyncio.sleep({seconds})
    return await restore(*given)
number.restore = slow
"""


def calls(first: int, count: int) -> list[tuple[bytes | None, bytes | None]]:
    return [(b"d-%d" % (n % 60), call(n, n * 100, f"d-{n % 60}")) for n in range(first, first + count)]


def by_agent(count: int) -> dict[str, int]:
    return dict(Counter(f"a-{n % 3}" for n in range(count)))


def owned(worker: WorkerProcess) -> tuple[set[int], set[int]]:
    """The numbers of both stages in the worker's last assignment."""
    last = worker.events("assigned")[-1]
    return set(last["stage_1"]), set(last["stage_2"])


async def test_kill_9_inside_transactions_loses_and_doubles_nothing(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    async with WorkerProcess(config) as maker:
        await maker.ready()
        maker.signal(signal.SIGTERM)
        await maker.ends()
    sent = 0
    for commits in (4, 9, 17):
        await produce(broker, inbound, calls(sent, 200))
        sent += 200
        async with WorkerProcess(config, DIES_IN_A_TRANSACTION.format(commits=commits)) as doomed:
            assert await doomed.ends(60) == -signal.SIGKILL, doomed.log[-2000:]
    # Everything that was sent once is sent again: redelivery, too, must change nothing.
    await produce(broker, inbound, calls(0, sent))
    async with WorkerProcess(config) as worker:
        await until_counted(settings, "dials", "agent", by_agent(sent), 60)
        await worker.counts("collections_events_duplicate_total", sent)
        await until_counted(settings, "dials", "agent", by_agent(sent))
        await until_counted(settings, "dials", "site", {"main": sent})


async def _dialled(one: WorkerProcess, other: WorkerProcess, together: int) -> float:
    """What the one has counted, once both together have counted so many dials."""
    told: list[float] = []
    for _ in range(600):
        told = [await asyncio.to_thread(worker.metric, DIALS) for worker in (one, other)]
        if sum(told) == together:
            return told[0]
        await asyncio.sleep(0.1)
    raise AssertionError(f"{told} dials are not {together}")


async def test_two_workers_joining_and_leaving_keep_the_partitions_of_a_number_together(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    every = {0, 1, 2, 3}
    async with WorkerProcess(config) as first, WorkerProcess(config) as second:
        await first.owns(2)
        await second.owns(2)
        for stage in (0, 1):
            assert owned(first)[stage] | owned(second)[stage] == every
            assert not owned(first)[stage] & owned(second)[stage]
        await produce(broker, inbound, calls(0, 200))
        await until_counted(settings, "dials", "agent", by_agent(200))
        # Each call is counted by the worker that committed it; what one has counted goes with nobody.
        dialled = await _dialled(first, second, 200)
        second.signal(signal.SIGTERM)
        assert await second.ends(60) == 0
        await first.owns(4)
        assert owned(first) == (every, every)
        await produce(broker, inbound, calls(200, 100))
        await until_counted(settings, "dials", "agent", by_agent(300))
        await first.counts(DIALS, dialled + 100)
        async with WorkerProcess(config) as third:
            await third.owns(2)
            await first.owns(2)
            await produce(broker, inbound, calls(300, 100))
            await until_counted(settings, "dials", "agent", by_agent(400))
            third.signal(signal.SIGKILL)
            await third.ends()
            await first.owns(4)
        await produce(broker, inbound, calls(400, 100))
        await until_counted(settings, "dials", "agent", by_agent(500))
        assert "split over workers" not in first.log
        # What first kept over all of that was never restored again.
        kept = [opened for opened in first.events("open") if opened["since"] > 0]
        assert kept, first.log[-3000:]


async def test_a_worker_that_was_stopped_beyond_its_session_is_fenced_and_exits_3(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    async with WorkerProcess(config) as paused:
        await paused.ready()
        await produce(broker, inbound, calls(0, 100))
        await until_counted(settings, "dials", "agent", by_agent(100))
        paused.signal(signal.SIGSTOP)
        async with WorkerProcess(config) as successor:
            await successor.owns(4, 40)
            await produce(broker, inbound, calls(100, 100))
            await until_counted(settings, "dials", "agent", by_agent(200))
            paused.signal(signal.SIGCONT)
            assert await paused.ends(60) == 3, paused.log[-3000:]
            assert "was fenced: another worker owns it" in paused.log
            await successor.owns(4)
            await produce(broker, inbound, calls(200, 100))
            await until_counted(settings, "dials", "agent", by_agent(300))


async def test_a_worker_that_was_stopped_beyond_its_session_and_has_no_successor_goes_on(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await asyncio.sleep(1.5)  # nothing is in flight: silent numbers state their clock once a second
        worker.signal(signal.SIGSTOP)
        await produce(broker, inbound, calls(0, 100))
        await asyncio.sleep(2 * SESSION_MS / 1000)
        worker.signal(signal.SIGCONT)
        await until_counted(settings, "dials", "agent", by_agent(100))
        await worker.ready()


async def test_a_restore_three_times_as_long_as_the_session_expels_nobody_and_holds_no_other_number_up(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    seconds = 3 * SESSION_MS / 1000
    async with WorkerProcess(config, RESTORES_SLOWLY.format(seconds=seconds)) as worker:
        await worker.logs('"assigned"')
        began = time.monotonic()
        sent = calls(0, 50)
        await produce(broker, f"{topic_prefix}.calls.v1", sent)
        served = sum(key_partition(key or b"", 4) != 0 for key, _ in sent)
        await worker.counts('collections_events_consumed_total{type="call"}', served)
        assert worker.get("/health/ready") == 503
        assert worker.get("/health/live") == 200
        await worker.ready(60)
        assert time.monotonic() - began > seconds - 1
        await until_counted(settings, "dials", "agent", by_agent(50))
        await asyncio.sleep(SESSION_MS / 1000)  # one that was expelled meanwhile learns it from its next heartbeat
        assert len(worker.events("assigned")) == 1


async def test_a_worker_waits_for_a_broker_that_is_not_there_and_for_one_that_goes_away(
    own_broker: LocalBroker, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(own_broker.bootstrap, topic_prefix, tmp_path)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    await asyncio.to_thread(create_topics, settings)
    await asyncio.to_thread(own_broker.stop)
    async with WorkerProcess(config) as worker:
        await worker.logs("the broker cannot be reached", times=2)
        assert worker.get("/health/ready") == 503
        await asyncio.to_thread(own_broker.start)
        await worker.ready(60)
        await produce(own_broker.bootstrap, inbound, calls(0, 100))
        await until_counted(settings, "dials", "agent", by_agent(100))
        await asyncio.to_thread(own_broker.kill)
        await worker.logs("the broker does not answer", times=2)
        assert worker.get("/health/ready") == 503
        assert worker.get("/health/live") == 200
        await asyncio.to_thread(own_broker.start)
        await produce(own_broker.bootstrap, inbound, calls(100, 100))
        await until_counted(settings, "dials", "agent", by_agent(200), 90)
        assert "Traceback" not in worker.log


async def test_a_worker_that_waits_for_a_broker_stops_at_once(topic_prefix: str, tmp_path: Path) -> None:
    config, _ = configured("127.0.0.1:1", topic_prefix, tmp_path)
    async with WorkerProcess(config) as worker:
        await worker.logs("the broker cannot be reached")
        worker.signal(signal.SIGTERM)
        assert await worker.ends(60) == 0
