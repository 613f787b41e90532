"""One record of a batch, and the stand-in for the records of a batch that is not unpacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

NAME_ERRORS = "surrogateescape"
"""A header's name may hold any bytes; those that are no UTF-8 are kept as lone surrogates (PEP 383)."""


class Record(Protocol):
    """One record of a partition, as aiokafka's Cython parser gives it. Instants in ms, -1 where there is none;
    `timestamp_type` 1 is LogAppendTime. Bytes in a header's name that are no UTF-8 are lone surrogates."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


@dataclass(frozen=True, slots=True)
class PlainRecord:
    """A record as parsing.py reads it."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    checksum: None = None


@dataclass(frozen=True, slots=True)
class Unread(PlainRecord):
    """Stands for all records of a batch that unpacks to more than the budget (`reason` oversized), or not to records
    (malformed).

    `offset`: the batch's last one, so that a reader that begins in the middle of the batch meets it, too. `key`,
    `prefix`: the key of its first record and the beginning of that one's value, where they can be had; else no key, and
    the beginning of the batch. `value` is empty, as no event's is. `digest`: SHA-256 of the batch's records as they
    were sent (packed), in hex. `size_bytes`: the unpacked size is at least this."""

    reason: str = ""
    detail: str = ""
    prefix: bytes = b""
    digest: str = ""
    size_bytes: int = 0


def name_bytes(name: str) -> bytes:
    """A header's name as it was sent."""
    return name.encode(errors=NAME_ERRORS)
