"""The way back of dead letters: to the topic that they came from, each event once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

from stream.cli.deadletters import Letter
from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.settings import Settings

AT_ONCE = 500
NO_LIMIT_BYTES = 1 << 30
"""What a topic takes is the broker's to say."""

PART = "only a part of the value is there"
FOREIGN = "from no inbound topic of this configuration"
SAME = "the same event as one before it"


def resubmit(
    settings: "Settings", letters: Iterable[Letter], told: Callable[[Letter], None], *, dry_run: bool
) -> Counter[str]:
    """Sends the events; `told` of each that is acknowledged (or would be sent). Returns what was left out, by why.

    It may be stopped and begun again: an event that arrives twice counts once. CommandError names the first letter
    that its topic does not take.
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
            told(letter)
        return left_out
    with asyncio.Runner() as runner:
        producer = runner.run(_started(settings))
        try:
            waiting = iter(whole())
            while some := list(islice(waiting, AT_ONCE)):
                runner.run(_send(producer, some, told))
        finally:
            runner.run(producer.stop())
    return left_out


async def _started(settings: "Settings") -> Any:
    from aiokafka import AIOKafkaProducer

    # The default partitioner is murmur2, as the inbound topics ask for (contract 1).
    producer = AIOKafkaProducer(
        **settings.kafka_client_options(), acks="all", enable_idempotence=True, max_request_size=NO_LIMIT_BYTES
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


async def _send(producer: Any, letters: Iterable[Letter], told: Callable[[Letter], None]) -> None:
    from aiokafka.errors import BrokerResponseError

    sends = [(letter, await _sent(producer, letter)) for letter in letters]
    for letter, sent in sends:
        try:
            await sent
        except BrokerResponseError as error:
            raise CommandError(f"{letter.place}: {letter.topic} does not take it: {error}") from error
        told(letter)


async def _sent(producer: Any, letter: Letter) -> Any:
    from stream.partition.intake import key_partition
    from stream.wire.sending import OddBatch, is_odd

    key = letter.home_key()
    if not is_odd(letter.headers):
        return await producer.send(letter.topic, letter.value, key, headers=list(letter.headers))
    batch = OddBatch(transactional=False)
    batch.append(timestamp=None, key=key, value=letter.value, headers=letter.headers)
    partitions = len(await producer.partitions_for(letter.topic))
    return await producer.send_batch(batch, letter.topic, partition=key_partition(key or b"", partitions))
