"""What is large: state records, outputs and transactions beyond a broker's default of 1 MiB, on a real broker."""

import asyncio
import json
from itertools import product
from pathlib import Path
from string import ascii_uppercase

import pytest
from aiokafka import TopicPartition

from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from stream.kafka.writer import MAX_BATCH_BYTES, Line, Writer
from stream.partition.restore import restore
from tests.kafka.records import instant
from tests.kafka.workers import WorkerProcess, committed, configured, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.timeout(150)]


async def test_a_record_larger_than_a_batch_is_committed_alone_and_restored(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    _, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    names = Names(topic_prefix, topic_prefix)
    state = TopicPartition(names.windows, 0)
    lines = [Line(b"small", b"1"), Line(b"large", b"x" * 30 * MAX_BATCH_BYTES), Line(b"after", b"2")]
    writer = Writer(settings.kafka_client_options(), "sizes-test", 15_000)
    await writer.fence()
    await writer.commit({tuple(state): lines}, {(names.inbound[0], 0): 1}, settings.kafka.group)
    await writer.close()
    successor = Writer(settings.kafka_client_options(), "sizes-test", 15_000)
    await successor.fence()  # what was committed is complete then
    await successor.close()
    found: dict[bytes, bytes | None] = {}
    await restore(settings.kafka_client_options(), state, 0, found.__setitem__, lambda _: None)
    assert found == {line.key: line.value for line in lines}


async def test_a_site_with_thousands_of_currencies_is_published_and_restored(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(
        broker, topic_prefix, tmp_path, publish={"every": "5s"}, windows={"rolling": ["5m"], "month": False}
    )
    names = Names(topic_prefix, topic_prefix)
    await asyncio.to_thread(create_topics, settings)
    currencies = ["".join(letters) for letters in product(ascii_uppercase[:20], repeat=3)][:5_000]

    def payment(n: int, currency: str) -> tuple[bytes | None, bytes | None]:
        event = {
            "type": "payment", "event_id": f"e-{n}", "payment_id": f"p-{n}", "occurred_at": instant(n),
            "debtor_id": f"d-{n}", "case_id": "c-1", "amount_minor": 2**53 - 1, "currency": currency,
        }  # fmt: skip
        return b"d-%d" % n, json.dumps(event).encode()

    await produce(broker, names.inbound[1], [payment(n, currency) for n, currency in enumerate(currencies)])
    for more in (0, 1):
        async with WorkerProcess(config) as worker:
            await worker.ready()
            await produce(broker, names.inbound[1], [payment(10_000 + n, "CNY") for n in range(more)])
            await until_counted(settings, "payments", "site", {"main": len(currencies) + more}, 100)
    sizes = [len(record.value) for record in await committed(broker, names.kpi)]
    assert max(sizes) > 1_100_000
