"""What scores are computed from, as Kafka has it: KPI records, measurements and clocks, committed records only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from stream.kafka.batches import Batch, fetch, opened_all
from stream.partition.context import WorkerSetup
from stream.partition.restore import restore
from stream.wire.consumer import AIOKafkaConsumer

Take = Callable[[bytes, bytes | None], None]


class ScoreSource(Protocol):
    """Where the records come from. KafkaError or OSError: the broker is lost; `open` it again."""

    async def published(self, take: Take) -> None:
        """Gives `take` the records of the topic of scores, to its end as it is now."""

    async def open(self) -> None:
        """Begins to read KPI records and the scoring topic, or goes on where it was."""

    async def fetch(self, seconds: float) -> Mapping[TopicPartition, Batch]:
        """What has come, in the order of each partition; waits up to `seconds` for the first."""

    async def ends(self) -> Mapping[TopicPartition, int]:
        """How far each partition goes, open transactions included."""

    def has_read(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether `fetch` has given everything before these ends that was committed."""

    async def close(self) -> None:
        """Ends the connections."""


class KafkaSource:
    """The topics of a worker's configuration."""

    def __init__(self, setup: WorkerSetup) -> None:
        names = setup.names
        self._options = setup.client_options
        self._scores = TopicPartition(names.scores, 0)
        kpis = [TopicPartition(names.kpi, partition) for partition in range(setup.partitions[names.kpi])]
        self._positions = dict.fromkeys([*kpis, TopicPartition(names.scoring, 0)], 0)
        self._consumer: Any = None
        self._ends: Any = None

    async def published(self, take: Take) -> None:
        await restore(self._options, self._scores, 0, take, lambda _: None)

    async def open(self) -> None:
        await self.close()
        self._consumer = await opened_all(self._options, tuple(self._positions))
        # Read committed, the end of a partition is where the first open transaction begins.
        self._ends = AIOKafkaConsumer(**self._options, group_id=None, enable_auto_commit=False)
        await self._ends.start()
        starts = await self._consumer.beginning_offsets(list(self._positions))
        for tp, start in starts.items():
            self._positions[tp] = max(self._positions[tp], start)
            self._consumer.seek(tp, self._positions[tp])

    async def fetch(self, seconds: float) -> Mapping[TopicPartition, Batch]:
        try:
            batches = await fetch(self._consumer._fetcher, tuple(self._positions), seconds)
        except OffsetOutOfRangeError:
            self._positions = dict.fromkeys(self._positions, 0)  # all anew; the latest record of each key counts
            raise
        for tp, batch in batches.items():
            self._positions[tp] = batch.next_offset
        return batches

    async def ends(self) -> Mapping[TopicPartition, int]:
        ends: Mapping[TopicPartition, int] = await self._ends.end_offsets(list(self._positions))
        return ends

    def has_read(self, ends: Mapping[TopicPartition, int]) -> bool:
        return all(self._positions[tp] >= end for tp, end in ends.items())

    async def close(self) -> None:
        for client in (self._consumer, self._ends):
            if client is not None:
                await client.stop()
        self._consumer = self._ends = None
