"""Reads a number's state topic from an offset to its end: committed records only, in bulk, by a consumer of its own."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.kafka.batches import fetch

SLICE = 1_000
FETCH_BYTES = 1 << 20
LOG_SECONDS = 5.0

log = structlog.get_logger("stream.kafka")


async def restore(
    client_options: Mapping[str, Any],
    state: TopicPartition,
    start: int,
    take: Callable[[bytes, bytes | None], None],
    progress: Callable[[int, int], None],
) -> int:
    """Gives `take` each record from `start` on, in order, until the end as it stands now; returns that end.

    The end is reached by position, not by the last record: control records lie behind it. `progress`: (offset, end)
    after every slice. Call it only after the fence: before it, a former owner may still be writing. It may be
    cancelled between slices, and be continued from the last offset that `progress` told.
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
        consumer.assign([state])
        end = (await consumer.end_offsets([state]))[state]
        position = max(start, (await consumer.beginning_offsets([state]))[state])
        consumer.seek(state, position)
        told = time.monotonic()
        while position < end:
            batch = (await fetch(consumer._fetcher, (state,), 1.0)).get(state)
            if batch is None:
                continue
            for first in range(0, len(batch.records), SLICE):
                for record in batch.records[first : first + SLICE]:
                    take(record.key or b"", record.value)
                progress(batch.records[first : first + SLICE][-1].offset + 1, end)
                await asyncio.sleep(0)
            position = batch.next_offset
            progress(position, end)
            if time.monotonic() - told > LOG_SECONDS:
                told = time.monotonic()
                log.info("restoring", topic=state.topic, number=state.partition, offset=position, end=end)
        return int(max(position, start))
    finally:
        await consumer.stop()
