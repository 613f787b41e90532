"""Every topic with its settings: made when missing, compared when there (contract 1 and 2, live 3)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from stream.kafka.names import Names
from stream.settings import Settings

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
COMPACTED_MS = 7 * DAY_MS
"""After so long what compaction takes away of a topic with debtors in it is taken away, be it little or much."""
FOR_EVER = "-1"
ALREADY_EXISTS = 36
UNKNOWN_TOPIC = 3
DEADLETTER_ROOM = 65_536
NEW_TOPIC_SECONDS = 15.0
"""How long a topic that was just made may take until every broker knows it."""
ROOM_BYTES = 67_108_864
"""What the topics of state, deltas and KPI records take. A site's records hold sums by currency: with each of the
17,576 that three letters can spell, five minutes of panes are the greatest (docs/configuration.md, sizes)."""


class TopicsError(Exception):
    """The broker refused to make or to describe a topic. One line."""


@dataclass(frozen=True)
class Topic:
    """A topic as it should be. `config`: settings that it must have. `initial`: those that it is made with, and that
    are the operator's afterwards."""

    name: str
    partitions: int
    config: Mapping[str, str]
    initial: Mapping[str, str] = field(default_factory=dict)


def deadletter_room_bytes(record_bytes: int) -> int:
    """The greatest record that the dead-letter topic takes: any that a broker with default limits lets in, whole, with
    its headers."""
    return max(2 * 1_048_576, 2 * record_bytes) + DEADLETTER_ROOM


def wanted_topics(settings: Settings) -> list[Topic]:
    """All topics of a configuration, with partition counts and settings."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    partitions, deltas = settings.kafka.partitions, settings.deltas_partitions
    keep_ms = str(settings.publish.keep_ms)
    roomy = {"max.message.bytes": str(ROOM_BYTES)}
    state = roomy | {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.3",
        # A worker that kept the state of a partition it lost reads tombstones that are at most so old.
        "delete.retention.ms": str(DAY_MS),
        "segment.ms": str(DAY_MS),
    }
    # What is erased of a debtor leaves the disks in so much time, however little is written (ADR 0105).
    personal = {"max.compaction.lag.ms": str(COMPACTED_MS)}
    outbound = {
        "cleanup.policy": "compact,delete",
        "retention.ms": keep_ms,
        "segment.ms": str(min(DAY_MS, settings.publish.keep_ms)),
    }
    # A broker deletes by record timestamp: events that tell of last year would vanish on arrival (contract 1).
    stamped = {"message.timestamp.type": "LogAppendTime"}
    # A backfill reads the history from the inbound topics: it should reach as far back as corrections do.
    history = {"retention.ms": str(settings.time.correction_horizon_ms)}
    return [
        *(Topic(name, partitions, stamped, history) for name in names.inbound),
        Topic(names.kpi, deltas, outbound | roomy),
        Topic(names.alerts, deltas, outbound),
        # What people said about alerts, in one order. Nothing of it is superseded by its key alone, and it is little.
        Topic(names.alertactions, 1, {"cleanup.policy": "delete", "retention.ms": FOR_EVER}),
        # What somebody did last is said until something else is, however long ago it was.
        Topic(names.agents, partitions, {"cleanup.policy": "compact", "segment.ms": str(DAY_MS)}),
        # One worker writes them, in one order: that of the ledger's lines.
        Topic(names.scores, 1, {"cleanup.policy": "compact", "segment.ms": str(DAY_MS)}),
        Topic(names.scoreledger, 1, {"cleanup.policy": "delete", "retention.ms": FOR_EVER}),
        # What was found of a debtor stands until it is withdrawn, however long ago it was (conduct 3).
        Topic(names.conduct, partitions, personal | {"cleanup.policy": "compact", "segment.ms": str(DAY_MS)}),
        # What an id is called is said until something else is.
        *([Topic(names.names, 1, {"cleanup.policy": "compact"})] if settings.board.names_topic else []),
        Topic(
            names.deadletter,
            partitions,
            {
                "retention.ms": keep_ms,
                "max.message.bytes": str(deadletter_room_bytes(settings.record_bytes)),
            },
        ),
        Topic(names.ledger, partitions, state | personal),
        # Who was to be erased, at whose word, and what was done: kept for ever, and it names no debtor.
        Topic(names.erasures, partitions, {"cleanup.policy": "compact", "segment.ms": str(DAY_MS)}),
        # Purged below the committed offset of the entity stage (live 3); never by age: a rebuild may be under way.
        Topic(names.deltas, deltas, stamped | roomy | {"cleanup.policy": "delete", "retention.ms": FOR_EVER}),
        Topic(names.windows, deltas, state),
        Topic(names.scoring, 1, state | {"segment.ms": str(HOUR_MS)}),
    ]


def made_with(topic: Topic, replication: int) -> dict[str, str]:
    """The settings that a topic with so many replicas is made with: of three, two must have a record before it
    counts."""
    safe = {"min.insync.replicas": "2"} if replication > 2 else {}
    return {**safe, **topic.initial, **topic.config}


@asynccontextmanager
async def admin_client(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client. KafkaError (KafkaConnectionError) while there is no broker."""
    admin = AIOKafkaAdminClient(**settings.kafka_client_options(), request_timeout_ms=15_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def make_missing(admin: AIOKafkaAdminClient, settings: Settings) -> list[str]:
    """Makes the topics that are missing and returns their names. Idempotent, also against another one doing the same.
    TopicsError: the broker refused one."""
    there = await partition_counts(admin)
    missing = [topic for topic in wanted_topics(settings) if topic.name not in there]
    if not missing:
        return []
    replication = settings.kafka.replication
    response = await admin.create_topics(
        [
            NewTopic(topic.name, topic.partitions, replication, topic_configs=made_with(topic, replication))
            for topic in missing
        ]
    )
    made = []
    for name, code, *rest in response.topic_errors:
        if code not in (0, ALREADY_EXISTS):
            why = rest[0] if rest and rest[0] else for_code(code).__name__
            raise TopicsError(f"topic {name} cannot be made: {why}")
        if code == 0:
            made.append(name)
    return made


async def partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """Name -> number of partitions, of every topic that there is."""
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in await admin.describe_topics()
        if topic["error_code"] != UNKNOWN_TOPIC
    }


async def leaderless(admin: AIOKafkaAdminClient) -> frozenset[tuple[str, int]]:
    """(topic, partition) of those that no broker leads: nothing of them can be read or written."""
    return frozenset(
        (topic["topic"], partition["partition"])
        for topic in await admin.describe_topics()
        for partition in topic["partitions"]
        if partition["leader"] < 0
    )


async def find_deviations(admin: AIOKafkaAdminClient, settings: Settings) -> list[str]:
    """One line for each topic that is missing, and for each setting or partition count that is not as it should be."""
    counts = await partition_counts(admin)
    findings: list[str] = []
    for topic in wanted_topics(settings):
        if topic.name not in counts:
            findings.append(f"{topic.name}: is missing (`kpi-stream topics create` makes it)")
            continue
        if counts[topic.name] != topic.partitions:
            findings.append(f"{topic.name}: has {counts[topic.name]} partitions, should have {topic.partitions}")
        found = await _config(admin, topic.name)
        for key, value in topic.config.items():
            if not _same(found.get(key), value):
                findings.append(f"{topic.name}: {key} is {found.get(key)}, should be {value}")
    return findings


def _same(found: str | None, wanted: str) -> bool:
    return found is not None and {part.strip() for part in found.split(",")} == set(wanted.split(","))


async def deadletter_takes(admin: AIOKafkaAdminClient, settings: Settings) -> int:
    """The greatest record in bytes that the dead-letter topic takes as it is, whoever made it."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    return int((await _config(admin, names.deadletter))["max.message.bytes"])


async def _config(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    responses: Sequence[Any] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    found: dict[str, str] = {}
    for response in responses:
        for code, message, _, _, entries in response.resources:
            if code:
                raise TopicsError(f"topic {name} cannot be described: {message or for_code(code).__name__}")
            found.update({entry[0]: entry[1] for entry in entries})
    return found


def create_topics(settings: Settings) -> list[str]:
    """For the command `topics create`: makes what is missing, returns the names made (empty: all were there).

    TopicsError or aiokafka's KafkaError: the broker refused, or is not there; the text is one line.
    """

    async def run() -> list[str]:
        async with admin_client(settings) as admin:
            return await make_missing(admin, settings)

    return asyncio.run(run())


def topic_partitions(settings: Settings, name: str) -> int | None:
    """For commands: how many partitions a topic has; None: it is not there. aiokafka's KafkaError as above."""

    async def run() -> int | None:
        async with admin_client(settings) as admin:
            return (await partition_counts(admin)).get(name)

    return asyncio.run(run())


def topic_settings(settings: Settings, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """For commands: name -> settings, of those of these topics that are there. Errors as above."""

    async def run() -> dict[str, dict[str, str]]:
        async with admin_client(settings) as admin:
            there = await partition_counts(admin)
            return {name: await _config(admin, name) for name in names if name in there}

    return asyncio.run(run())


def check_topics(settings: Settings) -> list[str]:
    """For the commands `topics check` and `doctor`: the deviations, one line each; empty when all is as it should be.

    TopicsError or aiokafka's KafkaError as above.
    """

    async def run() -> list[str]:
        async with admin_client(settings) as admin:
            return await find_deviations(admin, settings)

    return asyncio.run(run())


__all__ = ["KafkaError", "TopicsError", "check_topics", "create_topics"]
