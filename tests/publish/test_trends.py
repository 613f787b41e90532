"""How KPIs went: the shortest interval's values of the last two hours, and of the same hours a day before."""

from typing import Any

import orjson
import pytest

from stream.facts.instant import instant_ms, instant_text
from stream.publish.choices import Choice
from stream.publish.latest_records import LatestRecords
from stream.windows.plan import SiteClock, WindowPlan
from tests.publish.records import ROLLING, kpi, value

STEP_MS = 1_800_000
NOW = Choice("rolling_15m", "rolling_15m", False, "Now", "")
DAY = Choice("day", "day", False, "Today", "")
LAST = Choice("last_interval_30m", "interval_30m", True, "Last", "")
DIALS = {"id": "dials", "kpi": "dials", "currency": None}
RATE = {"id": "connect_rate", "kpi": "connect_rate", "currency": None}


def plan(
    zone: str = "Asia/Shanghai", intervals: tuple[tuple[str, int], ...] = (("interval_30m", STEP_MS),)
) -> WindowPlan:
    return WindowPlan(rolling=(("rolling_15m", 900_000),), intervals=intervals, sites={"main": SiteClock(zone)})


def put(
    latest: LatestRecords, start: str, dials: int, level: str = "site", entity: str = "main", revision: int = 1
) -> None:
    """An interval with so many dials, every tenth of them connected."""
    end = instant_text(instant_ms(start) + STEP_MS)
    made = (value("dials", dials), value("connect_rate", dials // 10, dials))
    of: dict[str, Any] = {"level": level, "entity": entity, "window": "interval_30m", "revision": revision}
    latest.on_kpi(*kpi(*made, **of, start=start, end=end, as_of=end))


def shown(latest: LatestRecords, as_of: str, choice: Choice = NOW, by: dict[str, Any] = DIALS) -> dict[str, Any]:
    found = latest.trends.shown("main", choice, [DIALS, RATE], by, ["t-1"], instant_ms(as_of))
    assert found is not None
    return found


@pytest.fixture
def latest() -> LatestRecords:
    """09:17 in Shanghai: intervals from 07:00 on, and those of the day before from 00:00 on."""
    of = LatestRecords(ROLLING, plan())
    for n, start in enumerate(("01T23:00", "01T23:30", "02T00:00", "02T00:30", "02T01:00")):
        put(of, f"2026-11-{start}:00Z", 10 * (n + 1))
    for n in range(20):
        put(of, instant_text(instant_ms("2026-10-31T16:00:00Z") + n * STEP_MS), 100)
    put(of, "2026-10-31T23:00:00Z", 70, revision=2)
    return of


def test_counts_have_the_intervals_that_are_over_and_ratios_the_running_one_too(latest: LatestRecords) -> None:
    dials, rate = shown(latest, "2026-11-02T01:17:20Z")["floor"]
    assert dials["now"] == [10, 20, 30, 40]
    assert dials["before"] == [70, 100, 100, 100]
    assert rate["now"] == [0.1] * 5
    assert len(rate["before"]) == 5


def test_a_team_has_the_column_that_agents_are_ranked_by(latest: LatestRecords) -> None:
    put(latest, "2026-11-02T00:30:00Z", 7, level="team", entity="t-1")
    found = shown(latest, "2026-11-02T01:17:20Z")
    assert found["by"] == "dials"
    assert found["teams"] == {"t-1": {"now": [None, None, None, 7], "before": [None] * 4}}


@pytest.mark.parametrize(
    ("choice", "dials", "rate"),
    [(NOW, None, 0.1), (DAY, 18 * 100 - 30, 0.1), (LAST, 100, 0.1)],
)
def test_the_day_before_is_compared_only_where_it_can_be(
    latest: LatestRecords, choice: Choice, dials: int | None, rate: float
) -> None:
    floor = shown(latest, "2026-11-02T01:17:20Z", choice)["floor"]
    assert floor[0]["then"] == dials
    assert floor[1]["then"] == pytest.approx(rate)


def test_a_day_before_is_the_same_time_on_the_wall_over_a_clock_change() -> None:
    of = LatestRecords(ROLLING, plan("Europe/Prague"))
    put(of, "2026-10-24T06:00:00Z", 50)  # 08:00 in summer time
    put(of, "2026-10-25T07:00:00Z", 60)  # 08:00 in winter time, 25 hours later
    assert shown(of, "2026-10-25T07:30:00Z", LAST)["floor"][0]["then"] == 50
    assert shown(of, "2026-10-25T07:30:00Z", LAST)["floor"][0]["now"][-1] == 60


def test_without_an_interval_nothing_is_shown_and_two_days_are_kept_at_most() -> None:
    assert LatestRecords(ROLLING, plan(intervals=())).trends.shown("main", NOW, [DIALS], DIALS, [], 0) is None
    of = LatestRecords(ROLLING, plan())
    for n in range(200):
        put(of, instant_text(instant_ms("2026-10-01T00:00:00Z") + n * STEP_MS), 1)
    assert [len(starts) for starts in of.trends._held.values()] == [100]


def test_a_record_that_cannot_be_read_is_a_gap(latest: LatestRecords) -> None:
    key, body = kpi(value("dials", 1), level="site", entity="main", window="interval_30m", start="2026-11-02T00:30:00Z")
    latest.on_kpi(key, orjson.dumps(orjson.loads(body) | {"kpis": "none", "revision": 9}))
    assert shown(latest, "2026-11-02T01:17:20Z")["floor"][0]["now"] == [10, 20, 30, None]
