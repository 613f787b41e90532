"""Dead letters as the dead-letter topic holds them (contract 2), and their way back."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stream.cli.broker import committed_records
from stream.cli.failure import CommandError
from stream.facts.decode import Rejection, decode
from stream.facts.identity import expected_key
from stream.facts.instant import instant_text

if TYPE_CHECKING:
    from stream.settings import Settings

Headers = Sequence[tuple[str, bytes | None]]

_OURS = ("reason", "detail", "topic", "partition", "offset")
_CUT = ("sha256", "size")


@dataclass(frozen=True)
class Letter:
    """One dead letter: the event's key, value and headers, and what the worker said about it.

    `place`: PARTITION:OFFSET in the dead-letter topic. `cut`: only a part of the value is there.
    """

    place: str
    arrived_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    reason: str
    detail: str
    topic: str
    origin: str
    cut: bool

    def line(self) -> str:
        """One line for a list."""
        arrived = instant_text(self.arrived_ms)
        return f"{self.place}  {arrived}  {self.reason}  {self.origin}  key {_shown(self.key)}  {self.detail}"

    def page(self) -> Iterator[str]:
        """Everything, line by line."""
        yield f"place    {self.place}"
        yield f"arrived  {instant_text(self.arrived_ms)}"
        yield f"reason   {self.reason}"
        yield f"detail   {self.detail}"
        yield f"origin   {self.origin}"
        yield f"key      {_shown(self.key)}"
        for name, content in self.headers:
            yield f"header   {name}: {_shown(content)}"
        yield f"value    {'(only a part of it is there) ' if self.cut else ''}{_shown(self.value)}"

    def with_value(self, value: bytes) -> "Letter":
        """The same event with another value, which is whole."""
        return replace(self, value=value, cut=False)

    def home_key(self) -> str:
        """The key to send it with, for a person."""
        return _shown(_home_key(self))


def parsed_place(place: str) -> tuple[int, int]:
    """(partition, offset) of `PARTITION:OFFSET`. CommandError with exit code 2 for anything else."""
    match = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,18})", place)
    if match is None:
        raise CommandError(f"{place!r} is not PARTITION:OFFSET, such as 3:1042", exit_code=2)
    return int(match[1]), int(match[2])


def letters(settings: "Settings", only: tuple[int, int] | None = None) -> Iterator[Letter]:
    """The dead letters that are there now, partition by partition. `only`: the one at (partition, offset) at most."""
    from stream.kafka.names import Names

    topic = Names(settings.kafka.topic_prefix, settings.kafka.group).deadletter
    for record in committed_records(settings, [topic], only):
        yield _letter(record)


def send(settings: "Settings", whole: Sequence[Letter]) -> None:
    """Sends the events of dead letters to their topics; every one is acknowledged when this returns."""
    asyncio.run(_send(settings, whole))


async def _send(settings: "Settings", whole: Sequence[Letter]) -> None:
    from aiokafka import AIOKafkaProducer

    room_bytes = max((len(letter.value or b"") for letter in whole), default=0) + 65_536
    # The default partitioner is murmur2, as the inbound topics ask for (contract 1).
    producer = AIOKafkaProducer(
        **settings.kafka_client_options(),
        acks="all",
        enable_idempotence=True,
        max_request_size=max(1_048_576, room_bytes),
    )
    await producer.start()
    try:
        sends = [
            await producer.send(letter.topic, letter.value, _home_key(letter), headers=list(letter.headers))
            for letter in whole
        ]
        for each in sends:
            await each
    finally:
        await producer.stop()


def _letter(record: Any) -> Letter:
    headers = list(record.headers)
    cut = tuple(name for name, _ in headers[-2:]) == _CUT
    if cut:
        del headers[-2:]
    ours = dict(headers[-len(_OURS) :]) if tuple(name for name, _ in headers[-len(_OURS) :]) == _OURS else {}
    said = {name: (ours.get(name) or b"?").decode(errors="replace") for name in _OURS}
    return Letter(
        place=f"{record.partition}:{record.offset}",
        arrived_ms=record.timestamp,
        key=record.key,
        value=record.value,
        headers=headers[: -len(_OURS)] if ours else headers,
        reason=said["reason"],
        detail=said["detail"],
        topic=said["topic"],
        origin=f"{said['topic']}:{said['partition']}:{said['offset']}",
        cut=cut,
    )


def _home_key(letter: Letter) -> bytes | None:
    fact = decode(letter.value)
    return letter.key if isinstance(fact, Rejection) else expected_key(fact).encode()


def _shown(content: bytes | None) -> str:
    if content is None:
        return "null"
    text = content.decode(errors="backslashreplace")
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
