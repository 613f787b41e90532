"""Whether a series grows, and what follows from the length of a soak."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.soak.__main__ import main
from tests.soak.growth import LEAST, Bound, judged
from tests.soak.plan import length_of, plan_of, zone_whose_day_ends
from tests.soak.series import KEPT_BYTES, MIB, WHOLE, verdicts

TIGHT = Bound(0.0, 0.0)
SERIES = st.lists(st.integers(0, 1_000), min_size=LEAST, max_size=60)


def grows(values: list[float], bound: Bound = TIGHT, events: list[float] | None = None) -> bool:
    found = judged(values, bound, events)
    assert found is not None
    return found.grows


def test_what_rises_all_the_time_grows_and_what_stays_does_not() -> None:
    assert grows([float(at) for at in range(30)])
    assert not grows([100.0] * 30)


def test_what_fills_in_the_first_third_and_stays_does_not_grow() -> None:
    assert not grows([float(min(at, 10)) for at in range(30)])


def test_single_peaks_do_not_grow_wherever_they_lie() -> None:
    for at in range(30):
        assert not grows([1.0] * at + [1_000.0] + [1.0] * (29 - at))


@given(SERIES)
def test_what_falls_or_stays_never_grows(values: list[float]) -> None:
    assert not grows(sorted(values, reverse=True))


@given(SERIES, st.integers(0, 100))
def test_a_bound_that_allows_more_finds_no_more(values: list[float], amount: int) -> None:
    assert grows(values) or not grows(values, Bound(0.0, amount))


def test_a_bound_by_events_allows_what_the_events_between_the_thirds_leave() -> None:
    values, events = [100.0 * at for at in range(30)], [10.0 * at for at in range(30)]
    assert not grows(values, Bound(0.0, 0.0, each_event=10.0), events)
    assert grows(values, Bound(0.0, 0.0, each_event=9.9), events)


def test_a_series_that_is_too_short_is_not_judged() -> None:
    assert judged([1.0] * (LEAST - 1), TIGHT) is None


def test_events_are_as_many_as_values() -> None:
    with pytest.raises(ValueError, match="9 values and 1 numbers of events"):
        judged([1.0] * LEAST, TIGHT, [1.0])


def sample(at: int, rss_bytes: float, life: int = 1) -> dict[str, Any]:
    used = {"life": life, "rss_bytes": rss_bytes, "files": 20, "threads": 5}
    return {"at_s": 30.0 * at, "processes": {"worker-1": used}, "events": 100 * at, **dict.fromkeys(WHOLE, 1)}


def growing(samples: list[dict[str, Any]]) -> list[str]:
    return [each.what for each in verdicts(samples) if each.judged is not None and each.judged.grows]


def test_a_worker_may_keep_its_events_and_nothing_else() -> None:
    assert growing([sample(at, 100 * MIB + at * 100 * KEPT_BYTES) for at in range(60)]) == []
    assert growing([sample(at, 100 * MIB + at * MIB) for at in range(60)]) == ["worker-1, life 1: rss_bytes"]


def test_each_life_of_a_worker_is_judged_alone_and_all_of_them_together() -> None:
    lives = [sample(12 * life + at, 100 * MIB, life) for life in range(9) for at in range(12)]
    assert growing(lives) == []
    larger = [sample(12 * life + at, (100 + 20 * life) * MIB, life) for life in range(9) for at in range(12)]
    assert growing(larger) == ["workers, from life to life: rss_bytes"]


def test_a_life_of_some_minutes_and_a_run_of_a_quarter_of_an_hour_say_nothing() -> None:
    samples = [sample(at, 100 * MIB + at * MIB) | {"at_s": 10.0 * at} for at in range(45)]
    assert [each.judged for each in verdicts(samples)] == [None] * 3


@pytest.mark.parametrize("seconds", [120, 240, 3_600, 7_200, 86_400])
def test_a_plan_has_restarts_on_both_sides_of_the_hand_over_and_samples_for_a_verdict(seconds: float) -> None:
    plan = plan_of(seconds)
    assert plan.restarts[0] < plan.hand_over_at < plan.restarts[-1] < seconds
    assert plan.restart_seconds / plan.sample_seconds >= LEAST
    assert plan.sample_seconds <= 30


@given(st.integers(0, 86_400 * 365), st.integers(120, 7_200))
def test_a_day_of_the_zone_ends_at_the_first_full_hour_after_an_eighth_of_the_run(at: int, seconds: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
    earliest = now + timedelta(seconds=seconds / 8)
    hour = earliest.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    local = hour.astimezone(ZoneInfo(zone_whose_day_ends(now, seconds)))
    assert (local.hour, local.minute) == (0, 0)


def test_lengths_are_seconds_minutes_or_hours() -> None:
    assert [length_of(text) for text in ("240s", "60m", "1.5h")] == [240, 3_600, 5_400]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--for", "60"], "--for: '60' is no length such as 240s, 60m or 2h"),
        (["--for", "1m"], "--for: 1m: a soak takes at least 120s"),
        (["--rate", "0"], "--rate: 0 is not between 1 and 1000"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(said)
