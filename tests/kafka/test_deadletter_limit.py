"""Laws of when too much is refused (deadletter_limit.py)."""

from collections.abc import Callable

import pytest

from stream.partition.deadletter_limit import DeadLetterLimit
from stream.settings.document import LimitsSection

LIMITS = LimitsSection()


def always(_: int) -> bool:
    return True


def refused_until(
    bad: Callable[[int], bool], reason: str, records: int = 40_000, limits: LimitsSection = LIMITS
) -> int | None:
    """How many of so many records are taken until the limit stops; None: it never does."""
    limit = DeadLetterLimit(limits)
    for record in range(1, records + 1):
        if not bad(record):
            limit.passed(1)
        elif limit.refused(reason):
            return record
    return None


@pytest.mark.parametrize(("reason", "longest"), [("malformed", 1_000), ("misrouted", 1_000), ("internal", 100)])
def test_so_many_in_a_row_are_too_many_and_one_good_record_between_is_enough(reason: str, longest: int) -> None:
    assert refused_until(always, reason) == longest
    limit = DeadLetterLimit(LIMITS)
    for record in range(1, 3 * longest):
        if record % longest:
            assert limit.refused(reason) is None
        else:
            limit.passed(10_000)


def test_one_failure_in_ten_is_too_many_over_the_window_and_one_in_eleven_is_not() -> None:
    assert refused_until(lambda record: record % 10 == 0, "internal") == LIMITS.internal_window
    assert refused_until(lambda record: record % 11 == 0, "internal") is None


def test_seven_refused_in_ten_are_too_many_over_the_window_and_two_in_three_are_not() -> None:
    assert refused_until(lambda record: record % 10 not in (1, 2, 3), "invalid") == LIMITS.deadletter_window
    assert refused_until(lambda record: record % 3 > 0, "invalid") is None


def test_one_in_ten_of_what_is_no_fault_of_the_program_is_never_too_many() -> None:
    assert refused_until(lambda record: record % 10 == 0, "invalid", 100_000) is None


def test_a_few_bad_records_are_never_too_many_however_few_there_are_of_all() -> None:
    assert refused_until(always, "malformed", 999) is None


@pytest.mark.parametrize("reason", ["conflict", "limit", "too_late"])
def test_what_was_read_and_identified_is_never_too_much(reason: str) -> None:
    assert refused_until(always, reason) is None


def test_what_happened_before_the_window_is_forgotten() -> None:
    limit = DeadLetterLimit(LIMITS)
    for _ in range(9):
        for _ in range(999):
            assert limit.refused("invalid") is None
        limit.passed(LIMITS.deadletter_window)


def test_the_words_name_the_limits_the_run_and_the_share() -> None:
    limit = DeadLetterLimit(LIMITS)
    limit.passed(1_000)
    told = [limit.refused("invalid") for _ in range(1_000)][-1]
    said = "1,000 records in a row, and 50 % of the last 2,000, were refused (limits.deadletter_run, deadletter_ratio)"
    assert told == said


@pytest.mark.parametrize("good", [10**9, 4])
def test_whoever_goes_on_from_the_state_stops_at_the_same_record(good: int) -> None:
    limit = DeadLetterLimit(LIMITS)
    for record in range(1, 20_000):
        if record % 7 == 0:
            limit = DeadLetterLimit(LIMITS, [list(counts) for counts in limit.state])
        if record % good == 0:
            limit.passed(1)
        elif limit.refused("invalid"):
            break
    assert record == refused_until(lambda record: record % good > 0, "invalid")


def test_the_state_of_what_is_well_is_empty() -> None:
    limit = DeadLetterLimit(LIMITS)
    limit.passed(17)
    assert not limit.state
    limit.refused("invalid")
    assert limit.state
    limit.passed(LIMITS.deadletter_window)
    assert not limit.state


def test_a_limit_of_0_lets_everything_pass_and_leaves_nothing_behind() -> None:
    free = LimitsSection.model_validate(
        {name: 0 for name in LimitsSection.model_fields if name.endswith(("_run", "_ratio"))}
    )
    assert refused_until(always, "internal", limits=free) is None
    limit = DeadLetterLimit(free)
    for _ in range(1_000):
        limit.refused("invalid")
    assert not limit.state
