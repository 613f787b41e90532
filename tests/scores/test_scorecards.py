# ruff: noqa: E501  (a scheme is read best on one line)
"""Scorecards (scores 0 and 2): points, redistribution, gates, factors, caps, places, grades, streaks, versions."""

from pathlib import Path
from typing import Any

import pytest

from tests.scores.floor import computed, kpi_record, measurement, outcome, settings_of, written

CARD = """
indicators: [bad_rate, income, mark, other]
minimum_sample: {connect_rate: 20}
scorecards:
  - scorecard: card
    version: 1
    from: 2026-01-01
    level: agent
    period: month
    only_one: "a test"
    components:
"""


def card(tmp_path: Path, components: str, records: list[bytes], measured: Any = (), *, more: str = "") -> Any:
    return outcome(tmp_path, CARD + components + more, records, measured)


def points(record: dict[str, Any]) -> list[str]:
    return [part["points"] for part in record["parts"]]


DEDUCT = '      - {component: quality, indicator: bad_rate, weight: 20, scoring: {deduct: {limit: "0.012", per: "0.0001", points: 1, steps: STEPS, floor: 0}}}\n'


@pytest.mark.parametrize(
    ("bad", "steps", "left"),
    [
        (1_237, "whole", "17.0000"),
        (1_237, "pro_rata", "16.3000"),
        (1_237, "begun", "16.0000"),
        (1_200, "begun", "20.0000"),
        (1_210, "whole", "19.0000"),
        (1_210, "begun", "19.0000"),
        (1_209, "whole", "20.0000"),
        (1_100, "pro_rata", "20.0000"),
        (1_400, "whole", "0.0000"),
        (1_500, "whole", "0.0000"),
    ],
)
def test_quality_loses_a_point_for_each_hundredth_of_a_point_over_the_limit(
    tmp_path: Path, bad: int, steps: str, left: str
) -> None:
    found = card(tmp_path, DEDUCT.replace("STEPS", steps), [], [measurement("bad_rate", "a-1", bad, 100_000)])
    assert (points(found["a-1"]), found["a-1"]["score"]) == ([left], left)


def test_a_deduction_without_a_floor_goes_below_nothing_and_of_below_counts_what_is_missing(tmp_path: Path) -> None:
    text = "      - {component: c, indicator: mark, weight: 5, scoring: {deduct: {limit: 10, of: below, points: 2}}}\n"
    measured = [measurement("mark", "a-1", 6), measurement("mark", "a-2", 12)]
    found = card(tmp_path, text, [], measured)
    assert (found["a-1"]["score"], found["a-2"]["score"]) == ("-3.0000", "5.0000")


RANK = "      - {component: c, indicator: income, weight: 10, scoring: {rank: {order: ORDER, points: [10, 5, 0, -5], ties: TIES}}}\n"


@pytest.mark.parametrize(
    ("order", "ties", "values", "expected"),
    [
        ("highest", "best", [40, 30, 20, 10, 5], ["10", "5", "0", "-5", "-5"]),
        ("lowest", "best", [40, 30, 20, 10, 5], ["-5", "-5", "0", "5", "10"]),
        ("highest", "best", [40, 30, 30, 10], ["10", "5", "5", "-5"]),
        ("highest", "worst", [40, 30, 30, 10], ["10", "0", "0", "-5"]),
        ("highest", "mean", [40, 30, 30, 10], ["10", "2.5", "2.5", "-5"]),
        ("highest", "mean", [9, 9, 9, 9, 9, 9], ["0"] * 6),  # (10 + 5 + 0 - 5 - 5 - 5) / 6
        ("highest", "worst", [9, 9, 9, 9, 9], ["-5"] * 5),
    ],
)
def test_rank_points_by_place_with_ties(
    tmp_path: Path, order: str, ties: str, values: list[int], expected: list[str]
) -> None:
    measured = [measurement("income", f"a-{place}", value) for place, value in enumerate(values)]
    found = card(tmp_path, RANK.replace("ORDER", order).replace("TIES", ties), [], measured)
    assert [found[f"a-{place}"]["score"] for place in range(len(values))] == [f"{float(each):.4f}" for each in expected]


def test_who_has_no_value_is_not_ranked_and_has_no_points(tmp_path: Path) -> None:
    text = RANK.replace("ORDER", "lowest").replace("TIES", "best")
    found = card(tmp_path, text, [kpi_record("a-2", {"dials": 1})], [measurement("income", "a-1", 3)])
    assert (found["a-1"]["score"], found["a-2"]["score"]) == ("10.0000", "0.0000")
    assert found["a-2"]["parts"][0]["status"] == "no_data"


@pytest.mark.parametrize(
    ("scoring", "value", "expected"),
    [
        ('{steps: [[0, 1], ["0.10", 10], ["0.15", 30]]}', (99, 1000), "1.0000"),
        ('{steps: [[0, 1], ["0.10", 10], ["0.15", 30]]}', (10, 100), "10.0000"),
        ('{steps: [[0, 1], ["0.10", 10], ["0.15", 30]]}', (15, 100), "30.0000"),
        ('{steps: [["0.10", 10]]}', (9, 100), "0.0000"),
        ("{linear: {from: [0, 0], to: [1, 50]}}", (1, 3), "16.6667"),
        ("{linear: {from: ['0.2', 10], to: ['0.4', 20]}}", (10, 100), "10.0000"),
        ("{linear: {from: ['0.2', 10], to: ['0.4', 20]}}", (50, 100), "20.0000"),
        ("{linear: {from: ['0.4', 20], to: ['0.2', 10]}}", (30, 100), "15.0000"),
        ("{linear: {from: ['0.2', 20], to: ['0.4', 10]}}", (30, 100), "15.0000"),
    ],
)
def test_steps_and_lines_at_their_bounds(tmp_path: Path, scoring: str, value: tuple[int, int], expected: str) -> None:
    text = f"      - {{component: c, kpi: connect_rate, weight: 50, scoring: {scoring}}}\n"
    assert card(tmp_path, text, [kpi_record("a-1", {"connect_rate": value})])["a-1"]["score"] == expected


@pytest.mark.parametrize(("value", "expected"), [(3, "30.0000"), (4, "20.0000"), (5, "20.0000"), (6, "0.0000")])
def test_where_lower_is_better_the_bounds_fall(tmp_path: Path, value: int, expected: str) -> None:
    text = "      - {component: c, kpi: complaint_rate, weight: 30, scoring: {steps: [[5, 20], [3, 30]]}}\n"
    found = card(tmp_path, text, [kpi_record("a-1", {"complaint_rate": (value, 1_000)})])
    assert found["a-1"]["score"] == expected
    better = (
        "      - {component: c, indicator: mark, better: lower, weight: 30, scoring: {steps: [[5, 20], [3, 30]]}}\n"
    )
    assert card(tmp_path, better, [], [measurement("mark", "a-1", value)])["a-1"]["score"] == expected


@pytest.mark.parametrize(
    ("scoring", "recovered", "expected"),
    [
        ("{}", 150, "60.0000"),
        ("{cap: null, floor: 0}", 150, "60.0000"),
        ("{cap: '1.2'}", 150, "48.0000"),
        ("{cap: '1.2'}", 120, "48.0000"),
        ("{floor: '0.5'}", 10, "20.0000"),
        ("{}", 0, "0.0000"),
        ("{}", 33, "13.2000"),
    ],
)
def test_attainment_has_no_cap_unless_one_is_given(tmp_path: Path, scoring: str, recovered: int, expected: str) -> None:
    text = f"      - {{component: c, kpi: visits, weight: 40, target: 100, scoring: {{attainment: {scoring}}}}}\n"
    found = card(tmp_path, text, [kpi_record("a-1", {"visits": recovered, "dials": 1})])
    assert found["a-1"]["score"] == expected


def test_a_negative_value_is_held_by_the_floor_of_nought_and_not_by_none(tmp_path: Path) -> None:
    text = "      - {component: c, indicator: mark, weight: 10, target: 10, scoring: {attainment: {FLOOR}}}\n"
    measured = [measurement("mark", "a-1", -5)]
    assert card(tmp_path, text.replace("FLOOR", ""), [], measured)["a-1"]["score"] == "0.0000"
    assert card(tmp_path, text.replace("FLOOR", "floor: null"), [], measured)["a-1"]["score"] == "-5.0000"


TWO = """      - {component: a, kpi: connect_rate, weight: 60, if_no_data: redistribute, scoring: {attainment: {}}, target: "0.5"}
      - {component: b, kpi: visits, weight: 20, scoring: {attainment: {}}, target: 10}
      - {component: c, kpi: qa_pass_rate, weight: 20, scoring: {steps: [["0.9", 20]]}}
"""


def test_the_weight_of_who_has_no_data_goes_to_all_others_if_it_says_so(tmp_path: Path) -> None:
    found = card(tmp_path, TWO, [kpi_record("a-1", {"visits": 5}), kpi_record("a-2", {"connect_rate": (10, 40)})])
    # a-1: b has 10 of its 20 points, times (60 + 20 + 20) / (20 + 20); c has no data, and does not give its weight away
    assert points(found["a-1"]) == ["0.0000", "25.0000", "0.0000"]
    assert [part["status"] for part in found["a-1"]["parts"]] == ["no_data", "ok", "no_data"]
    assert points(found["a-2"]) == ["30.0000", "0.0000", "0.0000"]


def test_where_nothing_is_left_to_give_to_all_is_nought(tmp_path: Path) -> None:
    text = TWO.replace("weight: 20, scoring: {attainment", "weight: 0, scoring: {attainment").replace(
        "weight: 20, scoring: {steps", "weight: 0, scoring: {steps"
    )
    found = card(tmp_path, text, [kpi_record("a-1", {"visits": 5, "qa_pass_rate": (1, 1)})])
    assert found["a-1"]["score"] == "0.0000"


def test_few_counts_and_is_marked(tmp_path: Path) -> None:
    text = '      - {component: c, kpi: connect_rate, weight: 10, scoring: {steps: [["0.5", 10]]}}\n'
    found = card(
        tmp_path, text, [kpi_record("a-1", {"connect_rate": (10, 19)}), kpi_record("a-2", {"connect_rate": (10, 20)})]
    )
    assert [(found[who]["score"], found[who]["parts"][0]["status"]) for who in ("a-1", "a-2")] == [
        ("10.0000", "few"), ("10.0000", "ok"),
    ]  # fmt: skip


GATED = """      - {component: money, kpi: visits, weight: 60, scoring: {attainment: {}}, target: 10}
      - {component: calls, kpi: dials, weight: 40, scoring: {attainment: {}}, target: 10}
    gates: [GATES]
"""
FULL: dict[str, Any] = {"visits": 10, "dials": 10, "satisfaction_rate": (1, 2), "qa_pass_rate": (97, 100)}


@pytest.mark.parametrize(
    ("gates", "score"),
    [
        ("{gate: g, kpi: qa_pass_rate, below: '0.98', effect: {void: [money]}}", "40.0000"),
        ("{gate: g, kpi: qa_pass_rate, below: '0.97', effect: {void: [money]}}", "100.0000"),
        ("{gate: g, kpi: qa_pass_rate, above: '0.96', effect: {void: all}}", "0.0000"),
        ("{gate: g, kpi: qa_pass_rate, above: '0.97', effect: {void: all}}", "100.0000"),
        ("{gate: g, kpi: qa_pass_rate, below: '0.98', effect: {cap: 60}}", "60.0000"),
        ("{gate: g, kpi: qa_pass_rate, below: '0.98', effect: {factor: '0.9'}}", "90.0000"),
        ("{gate: g, kpi: visit_met_rate, below: '0.98', effect: {void: all}}", "100.0000"),  # no value: not missed
        ("{gate: g, kpi: visit_met_rate, below: '0.98', effect: {void: all}, if_no_data: missed}", "0.0000"),
        # all act: what is voided first, then factors, then the lowest cap
        (("{gate: g, kpi: qa_pass_rate, below: 1, effect: {cap: 30}}, {gate: h, kpi: qa_pass_rate, below: 1, effect: {factor: '0.5'}}, "
         "{gate: i, kpi: qa_pass_rate, below: 1, effect: {void: [calls]}}, {gate: j, kpi: qa_pass_rate, below: 1, effect: {cap: 70}}"), "30.0000"),
        ("{gate: g, kpi: qa_pass_rate, below: 1, effect: {cap: 45}}, {gate: h, kpi: qa_pass_rate, below: 1, effect: {factor: '0.5'}}", "45.0000"),
    ],
)  # fmt: skip
def test_gates_void_multiply_and_cap_in_this_order(tmp_path: Path, gates: str, score: str) -> None:
    found = card(tmp_path, GATED.replace("GATES", gates), [kpi_record("a-1", FULL)])
    assert found["a-1"]["score"] == score
    assert points(found["a-1"]) == ["60.0000", "40.0000"]  # those of step 1


SITE_GATE = "{gate: csat, kpi: satisfaction_rate, below: {of: site}, effect: {cap: 60}}"


def test_a_gate_may_compare_with_the_site(tmp_path: Path) -> None:
    records = [
        kpi_record("a-1", FULL | {"satisfaction_rate": (1, 2)}),
        kpi_record("a-2", FULL | {"satisfaction_rate": (2, 3)}),
        kpi_record("main", {"satisfaction_rate": (3, 5)}, level="site"),
    ]
    found = card(tmp_path, GATED.replace("GATES", SITE_GATE), records)
    assert [found[who]["score"] for who in ("a-1", "a-2")] == ["60.0000", "100.0000"]
    alone = card(tmp_path, GATED.replace("GATES", SITE_GATE), records[:2])
    assert alone["a-1"]["gates"] == [{"gate": "csat", "missed": False, "value": None, "effect": {"cap": "60"}}]


BEFORE = "      - {component: c, kpi: KPI, weight: 40, target: {before: 1}, scoring: {attainment: {cap: 1}}}\n"


def test_a_target_may_be_what_one_had_before(tmp_path: Path) -> None:
    text = CARD + BEFORE.replace("KPI", "promise_rate")
    records = [
        kpi_record("a-1", {"promise_rate": (2, 10)}, start="2026-03-01"),
        kpi_record("a-1", {"promise_rate": (1, 10)}),
    ]
    found = written(computed(settings_of(tmp_path, text), records))
    part = found["card", 1, "a-1", "2026-04-01"]["parts"][0]
    assert (part["target"], part["attainment"], part["points"], part["status"]) == ("0.2", "0.5", "20.0000", "ok")
    first = found["card", 1, "a-1", "2026-03-01"]["parts"][0]
    assert (first["target"], first["points"], first["status"]) == (None, "0.0000", "no_data")


def test_a_count_of_before_needs_a_record_of_before(tmp_path: Path) -> None:
    text = CARD + BEFORE.replace("KPI", "visits")
    records = [kpi_record("a-1", {"visits": 4})]
    part = written(computed(settings_of(tmp_path, text), records))["card", 1, "a-1", "2026-04-01"]["parts"][0]
    assert part["status"] == "no_data"
    records.append(kpi_record("a-1", {"dials": 1}, start="2026-03-01"))  # 0 visits then: a target of 0 is none
    part = written(computed(settings_of(tmp_path, text), records))["card", 1, "a-1", "2026-04-01"]["parts"][0]
    assert part["status"] == "no_target"


@pytest.mark.parametrize(
    ("count", "factor"), [(None, "1"), (0, "1"), (7, "0.993"), (500, "0.5"), (1_000, "0"), (1_001, "0"), (-100, "1.05")]
)
def test_a_factor_changes_with_every_full_step_within_floor_and_ceiling(
    tmp_path: Path, count: int | None, factor: str
) -> None:
    text = """      - {component: c, kpi: visits, weight: 100, scoring: {attainment: {}}, target: 10}
    factors: [{factor: staff, indicator: mark, start: "1.000", change: "-0.001", floor: 0, ceiling: "1.05"}]
"""
    measured = [] if count is None else [measurement("mark", "a-1", count)]
    found = card(tmp_path, text, [kpi_record("a-1", {"visits": 10})], measured)
    assert found["a-1"]["factors"] == [{"factor": "staff", "value": factor}]
    assert found["a-1"]["score"] == f"{100 * float(factor):.4f}"


def test_equal_scores_share_the_better_place_and_grades_begin_at_their_bounds(tmp_path: Path) -> None:
    text = """      - {component: c, kpi: visits, weight: 100, scoring: {attainment: {}}, target: 100}
    grades: [[A, 90], [B, 75], [C, 60]]
"""
    visits = {"a-1": 90, "a-2": 75, "a-3": 90, "a-4": 74, "a-5": 59}
    found = card(tmp_path, text, [kpi_record(who, {"visits": number}) for who, number in visits.items()])
    assert {who: (record["place"], record["of"], record["grade"]) for who, record in found.items()} == {
        "a-1": (1, 5, "A"), "a-3": (1, 5, "A"), "a-2": (3, 5, "B"), "a-4": (4, 5, "C"), "a-5": (5, 5, None),
    }  # fmt: skip


def test_what_is_compared_is_not_rounded(tmp_path: Path) -> None:
    text = """      - {component: c, kpi: visits, weight: 100, scoring: {attainment: {}}, target: 3000000}
    grades: [[A, "66.6667"]]
"""
    found = card(tmp_path, text, [kpi_record("a-1", {"visits": 2_000_000})])
    assert (found["a-1"]["score"], found["a-1"]["grade"]) == ("66.6667", None)


@pytest.mark.parametrize(("numerator", "score"), [(5, "0.0001"), (-5, "-0.0001"), (4, "0.0000"), (15, "0.0002")])
def test_halves_go_away_from_zero(tmp_path: Path, numerator: int, score: str) -> None:
    text = "      - {component: c, indicator: mark, weight: 1, target: 100000, scoring: {attainment: {floor: null}}}\n"
    assert card(tmp_path, text, [], [measurement("mark", "a-1", numerator)])["a-1"]["score"] == score


STREAK = """      - {component: c, kpi: visits, weight: 100, scoring: {attainment: {}}, target: 100}
    streaks: [{place: 3, periods: 3, flag: propose_hr}, {below: 60, periods: 2, flag: warning}]
"""


def months(scores: dict[str, list[int | None]]) -> list[bytes]:
    return [
        kpi_record(who, {"visits": visits, "dials": 1}, start=f"2026-0{month}-01")
        for who, listed in scores.items()
        for month, visits in enumerate(listed, 4)
        if visits is not None
    ]


@pytest.mark.parametrize(
    ("of_third", "flags"),
    [
        ([70, 70, 70], ["propose_hr"]),
        ([95, 70, 70], []),
        ([None, 70, 70], []),
        ([70, 70, 59], ["propose_hr"]),
        ([70, 59, 59], ["propose_hr", "warning"]),
        ([70, 59, 60], ["propose_hr"]),
        ([59, None, 59], []),
    ],
)
def test_a_streak_needs_every_period_in_a_row(tmp_path: Path, of_third: list[int | None], flags: list[str]) -> None:
    records = months({"a-1": [90, 90, 90], "a-2": [80, 80, 80], "a-3": of_third})
    found = written(computed(settings_of(tmp_path, CARD + STREAK), records))
    assert found["card", 1, "a-3", "2026-06-01"]["flags"] == flags
    assert found["card", 1, "a-3", "2026-06-01"]["place"] == 3


def test_earlier_periods_of_a_streak_count_by_the_version_that_applied_for_a_trial_too(tmp_path: Path) -> None:
    one = STREAK + "\n"
    two = CARD.split("scorecards:")[1].replace("version: 1", "version: 2").replace("2026-01-01", "2026-05-01")
    trial = two.replace("version: 2", "version: 3\n    trial: true").replace("2026-05-01", "2026-02-01")
    half = STREAK.replace("target: 100", "target: 200")
    config = CARD + one + two + half + trial + STREAK.replace("target: 100", "target: 50")
    found = written(computed(settings_of(tmp_path, config), months({"a-1": [70, 70, 70]})))
    got = {key: (record["score"], record["flags"], record["trial"]) for key, record in found.items()}
    assert got == {
        ("card", 1, "a-1", "2026-04-01"): ("70.0000", [], False),
        ("card", 2, "a-1", "2026-05-01"): ("35.0000", [], False),
        ("card", 2, "a-1", "2026-06-01"): ("35.0000", ["warning"], False),
        ("card", 3, "a-1", "2026-04-01"): ("140.0000", [], True),
        ("card", 3, "a-1", "2026-05-01"): ("140.0000", [], True),
        ("card", 3, "a-1", "2026-06-01"): ("140.0000", [], True),
    }


def test_a_version_ends_before_its_until(tmp_path: Path) -> None:
    config = CARD.replace("from: 2026-01-01", "from: 2026-05-01\n    until: 2026-06-01") + STREAK
    found = written(computed(settings_of(tmp_path, config), months({"a-1": [1, 2, 3]})))
    assert [key[3] for key in found] == ["2026-05-01"]
