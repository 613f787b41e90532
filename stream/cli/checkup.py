"""The checks of `kpi-stream doctor`. They write nothing anywhere."""

import asyncio
import logging
import platform
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from stream.cli.broker import started
from stream.kafka.access import denial
from stream.kafka.authorized import lacking, missing_acls
from stream.kafka.names import Names
from stream.kafka.topics import TopicsError, find_deviations, partition_counts
from stream.kafka.versions import WrongVersionError, check_versions
from stream.partition.intake import Reader, Refusal, Tombstone
from stream.publish.names_topic import NamesOfTopic
from stream.wire.consumer import AIOKafkaConsumer

if TYPE_CHECKING:
    from stream.settings import Settings

SAMPLE = 100
"""How many of the newest records of each inbound partition are looked at."""

COORDINATOR_TRIES = 6

CLOCK_MS = 60_000
"""A worker whose clock is off by more than this does not call a topic idle (live 2)."""


class Finding(NamedTuple):
    """One line of the report. `fail`: a worker would not do its work; `warn`: it would, but somebody should look."""

    verdict: Literal["ok", "warn", "fail"]
    subject: str
    text: str


def checkup(settings: "Settings", timeout_s: float) -> Iterator[Finding]:
    """The findings, as they come in. If the broker does not answer within `timeout_s`, the last one says so."""
    yield _versions()
    if (rulebook := settings.conduct()) is not None:
        http = settings.http
        scheme = "http" if http.tls_cert is None else "https"
        url = http.advertised_url or f"{scheme}://{http.host}:{http.port}"
        by = "" if http.tokens is None else " with the token of a dialler"
        text = (
            f"{len(rulebook.rules)} rules; a dialler asks a worker GET {url}/api/headroom?debtor=D&case=C&number=N{by}"
        )
        yield Finding("ok", "headroom", text)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    deadline = time.monotonic() + timeout_s
    with asyncio.Runner() as runner:
        findings = _of_broker(settings, timeout_s)
        while True:
            try:
                left_s = max(deadline - time.monotonic(), 0.1)
                yield runner.run(asyncio.wait_for(anext(findings), left_s))
            except StopAsyncIteration:
                return
            except TimeoutError:
                yield Finding("fail", "broker", f"no answer from {_servers(settings)} within {timeout_s:g} s")
                return
            except (KafkaError, OSError) as error:
                denied = runner.run(denial(settings))
                text = f"{_servers(settings)}: {str(error) or type(error).__name__}" if denied is None else denied.text
                yield Finding("fail", "broker", text)
                return


def _servers(settings: "Settings") -> str:
    return settings.kafka.bootstrap_servers


def _versions() -> Finding:
    try:
        check_versions()
    except WrongVersionError as error:
        return Finding("fail", "versions", str(error))
    packages = ", ".join(f"{name} {version(name)}" for name in ("faust-streaming", "aiokafka"))
    return Finding("ok", "versions", f"Python {platform.python_version()}, {packages}")


async def _of_broker(settings: "Settings", timeout_s: float) -> AsyncIterator[Finding]:
    timeout_ms = int(timeout_s * 1000)
    admin = AIOKafkaAdminClient(**settings.kafka_client_options(), request_timeout_ms=timeout_ms)
    consumer = None
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
        yield Finding("ok", "broker", f"{_servers(settings)} answers, {len(cluster['brokers'])} in the cluster")
        acls = await missing_acls(admin, "worker", settings)
        yield Finding("fail" if acls else "ok", "rights", lacking(acls, "worker", settings) if acls else
                      "a worker may do all that it needs")  # fmt: skip
        deviations = await _deviations(admin, settings)
        for deviation in deviations:
            yield Finding("fail", "topics", deviation)
        if not deviations:
            yield Finding("ok", "topics", "all are there, with their settings")
        consumer = await started(partial(_consumer, settings, timeout_ms))
        names = Names(settings.kafka.topic_prefix, settings.kafka.group)
        counts = await partition_counts(admin)
        inbound = {
            topic: [TopicPartition(topic, partition) for partition in range(counts[topic])]
            for topic in names.inbound
            if topic in counts
        }
        yield await _lag(admin, consumer, settings.kafka.group, [each for parts in inbound.values() for each in parts])
        newest_ms = 0
        for topic, partitions in inbound.items():
            finding, stamped_ms = await _producers(consumer, topic, partitions, settings.record_bytes)
            newest_ms = max(newest_ms, stamped_ms)
            yield finding
        if settings.board.names_topic and names.names in counts:
            yield await _names(consumer, names.names, counts[names.names])
        yield _clock(newest_ms, time.time_ns() // 1_000_000)
    finally:
        if consumer is not None:
            await consumer.stop()
        await admin.close()


def _consumer(settings: "Settings", timeout_ms: int) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(**settings.kafka_client_options(), request_timeout_ms=timeout_ms, enable_auto_commit=False)


async def _deviations(admin: AIOKafkaAdminClient, settings: "Settings") -> list[str]:
    try:
        return await find_deviations(admin, settings)
    except TopicsError as error:
        return [str(error)]


async def _lag(
    admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, group: str, partitions: list[TopicPartition]
) -> Finding:
    committed = await _committed(admin, group)
    starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    lags = {
        partition: ends[partition]
        - max(committed[partition].offset if partition in committed else 0, starts[partition])
        for partition in partitions
    }
    if not any(partition in committed for partition in partitions):
        return Finding("warn", "lag", f"the group {group} has committed nothing yet; {sum(lags.values())} records wait")
    most = max(lags, key=lambda partition: lags[partition])
    where = f", the most {lags[most]} in {most.topic} partition {most.partition}" if lags[most] else ""
    return Finding("ok", "lag", f"{sum(lags.values())} records behind{where}")


async def _committed(admin: AIOKafkaAdminClient, group: str) -> Mapping[TopicPartition, Any]:
    """The committed offsets of the group; none while the broker still makes the topic that holds them."""
    for _ in range(COORDINATOR_TRIES):
        try:
            offsets: Mapping[TopicPartition, Any] = await admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(0.5)
        else:
            return offsets
    return {}


async def _producers(
    consumer: AIOKafkaConsumer, topic: str, partitions: list[TopicPartition], record_bytes: int
) -> tuple[Finding, int]:
    """Checks that the newest records of a topic have the right key and partition; also gives their latest timestamp, in
    ms."""
    records = await _newest(consumer, partitions)
    misrouted: list[Any] = []
    tombstones = 0
    for record in records:
        (outcome,) = Reader(record.partition, len(partitions), record_bytes).read([record])
        tombstones += isinstance(outcome, Tombstone)
        if isinstance(outcome, Refusal) and outcome.reason == "misrouted":
            misrouted.append((record, outcome.detail))
    stamped_ms = max((record.timestamp for record in records), default=0)
    if misrouted:
        record, detail = misrouted[0]
        text = f"{len(misrouted)} of the {len(records)} newest are misrouted, such as partition {record.partition}"
        return Finding("fail", topic, f"{text} offset {record.offset}: {detail}"), stamped_ms
    text = f"the {len(records)} newest records are keyed and partitioned as they should be" if records else "empty"
    if tombstones:
        text += f"; tombstones: {tombstones}"
    return Finding("ok", topic, text), stamped_ms


async def _names(consumer: AIOKafkaConsumer, topic: str, partitions: int) -> Finding:
    """Whether the newest records of the topic of names are names of ids; the page leaves out what is none."""
    given = NamesOfTopic()
    records = await _newest(consumer, [TopicPartition(topic, partition) for partition in range(partitions)])
    refused = []
    for record in records:
        try:
            given.put(record.key, record.value)
        except ValueError as error:
            refused.append(f"partition {record.partition} offset {record.offset}: {error}")
    if refused:
        return Finding("warn", topic, f"{len(refused)} of the {len(records)} newest are no names: {refused[0]}")
    return Finding("ok", topic, f"the {len(records)} newest records are names of ids" if records else "empty")


async def _newest(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> list[Any]:
    consumer.assign(partitions)
    starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    pending = {partition for partition in partitions if ends[partition] > starts[partition]}
    for partition in partitions:
        consumer.seek(partition, max(starts[partition], ends[partition] - SAMPLE))
    found: list[Any] = []
    while pending:
        for tp, records in (await consumer.getmany(timeout_ms=200, max_records=SAMPLE)).items():
            found += [record for record in records if record.offset < ends[tp]]
        for partition in list(pending):
            if await consumer.position(partition) >= ends[partition]:
                pending.remove(partition)
                consumer.pause(partition)  # a producer may go on: what comes now is not ours
    return found


def _clock(newest_ms: int, now_ms: int) -> Finding:
    """Compares clocks: the broker stamps inbound records by its own, so the newest stamp cannot lie in our future."""
    ahead_ms = newest_ms - now_ms
    if ahead_ms > CLOCK_MS:
        return Finding("fail", "clock", f"this machine's clock is at least {ahead_ms // 1000} s behind the broker's")
    if newest_ms == 0 or ahead_ms < -CLOCK_MS:
        return Finding("ok", "clock", "not behind the broker's; nothing came in within a minute to tell more")
    return Finding(
        "ok", "clock", f"the broker stamped the newest record {-ahead_ms / 1000:.1f} s ago by this machine's"
    )
