"""How far a partition is forwarded, and what is committed of it."""

from hypothesis import given
from hypothesis import strategies as st

from stream.forward.place import MOST_HELD, PartitionPlace, digest, said


def test_everything_before_the_offset_is_done_whatever_the_order() -> None:
    place = PartitionPlace(5, "x")
    for offset in (5, 6, 9):
        place.take(offset)
    place.done(6)
    assert (place.offset, place.waiting) == (5, 2)
    place.done(5)
    assert place.offset == 9
    place.done(9)
    assert (place.offset, place.waiting) == (10, 0)
    place.read_to(12)
    assert place.offset == 12


def test_marks_of_transactions_are_passed_only_where_nothing_waits_before_them() -> None:
    place = PartitionPlace(5, "x")
    place.take(5)
    place.read_to(8)
    assert place.offset == 5
    place.done(5)
    assert place.offset == 8


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=20).flatmap(
        lambda steps: st.tuples(st.just(steps), st.permutations(range(len(steps))))
    )
)
def test_the_offset_never_goes_back_and_never_passes_what_is_not_done(drawn: tuple[list[int], list[int]]) -> None:
    steps, order = drawn
    offsets = [sum(steps[: n + 1]) for n in range(len(steps))]
    place = PartitionPlace(0, "x")
    for offset in offsets:
        place.take(offset)
    left = set(offsets)
    before = place.offset
    for number in order:
        place.done(offsets[number])
        left.discard(offsets[number])
        assert before <= place.offset <= min(left, default=offsets[-1] + 1)
        before = place.offset
    assert place.offset == offsets[-1] + 1


def test_who_was_told_nothing_is_known_after_a_restart() -> None:
    place = PartitionPlace(5, "https://example.org/hook?token=t0ps3cret")
    place.hold("9f2c" + 28 * "0")
    place.hold("77aa" + 28 * "0")
    place.let_go("77aa" + 28 * "0")
    to, held = said(place.metadata)
    again = PartitionPlace(5, "x", held)
    assert to == digest("https://example.org/hook?token=t0ps3cret")
    assert (again.holds("9f2c" + 28 * "0"), again.holds("77aa" + 28 * "0")) == (True, False)
    assert "t0ps3cret" not in place.metadata


def test_what_is_committed_fits_into_what_a_broker_takes_and_the_oldest_are_forgotten() -> None:
    place = PartitionPlace(5, "x")
    for number in range(MOST_HELD + 3):
        place.hold(f"{number:032x}"[::-1])
    assert len(place.metadata.encode()) <= 4_096
    assert not place.holds(f"{2:032x}"[::-1])
    assert place.holds(f"{3:032x}"[::-1])


@given(st.text(max_size=30))
def test_metadata_of_others_say_nothing(text: str) -> None:
    assert said(text) == ("", []) or text.startswith("{")
