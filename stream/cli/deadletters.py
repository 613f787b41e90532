"""Dead letters as the dead-letter topic holds them (contract 2), and the choice among them."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stream.cli.broker import committed_records
from stream.cli.failure import CommandError
from stream.facts.decode import Rejection, decode
from stream.facts.identity import expected_key
from stream.facts.instant import instant_text
from stream.facts.printable import printable
from stream.wire.record import name_bytes

if TYPE_CHECKING:
    from stream.settings import Settings

Headers = Sequence[tuple[str, bytes | None]]

_OURS = ("reason", "detail", "topic", "partition", "offset")
_CUT = ("sha256", "size")
_LISTED, _SHOWN, _WHOLE = 80, 1_000, 20_000
"""Characters of a key or detail in a list, of one on a page, and of the value there."""
_MOST_HEADERS = 100
_MOST_NAME = 249  # of a topic, in Kafka


@dataclass(frozen=True)
class Letter:
    """One dead letter: the event's key, value and headers, and why the worker refused it.

    `place`: PARTITION:OFFSET in the dead-letter topic. `origin`: TOPIC:PARTITION:OFFSET of the event. `cut`: empty, or,
    if only the beginning of the value is there, the length and hash of the whole.
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
    cut: str

    def line(self) -> str:
        """One line for a list."""
        said = (self.reason, self.origin, f"key {printable(self.key, _LISTED)}", printable(self.detail, 3 * _LISTED))
        return "  ".join((self.place, _arrival(self.arrived_ms), *said))

    def page(self) -> Iterator[str]:
        """Everything, line by line."""
        yield f"place    {self.place}"
        yield f"arrived  {_arrival(self.arrived_ms)}"
        yield f"reason   {self.reason}"
        yield f"detail   {printable(self.detail, _SHOWN)}"
        yield f"origin   {self.origin}"
        yield f"key      {printable(self.key, _SHOWN)}"
        for name, content in self.headers[:_MOST_HEADERS]:
            yield f"header   {printable(name_bytes(name), _SHOWN)}: {printable(content, _SHOWN)}"
        if len(self.headers) > _MOST_HEADERS:
            yield f"header   ... and {len(self.headers) - _MOST_HEADERS:,} more"
        if self.cut:
            yield f"whole    {self.cut}; the value that follows is only its beginning"
        yield f"value    {printable(self.value, _WHOLE)}"

    def with_value(self, value: bytes) -> "Letter":
        """The same event with another value, which is whole."""
        return replace(self, value=value, cut="")

    def home_key(self) -> bytes | None:
        """The key that the event should have had, where it can be read; else the one that it had."""
        fact = decode(self.value)
        return self.key if isinstance(fact, Rejection) else expected_key(fact).encode()

    def digest(self) -> bytes:
        """Sixteen bytes over topic, key, headers and value: the same for letters of the same event."""
        parts = (self.topic, self.key, tuple(self.headers), self.value)
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Wanted:
    """Which letters are chosen; None: any. `topic`: the one that the event came from. `since_ms`, `until_ms`: letters
    that arrived in the dead-letter topic in [since, until)."""

    reason: str | None = None
    topic: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    @property
    def any(self) -> bool:
        """Whether all letters are chosen."""
        return self == Wanted()

    def holds(self, letter: Letter) -> bool:
        """Whether this letter is chosen."""
        return (
            self.reason in (None, letter.reason)
            and self.topic in (None, letter.topic)
            and (self.since_ms is None or letter.arrived_ms >= self.since_ms)
            and (self.until_ms is None or letter.arrived_ms < self.until_ms)
        )


def parsed_place(place: str) -> tuple[int, int]:
    """(partition, offset) of `PARTITION:OFFSET`. CommandError with exit code 2 for anything else."""
    match = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,18})", place)
    if match is None:
        raise CommandError(f"{place!r} is not PARTITION:OFFSET, such as 3:1042", exit_code=2)
    return int(match[1]), int(match[2])


def letters(settings: "Settings", only: tuple[int, int] | None = None) -> Iterator[Letter]:
    """The dead letters in the topic now, by partition. `only`: those of one partition, from (partition, offset) on."""
    from stream.kafka.names import Names

    topic = Names(settings.kafka.topic_prefix, settings.kafka.group).deadletter
    for record in committed_records(settings, [topic], only):
        yield _letter(record)


def _letter(record: Any) -> Letter:
    headers = list(record.headers)
    cut = ""
    if tuple(name for name, _ in headers[-2:]) == _CUT:
        digest, size = (printable(content, _LISTED) for _, content in headers[-2:])
        cut = f"{size} bytes, sha256 {digest}"
        del headers[-2:]
    ours = dict(headers[-len(_OURS) :]) if tuple(name for name, _ in headers[-len(_OURS) :]) == _OURS else {}
    said = {name: (ours.get(name) or b"?").decode(errors="replace") for name in _OURS}
    place = {name: printable(text, _MOST_NAME) for name, text in said.items()}
    return Letter(
        place=f"{record.partition}:{record.offset}",
        arrived_ms=record.timestamp,
        key=record.key,
        value=record.value,
        headers=headers[: -len(_OURS)] if ours else headers,
        reason=place["reason"],
        detail=said["detail"],
        topic=said["topic"],
        origin=f"{place['topic']}:{place['partition']}:{place['offset']}",
        cut=cut,
    )


def _arrival(at_ms: int) -> str:
    """A letter's timestamp as text. Whoever may write to the topic sets it, so it need not be an instant at all."""
    try:
        return instant_text(at_ms)
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
