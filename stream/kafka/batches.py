"""Fetched records as aiokafka's Cython code holds them: a batch per topic partition, no object per record made in
Python (ADR 0010), and no more of them at a time than memory is meant for (ADR 0040). Used by the worker's consumer, by
every restore and by `backfill`.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult
from aiokafka.errors import CorruptRecordException

from stream.wire.batch import OWN_BYTES, LegacyBatch, WireBatch, is_abort
from stream.wire.consumer import AIOKafkaConsumer
from stream.wire.record import Record, Unread

FETCH_BYTES = 4 << 20
PART_BYTES = 8 << 20
"""Unpacked bytes after which a call takes no further wire batch of one partition."""
CALL_BYTES = 32 << 20
"""Unpacked bytes after which a call takes no further partition."""
NO_EPOCHS: Mapping[TopicPartition, int] = {}
NO_BUDGETS: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Batch:
    """What was fetched of one partition, or the next part of it: every visible record with
    `start <= offset < next_offset`. They take about `size_bytes` in memory.

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
    size_bytes: int = 0


async def fetch(
    fetcher: Any,
    wanted: Collection[TopicPartition],
    seconds: float,
    epochs: Mapping[TopicPartition, int] = NO_EPOCHS,
    budgets: Mapping[str, int] = NO_BUDGETS,
) -> dict[TopicPartition, Batch]:
    """The batches of the wanted partitions that have been fetched, waiting up to `seconds` for the first.

    `budgets`: by topic; a wire batch that unpacks to more bytes is an `Unread` record, and so is one that holds no
    records. Topics without one are those that the workers alone write to: there a batch may be as large as it is, and
    one that holds no records is an error. What a call has no room for stays with the fetcher, for the next one.

    The counterpart of aiokafka's `Fetcher.fetched_records`, with the same order of steps. Raises what a fetch met
    (authorisation, offset out of range without a reset policy, a bad CRC).
    """
    deadline = monotonic() + seconds
    subscriptions = fetcher._subscriptions
    while True:
        if subscriptions.reassignment_in_progress:
            await subscriptions.wait_for_assignment()
        batches = _take_fetched(fetcher, wanted, epochs, budgets)
        left = deadline - monotonic()
        if batches or left <= 0:
            return batches
        waiter = fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=left)
        if not done or fetcher._closed:
            waiter.cancel()
            return {}
        waiter.result()


def _take_fetched(
    fetcher: Any, wanted: Collection[TopicPartition], epochs: Mapping[TopicPartition, int], budgets: Mapping[str, int]
) -> dict[TopicPartition, Batch]:
    batches: dict[TopicPartition, Batch] = {}
    room_bytes = CALL_BYTES
    for tp in list(fetcher._records):
        if tp not in wanted:
            if not fetcher._subscriptions.is_assigned(tp):
                del fetcher._records[tp]
            continue
        if room_bytes <= 0:
            break
        held = fetcher._records[tp]
        if isinstance(held, FetchResult):
            batch = _unpack(tp, held, epochs.get(tp, 0), budgets.get(tp.topic))
        elif batches:
            return batches  # the error is raised by the next call
        else:
            batch = None
        del fetcher._records[tp]
        if batch is not None:
            batches[tp] = batch
            room_bytes -= batch.size_bytes
            if held.has_more():  # behind the others, for the next call
                fetcher._records[tp] = held
                continue
        fetcher._notify(fetcher._wait_consume_future)
        if batch is None and not isinstance(held, FetchResult):
            held.check_raise()
    return batches


def _unpack(tp: TopicPartition, result: Any, epoch: int, budget: int | None = None) -> Batch | None:
    if not result.check_assignment(tp):
        return None
    part = result._partition_records
    state = result._assignment.state_value(tp)
    start = next_offset = part.next_fetch_offset
    records: list[Record] = []
    size_bytes = 0
    while size_bytes < PART_BYTES and part._records.has_next():
        batch = part._records.next_batch()
        head = batch.head
        if part._check_crcs and not head.validate_crc():
            raise CorruptRecordException(f"bad CRC at {tp.topic}-{tp.partition}, offset {next_offset}")
        if _visible(part, head, batch):
            found, found_bytes = batch.records(OWN_BYTES if budget is None else budget)
            if budget is None and found and isinstance(found[0], Unread):
                raise CorruptRecordException(f"{tp.topic}-{tp.partition}, {found[0].detail}")
            size_bytes += found_bytes
            records.extend(found)
        next_offset = head.next_offset
    part.next_fetch_offset = next_offset
    result._update_position()
    if not part._records.has_next():
        result._partition_records = None
    if records and records[0].offset < start:  # the fetch began in the middle of a batch
        records = [record for record in records if record.offset >= start]
    log_end = state.highwater if state.lso is None else state.lso
    return Batch(tp.topic, tp.partition, epoch, start, next_offset, records, log_end, size_bytes)


def _visible(part: Any, head: Any, batch: WireBatch | LegacyBatch) -> bool:
    """Whether the batch's records may be seen: not control records and, reading committed, not of an aborted
    transaction (the rules of aiokafka's `PartitionRecords._unpack_records`)."""
    if part._isolation_level == READ_COMMITTED and head.producer_id is not None:
        part._consume_aborted_up_to(head.base_offset)
        if head.is_control_batch and is_abort(batch):
            part._aborted_producers.discard(head.producer_id)
        if head.is_transactional and head.producer_id in part._aborted_producers:
            return False
    return not head.is_control_batch


async def opened(client_options: Mapping[str, Any], tp: TopicPartition, offset: int | None = None) -> Any:
    """A consumer of committed records, in no group, that reads one partition from `offset` on; by `fetch`.

    None: from where the caller seeks to.
    """
    consumer = await opened_all(client_options, (tp,))
    if offset is not None:
        consumer.seek(tp, offset)
    return consumer


async def opened_all(client_options: Mapping[str, Any], tps: Collection[TopicPartition]) -> Any:
    """The same of several partitions, each from where the caller seeks to."""
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
        consumer.assign(tps)
    except BaseException:
        await consumer.stop()
        raise
    return consumer
