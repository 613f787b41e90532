"""Laws of batches: what aiokafka reads is read, what it gives up on is read too, what is too large is refused."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from stream.wire.batch import LegacyBatch, WireBatch, WireRecords, is_abort
from stream.wire.record import Record, Unread, name_bytes
from tests.wire.raw import CODECS, batch, packed, record, zeros

MIB = 1 << 20
ROOMY = 64 * MIB

optional = st.none() | st.binary(max_size=300)
rows = st.lists(
    st.tuples(optional, optional, st.lists(st.tuples(st.binary(max_size=20), optional), max_size=3)), max_size=5
)


def read(raw: bytes, most_bytes: int = ROOMY) -> Sequence[Record]:
    (found,) = batches(raw)
    assert found.validate_crc()
    return found.records(most_bytes)[0]


def batches(raw: bytes) -> list[WireBatch | LegacyBatch]:
    whole, found = WireRecords(raw), []
    while (each := whole.next_batch()) is not None:
        found.append(each)
    return found


def content(of: list[Any]) -> bytes:
    return b"".join(record(value, key, names, offset) for offset, (key, value, names) in enumerate(of))


def fields(found: Record) -> tuple[Any, ...]:
    names = [(name_bytes(name), value) for name, value in found.headers]
    return found.offset, found.timestamp, found.timestamp_type, found.key, found.value, names


@pytest.mark.parametrize("codec", CODECS)
@given(of=rows)
def test_every_record_is_read_whatever_bytes_its_headers_have(codec: str, of: list[Any]) -> None:
    raw = batch(packed(codec, [content(of)]), len(of), codec, base=7)
    assert [fields(each) for each in read(raw)] == [
        (7 + n, 1_000, 0, key, value, names) for n, (key, value, names) in enumerate(of)
    ]


@given(of=rows)
def test_where_names_are_text_it_is_what_aiokafka_reads(of: list[Any]) -> None:
    texts = [(key, value, [(str(name).encode(), each) for name, each in names]) for key, value, names in of]
    raw = batch(content(texts), len(texts), base=7)
    own: Any = DefaultRecordBatch(raw)
    assert [fields(each) for each in read(raw)] == [fields(each) for each in own]


def test_one_batch_with_odd_names_does_not_change_those_around_it() -> None:
    odd = batch(record(b"2", names=[(b"\xff\xfe", b"x"), (b"\xed\xa0\x80", None)]), base=1)
    raw = batch(record(b"1")) + odd + batch(record(b"3"), base=2)
    assert [each.value for found in batches(raw) for each in found.records(ROOMY)[0]] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd", "none"])
def test_a_batch_over_the_budget_is_one_record_that_says_where_it_lay_and_how_it_began(codec: str) -> None:
    content = packed(codec, zeros(8 * MIB, b"d-1"))
    (found,) = read(batch(content, 1, codec, base=41), 2 * MIB)
    assert isinstance(found, Unread)
    assert (found.reason, found.offset, found.timestamp) == ("oversized", 41, 1_000)
    assert found.digest == hashlib.sha256(content).hexdigest()
    assert found.size_bytes >= 2 * MIB
    assert "limits.batch_bytes 2097152" in found.detail
    if codec != "snappy":
        assert (found.key, found.prefix[:9]) == (b"d-1", bytes(9))
        assert found.size_bytes >= 8 * MIB


def test_many_empty_records_are_as_large_as_what_they_take_in_memory() -> None:
    count = 50_000
    raw = batch(packed("zstd", [b"".join(record(None, None, (), n) for n in range(count))]), count, "zstd")
    (found,) = read(raw, 4 * MIB)
    assert isinstance(found, Unread)
    assert found.offset == count - 1
    assert len(read(raw, ROOMY)) == count


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_content_that_is_no_records_is_malformed_and_does_not_raise(codec: str) -> None:
    for content in (b"\xff" * 40, packed(codec, [b"\x7f" * 400]), packed(codec, [record(b"v") + b"x"])):
        (found,) = read(batch(content, 1, codec))
        assert isinstance(found, Unread)
        assert found.reason == "malformed"


@given(noise=st.binary(max_size=300), count=st.integers(-2, 2**31 - 1))
def test_noise_with_a_right_sum_is_malformed_or_too_large_or_happens_to_be_records(noise: bytes, count: int) -> None:
    head = batch(noise, 1)
    raw = batch(noise, count) if count > 0 else head
    found = read(raw)
    assert found
    assert all(isinstance(each, Unread) or each.value is None or bytes(each.value) in noise for each in found)


@pytest.mark.parametrize("magic", [3, 100, 127])
def test_a_format_that_nobody_knows_yet_is_named_with_its_offset(magic: int) -> None:
    with pytest.raises(CorruptRecordException, match=f"offset 5: a batch of format {magic}"):
        batches(batch(record(b"v"), base=5, magic=magic))


@pytest.mark.parametrize("cut", [1, 11, 12, 40, 60, 69])
def test_a_last_batch_that_was_cut_by_the_fetch_is_left_for_the_next_one(cut: int) -> None:
    raw = batch(record(b"1"))
    assert len(batches(raw + batch(record(b"2"), base=1)[:cut])) == 1


@pytest.mark.parametrize("length", [-5, 0, 13, 40])
def test_a_batch_that_says_it_is_shorter_than_a_batch_can_be_is_named(length: int) -> None:
    raw = bytearray(batch(record(b"1")))
    raw[8:12] = length.to_bytes(4, "big", signed=True)
    with pytest.raises(CorruptRecordException, match="a batch of"):
        batches(bytes(raw))


def test_a_control_batch_that_compaction_emptied_ends_nothing() -> None:
    (empty,) = batches(batch(b"", 0))
    assert not is_abort(empty)
    (abort,), (commit,) = (batches(batch(record(b"", bytes([0, 0, 0, kind])))) for kind in (0, 1))
    assert is_abort(abort)
    assert not is_abort(commit)


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", [0, 1, 2])
def test_entries_of_the_formats_before_headers_are_read_and_bounded(magic: int, codec: int) -> None:
    builder = LegacyRecordBatchBuilder(magic, codec, 32 * MIB)
    for offset in range(3):
        builder.append(offset, 5, b"k", b"%d" % offset * 1_000)
    raw = bytes(builder.build())
    found = [each for entry in batches(raw) for each in entry.records(ROOMY)[0]]
    assert [each.value for each in found] == [b"%d" % offset * 1_000 for offset in range(3)]
    assert {each.timestamp for each in found} == {5 if magic else -1}
    if codec:
        (refused,) = [each for entry in batches(raw) for each in entry.records(1_000)[0]]
        assert isinstance(refused, Unread)
        assert refused.reason == "oversized"
