"""What happens to topics and groups behind a worker's back."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from stream.kafka.topics import admin_client, partition_counts, wanted_topics
from stream.settings import Settings


async def alter(settings: Settings, topic: str, **changed: str) -> None:
    """Sets the topic's configuration to what it should be, and these keys (dots as underscores) beside."""
    config = next(dict(wanted.config) for wanted in wanted_topics(settings) if wanted.name == topic)
    config |= {key.replace("_", "."): value for key, value in changed.items()}
    async with admin_client(settings) as admin:
        [response] = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])
    assert all(resource[0] == 0 for resource in response.resources), response


async def delete(settings: Settings, topic: str) -> None:
    """Deletes the topic; returns once it is gone."""
    async with admin_client(settings) as admin:
        await admin.delete_topics([topic])
        while topic in await partition_counts(admin):
            pass


async def make_anew(settings: Settings, topic: str) -> None:
    """Deletes the topic and makes it again, with the settings that it should have."""
    await delete(settings, topic)
    wanted = next(wanted for wanted in wanted_topics(settings) if wanted.name == topic)
    async with admin_client(settings) as admin:
        response = await admin.create_topics([NewTopic(topic, wanted.partitions, 1, topic_configs=dict(wanted.config))])
    assert response.topic_errors[0][1] == 0, response


async def make_on(settings: Settings, topic: str, nodes: Mapping[int, list[int]]) -> None:
    """Makes the topic anew with these replicas: partition -> nodes."""
    await delete(settings, topic)
    wanted = next(wanted for wanted in wanted_topics(settings) if wanted.name == topic)
    new = NewTopic(topic, -1, -1, replica_assignments=dict(nodes), topic_configs=dict(wanted.config))
    async with admin_client(settings) as admin:
        response = await admin.create_topics([new])
    assert response.topic_errors[0][1] == 0, response


async def grow(settings: Settings, topic: str, partitions: int) -> None:
    async with admin_client(settings) as admin:
        response = await admin.create_partitions({topic: NewPartitions(partitions)})
    assert response.topic_errors[0][1] == 0, response


async def replicas_in_sync(settings: Settings, topic: str) -> set[int]:
    """How many replicas the partitions of a topic have in sync."""
    async with admin_client(settings) as admin:
        [described] = await admin.describe_topics([topic])
    return {len(partition["isr"]) for partition in described["partitions"]}


async def trim(settings: Settings, below: Mapping[tuple[str, int], int]) -> None:
    """Deletes the records below these offsets, as retention would."""
    async with admin_client(settings) as admin:
        await admin.delete_records({TopicPartition(*place): RecordsToDelete(offset) for place, offset in below.items()})


async def commit(settings: Settings, offsets: Mapping[tuple[str, int], int]) -> None:
    """Commits offsets for the group, which must have no members."""
    kafka = settings.kafka
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, group_id=kafka.group, enable_auto_commit=False
    )
    named = {TopicPartition(*place): offset for place, offset in offsets.items()}
    await consumer.start()
    consumer.assign(list(named))
    await consumer.commit(named)
    await consumer.stop()


async def log_ends(settings: Settings, topic: str) -> dict[tuple[str, int], int]:
    """(topic, partition) -> its end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap_servers)
    await consumer.start()
    async with admin_client(settings) as admin:
        count = (await partition_counts(admin))[topic]
    ends = await consumer.end_offsets([TopicPartition(topic, number) for number in range(count)])
    await consumer.stop()
    return {(tp.topic, tp.partition): end for tp, end in ends.items()}
