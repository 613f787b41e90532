"""Laws of dead letters (contract 2, live 6)."""

import hashlib

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from stream.kafka.deadletter import PREFIX_BYTES, dead_letter
from stream.wire.record import Unread
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


def test_what_stands_for_a_batch_says_the_digest_of_the_batch_and_how_large_it_is() -> None:
    record = Unread(9, 0, 1, b"d-1", b"", (), None, "oversized", "why", b"begin", "abc", 450_000_000)
    line = dead_letter("calls", 3, record, "oversized", "why", ROOM)
    assert (line.key, line.value) == (b"d-1", b"begin")
    said = dict(line.headers)
    assert (said["offset"], said["sha256"], said["size"]) == (b"9", b"abc", b"450000000")


def test_a_name_of_any_bytes_takes_its_room_and_stays() -> None:
    line = dead_letter("calls", 0, FakeRecord(1, b"v", headers=[("\udcff", b"1")]), "malformed", "", ROOM)
    assert line.headers[0] == ("\udcff", b"1")


@pytest.mark.parametrize(
    "record",
    [
        FakeRecord(1, b"v" * 300_000, b"k" * 90_000, headers=[("h", b"h" * 90_000)]),
        FakeRecord(1, b"v" * 300_000, b"k" * 90_000, headers=[("h", b"h" * 190_000)]),
        FakeRecord(1, b"v", b"k" * 300_000, headers=[("h", b"h" * 300_000)]),
        FakeRecord(1, None, b"k", headers=[("h", b"h" * 300_000)]),
    ],
    ids=["all large", "headers too large", "key and headers too large", "headers alone"],
)
def test_a_dead_letter_fits_its_topic_whatever_is_large_and_says_where_it_came_from(record: FakeRecord) -> None:
    line = dead_letter("calls", 3, record, "oversized", "d" * 5_000, ROOM)
    batch = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 30)
    batch.append(0, 0, line.key, line.value, line.headers)
    assert len(batch.build()) <= ROOM
    said = dict(line.headers)
    assert (said["topic"], said["partition"], said["offset"]) == (b"calls", b"3", b"1")
    assert said["size"] == b"%d" % len(record.value or b"")
