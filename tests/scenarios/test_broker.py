"""Every scenario through a real broker and a worker, many of them on one floor (apart.py)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream.kafka.names import Names
from stream.settings import Settings, load
from stream.simulate.route import key_of, topic_of
from tests.kafka.workers import WorkerProcess, committed, configured
from tests.scenarios.apart import Shared, shared_floors, what_fails
from tests.scenarios.doors import LIVE, in_time, last_word
from tests.scenarios.faust_door import APPENDED_MS
from tests.scenarios.scenario import load as load_scenario
from tests.scenarios.test_scenarios import FILES
from tests.worlds.lived import breaches_in, in_file_order

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]
SECONDS = 120
Raw = dict[str, Any]


async def make_inbound(settings: Settings) -> None:
    """Topics that keep the producer's stamp: scenarios may lie in the future, which LogAppendTime would not let in."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    stamped = {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(2**63 - 1)}
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap_servers)
    await admin.start()
    try:
        topics = [
            NewTopic(name, settings.kafka.partitions, 1, topic_configs=stamped | {"retention.ms": "-1"})
            for name in names.inbound
        ]
        made = await admin.create_topics(topics)
        assert not any(code for _, code, *_ in made.topic_errors), made
    finally:
        await admin.close()


async def send(settings: Settings, lines: Sequence[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka.bootstrap_servers)
    await producer.start()
    try:
        for line in lines:
            event = json.loads(line)
            topic = topic_of(event["type"], settings.kafka.topic_prefix)
            await producer.send(topic, line, (key_of(event) or "").encode(), timestamp_ms=APPENDED_MS)
        await producer.flush()
    finally:
        await producer.stop()


async def read(settings: Settings, topic: str) -> list[Raw]:
    return [json.loads(record.value) for record in await committed(settings.kafka.bootstrap_servers, topic, 60)]


async def lived(floor: Shared, broker: str, prefix: str, folder: Path) -> list[str]:
    """A worker on a floor that all has been told to; what still fails when nothing does, or the time is over."""
    path, _ = configured(broker, prefix, folder, **LIVE)
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | floor.config))
    settings = load(path, {})
    lines = in_time([line for told in floor.told for line in told.lines()], floor.config)
    await make_inbound(settings)
    await send(settings, [*lines, last_word(lines, floor.config)])
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    deadline = time.monotonic() + SECONDS
    async with WorkerProcess(path) as worker:
        await worker.ready(90)
        while True:
            found = await read(settings, names.conduct)
            breaches = breaches_in({str(in_file_order(b)): b for b in found if b["record"] == "breach"})
            kpis, alerts = await read(settings, names.kpi), await read(settings, names.alerts)
            fails = what_fails(floor, kpis, alerts, breaches)
            if not fails or time.monotonic() > deadline:
                return fails
            await asyncio.sleep(2)


async def test_every_scenario_holds_on_a_real_broker(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    floors = shared_floors([(path.stem, load_scenario(path)) for path in FILES])
    assert sum(len({told.name for told in floor.told}) for floor in floors) == len(FILES) >= 40
    two_at_once = asyncio.Semaphore(2)

    async def guarded(number: int, floor: Shared) -> list[str]:
        async with two_at_once:
            folder = tmp_path / str(number)
            folder.mkdir()
            return await lived(floor, broker, f"{topic_prefix}-{number}", folder)

    found = await asyncio.gather(*(guarded(number, floor) for number, floor in enumerate(floors)))
    assert [fails for of_floor in found for fails in of_floor] == []
