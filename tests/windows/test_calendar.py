"""Windows partition time, in every zone and across every change of its clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.facts.zones import zone_names
from stream.windows.calendar import Calendar, SiteCalendar, local_instant_ms, local_midnight_ms
from stream.windows.plan import SiteClock, WindowPlan
from stream.windows.zone import load_zone
from tests.effort import examples

MINUTE = 60_000
HOUR = 60 * MINUTE
PLAN = WindowPlan(intervals=(("interval_30m", 30 * MINUTE),))


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def calendar(zone: str, plan: WindowPlan = PLAN, **shifts: tuple[int, int]) -> SiteCalendar:
    return SiteCalendar(plan, SiteClock(zone, shifts))


def span(site: SiteCalendar, name: str, at: str) -> tuple[int, int] | None:
    held = site.holding(name, ms(at))
    return held and held[1:]


def test_an_unknown_zone_is_named() -> None:
    for name in ("Mars/Olympus", "America", "../../etc/passwd", ""):
        with pytest.raises(ValueError, match="unknown time zone"):
            load_zone(name)


@pytest.mark.parametrize("year", [1980, 2011, 2026, 2199])
def test_offsets_are_multiples_of_15_minutes_and_days_partition_the_year_in_every_zone(year: int) -> None:
    for name in sorted(zone_names()):
        zone = load_zone(name)
        days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
        edges = [local_instant_ms(zone, day) for day in days]
        assert all(edge % (15 * MINUTE) == 0 for edge in edges), name
        assert all(0 <= after - before <= 26 * HOUR for before, after in pairwise(edges)), name


@settings(max_examples=examples(200), deadline=None)
@given(
    st.sampled_from(sorted(zone_names())),
    st.integers(ms("1980-01-02T00:00:00Z"), ms("2199-12-30T00:00:00Z")),
)
def test_each_instant_lies_in_one_interval_one_day_and_one_month_that_nest(zone: str, instant_ms: int) -> None:
    found = {name: (start, end) for name, start, end in calendar(zone).windows(instant_ms)}
    (a, b), (c, d), (e, f) = found["interval_30m"], found["day"], found["month"]
    assert e <= c <= a <= instant_ms < b <= d <= f
    assert (a - c) % (30 * MINUTE) == 0
    assert b - a == 30 * MINUTE or b == d
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=e)).astimezone(load_zone(zone))
    assert local.day == 1 or (local + timedelta(hours=3)).day == 1


def test_days_of_a_clock_change_have_23_and_25_hours() -> None:
    # New York 2026:  8 March 02:00 -> 03:00      1 November 02:00 -> 01:00
    site = calendar("America/New_York")
    short = span(site, "day", "2026-03-08T12:00:00-04:00")
    long = span(site, "day", "2026-11-01T12:00:00-05:00")
    assert short == (ms("2026-03-08T00:00:00-05:00"), ms("2026-03-09T00:00:00-04:00"))
    assert long == (ms("2026-11-01T00:00:00-04:00"), ms("2026-11-02T00:00:00-05:00"))
    assert (short[1] - short[0], long[1] - long[0]) == (23 * HOUR, 25 * HOUR)


def test_the_last_interval_of_a_day_of_half_hour_change_ends_at_midnight() -> None:
    # Lord Howe moves by 30 minutes: 2026-10-04 has 23.5 hours
    site = calendar("Australia/Lord_Howe", WindowPlan(intervals=(("interval_1h", HOUR),)))
    last = span(site, "interval_1h", "2026-10-04T23:45:00+11:00")
    assert last == (ms("2026-10-04T23:30:00+11:00"), ms("2026-10-05T00:00:00+11:00"))


def test_a_day_that_a_zone_skips_has_no_instants() -> None:
    # Apia went from -10 to +14 at the end of 29 December 2011: there was no 30 December
    site = calendar("Pacific/Apia")
    change = ms("2011-12-31T00:00:00+14:00")
    assert span(site, "day", "2011-12-29T23:59:59-10:00") == (ms("2011-12-29T00:00:00-10:00"), change)
    assert span(site, "day", "2011-12-31T00:00:00+14:00") == (change, ms("2012-01-01T00:00:00+14:00"))


def test_a_shift_of_a_skipped_date_is_that_of_the_next_and_counts_once() -> None:
    site = calendar("Pacific/Apia", s=(9 * 60, 17 * 60))
    found = [window for window in site.windows(ms("2011-12-31T10:00:00+14:00")) if window[0] == "shift_s"]
    assert found == [("shift_s", ms("2011-12-31T09:00:00+14:00"), ms("2011-12-31T17:00:00+14:00"))]


def test_a_second_pass_over_midnight_belongs_to_the_new_day() -> None:
    # St John's 2006-10-29 00:01 NDT -> 28 October 23:01 NST: midnight comes twice, the first one counts
    site = calendar("America/St_Johns")
    first_midnight = ms("2006-10-29T00:00:00-02:30")
    held = span(site, "day", "2006-10-28T23:30:00-03:30")
    assert held is not None
    assert held[0] == first_midnight


def test_a_skipped_midnight_is_the_instant_of_the_change() -> None:
    # Sao Paulo 2018-11-04 00:00 -> 01:00
    assert local_midnight_ms("America/Sao_Paulo", "2018-11-04") == ms("2018-11-04T01:00:00-02:00")


def test_the_midnight_that_ends_a_date_is_that_of_the_next() -> None:
    assert local_midnight_ms("Asia/Shanghai", "2026-02-28", 1) == ms("2026-03-01T00:00:00+08:00")
    assert local_midnight_ms("UTC", date(2026, 2, 28), 4) == ms("2026-03-04T00:00:00Z")
    with pytest.raises(ValueError, match="Mars"):
        local_midnight_ms("Mars/Olympus", "2026-02-28")


#   shift night 22:00-06:00   |22:00 -------- 24:00 -------- 06:00|
def test_a_night_shift_belongs_to_the_date_it_begins() -> None:
    site = calendar("Asia/Shanghai", night=(22 * 60, 6 * 60))
    night = (ms("2026-11-02T22:00:00+08:00"), ms("2026-11-03T06:00:00+08:00"))
    assert span(site, "shift_night", "2026-11-02T22:00:00+08:00") == night
    assert span(site, "shift_night", "2026-11-03T05:59:59+08:00") == night
    assert span(site, "shift_night", "2026-11-03T06:00:00+08:00") is None
    assert span(site, "shift_night", "2026-11-02T21:59:59+08:00") is None


def test_overlapping_shifts_both_hold_the_instant() -> None:
    site = calendar("UTC", early=(6 * 60, 14 * 60), middle=(10 * 60, 18 * 60))
    names = {name for name, _, _ in site.windows(ms("2026-11-02T12:00:00Z"))}
    assert {"shift_early", "shift_middle"} <= names


#   New York, 8 March 2026: 02:00-03:00 is skipped;  1 November: 01:00-02:00 comes twice
@pytest.mark.parametrize(
    ("shift", "at", "start", "end"),
    [
        ((150, 300), "2026-03-08T04:00:00-04:00", "2026-03-08T03:30:00-04:00", "2026-03-08T05:00:00-04:00"),
        ((60, 150), "2026-03-08T03:10:00-04:00", "2026-03-08T01:00:00-05:00", "2026-03-08T03:30:00-04:00"),
        ((90, 180), "2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-04:00", "2026-11-01T03:00:00-05:00"),
        ((30, 90), "2026-11-01T01:29:00-04:00", "2026-11-01T00:30:00-04:00", "2026-11-01T01:30:00-04:00"),
    ],
)  # fmt: skip
def test_skipped_times_use_the_offset_before_and_ambiguous_ones_are_the_first(
    shift: tuple[int, int], at: str, start: str, end: str
) -> None:
    assert span(calendar("America/New_York", s=shift), "shift_s", at) == (ms(start), ms(end))


def test_a_shift_that_would_end_before_it_starts_has_no_window_that_day() -> None:
    # 02:30 is skipped and read as 03:30 EDT, which is after its end, 03:15 EDT
    site = calendar("America/New_York", s=(150, 195))
    assert span(site, "shift_s", "2026-03-08T03:10:00-04:00") is None
    assert span(site, "shift_s", "2026-03-09T03:10:00-04:00") is not None


def test_of_two_windows_of_one_shift_the_later_holds_the_instant() -> None:
    # 03:00-02:45: the one of 7 March ends at 02:45 on the 8th, skipped, read as 03:45 EDT; the next starts at 03:00 EDT
    site = calendar("America/New_York", s=(180, 165))
    inside = ms("2026-03-08T03:30:00-04:00")
    assert len([window for window in site.windows(inside) if window[0] == "shift_s"]) == 2
    assert span(site, "shift_s", "2026-03-08T03:30:00-04:00") == (
        ms("2026-03-08T03:00:00-04:00"), ms("2026-03-09T02:45:00-04:00"),
    )  # fmt: skip


@settings(max_examples=examples(100), deadline=None)
@given(
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Shanghai"]),
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)).filter(lambda shift: shift[0] != shift[1]),
    st.integers(ms("2011-12-20T00:00:00Z"), ms("2012-12-31T00:00:00Z")),
    st.sampled_from(["interval_30m", "day", "month", "shift_s"]),
)
def test_nothing_changes_before_the_instant_of_change(zone: str, shift: tuple[int, int], at_ms: int, name: str) -> None:
    site = calendar(zone, s=shift)
    change_ms = site.change_after(name, at_ms)
    held = site.holding(name, at_ms)
    assert change_ms > at_ms
    assert change_ms % site.slot_ms == 0
    for probe in {at_ms, (at_ms + change_ms) // 2, change_ms - 1}:
        assert site.holding(name, probe) == held


def test_a_site_that_is_not_configured_is_in_utc_without_shifts() -> None:
    plan = WindowPlan(sites={"main": SiteClock("Asia/Shanghai", {"late": (0, 60)})})
    calendars = Calendar(plan)
    assert calendars.site("other").has("shift_late") is False
    assert calendars.site("other").holding("day", ms("2026-11-02T23:00:00Z")) == (
        "day", ms("2026-11-02T00:00:00Z"), ms("2026-11-03T00:00:00Z"),
    )  # fmt: skip
    assert calendars.site("main") is calendars.site("main")


def test_the_grain_divides_panes_and_shift_edges() -> None:
    plan = WindowPlan(pane_ms=900_000, sites={"main": SiteClock("UTC", {"s": (9 * 60 + 7, 17 * 60)})})
    assert plan.grain_ms == MINUTE
    assert WindowPlan(pane_ms=10_000).grain_ms == 10_000
