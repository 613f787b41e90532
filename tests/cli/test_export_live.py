"""`kpi-stream export --from live`, on a real broker."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from tests.cli.conftest import Command
from tests.cli.test_reconcile import wrote
from tests.replay.test_tables import entry, record

pytestmark = pytest.mark.broker


def said(entity: str, dials: int, revision: int) -> dict[str, Any]:
    """A record of so many dials; of none it has no KPIs."""
    return record(*([entry("dials", dials, 0, None)] if dials else []), entity=entity, revision=revision)


def test_the_live_table_has_of_each_key_the_highest_revision_that_was_committed(
    broker: str, topic_prefix: str, command: Command, tmp_path: Path
) -> None:
    config, topic = tmp_path / "c.yaml", f"{topic_prefix}.kpi.v1"
    kafka = {"bootstrap_servers": broker, "topic_prefix": topic_prefix, "group": topic_prefix, "partitions": 2}
    config.write_bytes(orjson.dumps({"kafka": kafka}))
    assert command("topics", "create", "--config", config).code == 0

    async def publish() -> None:
        async with AIOKafkaProducer(bootstrap_servers=broker, transactional_id=topic_prefix) as producer:

            async def send(*records: dict[str, Any]) -> None:
                for each in records:
                    key = f"main|agent|{each['entity']}|day|{each['start']}".encode()
                    await producer.send_and_wait(topic, orjson.dumps(each), key)

            async with producer.transaction():
                await send(said("a-1", 5, 6), said("a-2", 7, 6), said("a-3", 1, 6), said("a-4", 2, 6))
            async with producer.transaction():
                await send(said("a-1", 6, 9), said("a-1", 4, 8), said("a-3", 0, 7), said("a-4", 3, 6))
                await producer.send_and_wait(topic, None, b"main|agent|a-9|day|2026-11-01T16:00:00Z")
            await producer.begin_transaction()
            await send(said("a-2", 99, 10), said("a-5", 99, 10))
            await producer.abort_transaction()

    asyncio.run(publish())
    ran = command("export", "--config", config, "--out", tmp_path / "live.csv")
    assert (ran.code, ran.out, ran.error) == (0, f"3 rows in {tmp_path / 'live.csv'}\n", "")
    table = (tmp_path / "live.csv").read_bytes()
    rows = csv.DictReader(io.StringIO(table.decode(), newline=""))
    found = [(row["entity"], row["dials_count"], row["revision"]) for row in rows]
    assert found == [("a-1", "6", "9"), ("a-2", "7", "6"), ("a-4", "3", "6")]
    same = wrote(
        tmp_path / "kpi.jsonl", *(orjson.dumps(said(*each)) for each in (("a-1", 6, 9), ("a-2", 7, 6), ("a-4", 3, 6)))
    )
    assert command("export", "--from", same, "--out", "-").out.encode() == table


def test_a_live_topic_that_is_not_there_is_one_line(
    broker: str, topic_prefix: str, command: Command, tmp_path: Path
) -> None:
    config, out = tmp_path / "c.yaml", tmp_path / "out.csv"
    config.write_bytes(orjson.dumps({"kafka": {"bootstrap_servers": broker, "topic_prefix": topic_prefix}}))
    ran = command("export", "--from", "live", "--config", config, "--out", out)
    expected = f"kpi-stream: there is no topic {topic_prefix}.kpi.v1 (`kpi-stream topics create` makes it)\n"
    assert (ran.code, ran.out, ran.error) == (1, "", expected)
    assert not out.exists()
