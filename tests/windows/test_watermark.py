"""Laws of the minimum watermark."""

from hypothesis import given
from hypothesis import strategies as st

from stream.windows.watermark import Watermark


def told(mark: Watermark, *marks: int | None, now_ms: int = 0, idle: bool = False) -> int | None:
    for number, value in enumerate(marks):
        if value is not None:
            mark.hear(number, value, idle)
    mark.advance(now_ms, 1_000)
    return mark.value_ms


def waits(mark: Watermark, from_ms: int, until_ms: int) -> None:
    """It is asked every 10 ms, and nobody says anything."""
    for now_ms in range(from_ms, until_ms, 10):
        mark.advance(now_ms, 1_000)


def test_an_unheard_number_holds_it_back() -> None:
    assert told(Watermark(2, 100), 5) is None
    assert told(Watermark(2, 100), 5, 9) == 5


def test_of_what_a_number_says_the_greatest_counts() -> None:
    mark = Watermark(2, 100)
    assert told(mark, 9, 5) == 5
    assert told(mark, 3, 20) == 9
    other = Watermark(2, 100)
    other.restore(mark.encode())
    assert told(other, 30, None) == 20


STATEMENT = st.tuples(st.integers(0, 2), st.one_of(st.none(), st.integers(0, 99)), st.booleans(), st.integers(0, 50))


@given(st.lists(STATEMENT))
def test_it_never_goes_back(heard: list[tuple[int, int | None, bool, int]]) -> None:
    mark, now_ms, last = Watermark(3, 60), 0, None
    for number, value, idle, wait_ms in heard:
        now_ms += wait_ms
        mark.hear(number, value, idle)
        mark.advance(now_ms, 99)
        assert last is None or (mark.value_ms is not None and mark.value_ms >= last)
        last = mark.value_ms


def test_a_number_that_comes_back_to_life_counts_again() -> None:
    mark = Watermark(2, 100)
    assert told(mark, 5, 3) == 3
    waits(mark, 0, 100)
    assert told(mark, 9, now_ms=100) == 9
    assert mark.dead == {1}
    assert told(mark, 12, 4, now_ms=150) == 9
    assert mark.dead == frozenset()
    assert told(mark, 12, 10, now_ms=160) == 10


def test_when_everybody_is_dead_it_stands_still() -> None:
    mark = Watermark(1, 100)
    assert told(mark, 5) == 5
    waits(mark, 0, 500)
    assert mark.dead == {0}
    assert told(mark, now_ms=500) == 5


def test_what_was_at_rest_for_another_number_of_partitions_keeps_its_value_and_waits_for_all_of_todays() -> None:
    former = Watermark(2, 100)
    assert told(former, 5, 9) == 5
    mark = Watermark(3, 100)
    mark.restore(former.encode())
    assert told(mark, 6, 9) == 5
    mark.restore(mark.encode())
    assert told(mark, 6, 9, 7) == 6


def test_silence_is_measured_anew_after_a_restore_and_a_clock_that_goes_back_adds_nothing() -> None:
    mark = Watermark(2, 100)
    told(mark, 5, 3, now_ms=10_000)
    other = Watermark(2, 100)
    other.restore(mark.encode())
    assert told(other, 9, now_ms=99_000) == 3
    assert told(other, 9, now_ms=50) == 3
    waits(other, 50, 140)
    assert told(other, 9, now_ms=140) == 3
    assert told(other, 9, now_ms=150) == 9


@given(st.integers(0, 10**9))
def test_a_caller_that_did_not_ask_for_a_while_has_heard_nobody_be_silent(gap_ms: int) -> None:
    """It was stopped, cut off from its broker, or its clock has stepped: nobody is dead for that."""
    mark = Watermark(2, 600_000)
    told(mark, 5, 3)
    assert told(mark, 9, now_ms=gap_ms) == 3
    assert told(mark, 9, 10, now_ms=gap_ms + 1_000) == 9
    assert mark.dead == frozenset()
