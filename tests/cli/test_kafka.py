"""The commands that talk to Kafka, on a real broker; and what they say when there is none."""

import asyncio
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.partitioner import murmur2

from stream.facts.instant import instant_text
from tests.cli.conftest import Command
from tests.replay.test_reconcile import record

OURS = (("detail", b"why"), ("topic", b""), ("partition", b"0"), ("offset", b"7"))


@pytest.fixture
def config(tmp_path: Path, broker: str, topic_prefix: str, command: Command) -> Path:
    """A configuration whose topics are there."""
    file = tmp_path / "c.yaml"
    kafka = {"bootstrap_servers": broker, "topic_prefix": topic_prefix, "group": topic_prefix, "partitions": 2}
    file.write_bytes(orjson.dumps({"kafka": kafka}))
    ran = command("topics", "create", "--config", file)
    assert ran.code == 0, ran.error
    return file


def sent(broker: str, *records: tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]], int | None]) -> None:
    """Sends (topic, key, value, headers, partition)."""

    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=broker)
        await producer.start()
        try:
            for topic, key, value, headers, partition in records:
                await producer.send_and_wait(topic, value, key, partition, headers=headers)
        finally:
            await producer.stop()

    asyncio.run(send())


def read(broker: str, topic: str) -> list[Any]:
    async def fetch() -> list[Any]:
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest")
        await consumer.start()
        try:
            found = await consumer.getmany(timeout_ms=2_000)
            return [each for records in found.values() for each in records]
        finally:
            await consumer.stop()

    return asyncio.run(fetch())


def survey(debtor: str = "d-1", event: str = "e-1") -> bytes:
    now = instant_text(time.time_ns() // 1_000_000 - 5_000)
    return orjson.dumps(
        {"type": "survey", "event_id": event, "survey_id": event, "score": 5, "occurred_at": now, "debtor_id": debtor}
    )


def home(key: bytes) -> int:
    return int((murmur2(key) & 0x7FFFFFFF) % 2)


def letter(prefix: str, reason: str, key: bytes | None, value: bytes | None, **extra: bytes) -> tuple[Any, ...]:
    ours = [("reason", reason.encode()), *OURS]
    ours[2] = ("topic", f"{prefix}.activity.v1".encode())
    headers = [("trace", b"t-1"), *ours, *extra.items()]
    return f"{prefix}.deadletter.v1", key, value, headers, 1


@pytest.mark.broker
def test_topics_are_made_once_and_deviations_are_told(command: Command, config: Path, topic_prefix: str) -> None:
    assert command("topics", "create", "--config", config).out == "all topics are there\n"
    ran = command("topics", "check", "--config", config)
    assert (ran.code, ran.out) == (0, "all topics are as they should be\n")
    wrong = config.with_name("wrong.yaml")
    document = orjson.loads(config.read_bytes())
    document["kafka"]["partitions"] = 3
    wrong.write_bytes(orjson.dumps(document))
    ran = command("topics", "check", "--config", wrong)
    assert ran.code == 1
    assert f"{topic_prefix}.calls.v1: has 2 partitions, should have 3" in ran.out.splitlines()


@pytest.mark.broker
def test_dead_letters_are_listed_counted_and_shown(
    command: Command, config: Path, broker: str, topic_prefix: str
) -> None:
    assert command("deadletter", "list", "--config", config).out == "no dead letters\n"
    sent(
        broker,
        letter(topic_prefix, "malformed", b"k", b'{"a\n'),
        letter(topic_prefix, "invalid", None, b"\xff"),
        letter(topic_prefix, "invalid", b"k", None),
    )
    lines = command("deadletter", "list", "--config", config).out.splitlines()
    assert [line.split()[0] for line in lines] == ["1:0", "1:1", "1:2", "2", "1"]
    assert lines[0].split()[2:] == ["malformed", f"{topic_prefix}.activity.v1:0:7", "key", "k", "why"]
    assert lines[3:] == ["2 invalid", "1 malformed"]
    only = command("deadletter", "list", "--reason", "invalid", "--limit", "1", "--config", config).out.splitlines()
    assert [line.split()[0] for line in only] == ["1:1", "2"]
    page = command("deadletter", "show", "1:0", "--config", config).out.splitlines()
    assert "header   trace: t-1" in page
    assert 'value    {"a\\n' in page
    assert not [line for line in page if line.startswith("header   reason")]
    assert command("deadletter", "show", "1:9", "--config", config).error == "kpi-stream: there is no dead letter 1:9\n"
    assert command("deadletter", "show", "7:0", "--config", config).code == 1
    assert command("deadletter", "show", "first", "--config", config).code == 2


@pytest.mark.broker
def test_a_misrouted_event_is_sent_to_where_it_belongs(
    command: Command, config: Path, broker: str, topic_prefix: str
) -> None:
    cut = letter(topic_prefix, "oversized", b"d-1", b"{", sha256=b"x", size=b"9")
    sent(broker, letter(topic_prefix, "misrouted", b"wrong", survey()), cut)
    assert command("deadletter", "resubmit", "--config", config).code == 2
    ran = command("deadletter", "resubmit", "--all", "--dry-run", "--config", config)
    assert ran.out.startswith("would be sent: 1:0 ")
    assert read(broker, f"{topic_prefix}.activity.v1") == []
    ran = command("deadletter", "resubmit", "--all", "--config", config)
    assert (ran.code, ran.error) == (0, "")
    assert ran.out.splitlines()[-2:] == ["1 sent", "1 left out: only a part of the value is there"]
    (found,) = read(broker, f"{topic_prefix}.activity.v1")
    assert (found.key, found.headers, found.partition) == (b"d-1", (("trace", b"t-1"),), home(b"d-1"))
    assert orjson.loads(found.value)["survey_id"] == "e-1"
    ran = command("deadletter", "resubmit", "1:1", "--config", config)
    assert (ran.code, ran.error) == (1, "kpi-stream: nothing was sent: only a part of the value is there\n")
    assert (
        "whole    9 bytes, sha256 x; the value that follows is only its beginning"
        in command("deadletter", "show", "1:1", "--config", config).out
    )


@pytest.mark.broker
def test_letters_are_chosen_by_reason_topic_and_time(
    command: Command, config: Path, broker: str, topic_prefix: str
) -> None:
    calls = letter(topic_prefix, "invalid", b"d-1", b"{}")
    calls[3][3] = ("topic", f"{topic_prefix}.calls.v1".encode())
    sent(broker, letter(topic_prefix, "invalid", b"d-1", b"{}"), calls, letter(topic_prefix, "limit", b"d-1", b"{}"))
    time.sleep(0.05)
    now = instant_text(time.time_ns() // 1_000_000)
    time.sleep(0.05)
    sent(broker, letter(topic_prefix, "invalid", b"d-2", b"{}"))

    def chosen(*options: str) -> list[str]:
        listed = command("deadletter", "list", *options, "--config", config)
        assert listed.code == 0, listed.error
        resent = command("deadletter", "resubmit", *options, "--dry-run", "--config", config)
        places = [line.split()[0] for line in listed.out.splitlines() if ":" in line.split()[0]]
        told = [line.split()[3] for line in resent.out.splitlines() if line.startswith("would be sent: ")]
        assert set(told) <= set(places)
        return places

    assert chosen("--reason", "invalid") == ["1:0", "1:1", "1:3"]
    assert chosen("--topic", f"{topic_prefix}.calls.v1") == ["1:1"]
    assert chosen("--since", now) == ["1:3"]
    assert chosen("--until", now, "--reason", "invalid") == ["1:0", "1:1"]
    for wrong in (("--reason", "bad"), ("--since", "yesterday"), ("--all", "--reason", "limit")):
        refused = command("deadletter", "resubmit", *wrong, "--config", config)
        assert refused.code == 2
        assert refused.error.count("\n") == 1


@pytest.mark.broker
def test_the_same_event_is_sent_once_however_often_it_was_refused_and_only_to_inbound_topics(
    command: Command, config: Path, broker: str, topic_prefix: str
) -> None:
    bad = letter(topic_prefix, "invalid", b"d-1", b'{"\xff')
    foreign = letter(topic_prefix, "invalid", b"d-1", b"x")
    foreign[3][3] = ("topic", f"{topic_prefix}.kpi.v1".encode())
    sent(broker, bad, bad, foreign)
    ran = command("deadletter", "resubmit", "--all", "--config", config)
    assert (ran.code, ran.out.splitlines()[1:]) == (
        0,
        [
            "1 sent",
            "1 left out: from no inbound topic of this configuration",
            "1 left out: the same event as one before it",
        ],
    )
    (found,) = read(broker, f"{topic_prefix}.activity.v1")
    assert (found.key, found.value, found.headers) == (b"d-1", b'{"\xff', (("trace", b"t-1"),))
    assert read(broker, f"{topic_prefix}.kpi.v1") == []


@pytest.mark.broker
def test_a_mended_value_is_sent_instead(
    command: Command, config: Path, broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    sent(broker, letter(topic_prefix, "malformed", b"d-2", b"{"))
    mended = tmp_path / "mended.json"
    mended.write_bytes(survey("d-2"))
    assert command("deadletter", "resubmit", "1:0", "--value", mended, "--config", config).code == 0
    (found,) = read(broker, f"{topic_prefix}.activity.v1")
    assert (found.key, found.value) == (b"d-2", mended.read_bytes())


@pytest.mark.broker
def test_the_live_topic_is_compared_by_its_highest_revisions(
    command: Command, config: Path, broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    topic = f"{topic_prefix}.kpi.v1"
    values = [
        record(dials=(1, None), revision=1),
        record(dials=(2, None), revision=2),
        record(dials=(1, None), revision=1),
    ]
    sent(broker, *((topic, b"key", value, [], 0) for value in values))
    (tmp_path / "kpi.jsonl").write_bytes(record(dials=(2, None)))
    ran = command("reconcile", "live", tmp_path / "kpi.jsonl", "--config", config)
    assert (ran.code, ran.out) == (0, "1 records compared, 0 differ\n")


@pytest.mark.broker
def test_the_doctor_finds_producers_that_hash_otherwise(
    command: Command, config: Path, broker: str, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}.activity.v1"
    sent(
        broker, *((topic, f"d-{n}".encode(), survey(f"d-{n}", f"e-{n}"), [], home(f"d-{n}".encode())) for n in range(4))
    )
    ran = command("doctor", "--config", config)
    assert ran.code == 0, ran.out
    assert [line.split()[0] for line in ran.out.splitlines()] == ["ok", "ok", "ok", "ok", "warn", *["ok"] * 6]
    assert f"ok    {topic}: the 4 newest records are keyed and partitioned as they should be" in ran.out
    sent(broker, (topic, b"d-1", survey(), [], 1 - home(b"d-1")))
    ran = command("doctor", "--config", config)
    assert ran.code == 1
    assert f"fail  {topic}: 1 of the 5 newest are misrouted" in ran.out


@pytest.mark.broker
def test_a_number_of_the_live_topics_is_explained(
    command: Command, config: Path, broker: str, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}.activity.v1"
    sent(broker, (topic, b"d-1", survey(), [], home(b"d-1")), (topic, b"d-2", survey("d-2"), [], 1 - home(b"d-2")))
    day = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 5))
    ran = command(
        "explain",
        "surveys",
        "--level",
        "site",
        "--entity",
        "main",
        "--window",
        "day",
        "--start",
        day,
        "--config",
        config,
    )
    assert ran.code == 0, ran.error
    assert "surveys +1  survey e-1 (event e-1)" in ran.out
    assert "numerator    surveys = 1" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [["topics", "check"], ["deadletter", "list"], ["reconcile", "live", "x"], ["topics", "create"]],
    ids=" ".join,
)
def test_without_a_broker_a_command_waits_a_stated_time_and_gives_up_in_one_line(
    command: Command, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setattr("stream.cli.broker.GIVE_UP_SECONDS", 1.0)
    ran = command(*arguments)
    assert ran.code == 1
    waits, gives_up = ran.error.splitlines()
    assert waits == "Kafka at 127.0.0.1:1 does not answer; waiting up to 1 s"
    assert gives_up.startswith("kpi-stream: Kafka at 127.0.0.1:1: no answer for 1 s, given up")


@pytest.mark.broker
def test_a_topic_of_names_is_made_and_the_doctor_says_what_in_it_is_no_name(
    command: Command, broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    topic, file = f"{topic_prefix}.names.v1", tmp_path / "c.yaml"
    kafka = {"bootstrap_servers": broker, "topic_prefix": topic_prefix, "group": topic_prefix, "partitions": 2}
    file.write_bytes(orjson.dumps({"kafka": kafka, "board": {"names_topic": True}}))
    assert topic in command("topics", "create", "--config", file).out
    assert f"ok    {topic}: empty\n" in command("doctor", "--config", file).out
    sent(broker, (topic, b"agent|a-1", b'{"level":"agent","id":"a-1","name":"Li Wei"}', [], 0))
    assert f"ok    {topic}: the 1 newest records are names of ids\n" in command("doctor", "--config", file).out
    sent(broker, (topic, b"agent|a-1", b'{"level":"agent","id":"a-2","name":"Li Wei"}', [], 0))
    ran = command("doctor", "--config", file)
    wrong = "partition 0 offset 1: the key is not agent|a-2"
    assert f"warn  {topic}: 1 of the 2 newest are no names: {wrong}\n" in ran.out
    assert ran.code == 0


def test_the_doctor_gives_up_after_the_stated_time(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    started = time.monotonic()
    ran = command("doctor", "--timeout", "2")
    assert time.monotonic() - started < 8
    assert ran.code == 1
    assert ran.out.splitlines()[-1].startswith("fail  broker: ")
    assert "127.0.0.1:1" in ran.out
