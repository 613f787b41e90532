"""Laws of how much one transaction writes (pace.py), and of a tick that may not give everything at once."""

from hypothesis import given
from hypothesis import strategies as st

from stream.partition.pace import BUILD_MS, FIRST_ROWS, LEAST_ROWS, MOST_ROWS, STEP_ROWS, TransactionPace

TIMEOUT_MS = 15_000
SLOW_MS = TIMEOUT_MS // 5

COMMITS = st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 2_000), st.integers(0, 60_000)))


@given(COMMITS)
def test_it_stays_between_its_bounds_and_rests_no_longer_than_a_commit_took(
    commits: list[tuple[int, int, int]],
) -> None:
    pace = TransactionPace(TIMEOUT_MS)
    for rows, build_ms, took_ms in commits:
        before = pace.rows
        pace.committed(rows, build_ms, took_ms)
        assert LEAST_ROWS <= pace.rows <= MOST_ROWS
        assert pace.rows <= before + STEP_ROWS
        assert pace.rest_ms == (took_ms if took_ms > SLOW_MS else 0)


@given(st.integers(LEAST_ROWS, MOST_ROWS), st.integers(SLOW_MS + 1, 60_000))
def test_a_slow_commit_halves_what_it_held(rows: int, took_ms: int) -> None:
    pace = TransactionPace(TIMEOUT_MS)
    pace.rows = MOST_ROWS
    pace.committed(rows, 0, took_ms)
    assert pace.rows == max(LEAST_ROWS, rows // 2)


def test_what_holds_the_loop_for_too_long_is_halved_like_what_holds_the_broker() -> None:
    pace = TransactionPace(TIMEOUT_MS)
    pace.committed(6_000, BUILD_MS + 1, 10)
    assert (pace.rows, pace.rest_ms) == (3_000, 0)
    pace.lost()
    assert pace.rows == 1_500


def test_quick_commits_that_are_full_make_it_grow_and_small_ones_say_nothing() -> None:
    pace = TransactionPace(TIMEOUT_MS)
    pace.committed(10, 1, 10)
    assert pace.rows == FIRST_ROWS
    for _ in range(MOST_ROWS // STEP_ROWS):
        pace.committed(pace.rows, 1, 10)
    assert pace.rows == MOST_ROWS


def test_under_a_broker_that_takes_so_many_rows_a_second_commits_settle_below_what_is_slow() -> None:
    pace = TransactionPace(TIMEOUT_MS)
    took: list[int] = []
    for _ in range(200):
        took.append(200 + pace.rows)  # a thousand rows a second
        pace.committed(pace.rows, 5, took[-1])
    assert max(took[5:]) <= SLOW_MS + STEP_ROWS
    assert min(took[5:]) >= LEAST_ROWS
