"""Sends dead letters back to the topics that they came from, each event once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from stream.cli.broker import started
from stream.cli.deadletters import Letter
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.settings import Settings

AT_ONCE = 500
NO_LIMIT_BYTES = 1 << 30
"""The producer's own limit, out of the way: the broker decides what a topic takes."""

PART = "only a part of the value is there"
FOREIGN = "from no inbound topic of this configuration"
SAME = "the same event as one before it"


def resubmit(
    settings: "Settings", letters: Iterable[Letter], on_sent: Callable[[Letter], None], *, dry_run: bool
) -> Counter[str]:
    """Sends the events of the letters; `on_sent` is called with each that is acknowledged (or, in a dry run, would be
    sent). Gives how many were left out, by reason.

    It may be stopped and run again: an event that arrives twice counts once. CommandError names the first letter that
    its topic does not take.
    """
    from stream.kafka.names import Names

    inbound = Names(settings.kafka.topic_prefix, settings.kafka.group).inbound
    left_out: Counter[str] = Counter()
    seen: set[bytes] = set()

    def whole() -> Iterable[Letter]:
        for letter in letters:
            why = PART if letter.cut else FOREIGN if letter.topic not in inbound else None
            if why is None and (digest := letter.digest()) not in seen:
                seen.add(digest)
                yield letter
            else:
                left_out[why or SAME] += 1

    if dry_run:
        for letter in whole():
            on_sent(letter)
        return left_out
    with asyncio.Runner() as runner:
        producer = runner.run(started(partial(producer_of, settings)))
        try:
            waiting = iter(whole())
            while some := list(islice(waiting, AT_ONCE)):
                runner.run(_send(producer, some, on_sent))
        finally:
            runner.run(producer.stop())
    return left_out


def producer_of(settings: "Settings") -> Any:
    """A producer of events, not started; to be made in a running loop."""
    from aiokafka import AIOKafkaProducer

    # The default partitioner is murmur2, as the inbound topics ask for (contract 1).
    return AIOKafkaProducer(
        **settings.kafka_client_options(), acks="all", enable_idempotence=True, max_request_size=NO_LIMIT_BYTES
    )


async def _send(producer: Any, letters: Iterable[Letter], on_sent: Callable[[Letter], None]) -> None:
    from aiokafka.errors import BrokerResponseError

    sends = [(letter, await _sent(producer, letter)) for letter in letters]
    for letter, sent in sends:
        try:
            await sent
        except BrokerResponseError as error:
            raise CommandError(f"{letter.place}: {letter.topic} does not take it: {error}") from error
        on_sent(letter)


async def _sent(producer: Any, letter: Letter) -> Any:
    from stream.partition.intake import key_partition
    from stream.wire.sending import BytesHeaderBatch, has_bytes_name

    key = letter.home_key()
    if not has_bytes_name(letter.headers):
        return await producer.send(letter.topic, letter.value, key, headers=list(letter.headers))
    batch = BytesHeaderBatch(transactional=False)
    batch.append(timestamp=None, key=key, value=letter.value, headers=letter.headers)
    partitions = len(await producer.partitions_for(letter.topic))
    return await producer.send_batch(batch, letter.topic, partition=key_partition(key or b"", partitions))
