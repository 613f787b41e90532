"""A trail holds what a list of every grain would, whatever comes when."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from stream.windows.trail import Trail

GRAIN = st.integers(0, 40)
STEP = st.one_of(
    st.tuples(st.just("amount"), GRAIN, st.integers(-3, 9)),
    st.tuples(st.just("run"), st.tuples(GRAIN, GRAIN).map(sorted), st.integers(1, 9)),
    st.tuples(st.just("ask"), st.tuples(GRAIN, GRAIN).map(sorted), st.just(0)),
)


@given(st.lists(STEP, max_size=20), GRAIN)
def test_the_sum_of_a_stretch_is_that_of_its_grains(steps: list[tuple[str, object, int]], forgotten: int) -> None:
    trail, grains = Trail(), Counter[int]()
    for kind, where, number in steps:
        if kind == "amount":
            assert isinstance(where, int)
            trail.amounts.add({where: number})
            grains[where] += number
            continue
        assert isinstance(where, list)
        first, end = where
        if kind == "run" and first < end:
            trail.edges.add({first: number})
            trail.edges.add({end: -number})
            grains.update(dict.fromkeys(range(first, end), number))
        assert trail.before(end) - trail.before(first) == sum(grains[each] for each in range(first, end))
    trail.forget(forgotten)
    for end in range(forgotten, 45):
        assert trail.before(end) - trail.before(forgotten) == sum(grains[each] for each in range(forgotten, end))


@given(st.lists(STEP, max_size=12), GRAIN)
def test_nothing_changes_before_it_is_said_to_leave(steps: list[tuple[str, object, int]], first: int) -> None:
    trail = Trail()
    for kind, where, number in steps:
        if kind == "amount":
            assert isinstance(where, int)
            trail.amounts.add({where: number})
        elif kind == "run":
            assert isinstance(where, list)
            trail.edges.add({where[0]: number})
            trail.edges.add({where[1]: -number} if where[0] < where[1] else {where[0]: -number})
    leaves = trail.leaves_after(first)
    for grain in range(first, 45 if leaves is None else leaves):
        assert trail.before(45) - trail.before(grain) == trail.before(45) - trail.before(first)
    if leaves is None:
        assert trail.before(45) == trail.before(first)
