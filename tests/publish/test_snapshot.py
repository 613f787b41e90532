"""What the page is told."""

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from stream.alerts.rules import Rule
from stream.facts.currency import exponent
from stream.kpis import targets
from stream.publish.choices import Choice, choices
from stream.publish.latest_records import LatestRecords
from stream.publish.snapshot import snapshot
from stream.publish.view import View
from stream.settings import load
from stream.windows.plan import SiteClock, WindowPlan
from tests.publish.records import ROLLING, Record, alert, floor, kpi, value

NOW = Choice("rolling_15m", "rolling_15m", False, "", "")
LOW = Rule("low", "connect_rate", "team", "rolling_15m", (1, 10), (12, 100), min_denominator=10)


def shown(*records: Record, kpis: tuple[str, ...] = ("dials", "connect_rate"), **view: Any) -> dict[str, Any]:
    of = LatestRecords(ROLLING)
    for key, body in records:
        of.on_kpi(key, body)
    return snapshot(of, [LOW], View("main", NOW, kpis, **view))


def team(*kpis: dict[str, Any], entity: str = "t-1") -> Record:
    return kpi(*kpis, level="team", entity=entity)


def test_zero_no_data_and_too_few_are_three_things() -> None:
    records = [
        team(value("dials", 40), value("connect_rate", 0, 40), entity="t-zero"),
        team(value("promises", 1), entity="t-none"),
        team(value("dials", 3), value("connect_rate", 1, 3, minimum=20), entity="t-few"),
    ]
    cells = {row["entity"]: row["cells"][1] for row in shown(*records)["teams"]}
    assert cells["t-zero"] == {"n": 0, "d": 40, "v": 0.0, "s": "ok", "c": "warning", "r": "low"}
    assert cells["t-none"] == {"n": 0, "d": 0, "v": None, "s": "no_data", "c": "plain", "r": None}
    assert cells["t-few"] == {"n": 1, "d": 3, "v": None, "s": "few", "c": "plain", "r": None}


def test_queues_and_segments_have_rows_of_their_own_and_no_cell_for_a_kpi_that_is_not_there() -> None:
    """A queue hears of calls alone: its workload is not 0, it does not exist."""
    not_kept = {"n": 0, "d": None, "v": None, "s": "not_kept", "c": "plain", "r": None}
    records = [
        kpi(value("dials", 40), level="queue", entity="q-10"),
        kpi(value("dials", 30), level="queue", entity="q-2"),
        kpi(value("dials", 70), value("workload", 75), level="segment", entity="m1"),
    ]
    data = shown(*records, kpis=("dials", "workload", "dials_per_hour"))
    assert [row["entity"] for row in data["queues"]] == ["q-2", "q-10"]
    assert [cell["n"] for cell in data["queues"][1]["cells"]] == [40, 0, 0]
    assert data["queues"][1]["cells"][1:] == [not_kept, not_kept]
    (segment,) = data["segments"]
    assert [cell["n"] for cell in segment["cells"]] == [70, 75, 0]
    assert segment["cells"][2] == not_kept


def test_a_count_that_the_record_does_not_name_is_zero() -> None:
    (row,) = shown(team(value("promises", 1)))["teams"]
    assert row["cells"][0] == {"n": 0, "d": None, "v": 0.0, "s": "ok", "c": "plain", "r": None}


def test_nothing_recovered_per_productive_hour_is_zero_not_no_data() -> None:
    worked = team(value("occupancy_ratio", 900_000, 1_800_000))
    (row,) = shown(worked, kpis=("recovered_per_hour",))["teams"]
    assert (row["cells"][0]["v"], row["cells"][0]["s"]) == (0.0, "ok")
    (row,) = shown(team(value("dials", 1)), kpis=("recovered_per_hour",))["teams"]
    assert row["cells"][0]["s"] == "no_data"


def test_a_kpi_per_currency_has_a_column_for_each_currency_and_one_without_any() -> None:
    records = [
        team(value("recovered_amount", 100, currency="JPY")),
        team(value("recovered_amount", 200, currency="CNY"), entity="t-2"),
    ]
    columns = shown(*records, kpis=("recovered_amount",))["columns"]
    assert [(c["id"], c["digits"]) for c in columns] == [("recovered_amount:CNY", 2), ("recovered_amount:JPY", 0)]
    assert [c["id"] for c in shown(kpis=("recovered_amount",))["columns"]] == ["recovered_amount"]


def agents(kpi_id: str, **scores: tuple[int, int | None]) -> list[Record]:
    return [kpi(value(kpi_id, n, d, minimum=10), entity=name.replace("_", "-")) for name, (n, d) in scores.items()]


def places(data: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(row["entity"], row["place"]) for row in data["agents"]]


def test_equal_values_share_a_place_and_stand_by_id_and_the_next_place_is_left_out() -> None:
    records = agents("dials", a_3=(7, None), a_1=(9, None), a_2=(7, None), a_4=(1, None))
    assert places(shown(*records, rank_by="dials")) == [("a-1", 1), ("a-2", 2), ("a-3", 2), ("a-4", 4)]


def test_lower_is_better_where_the_catalogue_says_so() -> None:
    records = agents("complaint_rate", a_1=(3, 100), a_2=(1, 100))
    assert places(shown(*records, rank_by="complaint_rate")) == [("a-2", 1), ("a-1", 2)]


def test_agents_without_a_value_come_last_and_have_no_place() -> None:
    records = agents("connect_rate", a_1=(1, 2), a_2=(0, 40), a_3=(10, 40))
    assert places(shown(*records, rank_by="connect_rate")) == [("a-3", 1), ("a-2", 2), ("a-1", None)]


def test_the_leaderboard_is_cut_but_says_how_many_there_are() -> None:
    data = shown(*floor(), rank_by="dials", agents=5)
    assert (len(data["agents"]), data["agents_total"]) == (5, 24)


def test_a_row_carries_the_worst_severity_that_fires_for_it() -> None:
    of = LatestRecords(ROLLING)
    of.on_kpi(*team(value("dials", 1), entity="t-3"))
    for record in (
        alert("1"), alert("2", severity="critical"), alert("3", severity="info"),
        alert("4", state="pending", entity="t-4"),
    ):  # fmt: skip
        of.on_alert(record[1])
    of.on_kpi(*team(value("dials", 1), entity="t-4"))
    data = snapshot(of, [], View("main", NOW))
    assert {row["entity"]: row["alert"] for row in data["teams"]} == {"t-3": "critical", "t-4": None}
    assert sorted(a["id"] for a in data["alerts"]) == ["1", "2", "3", "4"]


NOBODY = {"entity": "unassigned", "level": "team"}


def test_what_names_nobody_stands_apart_ranked_nowhere_and_judged_by_no_rule_that_does_not_name_it() -> None:
    records = [
        team(value("dials", 40), value("connect_rate", 0, 40)),
        team(value("dials", 90), value("connect_rate", 0, 90), entity="unassigned"),
        kpi(value("dials", 5), entity="a-1"),
        kpi(value("dials", 500), entity="unassigned"),
    ]
    data = shown(*records, rank_by="dials")
    assert places(data) == [("a-1", 1)]
    assert data["agents_total"] == 1
    assert [row["entity"] for row in data["teams"]] == ["t-1"]
    assert data["apart"]["agent"]["cells"][0]["v"] == 500
    assert [row["cells"][1]["c"] for row in (data["teams"][0], data["apart"]["team"])] == ["warning", "plain"]
    assert shown(team(value("dials", 1)))["apart"] == {"team": None, "agent": None}


def test_an_alert_of_nobody_stands_apart_unless_its_rule_names_it_or_it_is_a_site() -> None:
    of = LatestRecords(ROLLING)
    of.on_kpi(*team(value("dials", 90), value("connect_rate", 0, 90), entity="unassigned"))
    for name, more in (("1", NOBODY), ("2", NOBODY | {"rule": "named"}), ("3", NOBODY | {"level": "site"})):
        of.on_alert(alert(name, **more)[1])
    data = snapshot(of, [LOW, replace(LOW, rule="named", entities=frozenset({"unassigned"}))], View("main", NOW))
    assert {each["id"]: each["apart"] for each in data["alerts"]} == {"1": True, "2": False, "3": False}
    assert (data["apart"]["team"]["alert"], data["apart"]["team"]["cells"][1]["r"]) == ("warning", "named")


def test_an_empty_floor_is_a_snapshot_too() -> None:
    data = shown()
    assert (data["floor"], data["teams"], data["agents"], data["from"]) == (None, [], [], None)


def test_now_comes_first_and_every_interval_has_its_last() -> None:
    assert [c.id for c in choices(load(environ={}).plan())] == [
        "rolling_15m", "interval_30m", "last_interval_30m", "day", "month", "rolling_5m", "rolling_1h",
    ]  # fmt: skip


def test_shifts_of_all_sites_are_offered_once_and_no_choice_at_all_is_never() -> None:
    clock = SiteClock("UTC", {"night": (1320, 360)})
    plan = WindowPlan(sites={"a": clock, "b": clock}, day=False, month=False)
    assert [c.id for c in choices(plan)] == ["day", "shift_night"]
    assert [c.id for c in choices(WindowPlan(day=False, month=False))] == ["day"]


def test_minor_units_follow_the_currency() -> None:
    assert [exponent(code) for code in ("CNY", "JPY", "KWD", "CLF", "INR")] == [2, 0, 3, 4, 2]


def test_teams_stand_in_the_order_in_which_people_count() -> None:
    records = [team(value("dials", 1), entity=entity) for entity in ("t-10", "t-7", "x", "t", "7", "t-07")]
    assert [row["entity"] for row in shown(*records)["teams"]] == ["7", "t", "t-07", "t-7", "t-10", "x"]


def aimed(kpi_id: str, numerator: int, pace: float | None, denominator: int | None = None) -> Record:
    """A value of team t-1 with a target, as a KPI record of a day says it (scores 1)."""
    return team(value(kpi_id, numerator, denominator, target=0.5 if denominator else 120, attainment=0.5, pace=pace))


def test_a_cell_with_a_target_says_target_attainment_and_pace_and_no_other_does() -> None:
    (row,) = shown(aimed("dials", 60, 1.25))["teams"]
    assert row["cells"][0] == {
        "n": 60, "d": None, "v": 60.0, "s": "ok", "c": "good", "r": None, "t": 120.0, "a": 0.5, "p": 1.25
    }  # fmt: skip
    assert row["cells"][1].keys() == {"n", "d", "v", "s", "c", "r"}


@pytest.mark.parametrize(
    ("kpi_id", "pace", "colour"),
    [
        ("dials", 1.0, "good"), ("dials", 0.999, "watch"), ("dials", None, "plain"),
        ("conduct_breaches", 1.0, "good"), ("conduct_breaches", 1.001, "watch"),
    ],
)  # fmt: skip
def test_a_target_colours_by_the_pace_towards_it(kpi_id: str, pace: float | None, colour: str) -> None:
    (row,) = shown(aimed(kpi_id, 60, pace), kpis=(kpi_id,))["teams"]
    assert (row["cells"][0]["c"], row["cells"][0]["r"]) == (colour, None)


@pytest.mark.parametrize(
    ("connects", "pace", "colour", "rule"),
    [(5, 2.0, "warning", "low"), (11, 2.0, "good", None), (11, 0.5, "watch", None), (50, 0.5, "watch", None),
     (50, None, "good", "low")],
)  # fmt: skip
def test_a_breached_level_colours_before_the_target_and_the_target_before_a_rule_that_is_kept(
    connects: int, pace: float | None, colour: str, rule: str | None
) -> None:
    (row,) = shown(aimed("connect_rate", connects, pace, 100))["teams"]
    assert (row["cells"][1]["c"], row["cells"][1]["r"]) == (colour, rule)


def test_an_item_of_a_real_record_with_a_target_is_read() -> None:
    """What `kpis/targets.py` writes: numbers that are whole or not, and nulls."""
    said = json.loads(b"{" + targets.said(Fraction(3, 2), (0, 0), False, (1, 1), (1, 2))[1:])
    assert said == {"target": 1.5, "attainment": None, "pace": None}
    (row,) = shown(team(value("dials", 1), value("connect_rate", 0, 0, **said)))["teams"]
    assert (row["cells"][1]["t"], row["cells"][1]["a"], row["cells"][1]["p"]) == (1.5, None, None)
