"""Rules on attainment and pace (alerting 1, scores 1): worked out by hand, and as a look at every pane finds."""

import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.alerts.evaluation import Evaluator
from stream.alerts.lifecycle import INACTIVE, Status, step
from stream.alerts.rules import Rule, exact
from stream.kpis.targets import Target, Targets
from stream.windows.calendar import Calendar
from stream.windows.plan import SiteClock, WindowPlan
from stream.windows.workdays import WorkCalendar
from tests.effort import examples

PANE = 60_000
HOUR = 3_600_000
DAY = 24 * HOUR
MONDAY = 20_003 * DAY  # 2024-10-07, 00:00 UTC
PLAN = WindowPlan(
    pane_ms=PANE,
    rolling=(("rolling_15m", 900_000),),
    sites={"main": SiteClock("UTC", {"late": (12 * 60, 20 * 60)})},  # working time: 12:00-20:00
)


def targets(*values: int, kpi: str = "dials", period: str = "day", entity: str = "*") -> Targets:
    """One target after the other, a day each, from Monday on; the last stays."""
    listed = [
        Target(kpi, "team", entity, period, Fraction(value), date(2024, 10, 7 + number))
        for number, value in enumerate(values)
    ]
    return Targets(listed, PLAN, WorkCalendar())


def rule(**changes: Any) -> Rule:
    given = {"rule": "r", "kpi": "dials", "level": "team", "window": "day", "on": "pace"} | changes
    level = exact(given.pop("level_text", "1"))
    given.setdefault("threshold", level)
    given.setdefault("exit", given["threshold"])
    return Rule(**given)


def decided(
    each: Rule, of: Targets, rows: Mapping[int, int] | Mapping[int, dict[str, int]], until_ms: int, least: int = 1
) -> list[tuple[Any, ...]]:
    """(state, time, value) of the records. `rows`: ms since Monday -> dials, or all columns."""
    evaluator = Evaluator(PLAN, Calendar(PLAN), [each], "live", None, of, {each.kpi: least})
    feed = evaluator.feed("main|team|t-1")
    assert feed is not None
    for at_ms, amount in rows.items():
        sums = amount if isinstance(amount, dict) else {"dials": amount}
        evaluator.take(feed, (MONDAY + at_ms) // PLAN.grain_ms, 0, dict(sums))
    records = [json.loads(alert.value) for alert in evaluator.advance(MONDAY + until_ms)]
    return [(each["state"], each["at"][8:16], each["value"]) for each in records]


def test_a_pace_is_breached_by_time_alone_and_a_new_day_begins_without_one() -> None:
    # 80 of 80 dials wanted in 8 h; 20 by noon are enough until 14:00, after which the pace is under 1
    found = decided(rule(), targets(80), {HOUR: 20}, DAY + 13 * HOUR)
    assert found == [
        ("firing", "07T14:01", pytest.approx(20 / 80 * 480 / 121)),
        ("resolved", "08T00:01", None),  # no working time yet: undefined
        ("firing", "08T12:01", 0.0),
    ]


def test_an_attainment_does_not_move_with_time() -> None:
    above = rule(on="attainment", above=True, level_text="1.5", kpi="dials")
    assert decided(above, targets(10), {HOUR: 15, 2 * HOUR: 1}, 5 * HOUR) == [("firing", "07T02:01", 1.6)]


def test_a_days_target_is_that_days() -> None:
    each = rule(on="attainment", level_text="0.5")
    found = decided(each, targets(10, 1), {HOUR: 6, DAY + HOUR: 1}, DAY + 2 * HOUR)
    assert found == [("firing", "08T00:01", 0.0), ("resolved", "08T01:01", 1.0)]


def test_a_rate_has_no_attainment_before_its_minimum_sample_and_min_denominator_does_not_apply() -> None:
    each = rule(kpi="connect_rate", on="attainment", min_denominator=1000)
    few = {HOUR: {"dials": 4, "connects": 1}}
    enough = few | {2 * HOUR: {"dials": 1, "connects": 0}}
    of = targets(1, kpi="connect_rate")
    assert decided(each, of, few, 5 * HOUR, least=5) == []
    assert decided(each, of, enough, 5 * HOUR, least=5) == [("firing", "07T02:01", 0.2)]


@pytest.mark.parametrize("of", [Targets(), targets(0), targets(5, entity="t-2"), targets(5, period="month")])
def test_nothing_is_breached_where_no_target_applies(of: Targets) -> None:
    assert decided(rule(), of, {HOUR: 1}, 3 * DAY) == []


ROWS = st.dictionaries(st.integers(0, 2 * 24 * 60 - 1), st.sampled_from([1, 2, 5, 20, -3]), min_size=1, max_size=6)


@settings(max_examples=examples(60), deadline=None)
@given(
    ROWS, st.sampled_from(["pace", "attainment"]), st.booleans(), st.sampled_from(["0.5", "1", "1.5"]),
    st.sampled_from(["0", "0.25"]), st.sampled_from([0, 5 * PANE]), st.sampled_from(["day", "shift_late"]),
    st.sampled_from([(40,), (40, 3), (3, 0)]),
)  # fmt: skip
def test_decides_as_a_look_at_every_pane_does(
    rows: dict[int, int],
    on: Any,
    above: bool,
    level: str,
    slack: str,
    for_ms: int,
    window: str,
    values: tuple[int, ...],
) -> None:
    leave = Fraction(level) + Fraction(slack) * (-1 if above else 1)
    each = rule(on=on, above=above, threshold=exact(level), exit=leave.as_integer_ratio(), for_ms=for_ms, window=window)
    of = targets(*values, period="day" if window == "day" else "late")
    until_ms = 2 * DAY + HOUR
    assert [found[:2] for found in decided(each, of, {minute * PANE: n for minute, n in rows.items()}, until_ms)] == [
        *dense(each, of, rows, until_ms)
    ]


def dense(each: Rule, of: Targets, rows: dict[int, int], until_ms: int) -> list[tuple[str, str]]:
    """Word by word: at each pane the sum of the window that holds the instant before, the target, and the share."""
    status, said = Status(), []
    seen = False
    for at_ms in range(PANE, until_ms + 1, PANE):
        known = {minute * PANE: amount for minute, amount in rows.items() if minute * PANE < at_ms}
        seen = seen or bool(known)
        if not seen:
            continue
        day = (at_ms - 1) // DAY * DAY
        begin, end = (day, day + DAY) if each.window == "day" else (day + 12 * HOUR, day + 20 * HOUR)
        value = None
        if begin < at_ms <= end:
            total = sum(amount for row_ms, amount in known.items() if begin <= row_ms < at_ms)
            target = of.of_record("main|team|t-1", each.window, MONDAY + begin).get(("dials", ""))
            elapsed = min(max(at_ms - day - 12 * HOUR, 0), 8 * HOUR)
            if target and each.on == "attainment":
                value = total / target
            elif target and elapsed:
                value = total / target * Fraction(8 * HOUR, elapsed)
        level = Fraction(*(each.exit if status.firing else each.threshold))
        breached = value is not None and (value > level if each.above else value < level)
        status, change = step(status, breached, at_ms, each.for_ms, 0)
        if change is not None and (change.value != "pending" or each.publish_pending):
            minutes = at_ms // PANE
            said.append((change.value, f"{7 + minutes // 1440:02}T{minutes // 60 % 24:02}:{minutes % 60:02}"))
    assert status == INACTIVE or status.active
    return said
