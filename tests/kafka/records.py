"""Builders: events as records of a partition, and batches of them, without a broker."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from stream.kafka.batches import Batch
from stream.partition.intake import key_partition

NOON_MS = 1_704_110_400_000
"""2024-01-01T12:00:00Z."""


@dataclass(frozen=True)
class FakeRecord:
    """A record as aiokafka's parser would give it."""

    offset: int
    value: bytes | None = b"{}"
    key: bytes | None = b"d-1"
    timestamp: int = NOON_MS
    timestamp_type: int = 1
    headers: Sequence[tuple[str, bytes | None]] = field(default_factory=list)


def instant(at_ms: int) -> str:
    """RFC 3339 of milliseconds after NOON_MS."""
    seconds, ms = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"2024-01-01T{12 + hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z"


def call(number: int, at_ms: int = 0, debtor: str = "d-1", **fields: object) -> bytes:
    """An outbound call `c-<number>` to a debtor, `at_ms` after NOON_MS."""
    event: dict[str, object] = {
        "type": "call",
        "event_id": f"e-{number}",
        "call_id": f"c-{number}",
        "occurred_at": instant(at_ms),
        "ended_at": instant(at_ms + 1000),
        "debtor_id": debtor,
        "agent_id": f"a-{number % 3}",
        "team_id": "t-1",
        "direction": "outbound",
        "outcome": "human",
        "party": "right",
        "talk_ms": 1000,
    }
    return json.dumps(event | fields).encode()


def record(offset: int, at_ms: int, debtor: str = "d-1", **fields: object) -> FakeRecord:
    """A record that holds a call at `at_ms`."""
    return FakeRecord(offset, call(offset, at_ms, debtor, **fields), debtor.encode())


def batch(
    topic: str, records: Sequence[FakeRecord], *, start: int | None = None, next_offset: int | None = None,
    log_end: int | None = None, epoch: int = 1, partition: int = 0
) -> Batch:  # fmt: skip
    """A fetch that brought these records; by default nothing lies around them in the log."""
    first = records[0].offset if start is None else start
    beyond = records[-1].offset + 1 if next_offset is None else next_offset
    return Batch(topic, partition, epoch, first, beyond, records, beyond if log_end is None else log_end)


def debtor_of(number: int, partitions: int, skip: int = 0) -> str:
    """A debtor id whose key lies in partition `number`."""
    found = (f"d-{n}" for n in range(10_000) if key_partition(b"d-%d" % n, partitions) == number)
    for _ in range(skip):
        next(found)
    return next(found)
