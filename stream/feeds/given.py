"""What a feed gives: events, and records that it refused."""

from __future__ import annotations

from typing import Literal, NamedTuple


class RecordPlace(NamedTuple):
    """Where a value stands: the source (a file, or a topic and partition), and its line there (a topic: the offset)."""

    source: str
    line: int


class GivenEvent(NamedTuple):
    """An event of the contract, ready to be sent: `topic` is the middle part of the topic's name."""

    type: str
    topic: str
    key: str
    json: bytes
    occurred_at: int


class RefusedRecord(NamedTuple):
    """A record that gives nothing: `malformed` is not of the input's format, `unmapped` has a value that does not fit.

    `field` is the key of the mapping or field of the event that `detail` is about. `value`: the input value as it came
    (`raw`), or the record as JSON.
    """

    reason: Literal["malformed", "unmapped"]
    detail: str
    field: str
    place: RecordPlace
    value: bytes
    raw: bool


class Unmapped(Exception):  # noqa: N818  not an error of the program
    """Why a record is refused: the field, and what is said of it."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(f"{field}: {said}" if field else said)
        self.field = field
