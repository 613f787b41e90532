"""A worker on a real broker: what goes in comes out, once."""

import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.kafka.names import Names
from stream.kafka.topics import check_topics, create_topics
from tests.kafka.records import call, debtor_of
from tests.kafka.workers import WorkerProcess, committed, configured, produce, until_counted, until_final

pytestmark = [pytest.mark.broker, pytest.mark.timeout(150)]


def calls(first: int, count: int) -> list[tuple[bytes | None, bytes | None]]:
    """So many calls of 40 debtors and three agents, one second apart."""
    return [(b"d-%d" % (n % 40), call(n, n * 1000, f"d-{n % 40}")) for n in range(first, first + count)]


def by_agent(count: int) -> dict[str, int]:
    """What each agent has dialled after `calls(0, count)`."""
    return dict(Counter(f"a-{n % 3}" for n in range(count)))


async def test_events_of_every_codec_are_counted_and_what_is_wrong_is_dead_lettered(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    names = Names(topic_prefix, topic_prefix)
    create_topics_now = await _created(settings)
    assert create_topics_now
    inbound, activity = names.inbound[0], names.inbound[4]
    for n, codec in enumerate((None, "gzip", "snappy", "lz4", "zstd")):
        await produce(broker, inbound, calls(n * 20, 20), codec=codec)
    stranger = debtor_of(1, 4)
    await produce(broker, inbound, [(b"d-0", b"{broken")], headers=[("trace", b"7")])
    await produce(broker, inbound, [(b"d-9", call(900, 0, "d-8")), (None, call(901, 0, "d-8"))])
    await produce(broker, inbound, [(stranger.encode(), call(902, 0, stranger))], partition=0)
    await produce(broker, inbound, [(b"d-0", b'{"type":"call","pad":"' + b"x" * 1_100_000 + b'"}')])
    await produce(broker, activity, [(b"d-0", b"{}")])
    async with WorkerProcess(config) as worker:
        await until_counted(settings, "dials", "agent", by_agent(100))
        await worker.ready()
        letters = await committed(broker, names.deadletter)
        assert Counter(_header(letter, "reason") for letter in letters) == {
            "malformed": 1, "misrouted": 3, "oversized": 1, "invalid": 1,
        }  # fmt: skip
        broken = next(letter for letter in letters if _header(letter, "reason") == "malformed")
        assert (broken.key, broken.value, dict(broken.headers)["trace"]) == (b"d-0", b"{broken", b"7")
        assert _header(broken, "topic") == inbound
        original = [r for r in await committed(broker, inbound) if r.value == b"{broken"]
        where = [(str(r.partition), str(r.offset)) for r in original]
        assert where == [(_header(broken, "partition"), _header(broken, "offset"))]
        assert worker.metric("collections_consumer_lag_records" + f'{{partition="0",topic="{inbound}"}}') == 0


async def _created(settings: Any) -> list[str]:
    import asyncio

    made = await asyncio.to_thread(create_topics, settings)
    assert await asyncio.to_thread(create_topics, settings) == []
    assert await asyncio.to_thread(check_topics, settings) == []
    return made


def _header(record: Any, name: str) -> str:
    return str(dict(record.headers)[name].decode())


async def test_sigterm_commits_leaves_and_exits_0_and_the_next_worker_goes_on(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    names = Names(topic_prefix, topic_prefix)
    async with WorkerProcess(config) as first:
        await first.ready()
        await produce(broker, names.inbound[0], calls(0, 300))
        await until_counted(settings, "dials", "agent", by_agent(300))
        began = time.monotonic()
        first.signal(signal.SIGTERM)
        assert await first.ends(60) == 0, first.log[-3000:]
        assert time.monotonic() - began < 15
    await produce(broker, names.inbound[0], calls(300, 90))
    async with WorkerProcess(config) as second:
        # The first one left its group in order, so nothing waits for its session to end.
        await second.ready(60)
        await until_counted(settings, "dials", "agent", by_agent(390))
        assert all(opened["since"] == 0 for opened in second.events("open"))
        assert sum(opened["state_offsets"] for opened in second.events("open") if opened["stage"] == 1) >= 300
        assert await _group_offsets(broker, topic_prefix, names.inbound[0]) == await _ends(broker, names.inbound[0])


async def _group_offsets(broker: str, group: str, topic: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, group_id=group, enable_auto_commit=False)
    await consumer.start()
    found = {p: await consumer.committed(TopicPartition(topic, p)) for p in range(4)}
    await consumer.stop()
    return {p: offset for p, offset in found.items() if offset is not None}


async def _ends(broker: str, topic: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=broker)
    await consumer.start()
    ends = await consumer.end_offsets([TopicPartition(topic, p) for p in range(4)])
    await consumer.stop()
    return {tp.partition: end for tp, end in ends.items()}


async def produce_when_ready(worker: WorkerProcess, broker: str, prefix: str) -> None:
    await worker.ready()
    await produce(broker, f"{prefix}.calls.v1", calls(0, 60))


async def test_a_quiet_floor_closes_its_windows(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path, time={"grace": "0s", "idle_after": "1s"})
    async with WorkerProcess(config) as worker:
        await produce_when_ready(worker, broker, topic_prefix)
        await until_counted(settings, "dials", "agent", by_agent(60))
        await until_final(settings)


async def test_a_topic_that_turns_bad_stops_the_worker_with_exit_5_where_it_stands_until_a_person_lets_it_pass(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    names = Names(topic_prefix, topic_prefix)
    inbound = names.inbound[0]
    await _created(settings)
    debtor = debtor_of(2, 4)
    good = [(debtor.encode(), call(n, n * 1000, debtor)) for n in range(100)]
    await produce(broker, inbound, good)
    await produce(broker, inbound, [(debtor.encode(), b"{%d" % n) for n in range(3_000)])
    for _ in range(2):
        async with WorkerProcess(config) as stopped:
            assert await stopped.ends(60) == 5, stopped.log[-3000:]
            (end,) = stopped.events("worker ends")
            assert end["reason"].startswith(
                f"{inbound}-2 offset 1099: 1,000 records in a row, and 90 % of the last 1,100"
            )
            assert "the last one as malformed: " in end["reason"]
            assert "Traceback" not in stopped.log
    assert len(await committed(broker, names.deadletter)) < 1_000
    free, _ = configured(broker, topic_prefix, tmp_path, limits={"deadletter_run": 0, "deadletter_ratio": 0})
    async with WorkerProcess(free) as worker:
        await worker.counts(f'collections_consumer_lag_records{{partition="2",topic="{inbound}"}}', 0)
        await until_counted(settings, "dials", "site", {"main": 100})
    letters = await committed(broker, names.deadletter)
    assert [letter.value for letter in letters] == [b"{%d" % n for n in range(3_000)]
