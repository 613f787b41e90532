"""The input of a backfill: the events in the inbound topics, up to the offsets that were captured.

No consumer group takes part and nothing is committed: the live run does not notice.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream.kafka.batches import Batch, fetch, opened
from stream.kafka.names import Names
from stream.partition.intake import Reader, Refusal, Tombstone, decoder_of
from stream.rebuild.erased import NOBODY_ERASED, ErasedDebtor, Renaming, read_erased
from stream.replay.chunks import FilePosition, InputError
from stream.replay.reading import Block, Refused
from stream.settings import Settings
from stream.wire.consumer import AIOKafkaConsumer
from stream.wire.record import Unread

SILENCE_SECONDS = 60.0
"""A partition that has brought nothing for so long cannot be read to its end."""


@dataclass(frozen=True)
class TopicPart:
    """The records at offsets `[start, end)` of one topic partition. `counts`: the partition counts that its keys may
    have been hashed by, the present one first. `numbered`: a record's place is its offset, not a line."""

    topic: str
    partition: int
    start: int
    end: int
    counts: tuple[int, ...]
    settings: Settings = field(repr=False, compare=False)
    erased: tuple[ErasedDebtor, ...] = ()
    numbered: bool = True

    @property
    def source(self) -> str:
        """Its name in dead letters and messages: TOPIC-PARTITION."""
        return f"{self.topic}-{self.partition}"

    def blocks(self, position: FilePosition) -> Iterator[Block]:
        """Its events, each with its offset, and the records that a worker would refuse, with their reasons. `position`
        follows the reading. InputError: the partition cannot be read to its end."""
        if self.start >= self.end:
            return
        decoder = decoder_of(self.settings.plan())
        reader = Reader(self.partition, self.counts[0], self.settings.record_bytes, decoder, self.counts[1:])
        try:
            with asyncio.Runner() as runner:
                yield from self._read(runner, reader, position)
        except (KafkaError, OSError) as error:
            raise InputError(f"{self.source}: {str(error) or type(error).__name__}") from error

    def _read(self, runner: asyncio.Runner, reader: Reader, position: FilePosition) -> Iterator[Block]:
        tp = TopicPartition(self.topic, self.partition)
        consumer = runner.run(opened(self.settings.kafka_client_options(), tp, self.start))
        renaming = Renaming(self.erased)
        at, budgets = self.start, {self.topic: self.settings.batch_bytes}
        try:
            while at < self.end:
                fetched = fetch(consumer._fetcher, (tp,), SILENCE_SECONDS, budgets=budgets)
                batch = runner.run(fetched).get(tp)
                if batch is None:
                    raise InputError(f"{self.source}: nothing at offset {at} for {SILENCE_SECONDS:g} s")
                yield self._block(batch, reader, renaming)
                position.read += min(batch.next_offset, self.end) - at
                at = batch.next_offset
        finally:
            runner.run(consumer.stop())

    def _block(self, batch: Batch, reader: Reader, renaming: Renaming = NOBODY_ERASED) -> Block:
        lines: list[int] = []
        values: list[bytes] = []
        refused: list[Refused] = []
        greatest_ms: int | None = None
        tombstones = 0
        records = [record for record in batch.records if record.offset < self.end]
        for record, outcome in zip(records, reader.read(records), strict=True):
            if isinstance(outcome, Tombstone):
                tombstones += 1
                continue
            if isinstance(outcome, Refusal):
                value = record.prefix if isinstance(record, Unread) else record.value or b""
                refused.append((record.offset, value, outcome.reason, outcome.detail))
                continue
            lines.append(record.offset)
            renamed = renaming.renamed(record.offset, outcome) if self.erased else None
            values.append((record.value or b"").rstrip(b"\r\n") if renamed is None else renamed)
            if greatest_ms is None or outcome.occurred_at > greatest_ms:
                greatest_ms = outcome.occurred_at
        stamp_ms = max((record.timestamp for record in records), default=None)
        return Block(values, lines, 0, refused, greatest_ms, stamp_ms, tombstones)


async def capture(
    settings: Settings, partitions: int, former: Sequence[int] = (), erasures: int = 0
) -> list[TopicPart]:
    """Every inbound partition with the offsets that it has now, in the order of topics and partitions. `partitions`:
    how many each topic has; `former`: the counts that the topics had before they were grown; `erasures`: how many
    partitions the erasures topic has, 0 where there is none."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    tps = [TopicPartition(topic, partition) for topic in names.inbound for partition in range(partitions)]
    consumer = AIOKafkaConsumer(
        **settings.kafka_client_options(), group_id=None, enable_auto_commit=False, isolation_level="read_committed"
    )
    await consumer.start()
    try:
        starts, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
    finally:
        await consumer.stop()
    counts = (partitions, *(count for count in former if count != partitions))
    erased = await read_erased(settings, erasures)
    return [
        TopicPart(
            tp.topic, tp.partition, starts[tp], ends[tp], counts, settings,
            tuple(each for each in erased.get((tp.topic, tp.partition), ()) if each.offset > starts[tp]),
        )
        for tp in tps
    ]  # fmt: skip
