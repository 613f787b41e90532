"""Laws of what a record must be (contract 1, live 2)."""

from collections.abc import Sequence

import pytest
from aiokafka.partitioner import murmur2

from stream.facts.decode import Rejection, decode_all
from stream.facts.fact import Call, Fact
from stream.partition.intake import GUARD_MS, Reader, Refusal, Tombstone, key_partition
from stream.wire.record import Unread
from tests.kafka.records import NOON_MS, FakeRecord, call, debtor_of, record


def refused(reader: Reader, wanted: FakeRecord) -> str:
    (outcome,) = reader.read([wanted])
    assert isinstance(outcome, Refusal)
    return outcome.reason


def test_a_record_that_is_as_it_should_be_is_a_fact() -> None:
    assert isinstance(Reader(0, 1, 1_000).read([record(0, 0)])[0], Call)


@pytest.mark.parametrize("key", [None, b"", b"d-2", b"\xff"])
def test_a_key_that_is_not_the_expected_one_is_misrouted(key: bytes | None) -> None:
    assert refused(Reader(0, 1, 1_000), FakeRecord(0, call(0), key)) == "misrouted"


def test_a_key_that_does_not_hash_to_its_partition_is_misrouted_every_time() -> None:
    reader, stranger = Reader(0, 4, 1_000), debtor_of(1, 4)
    assert refused(reader, record(0, 0, stranger)) == "misrouted"
    assert refused(reader, record(1, 0, stranger)) == "misrouted"
    assert isinstance(reader.read([record(2, 0, debtor_of(0, 4))])[0], Call)


def test_the_partition_is_hashed_once_per_debtor_not_per_event(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bytes] = []

    def counted(key: bytes) -> int:
        hashed.append(key)
        return int(murmur2(key))

    one, other = debtor_of(0, 4), debtor_of(0, 4, skip=1)
    monkeypatch.setattr("stream.partition.intake.murmur2", counted)
    reader = Reader(0, 4, 1_000)
    outcomes = reader.read([record(offset, offset, who) for offset, who in enumerate((one, other, one, one, other))])
    assert all(isinstance(outcome, Call) for outcome in outcomes)
    assert hashed == [one.encode(), other.encode()]


def test_the_partition_is_that_of_kafkas_default_partitioner() -> None:
    assert [key_partition(key, 8) for key in (b"21", b"foobar", b"a-little-bit-long-string")] == [
        (-973932308 & 0x7FFFFFFF) % 8, (-790332482 & 0x7FFFFFFF) % 8, (-985981536 & 0x7FFFFFFF) % 8
    ]  # fmt: skip  # hashes as in Kafka's own UtilsTest


def test_what_occurred_five_minutes_after_its_arrival_is_invalid_and_up_to_then_is_not() -> None:
    assert GUARD_MS == 5 * 60 * 1_000
    reader = Reader(0, 1, 1_000)
    assert isinstance(reader.read([FakeRecord(0, call(0, GUARD_MS), timestamp=NOON_MS)])[0], Call)
    assert refused(reader, FakeRecord(0, call(0, GUARD_MS + 1), timestamp=NOON_MS)) == "invalid"


def test_a_record_over_the_limit_is_oversized_and_its_newline_does_not_count() -> None:
    value = call(0)
    reader = Reader(0, 1, len(value))
    assert isinstance(reader.read([FakeRecord(0, value + b"\r\n")])[0], Call)
    assert refused(reader, FakeRecord(0, value + b" ")) == "oversized"


@pytest.mark.parametrize(("value", "reason"), [(b"", "malformed"), (b"{", "malformed"), (b"{}", "invalid")])
def test_what_is_no_event_is_refused_for_its_own_reason(value: bytes, reason: str) -> None:
    assert refused(Reader(0, 1, 1_000), FakeRecord(0, value)) == reason


def test_a_record_without_a_value_is_no_event_and_no_refusal_whatever_its_key() -> None:
    reader = Reader(0, 1, 1_000)
    records = [FakeRecord(0, None), FakeRecord(1, None, None), record(2, 0), FakeRecord(3, None, b"\xff")]
    assert [type(outcome) for outcome in reader.read(records)] == [Tombstone, Tombstone, Call, Tombstone]


def test_a_batch_that_was_not_taken_apart_is_refused_for_its_own_reason() -> None:
    unread = Unread(9, NOON_MS, 1, b"d-1", b"", (), None, "oversized", "too much", call(1), "", 7)
    assert Reader(0, 1, 1_000).read([unread]) == [Refusal("oversized", "too much")]


def test_a_decoder_that_fails_is_asked_again_for_each_record_and_what_fails_alone_is_refused() -> None:
    def decoder(values: Sequence[bytes | None]) -> list[Fact | Rejection]:
        if b"bad" in values or len(values) > 1:
            raise ZeroDivisionError
        return decode_all(values)

    good, bad = record(0, 0), FakeRecord(1, b"bad")
    first, second, third = Reader(0, 1, 1_000, decoder).read([good, bad, good])
    assert isinstance(second, Refusal)
    assert second.reason == "internal"
    assert isinstance(first, Call)
    assert first == third
