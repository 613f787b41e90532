"""Laws of the merge (live 2, catch-up)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.facts.fact import Call
from stream.partition.intake import Outcome, Refusal
from stream.partition.merge import MOST_BATCHES, MOST_BYTES, NO_CEILING_MS, EventTimeMerge, GapError, PartitionBuffer
from stream.wire.record import Record
from tests.kafka.records import NOON_MS, FakeRecord, batch, record

MINUTE = 60_000


def read(records: Sequence[Record]) -> list[Outcome]:
    """Facts whose time is in the value: `b"123"`, or a refusal for `b"bad"`."""
    return [outcome(each) for each in records]


def outcome(wanted: Record) -> Outcome:
    if wanted.value == b"bad":
        return Refusal("malformed", "")
    assert wanted.value is not None
    at = int(wanted.value)
    return Call(event_id="e", occurred_at=at, call_id="c", direction="outbound", outcome="human", ended_at=at)


def at(offset: int, at_ms: int | str) -> FakeRecord:
    return FakeRecord(offset, str(at_ms).encode())


def merge(*topics: str, capacity: int = 100, pane_ms: int = 1) -> EventTimeMerge:
    return EventTimeMerge([PartitionBuffer(topic, 0, 1) for topic in topics], read, capacity, pane_ms)


def order(merge: EventTimeMerge, limit: int = 1000, ceiling_ms: int = NO_CEILING_MS) -> list[tuple[str, int]]:
    return [(run.topic, record.offset) for run in merge.take(limit, ceiling_ms) for record in run.records]


def test_records_come_by_event_time_over_all_buffers() -> None:
    #   a    1     5        9
    #   b       3     6  7
    both = merge("a", "b")
    both.buffers["a"].feed(batch("a", [at(0, 1), at(1, 5), at(2, 9)]))
    both.buffers["b"].feed(batch("b", [at(0, 3), at(1, 6), at(2, 7)]))
    assert order(both) == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("b", 2), ("a", 2)]


def test_a_buffer_goes_on_to_the_end_of_the_pane_in_which_another_has_its_turn_and_no_further() -> None:
    #   a    1     5        9 | 10 11
    #   b       3     6  7    | 10
    both = merge("a", "b", pane_ms=10)
    both.buffers["a"].feed(batch("a", [at(0, 1), at(1, 5), at(2, 9), at(3, 10), at(4, 11)]))
    both.buffers["b"].feed(batch("b", [at(0, 3), at(1, 6), at(2, 7), at(3, 10)]))
    runs = [(run.topic, len(run.records)) for run in both.take(1000)]
    assert runs == [("a", 3), ("b", 4), ("a", 2)]


def test_a_buffer_behind_its_log_end_holds_the_others_until_its_next_batch() -> None:
    both = merge("a", "b")
    both.buffers["a"].feed(batch("a", [at(0, 1), at(1, 9)]))
    both.buffers["b"].feed(batch("b", [at(0, 2)], log_end=2))  # one more is there, not fetched yet
    assert order(both) == [("a", 0), ("b", 0)]
    both.buffers["b"].feed(batch("b", [at(1, 3)]))
    assert order(both) == [("b", 1), ("a", 1)]


def test_a_buffer_of_unknown_length_holds_the_others() -> None:
    both = merge("a", "b")
    both.buffers["a"].feed(batch("a", [at(0, 1)]))
    assert order(both) == []
    both.buffers["b"].log_end = 0
    assert order(both) == [("a", 0)]


def test_a_buffer_whose_broker_is_silent_is_excused() -> None:
    both = merge("a", "b")
    both.buffers["a"].feed(batch("a", [at(0, 1)]))
    both.buffers["b"].excused = True
    assert order(both) == [("a", 0)]


def test_a_refused_record_waits_for_nobody() -> None:
    both = merge("a", "b")
    both.buffers["a"].feed(batch("a", [at(0, 5), at(1, "bad"), at(2, 6)]))
    both.buffers["b"].feed(batch("b", [at(0, 5), at(1, 8)]))
    assert order(both, 3) == [("a", 0), ("a", 1), ("b", 0)]


def test_what_is_applied_is_the_offset_after_the_last_taken_record_and_skips_what_no_reader_sees() -> None:
    one = merge("a")
    buffer = one.buffers["a"]
    buffer.feed(batch("a", [at(3, 1), at(7, 2)], start=0, next_offset=9))  # 8 is a control record
    assert order(one, 1) == [("a", 3)]
    assert buffer.applied == 4
    assert order(one) == [("a", 7)]
    assert buffer.applied == 9
    buffer.feed(batch("a", [], start=9, next_offset=12))
    assert buffer.applied == 12


def test_records_fetched_before_the_last_seek_are_dropped() -> None:
    one = merge("a")
    one.buffers["a"].feed(batch("a", [at(5, 1)], epoch=0))
    one.buffers["a"].log_end = 0
    assert order(one) == []


def test_a_log_that_goes_back_is_an_error_since_its_topic_was_made_anew() -> None:
    buffer = PartitionBuffer("a", 2, 1)
    for first, count in ((0, 3), (0, 1), (1, 1)):
        with pytest.raises(GapError, match=f"a-0: the log went back from offset 2 to {first}"):
            buffer.feed(batch("a", [at(first + n, 1) for n in range(count)]))
    assert (buffer.applied, buffer.fed, buffer.buffered) == (2, 2, 0)


def test_a_batch_that_does_not_follow_the_last_one_is_an_error() -> None:
    one = merge("a")
    with pytest.raises(GapError, match="a-0: offsets 0 to 9 did not arrive"):
        one.buffers["a"].feed(batch("a", [at(10, 1)]))


def test_a_buffer_that_catches_up_gives_nothing_beyond_the_ceiling_and_live_traffic_always_may() -> None:
    #   catching up   12:00      12:20
    #   live                           12:30
    two = merge("catching", "live")
    two.buffers["catching"].feed(batch("catching", [at(0, 0), at(1, 20 * MINUTE)], log_end=500))
    two.buffers["live"].feed(batch("live", [at(0, 30 * MINUTE)]))
    assert order(two, ceiling_ms=10 * MINUTE) == [("catching", 0), ("live", 0)]
    assert two.ahead == {"catching"}
    assert order(two, 1, ceiling_ms=20 * MINUTE) == [("catching", 1)]


def test_backlog_is_the_earliest_head_among_lanes_behind() -> None:
    two = merge("a", "b")
    two.buffers["a"].feed(batch("a", [at(0, 7)], log_end=2))
    two.buffers["b"].feed(batch("b", [at(0, 3)]))
    assert two.backlog_ms() == 7


def test_a_full_buffer_says_so_until_half_is_taken() -> None:
    one = merge("a", capacity=2)
    one.buffers["a"].feed(batch("a", [at(0, 1), at(1, 2)]))
    assert one.full("a")
    order(one, 1)
    assert not one.full("a")


def test_a_buffer_of_few_and_large_batches_is_full_by_their_number() -> None:
    one = merge("a")
    for offset in range(MOST_BATCHES):
        assert not one.full("a")
        one.buffers["a"].feed(batch("a", [at(offset, offset)]))
    assert one.full("a")
    order(one, 1)
    assert not one.full("a")
    assert not one.has_room("a")
    order(one, MOST_BATCHES // 2)
    assert one.has_room("a")


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 50), max_size=300), min_size=1),
    st.integers(1, 7),
    st.integers(1, 300),
)
def test_every_record_once_in_order_of_its_buffer_and_sorted_lanes_come_out_sorted(
    buffers: dict[str, list[int]], limit: int, size: int
) -> None:
    merged = merge(*buffers)
    for topic, times in buffers.items():
        records = [at(offset, at_ms) for offset, at_ms in enumerate(sorted(times))]
        merged.buffers[topic].log_end = len(records)
        for first in range(0, len(records), size):
            merged.buffers[topic].feed(batch(topic, records[first : first + size], log_end=len(records)))
    taken: list[tuple[str, Record]] = []
    while runs := merged.take(limit):
        assert sum(len(run.records) for run in runs) <= limit
        taken += [(run.topic, record) for run in runs for record in run.records]
    for topic, times in buffers.items():
        assert [record.offset for of, record in taken if of == topic] == list(range(len(times)))
        assert merged.buffers[topic].applied == len(times)
    instants = [int(record.value or 0) for _, record in taken]
    assert instants == sorted(instants)


def test_facts_are_read_by_the_same_inlet() -> None:
    from stream.partition.intake import Reader

    reader = Reader(0, 1, 1_000)
    one = EventTimeMerge([PartitionBuffer("a", 0, 1)], reader.read, 10)
    one.buffers["a"].feed(batch("a", [record(0, 5_000)]))
    ((outcome,),) = (run.outcomes for run in one.take(1))
    assert isinstance(outcome, Call)
    assert outcome.occurred_at == NOON_MS + 5_000


def test_a_buffer_with_many_bytes_waiting_is_full_until_half_of_them_are_taken() -> None:
    one = merge("a")
    for offset in range(4):
        assert not one.full("a")
        large = replace(batch("a", [at(offset, offset)]), size_bytes=MOST_BYTES // 4)
        one.buffers["a"].feed(large)
    assert one.full("a")
    order(one, 1)
    assert not one.full("a")
    assert not one.has_room("a")
    order(one, 2)
    assert one.has_room("a")
