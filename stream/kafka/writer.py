"""The transactional producer of one partition task: it fences the partition's former owner, and commits (ADR 0012)."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced
from aiokafka.structs import OffsetAndMetadata

from stream.kafka.exits import RefusedError
from stream.wire.sending import BytesHeaderBatch, has_bytes_name

MAX_BATCH_BYTES = 900_000
"""Just under what a topic takes by default. aiokafka sends the batches of a partition one after the other, each with an
answer to be waited for, so few and large ones are best."""
LINES_AT_ONCE = 500
"""Records that are put into a batch before others have their turn."""
REQUEST_TIMEOUT_MS = 10_000
RETRY_BACKOFF_MS = 20
STOP_SECONDS = 2.0

FENCED = (ProducerFenced, InvalidProducerEpoch)
"""What a send or a commit raises once another producer has taken the transactional id, or the broker has timed the
transaction out; membership.py tells the two apart."""


class Line(NamedTuple):
    """One record to be written. Value None: a tombstone."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]] = []  # aiokafka wants a list; this one is never changed


Outgoing = Mapping[tuple[str, int], Sequence[Line]]
"""(topic, partition) -> its records, in order."""


@dataclass(frozen=True)
class Written:
    """What a transaction wrote. `ends`: next offset after its last record, per (topic, partition). `clock_offset_ms`:
    this process' clock minus the broker's, where a topic stamps records itself; else None."""

    ends: Mapping[tuple[str, int], int]
    clock_offset_ms: int | None


class Writer:
    """A producer with a transactional id. aiokafka speaks the oldest transaction protocol, in which the id alone
    fences: whoever starts last owns it."""

    def __init__(self, client_options: Mapping[str, Any], transactional_id: str, transaction_timeout_ms: int) -> None:
        self._options = client_options
        self._id = transactional_id
        self._timeout_ms = transaction_timeout_ms
        self._producer: Any = None
        self.answers = 0
        """How many batches were acknowledged so far: a transaction that takes long gets on while this rises."""

    async def fence(self) -> None:
        """Takes the id: once this returns, a former owner's open transaction is aborted, and it can commit no more.

        Raises what the first connection raises (KafkaConnectionError while there is no broker); waits for the
        transaction coordinator as long as it takes.
        """
        producer = AIOKafkaProducer(
            **self._options,
            transactional_id=self._id,
            transaction_timeout_ms=self._timeout_ms,
            max_batch_size=MAX_BATCH_BYTES,
            linger_ms=0,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            compression_type=None,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def commit(
        self,
        outgoing: Outgoing,
        offsets: Mapping[tuple[str, int], int | OffsetAndMetadata],
        group: str,
        state: tuple[tuple[str, int], int] | None = None,
    ) -> Written:
        """One transaction: the records, and the group's offsets: for lag tools, or (a feed's) for whoever goes on from
        them. Any exception: end the process, or begin anew with another writer.

        `state`: the partition of the state, and the offset before which nothing of it can be written. RefusedError: the
        log ends before that, so its topic was made anew under us; nothing is committed then.
        """
        producer = self._producer
        await producer.begin_transaction()
        sent: list[tuple[tuple[str, int], int, asyncio.Future[Any]]] = []
        began_ms = time.time_ns() // 1_000_000
        for place, lines in outgoing.items():
            sent.extend(await self._send(place, lines))
        for _, _, future in sent:
            future.add_done_callback(self._answered)
        # aiokafka commits a transaction in which a send has failed: every one of them has to be looked at.
        acknowledged = await asyncio.gather(*(future for _, _, future in sent))
        ended_ms = time.time_ns() // 1_000_000
        ends = {place: done.offset + count for (place, count, _), done in zip(sent, acknowledged, strict=True)}
        if state is not None:
            _check_end(ends, *state)
        named = {TopicPartition(*place): offset for place, offset in offsets.items()}
        if named:  # aiokafka takes no empty offsets
            await producer.send_offsets_to_transaction(named, group)
        await producer.commit_transaction()
        stamps = [done.timestamp for done in acknowledged if done.timestamp_type == 1]
        skew = (began_ms + ended_ms) // 2 - max(stamps) if stamps else None
        return Written(ends, skew)

    def _answered(self, _: object) -> None:
        self.answers += 1

    async def _send(
        self, place: tuple[str, int], lines: Sequence[Line]
    ) -> list[tuple[tuple[str, int], int, asyncio.Future[Any]]]:
        producer = self._producer
        topic, partition = place
        sent = []
        batch = producer.create_batch()
        for number, (key, value, headers) in enumerate(lines, 1):
            if not number % LINES_AT_ONCE:
                await asyncio.sleep(0)
            if headers and has_bytes_name(headers):  # alone, between what was before it and what comes behind it
                if batch.record_count():
                    count = batch.record_count()
                    sent.append((place, count, await producer.send_batch(batch, topic, partition=partition)))
                    batch = producer.create_batch()
                odd = BytesHeaderBatch(transactional=True)
                odd.append(timestamp=None, key=key, value=value, headers=headers)
                sent.append((place, 1, await producer.send_batch(odd, topic, partition=partition)))
                continue
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                count = batch.record_count()
                sent.append((place, count, await producer.send_batch(batch, topic, partition=partition)))
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        batch.close()
        if batch.record_count():
            sent.append((place, batch.record_count(), await producer.send_batch(batch, topic, partition=partition)))
        return sent

    async def close(self) -> None:
        """Stops the producer. Never raises, and takes two seconds at most: what matters is committed."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await asyncio.wait([asyncio.ensure_future(producer.stop())], timeout=STOP_SECONDS)


def _check_end(ends: Mapping[tuple[str, int], int], place: tuple[str, int], read_through: int) -> None:
    end = ends.get(place, read_through)
    if end < read_through:
        raise RefusedError(
            f"{place[0]}-{place[1]}: the state reached offset {read_through}, the log only {end}: "
            f"the topic was deleted or made anew"
        )
