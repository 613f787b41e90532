"""The feed and the `board` command against a real broker."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.broker import LocalBroker
from stream.publish.latest_records import LatestRecords
from stream.publish.topic_reader import TopicReader
from stream.settings import Settings, load, yaml
from tests.publish.people_records import CARD, agent_now, named, score
from tests.publish.records import ROLLING, Record, alert, breach, kpi, standing, value
from tests.wire.raw import batch, record, send_batches

pytestmark = pytest.mark.broker

BOARD = """
import sys
from stream.publish.running import run_board
from stream.settings import load
sys.exit(run_board(load(), 0))
"""


DAY = date(2026, 11, 2)
SCORECARDS = json.dumps(yaml.parse(CARD)["scorecards"][:1])


def settings(broker: str, prefix: str, **more: str) -> Settings:
    kafka = {"BOOTSTRAP_SERVERS": broker, "TOPIC_PREFIX": prefix}
    return load(environ={f"KPI_STREAM_KAFKA__{key}": text for key, text in kafka.items()} | more)


async def create_topics(broker: str, prefix: str, *more: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics(
        [NewTopic(f"{prefix}.kpi.v1", 2, 1, topic_configs={"cleanup.policy": "compact"}),
         NewTopic(f"{prefix}.conduct.v1", 2, 1, topic_configs={"cleanup.policy": "compact"}),
         NewTopic(f"{prefix}.scores.v1", 2, 1, topic_configs={"cleanup.policy": "compact"}),
         NewTopic(f"{prefix}.agents.v1", 2, 1, topic_configs={"cleanup.policy": "compact"}),
         NewTopic(f"{prefix}.alerts.v1", 1, 1),
         *(NewTopic(f"{prefix}.{name}.v1", 1, 1, topic_configs={"cleanup.policy": "compact"}) for name in more)]
    )  # fmt: skip
    await admin.close()


async def publish(
    broker: str,
    prefix: str,
    kpis: Sequence[Record],
    alerts: Sequence[Record] = (),
    conduct: Sequence[Record] = (),
    scores: Sequence[tuple[bytes, bytes | None]] = (),
    agents: Sequence[Record] = (),
    names: Sequence[tuple[bytes, bytes | None]] = (),
    *,
    commit: bool = True,
) -> None:
    """One transaction with these records, committed or aborted."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=f"{prefix}-test")
    await producer.start()
    await producer.begin_transaction()
    topics = (("kpi", kpis), ("alerts", alerts), ("conduct", conduct), ("scores", scores), ("agents", agents),
              ("names", names))  # fmt: skip
    for topic, records in ((f"{prefix}.{name}.v1", records) for name, records in topics):
        for key, body in records:
            await producer.send_and_wait(topic, body, key=key)
    await (producer.commit_transaction() if commit else producer.abort_transaction())
    await producer.stop()


async def until(holds: Callable[[], bool], timeout_s: float = 20) -> None:
    end_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end_s, "it did not come true in time"
        await asyncio.sleep(0.05)


def dials(of: LatestRecords) -> dict[str, int]:
    return {record.entity: record.kpis[0].numerator for record in of.records("main", "rolling_15m")}


@contextlib.asynccontextmanager
async def running(feed: TopicReader) -> AsyncIterator[None]:
    task = asyncio.create_task(feed.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_floor_holds_what_was_committed_and_follows(broker: str, topic_prefix: str) -> None:
    await create_topics(broker, topic_prefix)
    await publish(broker, topic_prefix, [kpi(value("dials", 3)), kpi(value("dials", 4), entity="a-018")], [alert()])
    await publish(broker, topic_prefix, [kpi(value("dials", 99), revision=2)], commit=False)
    of = LatestRecords(ROLLING)
    feed = TopicReader(settings(broker, topic_prefix), of)
    assert not feed.loaded
    async with running(feed):
        await until(lambda: feed.loaded)
        assert dials(of) == {"a-017": 3, "a-018": 4}
        assert [a.alert_id for a in of.open_alerts("main")] == ["9f2c"]
        await publish(broker, topic_prefix, [kpi(value("dials", 5), revision=3)], [alert(state="resolved")])
        await until(lambda: dials(of)["a-017"] == 5 and not of.open_alerts("main"))
        now_ms = time.time_ns() // 1_000_000
        assert [a.alert_id for a in of.ended(now_ms - 60_000)] == ["9f2c"]
        assert of.ended(now_ms + 60_000) == []
        assert feed.problem is None


async def test_standings_are_read_where_there_is_a_section_conduct_and_nowhere_else(
    broker: str, topic_prefix: str
) -> None:
    await create_topics(broker, topic_prefix)
    conduct = [standing("d-1"), standing("d-2", state="reached"), breach("d-1")]
    await publish(broker, topic_prefix, [kpi(value("dials", 3))], conduct=conduct)
    counts = []
    for more in ({}, {"KPI_STREAM_CONDUCT": "{packs: [us_reg_f]}"}):
        of = LatestRecords(ROLLING)
        feed = TopicReader(settings(broker, topic_prefix, **more), of)
        async with running(feed):
            await until(lambda feed=feed: feed.loaded)  # type: ignore[misc]
            counts.append([(row["near"], row["reached"]) for row in of.standings.rows("main")])
            assert of.unreadable == 0
    assert counts == [[], [(1, 1)]]


async def test_agents_states_are_read_and_scores_where_there_are_schemes(broker: str, topic_prefix: str) -> None:
    await create_topics(broker, topic_prefix)
    agents = [(b"main|a-017", agent_now(state="wrap")), (b"main|a-018", agent_now("a-018"))]
    records = [kpi(value("dials", 3))]
    await publish(broker, topic_prefix, records, scores=[score(), score("a-018")], agents=agents)
    shown = []
    for more in ({}, {"KPI_STREAM_SCORECARDS": SCORECARDS}):
        of = LatestRecords(ROLLING)
        feed = TopicReader(settings(broker, topic_prefix, **more), of)
        async with running(feed):
            await until(lambda feed=feed: feed.loaded)  # type: ignore[misc]
            if more:
                await publish(broker, topic_prefix, records, scores=[(score("a-018")[0], None)])
                await until(lambda of=of: not of.people.records("main", "agent", "a-018", DAY))  # type: ignore[misc]
            scored = [len(of.people.records("main", "agent", agent, DAY)) for agent in ("a-017", "a-018")]
            shown.append((sorted(str(said.state) for said in of.people.agents("main")), scored))
            assert of.unreadable == of.people.unreadable == 0
    assert shown == [(["on_call", "wrap"], [0, 0]), (["on_call", "wrap"], [1, 0])]


async def test_names_are_read_from_their_topic_where_the_configuration_says_so(broker: str, topic_prefix: str) -> None:
    await create_topics(broker, topic_prefix, "names")
    agents = [("a-017", "Li Wei"), ("a-018", "Anna")]
    names = [named(agent, name) for agent, name in agents]
    await publish(broker, topic_prefix, [kpi(value("dials", 3))], names=[*names, (b"agent|a-018", b"{"), names[0]])
    refused: list[str] = []
    of, without = LatestRecords(ROLLING), LatestRecords(ROLLING)
    feed = TopicReader(settings(broker, topic_prefix, KPI_STREAM_BOARD__NAMES_TOPIC="true"), of, refused=refused.append)
    other = TopicReader(settings(broker, topic_prefix), without)
    async with running(feed), running(other):
        await until(lambda: feed.loaded and other.loaded)
        assert [of.people.names.of("agent", agent) for agent, _ in agents] == ["Li Wei", "Anna"]
        assert refused == [f"{topic_prefix}.names.v1"]
        await publish(broker, topic_prefix, [], names=[(names[0][0], None), named("a-018", "Anne")])
        await until(lambda: of.people.names.of("agent", "a-018") == "Anne")
        assert of.people.names.of("agent", "a-017") is None
        assert feed.problem is None
    assert without.people.names.of("agent", "a-018") is None


async def test_a_second_run_goes_on_where_the_first_stopped(broker: str, topic_prefix: str) -> None:
    await create_topics(broker, topic_prefix)
    await publish(broker, topic_prefix, [kpi(value("dials", 3))])
    of = LatestRecords(ROLLING)
    feed = TopicReader(settings(broker, topic_prefix), of)
    async with running(feed):
        await until(lambda: feed.loaded)
    taken: list[bytes | None] = []
    of.on_kpi = lambda key, value: taken.append(key)  # type: ignore[method-assign]
    await publish(broker, topic_prefix, [kpi(value("dials", 4), entity="a-018")])
    async with running(feed):
        await until(lambda: bool(taken))
    assert taken == [b"main|agent|a-018|rolling_15m|"]


async def test_topics_that_are_missing_are_named_and_waited_for(broker: str, topic_prefix: str) -> None:
    of = LatestRecords(ROLLING)
    feed = TopicReader(settings(broker, topic_prefix), of)
    async with running(feed):
        await until(lambda: feed.problem is not None and "topics create" in feed.problem)
        await create_topics(broker, topic_prefix)
        await publish(broker, topic_prefix, [kpi(value("dials", 3))])
        await until(lambda: feed.loaded and dials(of) == {"a-017": 3})


async def test_a_broker_that_is_away_is_said_and_waited_for() -> None:
    feed = TopicReader(settings("127.0.0.1:1", "nobody"), LatestRecords(ROLLING))
    async with running(feed):
        await until(lambda: feed.problem == "Kafka cannot be reached at 127.0.0.1:1")
    assert not feed.loaded


async def test_a_broker_that_is_frozen_is_said_within_ten_seconds_and_forgotten_when_it_goes_on(
    own_broker: LocalBroker,
) -> None:
    """Nothing is published: only asking tells a frozen broker from a quiet one."""
    await create_topics(own_broker.bootstrap, "frozen")
    of = LatestRecords(ROLLING)
    feed = TopicReader(settings(own_broker.bootstrap, "frozen"), of)
    async with running(feed):
        await until(lambda: feed.loaded)
        for _ in range(8):  # quiet for longer than it takes to say so
            await asyncio.sleep(1)
            assert feed.trouble is None
        with own_broker.paused():
            await until(lambda: feed.problem == "Kafka does not answer", timeout_s=10)
        await until(lambda: feed.trouble is None, timeout_s=30)
        await publish(own_broker.bootstrap, "frozen", [kpi(value("dials", 3))])
        await until(lambda: dials(of) == {"a-017": 3})


async def test_a_broker_that_takes_connections_and_never_answers_is_said_at_the_start(own_broker: LocalBroker) -> None:
    feed = TopicReader(settings(own_broker.bootstrap, "frozen"), LatestRecords(ROLLING))
    with own_broker.paused():
        async with running(feed):
            await until(lambda: feed.problem == "Kafka does not answer", timeout_s=10)
    assert not feed.loaded


async def test_the_board_command_serves_the_floor_and_ends_at_sigterm(broker: str, topic_prefix: str) -> None:
    await create_topics(broker, topic_prefix)
    await publish(broker, topic_prefix, [kpi(value("dials", 3), level="site", entity="main")])
    environment = os.environ | {
        "KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": broker, "KPI_STREAM_KAFKA__TOPIC_PREFIX": topic_prefix,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOARD, stdout=asyncio.subprocess.PIPE, env=environment, cwd=Path(__file__).parents[2]
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        base = line.split(" on ")[1].strip()

        def ask(path: str) -> bytes:
            with urllib.request.urlopen(base + path, timeout=60) as answer:
                return bytes(answer.read())

        async def ready() -> bytes:
            while True:
                with contextlib.suppress(OSError):
                    return await asyncio.to_thread(ask, "health/ready")
                await asyncio.sleep(0.1)

        assert await asyncio.wait_for(ready(), 60) == b"ok\n"
        data = json.loads(await asyncio.to_thread(ask, "api/floor?kpis=dials"))
        assert data["floor"]["cells"][0]["v"] == 3
        assert (data["loading"], data["problem"]) == (False, None)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_records_with_headers_of_any_bytes_are_read_like_all_others(broker: str, topic_prefix: str) -> None:
    await create_topics(broker, topic_prefix)
    key, body = kpi(value("dials", 3))
    odd = batch(record(body, key, [(b"\xff\xfe", b"\x00"), (b"", None)]))
    await send_batches(broker, f"{topic_prefix}.kpi.v1", 0, [odd])
    of = LatestRecords(ROLLING)
    feed = TopicReader(settings(broker, topic_prefix), of)
    async with running(feed):
        await until(lambda: feed.loaded)
        assert (dials(of), feed.problem) == ({"a-017": 3}, None)
