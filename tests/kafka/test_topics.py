"""Topics on a real broker, and which partition counts fit together (contract 1, live 1 and 3)."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from stream.kafka.exits import RefusedError
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, check_topics, create_topics, wanted_topics
from stream.partition.context import LiveState, WorkerSetup
from stream.settings import Settings, load
from stream.worker.purge import purge
from stream.worker.startup import check_counts, check_unchanged
from tests.kafka.workers import configured, produce

NAMES = Names("collections", "kpi-stream")


@pytest.mark.broker
async def test_missing_topics_are_made_as_they_should_be_and_deviations_are_named(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    _, settings = configured(broker, topic_prefix, tmp_path)
    names = Names(topic_prefix, topic_prefix)
    async with admin_client(settings) as admin:
        await admin.create_topics([NewTopic(names.inbound[0], 3, 1)])
        made = await asyncio.to_thread(create_topics, settings)
        assert set(made) == {topic.name for topic in wanted_topics(settings)} - {names.inbound[0]}
        spoiled = {"cleanup.policy": "delete"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, names.ledger, spoiled)])
        await finds(settings, f"{names.ledger}: cleanup.policy is delete, should be compact")
        await finds(settings, f"{names.inbound[0]}: has 3 partitions, should have 4")
        await finds(settings, f"{names.inbound[0]}: message.timestamp.type is CreateTime, should be LogAppendTime")
        await admin.delete_topics([names.deltas])
        await finds(settings, f"{names.deltas}: is missing (`kpi-stream topics create` makes it)")


async def finds(settings: Settings, wanted: str) -> None:
    """The line is found; the broker takes a moment to tell of a change."""
    found: list[str] = []
    for _ in range(50):
        found = await asyncio.to_thread(check_topics, settings)
        if wanted in found:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{wanted!r} not in {found}")


def test_deltas_are_deleted_by_no_age_and_never_compacted_and_inbound_topics_stamp_what_arrives() -> None:
    wanted = {topic.name: topic.config for topic in wanted_topics(load(None, {}))}
    assert (wanted[NAMES.deltas]["cleanup.policy"], wanted[NAMES.deltas]["retention.ms"]) == ("delete", "-1")
    stamped = {name for name, config in wanted.items() if config.get("message.timestamp.type") == "LogAppendTime"}
    assert stamped == {*NAMES.inbound, NAMES.deltas}


def test_the_dead_letter_topic_takes_larger_records_than_the_inbound_ones() -> None:
    settings = load(None, {})
    wanted = {topic.name: topic.config for topic in wanted_topics(settings)}
    inbound_bytes = 1_048_588  # a broker's own default, which the inbound topics keep
    assert int(wanted[NAMES.deadletter]["max.message.bytes"]) > max(inbound_bytes, settings.record_bytes) + 65_536
    assert not any("max.message.bytes" in wanted[name] for name in NAMES.inbound)


@pytest.mark.broker
async def test_deltas_below_the_committed_offset_are_freed(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    _, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    deltas = TopicPartition(Names(topic_prefix, topic_prefix).deltas, 1)
    await produce(broker, deltas.topic, [(b"k", b"v")] * 5, partition=1)
    await purge(settings, {deltas: 3})
    consumer = AIOKafkaConsumer(bootstrap_servers=broker)
    await consumer.start()
    assert await consumer.beginning_offsets([deltas]) == {deltas: 3}
    await consumer.stop()


async def test_a_purge_without_a_broker_is_left_to_the_next_time(tmp_path: Path) -> None:
    _, settings = configured("127.0.0.1:1", "nobody", tmp_path)
    await purge(settings, {TopicPartition("deltas", 0): 3})


def counts(**changed: int) -> dict[str, int]:
    fitting = dict.fromkeys((*NAMES.inbound, NAMES.ledger, NAMES.erasures), 8) | dict.fromkeys(
        (NAMES.deltas, NAMES.windows), 4
    )
    return fitting | {getattr(NAMES, name): count for name, count in changed.items()}


def test_inbound_topics_and_the_ledger_must_have_as_many_partitions_and_so_must_both_of_stage_two() -> None:
    settings = load(None, {})
    check_counts(settings, counts())
    with pytest.raises(RefusedError, match=r"ledger has 6 partitions and collections\.calls\.v1 has 8"):
        check_counts(settings, counts(ledger=6))
    with pytest.raises(RefusedError, match=r"erasures has 1 partitions and collections\.calls\.v1 has 8"):
        check_counts(settings, counts(erasures=1))
    with pytest.raises(RefusedError, match=r"windows has 5 partitions and .*deltas has 4"):
        check_counts(settings, counts(windows=5))
    with pytest.raises(RefusedError, match=r"cases\.v1 has 9"):
        check_counts(settings, counts() | {NAMES.inbound[3]: 9})


def test_a_partition_count_that_changes_while_a_worker_runs_stops_it() -> None:
    check_unchanged(counts(), counts())
    check_unchanged(counts(), {})  # the broker is just coming up, and knows nothing yet
    with pytest.raises(RefusedError, match=r"deltas had 4 partitions and now has 8"):
        check_unchanged(counts(), counts(deltas=8))


def test_many_numbers_on_one_worker_commit_more_slowly() -> None:
    live = LiveState(WorkerSetup(load(None, {}), {}, {}, {}))
    for numbers, expected_ms in ((1, 200), (16, 200), (24, 300), (64, 800)):
        live.pace_commits(numbers)
        assert live.commit_every_ms == expected_ms
