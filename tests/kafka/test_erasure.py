"""A debtor is erased on a real broker while a worker runs: nothing is left in the raw topics of state once they are
compacted, no restart brings the debtor back, and the numbers stay (ADR 0105, 0106). The runbook's section on erasing a
debtor is rehearsed here, command by command."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from stream.cli.main import run
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, create_topics
from stream.partition.intake import key_partition
from stream.settings import Settings
from tests.kafka.broker_admin import alter
from tests.kafka.records import debtor_of
from tests.kafka.test_conduct import CONDUCT, call, event
from tests.kafka.test_live_is_replay import send
from tests.kafka.workers import WorkerProcess, committed, configured, latest_kpis, produce

pytestmark = pytest.mark.timeout(400)
WAIT_SECONDS = 90.0
PARTITIONS = 2
ERASED, OTHER = (next(f"{name}-{n}" for n in count() if key_partition(b"%s-%d" % (name.encode(), n), PARTITIONS) == 0)
                 for name in ("anna", "otto"))  # fmt: skip
AWAY = debtor_of(1, PARTITIONS)
COMPACTED = {
    "segment_ms": "500", "min_cleanable_dirty_ratio": "0.0001", "delete_retention_ms": "0",
    "file_delete_delay_ms": "100", "max_compaction_lag_ms": "1000",
}  # fmt: skip


def world() -> list[dict[str, Any]]:
    """Ten days with breaches and a withdrawn one, a complaint, a promise that was kept; no deadline is left ahead."""
    events = []
    for debtor in (ERASED, OTHER, AWAY):
        events.append(event("case", "placed", debtor, -20, change="placed", dpd=40, debtor_zone="Asia/Tokyo"))
        events += [call(f"k-{n}", debtor, n / 4, number_id=f"tel-{debtor}") for n in range(5)]
        events.append(call("k-4", debtor, 1, version=2, void=True, number_id=f"tel-{debtor}"))
        events.append(event("payment", "p", debtor, 3, payment_id=f"pay-{debtor}", amount_minor=500, currency="EUR"))
        events.append(event("complaint", "late", debtor, 4, complaint_id=f"q-{debtor}", status="received",
                            received_at="2024-03-04T12:00:00Z"))  # fmt: skip
        events.append(event("survey", "last", debtor, 24 * 60, survey_id=f"s-{debtor}", score=5))
    return events


def days(records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {key: record["kpis"] for key, record in records.items() if record["window"] == "day" and record["kpis"]}


def replayed(folder: Path, config: Path, events: list[dict[str, Any]]) -> dict[str, Any]:
    """The days' numbers of the same events in a file: nobody was erased there."""
    file, out = folder / "events.jsonl", folder / "replayed"
    file.write_text("".join(json.dumps(each) + "\n" for each in events))
    assert run(["replay", "--input", str(file), "--out", str(out), "--windows", "day", "--config", str(config)]) == 0
    records = [json.loads(line) for line in (out / "kpi.jsonl").read_text().splitlines()]
    return days({"|".join((r["site"], r["level"], r["entity"], r["window"], r["start"])): r for r in records})


async def until_days(settings: Settings, expected: dict[str, Any]) -> None:
    """Returns once the topic says these numbers for the days, and no others."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := days(await latest_kpis(settings))) != expected:
        assert time.monotonic() < deadline, {
            key: (found.get(key), expected.get(key))
            for key in found.keys() | expected.keys()
            if found.get(key) != expected.get(key)
        }
        await asyncio.sleep(0.3)


async def until_judged(settings: Settings, expected: dict[str, Any]) -> None:
    """Returns once the days have these numbers, and the last breach of everybody is published: that of a deadline, when
    idle topics have let the watermark pass it."""
    await until_days(settings, expected)
    topic = Names(settings.kafka.topic_prefix, settings.kafka.group).conduct
    deadline, late = time.monotonic() + WAIT_SECONDS, "complaint_response"
    while True:
        found = [json.loads(each.value) for each in await committed(settings.kafka.bootstrap_servers, topic)]
        if {each["debtor"] for each in found if late in each["rule"]} == {ERASED, OTHER, AWAY}:
            return
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.3)


async def raw(broker: str, topic: str) -> bytes:
    """All bytes of keys and values of a topic, of aborted transactions too."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, isolation_level="read_uncommitted", auto_offset_reset="none")
    await consumer.start()
    try:
        tps = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends, found = await consumer.end_offsets(tps), b""
        async with asyncio.timeout(WAIT_SECONDS):
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += b"\n".join((each.key or b"") + b"=" + (each.value or b"") for each in records)
        return found
    finally:
        await consumer.stop()


async def compact_often(settings: Settings) -> None:
    """The broker's cleaner looks every 200 ms, and takes the topics of state as soon as it can."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    for topic in (names.ledger, names.conduct):
        await alter(settings, topic, **COMPACTED)
    async with admin_client(settings) as admin:
        node = str((await admin.describe_cluster())["brokers"][0]["node_id"])
        cleaner = ConfigResource(ConfigResourceType.BROKER, node, {"log.cleaner.backoff.ms": "200"})
        [_, answer] = await admin.alter_configs([cleaner])
    assert all(each[0] == 0 for each in answer.resources), answer


async def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """What a command prints, a JSON object a line; it must end with 0."""
    capsys.readouterr()
    code = await asyncio.to_thread(run, arguments)
    out, err = capsys.readouterr()
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


async def there(capsys: pytest.CaptureFixture[str], *to: str) -> dict[str, Any]:
    """Topic -> what it holds of the debtor."""
    return {row["topic"]: row for row in await told(capsys, "erase", ERASED, "--dry-run", "--format", "json", *to)}


async def until_compacted(settings: Settings) -> None:
    """Returns once no byte of the topics of state says anything of the debtor."""
    broker, names = settings.kafka.bootstrap_servers, Names(settings.kafka.topic_prefix, settings.kafka.group)
    deadline, number = time.monotonic() + WAIT_SECONDS, 0
    while ERASED.encode() in (bytes_left := await raw(broker, names.ledger) + await raw(broker, names.conduct)):
        assert time.monotonic() < deadline, bytes_left.count(ERASED.encode())
        number += 1  # Kafka rolls a segment when something is written
        later = [call(f"n-{number}-{n}", OTHER, 24 * 60 + number / 10 + n / 100) for n in range(4)]
        await send(settings, [each | {"agent_id": "a-later"} for each in later])
        await asyncio.sleep(0.3)
    assert OTHER.encode() in bytes_left
    assert ERASED.encode() not in await raw(broker, names.erasures)


@pytest.mark.broker
async def test_a_debtor_is_gone_from_the_raw_topics_and_from_every_restart_and_the_numbers_stay(
    broker: str, topic_prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, settings = configured(
        broker, topic_prefix, tmp_path, kafka={"partitions": PARTITIONS, "deltas_partitions": 1}, conduct=CONDUCT,
        time={"idle_advance": False, "grace": "0s"}, windows={"rolling": [], "intervals": [], "month": False},
    )  # fmt: skip
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    to = ("--config", str(config))
    await asyncio.to_thread(create_topics, settings)
    await compact_often(settings)
    events = world()
    expected = await asyncio.to_thread(replayed, tmp_path, config, events)
    await send(settings, events)
    await produce(broker, names.inbound[0], [(ERASED.encode(), b"no event")])
    async with WorkerProcess(config, topics=False) as worker:
        await worker.ready(WAIT_SECONDS)
        await until_judged(settings, expected)

        # what there is, and nothing is changed
        found = await there(capsys, *to)
        assert found[names.ledger]["kinds"] == {"call": 5, "case": 1, "complaint": 1, "payment": 1, "survey": 1}
        assert found[names.inbound[0]]["records"] == 7
        assert found[names.deadletter]["kinds"] == {"malformed": 1}
        assert found[names.conduct]["kinds"].keys() == {"breach", "standing"}
        assert "stays until" in found[names.inbound[0]]["becomes"]
        assert ERASED.encode() in await raw(broker, names.ledger)
        assert ERASED.encode() in await raw(broker, names.conduct)

        # a worker that owns the partition does it
        await told(capsys, "erase", ERASED, "--by", "Li Na", "--reason", "letter 7", "--yes", "--wait", "90",
                   "--format", "json", *to)  # fmt: skip
        (done,) = await told(capsys, "erase", "--list", "--format", "json", *to)
        assert (done["state"], done["by"], done["reason"]) == ("done", "Li Na", "letter 7")
        assert (done["facts"], done["conduct"]) == (found[names.ledger]["kinds"], found[names.conduct]["records"])
        assert await told(capsys, "erase", "--list", ERASED, "--format", "json", *to) == [done]
        await until_days(settings, expected)

        # a kill, and whoever comes after it knows nothing of the debtor
        worker.signal(signal.SIGKILL)
        await worker.ends(WAIT_SECONDS)
    async with WorkerProcess(config, topics=False) as worker:
        await worker.ready(WAIT_SECONDS)
        await worker.owns(PARTITIONS, WAIT_SECONDS)
        await until_days(settings, expected)
        left = await there(capsys, *to)
        assert left[names.ledger]["records"] == left[names.conduct]["records"] == 0
        assert len(await told(capsys, "erase", "--list", "--format", "json", *to)) == 1

        await until_compacted(settings)

        # what comes later begins anew
        await send(settings, [call("fresh", ERASED, 24 * 61)])
        deadline = time.monotonic() + WAIT_SECONDS
        while not (now := await there(capsys, *to))[names.ledger]["records"]:
            assert time.monotonic() < deadline, now
            await asyncio.sleep(0.3)
        assert now[names.ledger]["kinds"] == {"call": 1}
        worker.signal(signal.SIGTERM)
        assert await worker.ends(WAIT_SECONDS) == 0
    await handed_over(settings, tmp_path, now, capsys, *to)


async def handed_over(
    settings: Settings, folder: Path, before: dict[str, Any], capsys: pytest.CaptureFixture[str], *to: str
) -> None:
    """A hand-over reads inbound topics that still hold everything, and brings nothing back."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    over = ("backfill", "--hand-over", "--out", str(folder / "over"), "--no-progress", *to)
    assert await asyncio.to_thread(run, over) == 0
    after = await there(capsys, *to)
    for topic in (names.ledger, names.conduct):
        assert after[topic]["kinds"] == before[topic]["kinds"]
        assert b"erased-" not in await raw(settings.kafka.bootstrap_servers, topic)
