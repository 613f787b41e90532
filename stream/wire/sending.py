"""Batches of records whose header names are not UTF-8, which aiokafka's own builder cannot send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from stream.wire.record import name_bytes

Headers = Sequence[tuple[str, bytes | None]]


def has_bytes_name(headers: Headers) -> bool:
    """Whether any header's name holds bytes that are not UTF-8 (read as lone surrogates)."""
    return any(not name.isascii() and _has_surrogates(name) for name, _ in headers)


def _has_surrogates(name: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in name)


class BytesHeaderBatch(BatchBuilder):  # type: ignore[misc]  # aiokafka is not typed
    """A batch for `AIOKafkaProducer.send_batch` whose header names may hold any bytes."""

    def __init__(self, *, transactional: bool) -> None:
        super().__init__(1 << 30, 0, is_transactional=int(transactional))
        self._builder: Any = _DefaultRecordBatchBuilderPy(2, 0, int(transactional), -1, -1, 0, 1 << 30)

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers = ()) -> Any:
        """As aiokafka's."""
        named = [(_Name(name_bytes(name)), content) for name, content in headers]
        return super().append(timestamp=timestamp, key=key, value=value, headers=named)

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._builder.set_producer_state(producer_id, producer_epoch, base_sequence)


class _Name:
    """A header's name for the builder, which calls `encode` to get the bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def encode(self, _: str) -> bytes:
        """The bytes as they are."""
        return self._content
