"""The private parts of Faust, mode and aiokafka that the shell stands on (ADR 0010): each is used here as the shell
uses it, so that an upgrade which moves one fails by name.
"""

import inspect
import re
import struct
from collections.abc import Iterator
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.cluster import ClusterMetadata
from aiokafka.consumer import fetcher as fetching
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from faust.assignor.partition_assignor import PartitionAssignor
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.drivers import aiokafka as driver

from stream.kafka.batches import _unpack
from stream.kafka.versions import PINNED, WrongVersionError, check_versions
from stream.wire.batch import WireRecords
from stream.wire.record import Unread
from tests.conftest import ROOT

TP = TopicPartition("t", 0)


def test_the_pinned_versions_are_installed_and_any_other_is_refused_by_name() -> None:
    check_versions()
    for package in PINNED:
        with pytest.raises(WrongVersionError, match=f"{package} 0.0.1 is required, {PINNED[package]} is installed"):
            check_versions({package: "0.0.1"})
    with pytest.raises(WrongVersionError, match="nothing is installed"):
        check_versions({"no-such-package-at-all": "1"})


# --- aiokafka: records ----------------------------------------------------------------------------------------------


def encoded(base: int, values: list[bytes], *, codec: int = 0, producer: int = -1, control: int | None = None) -> bytes:
    """A record batch. `producer`: transactional, of this id; `control`: an abort (0) or commit (1) marker."""
    transactional = int(producer >= 0)
    builder = DefaultRecordBatchBuilder(2, codec, transactional, producer, 0, 0, 1 << 20)
    if control is not None:
        builder.append(0, 0, struct.pack(">hh", 0, control), b"", [])
    for offset, value in enumerate(values):
        builder.append(offset, 1_000, b"k", value, [("h", b"1")])
    raw = bytearray(builder.build())
    struct.pack_into(">q", raw, 0, base)
    if control is not None:
        (attributes,) = struct.unpack_from(">h", raw, 21)
        struct.pack_into(">h", raw, 21, attributes | 0x20)
    return bytes(raw)


def partition_records(
    raw: bytes, start: int, aborted: list[tuple[int, int]], isolation: int, of: Any = WireRecords
) -> Any:
    return PartitionRecords(TP, of(raw), aborted, start, None, None, False, isolation)


def unpacked(raw: bytes, start: int, aborted: list[tuple[int, int]], isolation: int) -> tuple[list[int], int]:
    assignment = Assignment([TP])
    state = assignment.state_value(TP)
    state.seek(start)
    state.highwater = state.lso = 1_000
    records = partition_records(raw, start, aborted, isolation)
    result = FetchResult(TP, assignment=assignment, partition_records=records, backoff=0)
    batch = _unpack(TP, result, 4)
    assert batch is not None
    assert (batch.start, batch.log_end, batch.epoch) == (start, 1_000, 4)
    assert state.position == batch.next_offset
    assert not result.has_more()
    return [record.offset for record in batch.records], batch.next_offset


LOGS: dict[str, tuple[bytes, int, list[tuple[int, int]]]] = {
    "plain": (encoded(0, [b"a", b"b"]) + encoded(5, [b"c"]), 0, []),
    "from the middle of a batch": (encoded(0, [b"a", b"b", b"c"]), 1, []),
    "a committed transaction": (encoded(0, [b"a"], producer=7) + encoded(1, [], producer=7, control=1), 0, []),
    "an aborted transaction": (
        encoded(0, [b"a"], producer=7) + encoded(1, [b"b"], producer=8) + encoded(2, [], producer=7, control=0)
        + encoded(3, [b"c"], producer=7),
        0,
        [(7, 0)],
    ),
    "control records alone": (encoded(0, [], producer=7, control=1), 0, []),
}  # fmt: skip


@pytest.mark.parametrize("isolation", [READ_COMMITTED, READ_UNCOMMITTED])
@pytest.mark.parametrize("log", LOGS)
async def test_what_is_unpacked_is_what_aiokafkas_own_iterator_yields(log: str, isolation: int) -> None:
    raw, start, aborted = LOGS[log]
    own = partition_records(raw, start, list(aborted), isolation, MemoryRecords)
    expected = [record.offset for record in own]
    assert unpacked(raw, start, list(aborted), isolation) == (expected, own.next_fetch_offset)
    through_ours = partition_records(raw, start, list(aborted), isolation)  # what `getmany` gives
    assert [record.offset for record in through_ours] == expected
    assert through_ours.next_fetch_offset == own.next_fetch_offset


async def test_an_aborted_record_is_not_seen_and_those_around_it_are() -> None:
    raw, start, aborted = LOGS["an aborted transaction"]
    assert unpacked(raw, start, aborted, READ_COMMITTED) == ([1, 3], 4)


@pytest.mark.parametrize("codec", [0, 1, 2, 3, 4], ids=["none", "gzip", "snappy", "lz4", "zstd"])
async def test_records_of_every_codec_are_unpacked(codec: int) -> None:
    assert unpacked(encoded(0, [b"x" * 500] * 3, codec=codec), 0, [], READ_COMMITTED) == ([0, 1, 2], 3)


async def test_a_fetch_is_given_in_parts_that_lie_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.kafka.batches.PART_BYTES", 2_000)
    raw = b"".join(encoded(base, [b"x" * 900], codec=4) for base in range(5))
    assignment = Assignment([TP])
    state = assignment.state_value(TP)
    state.seek(0)
    state.highwater = state.lso = 5
    records = partition_records(raw, 0, [], READ_COMMITTED)
    result = FetchResult(TP, assignment=assignment, partition_records=records, backoff=0)
    parts = []
    while result.has_more():
        part = _unpack(TP, result, 0)
        assert part is not None
        assert state.position == part.next_offset
        parts.append((part.start, [record.offset for record in part.records], part.next_offset))
    assert parts == [(0, [0, 1], 2), (2, [2, 3], 4), (4, [4], 5)]


async def test_a_batch_over_the_budget_is_refused_where_there_is_one_and_an_error_elsewhere_if_it_is_damaged() -> None:
    def given(raw: bytes, budget: int | None) -> Any:
        assignment = Assignment([TP])
        state = assignment.state_value(TP)
        state.seek(0)
        state.highwater = state.lso = 1
        records = partition_records(raw, 0, [], READ_COMMITTED)
        return _unpack(TP, FetchResult(TP, assignment=assignment, partition_records=records, backoff=0), 0, budget)

    large = encoded(0, [b"x" * 9_000], codec=4)
    damaged = large[:61] + b"?" * (len(large) - 61)
    assert [type(record) for record in given(large, 1_000).records] == [Unread]
    assert [record.value for record in given(large, None).records] == [b"x" * 9_000]
    assert [type(record) for record in given(damaged, 1_000_000).records] == [Unread]
    with pytest.raises(CorruptRecordException, match="t-0, a batch of 1 records"):
        given(damaged, None)


async def test_a_raw_record_has_what_the_shell_reads_of_it() -> None:
    batch = MemoryRecords(encoded(3, [b"v"])).next_batch()
    (record,) = list(batch)
    read = (record.offset, record.key, record.value, record.timestamp, record.timestamp_type, list(record.headers))
    assert read == (3, b"k", b"v", 1_000, 0, [("h", b"1")])


def test_the_fetcher_makes_our_batches_of_what_a_broker_sent() -> None:
    assert fetching.MemoryRecords is WireRecords
    assert "records = MemoryRecords(part_data[-1])" in inspect.getsource(fetching.Fetcher)


def test_nothing_reads_a_topic_but_by_the_consumer_that_takes_batches_apart_under_a_budget() -> None:
    others = [
        str(path)
        for path in (ROOT / "stream").rglob("*.py")
        if re.search(r"from aiokafka import[^\n]*AIOKafkaConsumer", path.read_text())
    ]
    assert others == [str(ROOT / "stream/wire/consumer.py")]


@pytest.mark.parametrize(
    "name", ["_records", "_wait_consume_future", "_create_fetch_waiter", "_notify", "_subscriptions", "_closed"]
)
def test_the_fetcher_keeps_its_results_where_they_are_drained(name: str) -> None:
    assert name in inspect.getsource(fetching.Fetcher)


@pytest.mark.parametrize(
    "step", ["reassignment_in_progress", "wait_for_assignment", "is_assigned", "_create_fetch_waiter", "check_raise"]
)
def test_fetch_goes_through_the_steps_of_fetched_records(step: str) -> None:
    assert step in inspect.getsource(fetching.Fetcher.fetched_records)


async def test_a_consumer_has_its_fetcher_and_its_subscription_where_they_are_looked_for() -> None:
    source = inspect.getsource(AIOKafkaConsumer)
    assert "self._fetcher = Fetcher(" in source
    consumer: Any = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    consumer.assign([TP])
    assert consumer._subscription.subscription.assignment.state_value(TP).timestamp is None
    await consumer.stop()


# --- Faust ----------------------------------------------------------------------------------------------------------

SIGNATURES: dict[tuple[Any, str], list[str]] = {
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer"): ["self", "transport"],
    (driver.AIOKafkaConsumerThread, "_fetch_records"): [
        "self", "consumer", "active_partitions", "timeout", "max_records"
    ],
    (driver.AIOKafkaConsumerThread, "on_partitions_assigned"): ["self", "assigned", "generation_id"],
    (driver.AIOKafkaConsumerThread, "earliest_offsets"): ["self", "partitions"],
    (driver.AIOKafkaConsumerThread, "highwaters"): ["self", "partitions"],
    (driver.AIOKafkaConsumerThread, "call_thread"): ["self", "fun", "args", "kwargs"],
    (AIOKafkaConsumer, "offsets_for_times"): ["self", "timestamps"],
    (AIOKafkaConsumer, "committed"): ["self", "partition"],
    (ClusterMetadata, "partitions_for_topic"): ["self", "topic"],
    (driver.Consumer, "_new_consumer_thread"): ["self"],
    (driver.Consumer, "verify_event_path"): ["self", "now", "tp"],
    (driver.Consumer, "perform_seek"): ["self"],
    (driver.Consumer, "getmany"): ["self", "timeout"],
    (driver.Consumer, "_getmany"): ["self", "active_partitions", "timeout"],
    (faust.App, "crash"): ["self", "reason"],
    (faust.App, "_create_directories"): ["self"],
    (PartitionAssignor, "on_assignment"): ["self", "assignment"],
    (PartitionAssignor, "_decompress"): ["compressed"],
}  # fmt: skip


@pytest.mark.parametrize(("owner", "name"), SIGNATURES)
def test_what_is_overridden_or_called_has_the_expected_parameters(owner: Any, name: str) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == SIGNATURES[owner, name]


def interfaces() -> Iterator[tuple[Any, str]]:
    yield BaseConsumer._drain_messages, "self._read_offset.__getitem__"
    yield BaseConsumer._drain_messages, "getmany(timeout=1.0)"
    yield BaseConsumer._drain_messages, "r_offset is None or offset >= r_offset"
    yield BaseConsumer.getmany, "perform_seek"
    yield BaseConsumer._wait_next_records, "self.can_resume_flow"
    yield driver.AIOKafkaConsumerThread._fetch_records, "self.consumer.flow_active"
    yield driver.AIOKafkaConsumerThread._create_worker_consumer, "fetch_max_wait_ms=1500"
    yield driver.AIOKafkaConsumerThread._create_worker_consumer, "self.app.assignor"
    yield driver.ConsumerRebalanceListener.on_partitions_assigned, "self._thread.on_partitions_assigned"
    yield PartitionAssignor.on_assignment, "assert metadata.url == str(self._url)"
    yield faust.App._on_partitions_revoked, "self.on_partitions_revoked.send"
    yield faust.App._on_partitions_assigned, "self.on_partitions_assigned.send"


@pytest.mark.parametrize(("owner", "text"), list(interfaces()), ids=[text for _, text in interfaces()])
def test_faust_still_does_what_the_overrides_replace_or_rely_on(owner: Any, text: str) -> None:
    assert text in inspect.getsource(owner)


def test_a_raising_assigned_callback_would_be_swallowed_by_aiokafka_which_is_why_ours_ends_the_process() -> None:
    from aiokafka.consumer.group_coordinator import GroupCoordinator

    source = inspect.getsource(GroupCoordinator._on_join_complete)
    assert "failed on partition assignment" in source
