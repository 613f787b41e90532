# ruff: noqa: E501  (a scheme is read best on one line)
"""Payouts (scores 3), with the figures of the collector's ladder worked by hand."""

from pathlib import Path

import pytest

from tests.scores.floor import computed, kpi_record, measurement, outcome, settings_of, written

TARGET = "targets: [{kpi: recovered_amount, currency: CNY, level: agent, entity: '*', period: month, value: 10000000, from: 2026-01-01}]\n"
LADDER = """
payouts:
  - payout: ladder
    version: 1
    from: 2026-01-01
    level: agent
    period: month
    currency: CNY
    only_recovery: "a test of the arithmetic"
    basis: {kpi: recovered_amount, currency: CNY}
    commission: {reading: READING, steps: [["1.00", "0.05"], ["1.10", "0.08"], ["1.20", "0.10"], ["1.30", "0.12"]], then_every: {step: "0.10", rate: "0.02"}}
"""


def pay(tmp_path: Path, recovered: int, *, reading: str = "whole", text: str = LADDER, extra: str = "") -> int:
    config = TARGET + text.replace("READING", reading) + extra
    found = outcome(tmp_path, config, [kpi_record("a-1", {"recovered_amount CNY": recovered, "dials": 1})])
    amount: int = found["a-1"]["amount_minor"]
    return amount


@pytest.mark.parametrize(
    ("recovered", "reading", "commission"),
    [
        (12_500_000, "whole", 1_250_000),
        (12_500_000, "slab", 680_000),
        (11_999_999, "whole", 960_000),
        (12_000_000, "whole", 1_200_000),
        (14_000_000, "whole", 1_960_000),
        (9_999_999, "whole", 0),
        (9_999_999, "slab", 0),
        (10_000_000, "whole", 500_000),
        (10_000_000, "slab", 500_000),
        (11_000_000, "slab", 550_000),
        (13_999_999, "whole", 1_680_000),  # 12 % of 139,999.99 is 16,799.9988
        (15_000_000, "whole", 2_400_000),  # 16 %
        # 5 % x 110,000 + 8 % x 10,000 + 10 % x 10,000 + 12 % x 10,000 + 14 % x 10,000 + 16 % x 5,000
        (15_500_000, "slab", 1_070_000),
    ],
)
def test_the_ladder_pays_what_the_page_says(tmp_path: Path, recovered: int, reading: str, commission: int) -> None:
    assert pay(tmp_path, recovered, reading=reading) == commission


def test_base_is_the_share_of_the_step_reached_and_nothing_under_the_first(tmp_path: Path) -> None:
    base = '    base: {default: 300000, entities: {a-2: 350000}}\n    base_share: [["0.60", "0.50"], ["0.70", "1"]]\n'
    records = [
        kpi_record("a-1", {"recovered_amount CNY": 6_999_999}),
        kpi_record("a-2", {"recovered_amount CNY": 7_000_000}),
        kpi_record("a-3", {"recovered_amount CNY": 5_999_999}),
    ]
    found = outcome(tmp_path, TARGET + LADDER.replace("READING", "whole") + base, records)
    assert {who: record["amount_minor"] for who, record in found.items()} == {"a-1": 150_000, "a-2": 350_000, "a-3": 0}
    assert found["a-2"]["parts"] == [
        {"part": "base", "amount_minor": 350_000},
        {"part": "commission", "amount_minor": 0},
        {"part": "allowance", "amount_minor": 0},
    ]


def test_without_a_target_all_of_the_base_is_paid_and_no_commission(tmp_path: Path) -> None:
    text = LADDER.replace("READING", "whole") + '    base: {default: 300000}\n    base_share: [["0.60", "0.50"]]\n'
    found = outcome(tmp_path, text, [kpi_record("a-1", {"recovered_amount CNY": 20_000_000})])
    assert found["a-1"]["amount_minor"] == 300_000


STREAKS = """    base: {default: 300000}
    streaks: [{below: "0.60", periods: 2, then: {base_share: "0.50"}}, {below: "1.00", periods: 3, then: {base_amount: 150000, flag: leaves}}]
"""


@pytest.mark.parametrize(
    ("months", "amount", "flags"),
    [
        ([5_900_000], 300_000, []),
        ([5_900_000, 5_900_000], 150_000, []),
        ([6_000_000, 5_900_000], 300_000, []),
        ([9_900_000, 9_900_000, 9_900_000], 150_000, ["leaves"]),
        ([9_900_000, None, 9_900_000], 300_000, []),
        ([5_000_000, 5_000_000, 5_000_000], 150_000, ["leaves"]),  # the last listed that holds decides
        ([9_900_000, 10_000_000, 5_900_000], 300_000, []),
    ],
)
def test_a_streak_needs_every_month_in_a_row(
    tmp_path: Path, months: list[int | None], amount: int, flags: list[str]
) -> None:
    records = [
        kpi_record("a-1", {"recovered_amount CNY": recovered, "dials": 1}, start=f"2026-0{month}-01")
        for month, recovered in enumerate(months, 4)
        if recovered is not None
    ]
    config = TARGET + LADDER.replace("READING", "whole") + STREAKS
    found = written(computed(settings_of(tmp_path, config), records))
    record = found["ladder", 1, "a-1", f"2026-0{3 + len(months)}-01"]
    assert (record["amount_minor"], record["flags"]) == (amount, flags)


GATE = "    gates: [{gate: qa, kpi: qa_pass_rate, below: '0.98', effect: EFFECT}]\n    base: {default: 300000}\n    allowance: 7\n"


@pytest.mark.parametrize(
    ("reviews", "effect", "amount"),
    [
        ((97, 100), "{void: [commission]}", 300_007),
        ((98, 100), "{void: [commission]}", 1_550_007),
        (None, "{void: [commission]}", 300_007),  # without a value it is missed: money waits for its gate
        ((97, 100), "{void: all}", 0),
        ((97, 100), "{void: [base, allowance]}", 1_250_000),
        ((97, 100), "{factor: '0.5'}", 775_004),  # 775003.5
        ((97, 100), "{cap_amount: 1000000}", 1_000_000),
    ],
)
def test_a_missed_gate_acts_by_its_effect(
    tmp_path: Path, reviews: tuple[int, int] | None, effect: str, amount: int
) -> None:
    config = TARGET + LADDER.replace("READING", "whole") + GATE.replace("EFFECT", effect)
    kpis = {"recovered_amount CNY": 12_500_000} | ({"qa_pass_rate": reviews} if reviews else {})
    found = outcome(tmp_path, config, [kpi_record("a-1", kpis)])
    assert found["a-1"]["amount_minor"] == amount


def test_a_gate_that_passes_without_a_value_says_so(tmp_path: Path) -> None:
    gates = "    gates: [{gate: qa, kpi: qa_pass_rate, below: '0.98', effect: {void: all}, if_no_data: passed}]\n"
    found = outcome(
        tmp_path,
        TARGET + LADDER.replace("READING", "whole") + gates,
        [kpi_record("a-1", {"recovered_amount CNY": 10_000_000})],
    )
    assert found["a-1"]["amount_minor"] == 500_000
    assert found["a-1"]["gates"] == [{"gate": "qa", "missed": False, "value": None, "effect": {"void": "all"}}]


LEADER = """
indicators: [occurrences, superior_rating]
payouts:
  - {payout: leader_bonus, version: 1, from: 2026-01-01, level: team, leader_of: {leaders: {l-1: [t-1, t-2], l-2: [t-9]}}, period: month, currency: CNY, basis: {kpi: contacts},
     commission: {by: amount, reading: whole, steps: [[0, 10], [2000, 12], [4000, 15]]},
     factors: [{factor: staff, indicator: occurrences, start: "1.000", change: "-0.001", floor: 0}, {factor: superior, indicator: superior_rating, start: 0, change: "0.01"}]}
"""


def test_a_leader_is_paid_for_the_sum_of_his_teams_times_both_factors(tmp_path: Path) -> None:
    """S4-10: (1,500 + 800) contacts x 0.12 x 0.997 x 0.95 = 261.41 (26141.34)."""
    records = [
        kpi_record("t-1", {"contacts": 1_500}, level="team"),
        kpi_record("t-2", {"contacts": 800}, level="team"),
        kpi_record("t-3", {"contacts": 5_000}, level="team"),
    ]
    measured = [
        measurement("occurrences", "t-1", 2, level="team"),
        measurement("occurrences", "t-2", 1, level="team"),
        measurement("superior_rating", "l-1", 95),
    ]
    found = outcome(tmp_path, LEADER, records, measured)
    assert found.keys() == {"l-1"}
    record = found["l-1"]
    assert (record["level"], record["amount_minor"]) == ("leader", 26_141)
    assert record["factors"] == [{"factor": "staff", "value": "0.997"}, {"factor": "superior", "value": "0.95"}]
    own = outcome(tmp_path, LEADER, records, [*measured, measurement("occurrences", "l-1", 0)])
    assert own["l-1"]["factors"][0]["value"] == "1"  # his own measurement comes before his teams'


def test_a_rate_may_be_of_something_else_than_what_was_recovered(tmp_path: Path) -> None:
    text = LADDER.replace("READING", "whole").replace(
        "then_every: {step", "of: {indicator: bank_fee, currency: CNY}, then_every: {step"
    )
    config = "indicators: [bank_fee]\n" + TARGET + text
    records = [kpi_record("a-1", {"recovered_amount CNY": 12_000_000})]
    assert outcome(tmp_path, config, records)["a-1"]["amount_minor"] == 0
    fees = [
        measurement("bank_fee", "a-1", 500_005, currency="CNY"),
        measurement("bank_fee", "a-1", 1, currency="EUR", at=5),
    ]
    assert outcome(tmp_path, config, records, fees)["a-1"]["amount_minor"] == 50_001  # 50000.5


BY_SCORE = """
scorecards: [{scorecard: card, version: 1, from: 2026-01-01, level: team, period: quarter, settle: 10d, only_one: "short", components: [{component: c, kpi: connect_rate, weight: 100, scoring: {attainment: {}}, target: "0.5"}]}]
payouts:
  - {payout: by_score, version: 1, from: 2026-04-01, level: team, period: quarter, currency: CNY, basis: {scorecard: card}, base: {default: 1000000}, base_share: [[60, "0.5"], [75, "0.8"], [90, 1]], only_one: "short"}
"""


@pytest.mark.parametrize(
    ("connects", "amount"), [(59, 0), (60, 500_000), (74, 500_000), (75, 800_000), (90, 1_000_000)]
)
def test_pay_by_score_takes_the_step_of_the_score(tmp_path: Path, connects: int, amount: int) -> None:
    records = [kpi_record("t-1", {"connect_rate": (connects, 200)}, level="team", start="2026-05-01")]
    found = written(computed(settings_of(tmp_path, BY_SCORE), records))
    assert found["card", 1, "t-1", "2026-04-01"]["score"] == f"{connects}.0000"
    assert found["by_score", 1, "t-1", "2026-04-01"]["amount_minor"] == amount
