# ruff: noqa: E501  (a scheme is read best on one line)
"""The balance rule (scores 2): who pays for recovery alone, or for one number alone, says why or is refused."""

from pathlib import Path

import pytest

from stream.settings import SettingsError
from tests.scores.floor import settings_of
from tests.scores.test_configuration import changed, first_line

RATE = "{component: RATE, kpi: connect_rate, weight: 1, scoring: {attainment: {}}, target: 1}"


@pytest.mark.parametrize(
    ("components", "said"),
    [
        (("{component: a, kpi: recovered_amount, currency: CNY, weight: 1, scoring: {attainment: {}}}, "
         "{component: b, kpi: promise_kept_amount_rate, currency: CNY, weight: 1, scoring: {attainment: {}}}"), "recovery alone"),
        (("{component: a, kpi: recovered_amount, over: placed_amount, currency: CNY, weight: 1, scoring: {attainment: {}}}, "
         "{component: b, kpi: visit_recovery_rate, currency: CNY, weight: 1, scoring: {attainment: {}}}, "
         "{component: c, kpi: dials, weight: 0, scoring: {attainment: {}}}"), "recovery alone"),
        (RATE.replace("RATE", "a"), "one number alone, connect_rate"),
        (RATE.replace("RATE", "a") + ", " + RATE.replace("RATE", "b"), "one number alone, connect_rate"),
        ("{component: a, indicator: income, weight: 1, scoring: {attainment: {}}}", "one number alone, income"),
    ],
)  # fmt: skip
def test_a_card_that_pays_for_recovery_or_one_number_alone_is_refused_unless_it_says_why(
    tmp_path: Path, components: str, said: str
) -> None:
    text = f"indicators: [income]\nscorecards: [{{scorecard: c, version: 1, from: 2026-01-01, level: agent, period: month, components: [{components}]}}]"
    line = first_line(tmp_path, text)
    assert line.startswith("scorecards[0].components: c pays for ")
    assert said in line
    reason = text.replace("components:", 'only_recovery: "why", components:')
    assert settings_of(tmp_path, reason).schemes().definitions[0].reason == "why"
    one = text.replace("components:", 'only_one: "why", components:')
    if "recovery alone" in said:
        assert "recovery alone" in first_line(tmp_path, one)
    else:
        settings_of(tmp_path, one)


def test_of_a_payout_basis_factors_and_gates_count(tmp_path: Path) -> None:
    assert "pay pays for recovery alone" in first_line(tmp_path, changed("payouts.0.gates", ...))
    recovery_gate = {"gate": "g", "kpi": "recovered_per_hour", "currency": "CNY", "below": 1, "effect": {"factor": 1}}
    assert "recovery alone" in first_line(tmp_path, changed("payouts.0.gates.0", recovery_gate))


BY_SCORE = """
scorecards:
  - {scorecard: card, version: 1, from: 2026-01-01, level: agent, period: month, only_recovery: "why", components: [
      {component: money, kpi: recovered_amount, currency: CNY, weight: 1, scoring: {steps: [[0, 1]]}}]}
  - {scorecard: card, version: 2, TRIAL from: 2026-02-01, level: agent, period: month, components: [
      {component: money, kpi: recovered_amount, currency: CNY, weight: 1, scoring: {steps: [[0, 1]]}}, {component: calls, kpi: dials, weight: 1, scoring: {steps: [[0, 1]]}}]}
payouts:
  - {payout: pay, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, basis: {scorecard: card}, gates: [{gate: visits, kpi: visit_recovery_rate, currency: CNY, below: 1, effect: {void: all}}]}
"""


def test_a_payout_by_score_is_balanced_under_each_version_that_applies_while_it_does(tmp_path: Path) -> None:
    text = BY_SCORE.replace("TRIAL", "")
    line = first_line(tmp_path, text)
    assert line.startswith("payouts[0].basis: pay pays for recovery alone")
    assert line.endswith("(by version 1 of card)")
    later = text.replace("{payout: pay, version: 1, from: 2026-01-01", "{payout: pay, version: 1, from: 2026-02-01")
    assert settings_of(tmp_path, later).schemes()
    on_trial = later.replace("version: 2, ", "version: 2, trial: true, ")
    assert first_line(tmp_path, on_trial).endswith("(by version 1 of card)")
    reasoned = text.replace(
        "2026-01-01, level: agent, period: month, currency",
        '2026-01-01, until: 2026-02-01, only_recovery: "why", level: agent, period: month, currency',
    )
    second = (
        reasoned.splitlines()[-1]
        .replace('until: 2026-02-01, only_recovery: "why", ', "")
        .replace("version: 1, from: 2026-01-01", "version: 2, from: 2026-02-01")
    )
    assert settings_of(tmp_path, f"{reasoned}{second}").schemes()


def test_a_balanced_version_of_the_past_does_not_balance_the_one_that_runs(tmp_path: Path) -> None:
    head, first, one, second, two, *rest = BY_SCORE.replace("TRIAL", "").strip().splitlines()
    swapped = [
        head,
        first.replace("from: 2026-01-01", "from: 2026-03-01"),
        one,
        second.replace("2026-02-01", "2025-01-01"),
        two,
        *rest,
    ]
    assert first_line(tmp_path, "\n".join(swapped)).endswith("(by version 1 of card)")


def test_a_payout_by_a_scorecard_of_no_name_is_told_nothing_of_balance(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as found:
        settings_of(tmp_path, BY_SCORE.replace("TRIAL", "").replace("{scorecard: card}", "{scorecard: none}"))
    assert "no such scorecard: 'none'" in str(found.value)
    assert "alone" not in str(found.value)
