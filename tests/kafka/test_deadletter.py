"""Laws of dead letters (contract 2, live 6)."""

import hashlib

from stream.kafka.deadletter import PREFIX_BYTES, InternalLimit, dead_letter
from tests.kafka.records import FakeRecord

ROOM = 200_000


def test_a_dead_letter_is_the_record_unchanged_with_the_reason_and_the_origin_as_headers() -> None:
    record = FakeRecord(7, b"{", b"k", headers=[("trace", b"1"), ("none", None)])
    line = dead_letter("calls", 3, record, "malformed", "no JSON", ROOM)
    assert (line.key, line.value) == (b"k", b"{")
    assert line.headers == [
        ("trace", b"1"), ("none", None), ("reason", b"malformed"), ("detail", b"no JSON"),
        ("topic", b"calls"), ("partition", b"3"), ("offset", b"7"),
    ]  # fmt: skip


def test_a_record_without_key_and_value_stays_so() -> None:
    line = dead_letter("calls", 0, FakeRecord(1, None, None), "malformed", "", ROOM)
    assert (line.key, line.value) == (None, None)


def test_a_value_beyond_the_room_becomes_its_beginning_its_digest_and_its_size() -> None:
    value = bytes(range(256)) * 1_000
    line = dead_letter("calls", 0, FakeRecord(1, value), "oversized", "", ROOM)
    assert line.value == value[:PREFIX_BYTES]
    assert dict(line.headers)["sha256"] == hashlib.sha256(value).hexdigest().encode()
    assert dict(line.headers)["size"] == b"256000"


def test_a_value_that_fits_is_whole() -> None:
    value = b"x" * (ROOM - 10_000)
    assert dead_letter("calls", 0, FakeRecord(1, value), "oversized", "", ROOM).value == value


def test_a_hundred_failures_in_a_row_are_too_many_and_one_success_between_is_enough() -> None:
    limit = InternalLimit()
    assert [limit.internal() for _ in range(100)] == [False] * 99 + [True]
    limit = InternalLimit()
    outcomes = []
    for n in range(150):
        if n % 99 == 98:
            limit.passed(10_000)
        outcomes.append(limit.internal())
    assert not any(outcomes)


def test_one_failure_in_ten_over_two_thousand_records_is_too_many_and_one_in_eleven_is_not() -> None:
    for every, too_many in ((9, True), (11, False)):
        limit = InternalLimit()
        outcomes = []
        for _ in range(500):
            limit.passed(every - 1)
            outcomes.append(limit.internal())
        assert any(outcomes) is too_many
