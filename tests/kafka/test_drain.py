"""Laws of when too much is refused (drain.py)."""

import pytest

from stream.kafka.drain import Drain
from stream.settings.document import Limits

LIMITS = Limits()


def drained(every: int, reason: str, records: int = 20_000, limits: Limits = LIMITS) -> int | None:
    """How many of so many records are taken until the drain stops, if each n-th is refused; None: it never does."""
    drain = Drain(limits)
    for record in range(1, records + 1):
        if record % every:
            drain.passed(1)
        elif drain.refused(reason):
            return record
    return None


@pytest.mark.parametrize(("reason", "longest"), [("malformed", 500), ("too_late", 500), ("internal", 100)])
def test_so_many_in_a_row_are_too_many_and_one_good_record_between_is_enough(reason: str, longest: int) -> None:
    assert drained(1, reason) == longest
    drain = Drain(LIMITS)
    for record in range(1, 3 * longest):
        if record % longest:
            assert drain.refused(reason) is None
        else:
            drain.passed(10_000)


@pytest.mark.parametrize(("reason", "every"), [("invalid", 2), ("internal", 10)])
def test_the_share_of_the_window_is_too_many_and_a_smaller_one_is_not(reason: str, every: int) -> None:
    assert drained(every, reason) == LIMITS.deadletter_window
    assert drained(every + 1, reason) is None


def test_one_in_ten_of_what_is_no_fault_of_the_program_is_never_too_many() -> None:
    assert drained(10, "invalid", 100_000) is None


def test_a_few_bad_records_are_never_too_many_however_few_there_are_of_all() -> None:
    assert drained(1, "malformed", 499) is None


def test_conflicts_are_never_too_many() -> None:
    assert drained(1, "conflict") is None


def test_what_happened_before_the_window_is_forgotten() -> None:
    drain = Drain(LIMITS)
    for _ in range(3):
        for _ in range(499):
            assert drain.refused("invalid") is None
        drain.passed(1_999)


def test_the_words_name_the_limits_the_run_and_the_share() -> None:
    drain = Drain(LIMITS)
    drain.passed(500)
    told = [drain.refused("invalid") for _ in range(500)][-1]
    assert (
        told
        == "500 records in a row, and 50 % of the last 1,000, were refused (limits.deadletter_run, deadletter_ratio)"
    )


@pytest.mark.parametrize("every", [1, 2])
def test_whoever_goes_on_from_the_state_stops_at_the_same_record(every: int) -> None:
    drain = Drain(LIMITS)
    for record in range(1, 20_000):
        if record % 7 == 0:
            drain = Drain(LIMITS, [list(counts) for counts in drain.state])
        if record % every:
            drain.passed(1)
        elif drain.refused("invalid"):
            break
    assert record == drained(every, "invalid")


def test_the_state_of_what_is_well_is_empty() -> None:
    drain = Drain(LIMITS)
    drain.passed(17)
    assert not drain.state
    drain.refused("invalid")
    assert drain.state
    drain.passed(LIMITS.deadletter_window)
    assert not drain.state


def test_a_limit_of_0_lets_everything_pass_and_leaves_nothing_behind() -> None:
    free = Limits.model_validate({name: 0 for name in Limits.model_fields if name.endswith(("_run", "_ratio"))})
    assert drained(1, "internal", limits=free) is None
    drain = Drain(free)
    for _ in range(1_000):
        drain.refused("invalid")
    assert not drain.state
