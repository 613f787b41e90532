"""The floor as read from the output topics."""

import random

from hypothesis import given
from hypothesis import strategies as st

from stream.publish.latest_records import LatestRecords
from tests.publish.records import AS_OF, ROLLING, Record, alert, floor, kpi, value


def told(*records: Record) -> LatestRecords:
    of = LatestRecords(ROLLING)
    for key, body in records:
        of.on_kpi(key, body)
    return of


def dials(of: LatestRecords, window: str = "rolling_15m", last: bool = False) -> dict[str, int]:
    found = of.records("main", window, last)
    return {record.entity: v.numerator for record in found for v in record.kpis if v.kpi == "dials"}


def test_the_highest_revision_counts_and_of_equal_ones_the_later() -> None:
    assert dials(told(kpi(value("dials", 2), revision=2), kpi(value("dials", 1), revision=1))) == {"a-017": 2}
    assert dials(told(kpi(value("dials", 2), revision=2), kpi(value("dials", 3), revision=2))) == {"a-017": 3}


@given(st.lists(st.integers(1, 6), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_repetitions_and_old_revisions_change_nothing(order: list[int], shuffled: random.Random) -> None:
    """One revision never has two contents, so any order with any repetitions gives the content of the highest."""
    records = [kpi(value("dials", 100 + revision), revision=revision) for revision in order]
    shuffled.shuffle(records)
    assert dials(told(*records)) == {"a-017": 100 + max(order)}


def test_an_emptied_window_is_not_shown() -> None:
    assert dials(told(kpi(value("dials", 2)), kpi(revision=2))) == {}


def test_a_rolling_record_ends_a_length_after_its_own_end_though_nobody_emptied_it() -> None:
    """
    a-017  [01:02:20 --- 01:17:20)                   never replaced
    site as_of                     01:32:10 01:32:20
    """
    of = told(kpi(value("dials", 2)))
    shown = []
    for as_of in ("2026-11-02T01:32:10Z", "2026-11-02T01:32:20Z"):
        of.on_kpi(*kpi(value("dials", 1), entity="a-018", as_of=as_of))
        shown.append(sorted(dials(of)))
    assert shown == [["a-017", "a-018"], ["a-018"]]


def test_the_running_interval_and_the_last_one_are_apart() -> None:
    """
    |01:00 -- 3 -- 01:30| -- 5 -- 02:00|    as_of 01:40: running 5, last 3; the one before is nobody's
    """
    of = told(
        kpi(value("dials", 9), window="interval_30m", start="2026-11-02T00:30:00Z", end="2026-11-02T01:00:00Z"),
        kpi(value("dials", 3), window="interval_30m"),
        kpi(value("dials", 5), window="interval_30m", start="2026-11-02T01:30:00Z", end="2026-11-02T02:00:00Z",
            as_of="2026-11-02T01:40:00Z"),
    )  # fmt: skip
    assert dials(of, "interval_30m") == {"a-017": 5}
    assert dials(of, "interval_30m", last=True) == {"a-017": 3}


def test_an_agent_without_the_running_interval_keeps_the_last() -> None:
    of = told(
        kpi(value("dials", 3), window="interval_30m"),
        kpi(value("dials", 1), entity="a-018", as_of="2026-11-02T01:40:00Z"),
    )
    assert dials(of, "interval_30m") == {}
    assert dials(of, "interval_30m", last=True) == {"a-017": 3}


def test_a_late_correction_of_a_window_long_past_is_not_shown() -> None:
    old = kpi(value("dials", 99), window="day", start="2026-10-20T16:00:00Z", end="2026-10-21T16:00:00Z", revision=7)
    of = told(kpi(value("dials", 3), window="day"), old)
    assert (dials(of, "day"), dials(of, "day", last=True)) == ({"a-017": 3}, {})


def test_sites_do_not_mix_and_each_has_its_own_clock() -> None:
    of = told(kpi(value("dials", 1)), kpi(value("dials", 5), site="pune", as_of="2026-11-02T09:00:00Z", entity="a-017"))
    assert dials(of) == {"a-017": 1}
    assert of.sites() == ["main", "pune"]
    assert of.as_of_ms("main") == 1793582240000
    assert of.as_of_ms("elsewhere") is None
    assert list(of.records("elsewhere", "day")) == []


def test_records_that_cannot_be_read_are_counted_and_left_out() -> None:
    of = told(kpi(value("dials", 2)))
    for key, body in ((None, b"{}"), (b"main|agent", b"{}"), (b"main|agent|a|day|x", b"{"), (b"k|l|m|n|o", None)):
        of.on_kpi(key, body)
    of.on_alert(b"not JSON")
    of.on_alert(None)
    assert of.unreadable == 6
    assert dials(of) == {"a-017": 2}


def test_an_alert_is_open_until_it_is_resolved_and_then_recent() -> None:
    of = LatestRecords(ROLLING)
    states = []
    for state in ("pending", "firing", "resolved", "firing", "resolved"):
        of.on_alert(alert(state=state)[1])
        states.append([[a.state for a in alerts] for alerts in (of.open_alerts("main"), of.recent_alerts("main"))])
    assert states == [[["pending"], []], [["firing"], []], *[[[], ["resolved"]]] * 3]
    assert of.open_alerts("pune") == []


def test_tidying_forgets_what_no_choice_shows_and_nothing_else() -> None:
    of = told(*floor())
    windows = {window: len(dials(of, window)) for window in (*ROLLING, "interval_30m", "day", "month")}
    assert of.tidy() == 6 * 29
    assert {window: len(dials(of, window)) for window in windows} == windows
    of.on_kpi(*kpi(value("dials", 1), as_of="2026-11-03T01:00:00Z"))
    assert of.tidy() == 2 * 29 + 1, "yesterday's day, the month, and what was just told"


def test_the_clock_of_a_site_never_falls() -> None:
    of = told(kpi(value("dials", 1), as_of="2026-11-02T01:20:00Z"), kpi(value("dials", 1), entity="b", as_of=AS_OF))
    assert of.as_of_ms("main") == 1793582400000
