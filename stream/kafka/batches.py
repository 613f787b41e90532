"""Fetched records as aiokafka's Cython code holds them: one batch per topic partition and fetch, no object per record
made in Python (ADR 0010). Used by the worker's consumer and by every restore.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult
from aiokafka.errors import CorruptRecordException

FETCH_BYTES = 4 << 20
NO_EPOCHS: Mapping[TopicPartition, int] = {}


class Record(Protocol):
    """One record of a partition, as aiokafka's Cython parser gives it. Instants in ms; `timestamp_type` 1 is
    LogAppendTime."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Batch:
    """What one fetch brought of one partition: every visible record with `start <= offset < next_offset`.

    Offsets have gaps (compaction, control records, aborted transactions) and `records` may be empty. `log_end` is the
    end as that fetch saw it, for readers of committed data the last stable offset. `epoch` counts the seeks of the
    partition: a batch of an earlier epoch was fetched before the last seek.
    """

    topic: str
    partition: int
    epoch: int
    start: int
    next_offset: int
    records: Sequence[Record]
    log_end: int


async def fetch(
    fetcher: Any, wanted: Collection[TopicPartition], seconds: float, epochs: Mapping[TopicPartition, int] = NO_EPOCHS
) -> dict[TopicPartition, Batch]:
    """The batches of the wanted partitions that have been fetched, waiting up to `seconds` for the first.

    The counterpart of aiokafka's `Fetcher.fetched_records`, with the same order of steps. Raises what a fetch met
    (authorisation, offset out of range without a reset policy, a bad CRC).
    """
    deadline = monotonic() + seconds
    subscriptions = fetcher._subscriptions
    while True:
        if subscriptions.reassignment_in_progress:
            await subscriptions.wait_for_assignment()
        batches = _drain(fetcher, wanted, epochs)
        left = deadline - monotonic()
        if batches or left <= 0:
            return batches
        waiter = fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=left)
        if not done or fetcher._closed:
            waiter.cancel()
            return {}
        waiter.result()


def _drain(
    fetcher: Any, wanted: Collection[TopicPartition], epochs: Mapping[TopicPartition, int]
) -> dict[TopicPartition, Batch]:
    batches: dict[TopicPartition, Batch] = {}
    for tp in list(fetcher._records):
        if tp not in wanted:
            if not fetcher._subscriptions.is_assigned(tp):
                del fetcher._records[tp]
            continue
        held = fetcher._records[tp]
        if isinstance(held, FetchResult):
            batch = _unpack(tp, held, epochs.get(tp, 0))
        elif batches:
            return batches  # the error is raised by the next call
        else:
            batch = None
        del fetcher._records[tp]
        fetcher._notify(fetcher._wait_consume_future)
        if batch is not None:
            batches[tp] = batch
        elif not isinstance(held, FetchResult):
            held.check_raise()
    return batches


def _unpack(tp: TopicPartition, result: Any, epoch: int) -> Batch | None:
    if not result.check_assignment(tp):
        return None
    part = result._partition_records
    state = result._assignment.state_value(tp)
    start = next_offset = part.next_fetch_offset
    records: list[Record] = []
    while part._records.has_next():
        batch = part._records.next_batch()
        if part._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"bad CRC at {tp.topic}-{tp.partition}, offset {next_offset}")
        if _visible(part, batch):
            records.extend(batch)
        next_offset = batch.next_offset
    part.next_fetch_offset = next_offset
    result._update_position()
    result._partition_records = None
    if records and records[0].offset < start:  # the fetch began in the middle of a batch
        records = [record for record in records if record.offset >= start]
    log_end = state.highwater if state.lso is None else state.lso
    return Batch(tp.topic, tp.partition, epoch, start, next_offset, records, log_end)


def _visible(part: Any, batch: Any) -> bool:
    """Whether the batch's records may be seen: not control records and, reading committed, not of an aborted
    transaction (the rules of aiokafka's `PartitionRecords._unpack_records`)."""
    if part._isolation_level == READ_COMMITTED and batch.producer_id is not None:
        part._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and part._contains_abort_marker(batch):
            part._aborted_producers.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in part._aborted_producers:
            return False
    return not batch.is_control_batch


async def opened(client_options: Mapping[str, Any], tp: TopicPartition, offset: int | None = None) -> Any:
    """A consumer of committed records, in no group, that reads one partition from `offset` on; by `fetch`.

    None: from where the caller seeks to.
    """
    consumer = AIOKafkaConsumer(
        **client_options,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        consumer.assign([tp])
        if offset is not None:
            consumer.seek(tp, offset)
    except BaseException:
        await consumer.stop()
        raise
    return consumer
