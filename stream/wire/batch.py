"""The record batches that a fetch brought, each unpacked under a byte budget (ADR 0040).

`WireRecords` replaces aiokafka's `MemoryRecords` in its fetcher (consumer.py), so that whatever reads a topic reads it
in this way. Plain batches are still parsed by aiokafka's Cython code.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch

from stream.wire.parsing import Stamps, first_of, parsed
from stream.wire.record import PlainRecord, Record, Unread
from stream.wire.unpacking import CODECS, DamagedError, TooLargeError, beginning, unpacked

BATCH_BYTES = 32 << 20
"""The budget of a batch where the configuration gives none."""
OWN_BYTES = 1 << 31
"""The budget for topics that the workers alone write to: they send no more than a broker takes."""
RECORD_BYTES = 128
"""About what a record takes in memory beside its bytes: a batch of a million empty records is large, too."""
PREFIX_BYTES = 65_536

_PLAIN_FACTOR = 20
"""A record has 7 bytes at least: what is not packed takes no more than so many times its length, with RECORD_BYTES."""
_LENGTH_AT, _MAGIC_AT, _OVERHEAD, _HEADER_BYTES = 8, 16, 12, 61
_ATTRIBUTES_AT = 21
_CODEC_MASK = 0x07
_COUNT, _COUNT_AT, _LENGTH = struct.Struct(">i"), 57, struct.Struct(">i")
_LEAST_BYTES = 14  # of an entry in the oldest format, behind offset and length


class WireRecords:
    """The batches of one partition that a fetch brought, in order. A last one that is cut short is left out."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0
        self._end = self._end_of(0)

    def size_in_bytes(self) -> int:
        """How many bytes were fetched."""
        return len(self._raw)

    def has_next(self) -> bool:
        """Whether another whole batch is there."""
        return self._end is not None

    def next_batch(self) -> WireBatch | LegacyBatch | None:
        """The next batch; None after the last one. CorruptRecordException: the bytes are no batch of a known format."""
        start, end = self._at, self._end
        if end is None:
            return None
        magic = self._raw[start + _MAGIC_AT] if end - start >= _OVERHEAD + _LEAST_BYTES else -1
        if magic == 2 and end - start >= _HEADER_BYTES:
            self._at, self._end = end, self._end_of(end)
            return WireBatch(memoryview(self._raw)[start:end])
        offset = int.from_bytes(self._raw[start : start + 8], "big", signed=True)
        if magic > 2:
            raise CorruptRecordException(f"offset {offset}: a batch of format {magic}, which nobody knows yet")
        if magic in (2, -1):
            raise CorruptRecordException(f"offset {offset}: a batch of {end - start} bytes")
        self._at, self._end = end, self._end_of(end)
        return LegacyBatch(memoryview(self._raw)[start:end], magic)

    def _end_of(self, start: int) -> int | None:
        """Where the batch that begins at `start` ends; None if it is not complete."""
        whole = len(self._raw)
        if whole - start < _OVERHEAD:
            return None
        end = start + _OVERHEAD + max(int(_LENGTH.unpack_from(self._raw, start + _LENGTH_AT)[0]), 0)
        return end if end <= whole else None


class WireBatch:
    """One batch, not unpacked yet. `head`: aiokafka's batch of the same bytes, of which only the header is read."""

    __slots__ = ("_raw", "head")

    def __init__(self, raw: memoryview) -> None:
        self._raw = raw
        self.head: Any = DefaultRecordBatch(raw)

    def __getattr__(self, name: str) -> Any:
        """What aiokafka asks of a batch: offsets, producer, kind, checksum."""
        return getattr(self.head, name)

    def records(self, most_bytes: int = BATCH_BYTES) -> tuple[Sequence[Record], int]:
        """The records, and about how many bytes of memory they take. A batch that unpacks to more than `most_bytes`, or
        not to records, gives one `Unread`. To be called once, after `validate_crc`."""
        if not self._codec and _PLAIN_FACTOR * len(self._raw) <= most_bytes:
            try:
                found = list(self.head)
            except (UnicodeDecodeError, CorruptRecordException):
                self.head = DefaultRecordBatch(self._raw)  # which has not begun
            else:
                return found, len(self._raw) + RECORD_BYTES * len(found)
        (count,) = _COUNT.unpack_from(self._raw, _COUNT_AT)
        try:
            batch, content = self._opened(most_bytes, count)
            try:
                return list(batch), len(content) + RECORD_BYTES * count
            except UnicodeDecodeError:
                return list(parsed(content, count, self._stamps())), len(content) + RECORD_BYTES * count
        except TooLargeError as error:
            held = "" if error.size_bytes is None else f" ({error.size_bytes} bytes)"
            problem = f"unpacks to more than limits.batch_bytes {most_bytes}{held}"
            return [self._unread("oversized", problem, error.size_bytes or most_bytes + 1)], PREFIX_BYTES
        except (DamagedError, CorruptRecordException) as error:
            return [self._unread("malformed", f"does not hold records: {error}", 0)], PREFIX_BYTES

    def _opened(self, most_bytes: int, count: int) -> tuple[Any, memoryview]:
        """aiokafka's batch of the unpacked records, and their bytes."""
        room = most_bytes - RECORD_BYTES * count
        codec = self._codec
        if not codec:
            content = self._raw[_HEADER_BYTES:]
            if len(content) > room:
                raise TooLargeError(len(content) + RECORD_BYTES * count)
            return self.head, content
        if room <= 0:
            raise TooLargeError(most_bytes - room)
        buffer, end = unpacked(codec, self._raw[_HEADER_BYTES:], room, _HEADER_BYTES)
        buffer[:_HEADER_BYTES] = self._raw[:_HEADER_BYTES]
        buffer[_ATTRIBUTES_AT + 1] &= ~_CODEC_MASK & 0xFF
        plain = memoryview(buffer)[:end]
        return DefaultRecordBatch(plain), plain[_HEADER_BYTES:]

    @property
    def _codec(self) -> int:
        return self.head.attributes & _CODEC_MASK  # type: ignore[no-any-return]

    def _stamps(self) -> Stamps:
        head = self.head
        return Stamps(head.base_offset, head.first_timestamp, head.max_timestamp if head.timestamp_type else None)

    def _unread(self, reason: str, problem: str, size_bytes: int) -> Unread:
        packed, codec, head = self._raw[_HEADER_BYTES:], self._codec, self.head
        key: bytes | None = None
        value: bytes | None = None
        length = 0
        try:
            start = beginning(codec, packed, PREFIX_BYTES) if codec else bytes(packed[:PREFIX_BYTES])
            key, value, length = first_of(start)
        except DamagedError:
            value = bytes(packed[:PREFIX_BYTES])
        last = head.next_offset - 1
        (count,) = _COUNT.unpack_from(self._raw, _COUNT_AT)
        what = f"a batch of {count} records in {len(packed)} bytes ({CODECS.get(codec, 'not packed')})"
        return Unread(
            offset=last,
            timestamp=head.max_timestamp,
            timestamp_type=head.timestamp_type,
            key=key,
            value=b"",
            headers=(),
            reason=reason,
            detail=f"{what}, offsets {head.base_offset} to {last}, {problem}; the digest is of the batch",
            prefix=value or b"",
            digest=hashlib.sha256(packed).hexdigest(),
            size_bytes=max(size_bytes, length),
        )

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records()[0])

    def __next__(self) -> Record:
        return next(iter(self))  # aiokafka takes the first record of a control batch in this way


class LegacyBatch:
    """An entry of the formats before Kafka 0.11 (0 and 1): one record, or several, packed. aiokafka reads it, once it
    is known how much it unpacks to."""

    def __init__(self, raw: memoryview, magic: int) -> None:
        self._raw = raw
        self.head: Any = LegacyRecordBatch(raw, magic)
        self._magic = magic

    def __getattr__(self, name: str) -> Any:
        """What aiokafka asks of a batch."""
        return getattr(self.head, name)

    def records(self, most_bytes: int = BATCH_BYTES) -> tuple[Sequence[Record], int]:
        """As `WireBatch.records`."""
        packed = self._packed()
        codec = self._raw[_MAGIC_AT + 1] & _CODEC_MASK
        try:
            content = unpacked(codec, packed, most_bytes)[1] if codec else len(packed)
        except TooLargeError:
            return [self._unread("oversized", f"unpacks to more than limits.batch_bytes {most_bytes}")], PREFIX_BYTES
        except DamagedError:
            content = len(packed)  # lz4 of those times has wrong checksums, which aiokafka knows to read
        try:
            return [_stamped(record) for record in self.head], content
        except (CorruptRecordException, UnicodeDecodeError, ValueError) as error:
            return [self._unread("malformed", f"does not hold records: {error}")], PREFIX_BYTES

    def _packed(self) -> memoryview:
        """The value of the entry, behind its key."""
        at = _MAGIC_AT + 2 + 8 * (self._magic == 1)
        (key,) = struct.unpack_from(">i", self._raw, at)
        return self._raw[at + 4 + max(int(key), 0) + 4 :]

    def _unread(self, reason: str, problem: str) -> Unread:
        packed, last = self._packed(), self.head.next_offset - 1
        return Unread(
            offset=last, timestamp=-1, timestamp_type=0, key=None,
            value=b"", headers=(), prefix=bytes(packed[:PREFIX_BYTES]), reason=reason,
            detail=f"a batch of format {self._magic} up to offset {last} {problem}",
            digest=hashlib.sha256(packed).hexdigest(), size_bytes=len(packed),
        )  # fmt: skip

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records()[0])


def _stamped(record: Any) -> Record:
    """The record, with timestamp -1 if it has none: format 0 has no timestamps."""
    if record.timestamp is not None:
        return record  # type: ignore[no-any-return]
    return PlainRecord(record.offset, -1, 0, record.key, record.value, ())


def is_abort(batch: WireBatch | LegacyBatch) -> bool:
    """Whether a control batch ends a transaction that was aborted. One that compaction has emptied does not."""
    records, _ = batch.records()
    key = records[0].key if records else None
    return key is not None and key[:4] == b"\0\0\0\0"
