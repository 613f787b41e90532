"""A parser for the records of an unpacked batch, for the rare batches that aiokafka's quicker parser cannot read: here
a header's name may hold any bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stream.wire.record import NAME_ERRORS, PlainRecord
from stream.wire.unpacking import DamagedError

MOST_VARINT_BYTES = 10


@dataclass(frozen=True, slots=True)
class Stamps:
    """What the header of a batch says of its records: the first offset; the producer's first timestamp, or, with
    `appended_ms`, the broker's for all of them. Timestamps in ms; -1 is none."""

    base_offset: int
    first_ms: int
    appended_ms: int | None


def parsed(content: memoryview, count: int, stamps: Stamps) -> Iterator[PlainRecord]:
    """The `count` records of a content. DamagedError: it does not hold exactly these."""
    at = 0
    for _ in range(count):
        length, start = _varint(content, at)
        end = start + length
        if not start <= end <= len(content):
            raise DamagedError(f"a record of {length} bytes where {len(content) - start} are left")
        yield _record(content[start:end], stamps)
        at = end
    if at != len(content):
        raise DamagedError(f"{len(content) - at} bytes behind the last record")


def first_of(content: bytes) -> tuple[bytes | None, bytes | None, int]:
    """(key, value, the value's whole length) of the first record, from the beginning of a batch's content; the value is
    as much of it as there is. DamagedError: not even the key is there."""
    view = memoryview(content)
    at = _varint(view, 0)[1] + 1
    for _ in range(2):  # timestamp, offset
        at = _varint(view, at)[1]
    key, at = _bytes(view, at)
    length, at = _varint(view, at)
    return key, None if length < 0 else bytes(view[at : at + length]), max(length, 0)


def _record(body: memoryview, stamps: Stamps) -> PlainRecord:
    delta_ms, at = _varint(body, 1)  # behind the attributes, which nobody uses
    delta, at = _varint(body, at)
    key, at = _bytes(body, at)
    value, at = _bytes(body, at)
    count, at = _varint(body, at)
    headers = []
    for _ in range(count):
        name, at = _bytes(body, at)
        content, at = _bytes(body, at)
        headers.append(((name or b"").decode(errors=NAME_ERRORS), content))
    if at != len(body):
        raise DamagedError(f"{len(body) - at} bytes behind a record's headers")
    stamp_ms = stamps.first_ms + delta_ms if stamps.appended_ms is None else stamps.appended_ms
    kind = int(stamps.appended_ms is not None)
    return PlainRecord(stamps.base_offset + delta, stamp_ms, kind, key, value, headers)


def _bytes(content: memoryview, at: int) -> tuple[bytes | None, int]:
    length, at = _varint(content, at)
    if length < 0:
        return None, at
    if at + length > len(content):
        raise DamagedError(f"a field of {length} bytes where {len(content) - at} are left")
    return bytes(content[at : at + length]), at + length


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """(zigzag number, where it ends)."""
    number = 0
    for index, byte in enumerate(content[at : at + MOST_VARINT_BYTES]):
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at + index + 1
    raise DamagedError("a number that does not end")
