"""Reads a record as a fact, or finds the reason why it is none: every check of a record that needs no state."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from stream.facts.decode import Rejection, decode_all
from stream.facts.fact import Fact
from stream.facts.identity import expected_key
from stream.facts.murmur import murmur2
from stream.facts.printable import printable
from stream.windows.calendar import day_begins
from stream.windows.plan import WindowPlan
from stream.wire.record import Record, Unread

GUARD_MS = 300_000
VERIFIED_KEYS = 200_000


class Refusal(NamedTuple):
    """Why a record is dead-lettered. `reason`: one of contract 2. `detail`: a sentence for a person."""

    reason: str
    detail: str


class Tombstone:
    """What a record without a value is (contract 1): counted, and nothing else."""


TOMBSTONE = Tombstone()
NO_FACT = (Refusal, Tombstone)
Outcome = Fact | Refusal | Tombstone


def key_partition(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner gives a key (murmur2 of its bytes)."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def decoder_of(plan: WindowPlan) -> Callable[[Sequence[bytes | None]], Sequence[Fact | Rejection]]:
    """A decoder of record values that knows the sites' time zones: a payment with a date occurs when that day
    begins."""
    return partial(decode_all, midnight_ms=day_begins(plan))


class Reader:
    """Reads the records of one partition index: size, JSON, key, partitioner, clock guard (contract 1, live 1 and 2).

    `partition` of `partitions`: where the records were found. `record_bytes`: the greatest value. `former`: partition
    counts that the topics had before they were grown; a backfill reads what was sent then. A key is hashed when it is
    met for the first time, and again after 200,000 others: without compiled modules murmur2 costs as much as all the
    other checks together.
    """

    def __init__(
        self,
        partition: int,
        partitions: int,
        record_bytes: int,
        decoder: Callable[[Sequence[bytes | None]], Sequence[Fact | Rejection]] = decode_all,
        former: Sequence[int] = (),
    ) -> None:
        self._partition = partition
        self._partitions = partitions
        self._former = former
        self._record_bytes = record_bytes
        self._decode_all = decoder
        self._verified: set[bytes] = set()

    def read(self, records: Sequence[Record]) -> list[Outcome]:
        """The outcome of each record, in their order: its fact, its refusal, or `TOMBSTONE`. If the decoder fails, it
        is called for one record at a time, and the record with which it fails is refused as `internal`."""
        values = [record.value for record in records]
        found: Sequence[Fact | Rejection | Refusal]
        try:
            found = self._decode_all(values)
        except Exception:  # noqa: BLE001  one event must never stop a partition
            found = [self._decoded_alone(value) for value in values]
        return list(map(self._checked, records, found))

    def _checked(self, record: Record, fact: Fact | Rejection | Refusal) -> Outcome:
        value, key = record.value, record.key
        if value is None:
            return TOMBSTONE
        if len(value) > self._record_bytes and len(value.rstrip(b"\r\n")) > self._record_bytes:
            return Refusal("oversized", f"{len(value)} bytes, more than limits.record_bytes {self._record_bytes}")
        if isinstance(fact, Rejection | Refusal):
            if isinstance(record, Unread):
                return Refusal(record.reason, record.detail)
            return Refusal(*fact)
        expected = fact.debtor_id or expected_key(fact)
        if key != expected.encode():
            shown = "null" if key is None else f"'{printable(key, 200)}'"
            return Refusal("misrouted", f"the record's key is {shown}, expected {expected!r}")
        if key not in self._verified and not self._verify(key):
            expected_partition = key_partition(key, self._partitions)
            return Refusal(
                "misrouted", f"the key hashes (murmur2) to partition {expected_partition}, not {self._partition}"
            )
        if fact.occurred_at > record.timestamp + GUARD_MS:
            ahead_ms = fact.occurred_at - record.timestamp
            return Refusal("invalid", f"occurred_at lies {ahead_ms} ms after the broker received the event")
        return fact

    def _decoded_alone(self, value: bytes | None) -> Fact | Rejection | Refusal:
        try:
            return self._decode_all([value])[0]
        except Exception as error:  # noqa: BLE001
            return Refusal("internal", f"decode: {error!r}")

    def _verify(self, key: bytes) -> bool:
        if key_partition(key, self._partitions) != self._partition and not any(
            key_partition(key, partitions) == self._partition for partitions in self._former
        ):
            return False
        if len(self._verified) >= VERIFIED_KEYS:
            self._verified.clear()
        self._verified.add(key)
        return True
