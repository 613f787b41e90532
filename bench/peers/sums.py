"""What a peer wrote: the last record of each window counts, as for any reader of its topic."""

from __future__ import annotations

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.calls import END_AGENT, PARTITIONS


async def counted(bootstrap: str, topic: str) -> int:
    """Calls over all windows of all agents, read with read_committed."""
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4_194_304,
    )
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        held: dict[tuple[str, int], int] = {}
        while [tp for tp in partitions if await consumer.position(tp) < ends[tp]]:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if record.value is not None:
                        sums = orjson.loads(record.value)
                        held[sums["agent"], sums["start"]] = sums["calls"]
    finally:
        await consumer.stop()
    return sum(calls for (agent, _), calls in held.items() if not agent.startswith(END_AGENT))
