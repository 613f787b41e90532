"""The example of a program that reads alerts (docs/examples/alert_consumer.py)."""

import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from hypothesis import given
from hypothesis import strategies as st

from docs.examples.alert_consumer import opened, take
from tests.conftest import ROOT
from tests.publish.records import alert

EXAMPLE = ROOT / "docs" / "examples" / "alert_consumer.py"
EPISODE = [orjson.loads(alert("9f2c", state)[1]) for state in ("pending", "firing", "resolved")]


def table(database: sqlite3.Connection, name: str) -> list[Any]:
    return database.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()


@given(st.lists(st.integers(0, 3), max_size=12))
def test_repeated_records_change_nothing(again: list[int]) -> None:
    once, repeated = opened(":memory:"), opened(":memory:")
    for record in EPISODE:
        take(once, record)
    read = 0
    for number in [*again, 3]:  # each time from the beginning, up to some record, at last to the end
        for record in EPISODE[: max(read, number)]:
            take(repeated, record)
        read = max(read, number)
    assert table(repeated, "alert") == table(once, "alert")
    assert table(repeated, "told") == table(once, "told")
    assert [row[1] for row in table(once, "told")] == ["firing", "resolved"]


def test_nobody_is_told_of_a_muted_alert() -> None:
    database = opened(":memory:")
    for record in EPISODE:
        take(database, record | {"muted": True})
    assert (len(table(database, "alert")), table(database, "told")) == (1, [])


@pytest.mark.broker
async def test_it_takes_up_where_it_was_and_sees_only_what_was_committed(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    topic, file = f"{topic_prefix}.alerts.v1", tmp_path / "alerts.sqlite"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()

    async def run() -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLE), str(file), broker, topic, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        return said.decode()

    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=topic_prefix)
    await producer.start()
    try:
        for records, commit in (
            ([alert("1"), alert("2", entity="t-4")], True),
            ([alert("3", entity="t-5")], False),
            ([alert("1", "resolved")], True),
        ):
            await producer.begin_transaction()
            for key, value in records:
                await producer.send_and_wait(topic, value, key)
            await (producer.commit_transaction() if commit else producer.abort_transaction())
        assert await run() == "3 records read, 1 alerts fire\n"
        async with producer.transaction():
            await producer.send_and_wait(topic, alert("2", "resolved", entity="t-4")[1], b"2")
        assert await run() == "1 records read, 0 alerts fire\n"
    finally:
        await producer.stop()
    told = [(row[0], row[1]) for row in table(sqlite3.connect(file), "told")]
    assert told == [("1", "firing"), ("1", "resolved"), ("2", "firing"), ("2", "resolved")]
