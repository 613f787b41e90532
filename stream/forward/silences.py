"""Which alerts nobody is to be told of: those that are muted, and those that somebody has silenced."""

import asyncio
import time
from collections.abc import Callable

from stream.alerts.handling import Handlings, StandingSilence, covering
from stream.publish.reading import PublishedAlert
from stream.settings import Settings
from stream.wire.consumer import AIOKafkaConsumer


class Silences:
    """Follows the topic of what people do about alerts. `clock_ms`: the wall clock, by which silences begin and end."""

    def __init__(self, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self.handlings = Handlings()
        self._clock_ms = clock_ms
        self.loaded = asyncio.Event()
        """Set once everything has been read that was there at the start."""

    def holds_back(self, alert: PublishedAlert) -> bool:
        """Whether nobody is to be told, as it is now."""
        return alert.muted or self.silence_of(alert) is not None

    def silence_of(self, alert: PublishedAlert) -> StandingSilence | None:
        """The silence that is about the alert now; None: there is none."""
        return covering(self.handlings.silences(self._clock_ms()), alert)

    async def follow(self, settings: Settings, topic: str) -> None:
        """Reads for ever. KafkaError, OSError: the broker is gone; to be called again, which begins anew."""
        from aiokafka import TopicPartition

        handlings = Handlings()
        consumer = AIOKafkaConsumer(
            **settings.kafka_client_options(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=100,
        )
        await consumer.start()
        try:
            cluster = await consumer._client.fetch_all_metadata()
            partitions = [TopicPartition(topic, each) for each in sorted(cluster.partitions_for_topic(topic) or ())]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            while True:
                for records in (await consumer.getmany(timeout_ms=250)).values():
                    for record in records:
                        handlings.put(record.key, record.value)
                if ends and all([await consumer.position(each) >= end for each, end in ends.items()]):
                    ends = {}
                    self.handlings = handlings
                    self.loaded.set()
        finally:
            await consumer.stop()
