# ruff: noqa: E501, RUF001  (a scheme is read best on one line, and Chinese has its own punctuation)
"""The ledger (scores 5): which changes have a line, and what it says; and the arithmetic of a payout for people."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from stream.scores.arithmetic import lines_of
from stream.scores.ledger import ledger_line
from stream.scores.outputs import LedgerRecord, record_of, same
from stream.scores.schemes import Definition
from stream.scores.scores import Read, ScoreClock, Scores
from stream.scores.words import ZH, chinese
from stream.settings import Settings, load
from tests.scores.floor import LATE, computed, kpi_record, settings_of

LADDER = """
targets: [{kpi: recovered_amount, currency: CNY, level: agent, entity: "*", period: month, value: 10000000, from: 2026-01-01}]
payouts:
  - {payout: ladder, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, settle: 45d, basis: {kpi: recovered_amount, currency: CNY},
     commission: {reading: whole, steps: [["1.00", "0.05"], ["1.10", "0.08"], ["1.20", "0.10"], ["1.30", "0.12"]], then_every: {step: "0.10", rate: "0.02"}},
     gates: [{gate: qa, kpi: qa_pass_rate, below: "0.98", effect: {void: [commission]}}]}
scorecards:
  - {scorecard: card, version: 1, from: 2026-01-01, level: agent, period: month, grades: [[A, 5], [B, 0]], components: [
     {component: money, kpi: recovered_amount, currency: CNY, weight: 10, scoring: {attainment: {}}}, {component: calls, kpi: dials, weight: 1, scoring: {steps: [[1, 1]]}}]}
"""


def state(
    settings: Settings, name: str, recovered: int, revision: int, clock: ScoreClock = LATE
) -> tuple[dict[str, Any], Read, Scores]:
    kpis: dict[str, Any] = {"recovered_amount CNY": recovered, "qa_pass_rate": (98, 100), "dials": 1}
    scores = computed(settings, [kpi_record("a-1", kpis, revision=revision)])
    for key, sheet in scores.changed(clock):
        if key.definition.name == name:
            ((_, score),) = sheet.items()
            return record_of(scores, score, revision, "live"), scores.read_by(score), scores
    raise AssertionError(name)


def test_a_reversal_that_crosses_a_cliff_names_what_changed_and_its_revisions(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, LADDER)
    before, read_before, _ = state(settings, "ladder", 12_000_000, 3)
    after, read_after, _ = state(settings, "ladder", 11_999_999, 4)
    line = ledger_line(before, after, 1_780_000_000_000, (read_before, read_after), more="payment p-9 was reversed")
    assert line is not None
    LedgerRecord.model_validate(line, strict=True)
    assert (line["before"]["amount_minor"], line["after"]["amount_minor"], line["by"]) == (1_200_000, 960_000, "system")
    assert line["reason"] == (
        "commission: 1200000 -> 960000; recovered_amount CNY: 12000000 -> 11999999 (revision 3 -> 4); payment p-9 was reversed"
    )


def test_a_card_says_which_component_changed_its_grade(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, LADDER)
    before, after = state(settings, "card", 5_000_000, 3)[0], state(settings, "card", 3_000_000, 5)[0]
    line = ledger_line(before, after, 0, by="anna")
    assert line is not None
    assert (line["before"]["grade"], line["after"]["grade"], line["by"]) == ("A", "B", "anna")
    assert line["reason"] == "money: 5000000 -> 3000000 (revision 3 -> 5)"


def test_only_what_is_no_longer_provisional_has_a_line(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, LADDER)
    early = ScoreClock(1_777_600_000_000, 1_777_600_000_000)  # 1 May 2026, before the month is settled
    before, after = (
        state(settings, "ladder", 12_000_000, 3, early)[0],
        state(settings, "ladder", 11_999_999, 4, early)[0],
    )
    assert (before["provisional"], after["provisional"]) == (True, True)
    assert ledger_line(before, after, 0) is None
    settled = state(settings, "ladder", 11_999_999, 4)[0]
    assert settled["provisional"] is False
    assert ledger_line(before, settled, 0) is not None
    assert ledger_line(after, settled, 0) is None  # the same amount as before
    assert ledger_line(None, settled, 0) is None


def test_a_change_of_place_alone_has_no_line_and_one_of_the_version_has(tmp_path: Path) -> None:
    record = state(settings_of(tmp_path, LADDER), "card", 5_000_000, 3)[0]
    assert ledger_line(record, record | {"place": 2, "of": 3, "revision": 4}, 0) is None
    line = ledger_line(record, record | {"version": 2, "score": "1.0000", "provisional": True}, 0)
    assert line is not None
    assert line["reason"].startswith("version 1 -> 2")


def test_records_that_differ_in_revisions_alone_are_the_same(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, LADDER)
    one, other = state(settings, "card", 5_000_000, 3)[0], state(settings, "card", 5_000_000, 9)[0]
    assert one != other
    assert same(one, other | {"as_of": "2030-01-01T00:00:00Z"})
    assert not same(one, other | {"place": 2})


@pytest.mark.parametrize(
    ("recovered", "next_step"),
    [
        (11_999_999, "  next step of the commission at 120000.00, 0.01 away: 0.1"),
        (12_500_000, "  next step of the commission at 130000.00, 5000.00 away: 0.12"),
        (13_000_000, "  next step of the commission at 140000.00, 10000.00 away: 0.14"),
        (15_500_000, "  next step of the commission at 160000.00, 5000.00 away: 0.18"),
    ],
)
def test_the_arithmetic_of_a_payout_says_how_far_the_next_cliff_is(
    tmp_path: Path, recovered: int, next_step: str
) -> None:
    settings = settings_of(tmp_path, LADDER)
    record, read, scores = state(settings, "ladder", recovered, 3)
    ((_, score),) = next(sheet for key, sheet in _sheets(scores, settings) if key == "ladder").items()
    lines = list(lines_of(record, score.definition, read, scores.basis_of(score)))
    assert f"  R = {recovered / 100:.2f}, T = 100000.00, a = R / T = {recovered / 10_000_000:.7f}".rstrip("0").rstrip(
        "."
    ) in [line.rstrip("0").rstrip(".") for line in lines]
    assert next_step in lines


def _sheets(scores: Scores, settings: Settings) -> Any:
    for key in list(scores._sheets):
        yield key.definition.name, scores.scores(key)


def test_every_word_of_the_arithmetic_has_its_chinese_with_the_same_fields() -> None:
    fields = re.compile(r"{\w+}")
    for template, words in ZH.items():
        assert sorted(fields.findall(template)) == sorted(fields.findall(words))
        assert re.search(r"[\u4e00-\u9fff，；（：×]", words)


def test_the_arithmetic_is_told_in_chinese(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, LADDER)
    early = ScoreClock(1_777_600_000_000, 1_777_600_000_000)
    record, read, scores = state(settings, "ladder", 12_500_000, 3, early)
    ((_, score),) = next(sheet for key, sheet in _sheets(scores, settings) if key == "ladder").items()
    lines = list(lines_of(record, score.definition, read, scores.basis_of(score), chinese))
    assert "  基数 R = 125000.00，目标 T = 100000.00，达成率 a = R / T = 1.25" in lines
    assert "  提成下一档在 130000.00，还差 5000.00：0.12" in lines
    assert "  门槛 qa（qa_pass_rate）：0.98，不得低于 0.98：达标" in lines
    assert lines[-1] == "  暂定：2026-05-01 之后 45 天 才结算，之前的数字仍可能变动"
    card, _, _ = state(settings, "card", 5_000_000, 3)
    definition = next(each for each in settings.schemes().definitions if each.name == "card")
    assert "    下一档" not in "\n".join(lines_of(card, definition, say=chinese))
    for scheme in sorted((Path(__file__).parents[2] / "docs" / "examples" / "schemes").glob("*.yaml")):
        for each in load(scheme, {}).schemes().definitions:
            shown = _shown(each)
            assert list(lines_of(shown, each, say=chinese))
            assert list(lines_of(shown, each))


def _shown(definition: Definition) -> dict[str, Any]:
    """A record of a definition in which everything is there."""
    values = {
        "value": "0.5",
        "numerator": 1,
        "denominator": 2,
        "status": "few",
        "target": None,
        "attainment": None,
        "points": "1.0000",
        "weight": "1",
    }
    parts = [values | {"component": each.component} for each in getattr(definition, "components", ())]
    gates = [
        {"gate": each.gate, "missed": True, "value": None, "effect": {"void": "all"}}
        for each in getattr(definition, "gates", ())
    ]
    factors = [{"factor": each.factor, "value": "1"} for each in getattr(definition, "factors", ())]
    return {
        "kind": definition.KIND, "name": definition.name, "version": 1, "trial": True, "site": "main", "level": "agent", "entity": "a-1", "period": "month",
        "start": "2026-04-01", "end": "2026-05-01", "score": "1.0000", "amount_minor": 5, "currency": "CNY", "place": 1, "of": 2, "grade": "D", "flags": ["x"],
        "parts": parts, "gates": gates, "factors": factors, "provisional": True, "reason": "why",
    }  # fmt: skip


def test_the_arithmetic_says_by_what_redistributed_weights_multiply(tmp_path: Path) -> None:
    text = """
scorecards: [{scorecard: card, version: 1, from: 2026-01-01, level: agent, period: month, components: [
   {component: qa, kpi: qa_pass_rate, weight: 30, if_no_data: redistribute, scoring: {steps: [[1, 30]]}},
   {component: calls, kpi: dials, weight: 50, target: 7, scoring: {attainment: {}}},
   {component: seen, kpi: contacts, weight: 20, scoring: {steps: [[0, 7], [3, 14]]}}]}]
"""
    scores = computed(settings_of(tmp_path, text), [kpi_record("a-1", {"dials": 6, "contacts": 2})])
    ((_, sheet),) = scores.changed(LATE)
    ((_, score),) = sheet.items()
    lines = list(lines_of(record_of(scores, score, 1, "live"), score.definition))
    many = "x 10 / 7, with the weight of what has no data"
    assert lines[1:7] == [
        "  qa (qa_pass_rate): 0 / 0: no data: 0.0000 points",
        f"  calls (dials): 6; target 7, 0.857142857143 of it, not under 0; x weight 50; {many} = 61.2245 points",
        "    one more of outbound calls, each by its first leg: 71.4286 points",
        f"  seen (contacts): 2, step 0; {many} = 10.0000 points",
        "    one more of calls that reached a human, each by its first leg: 20.0000 points",
        "    next step at 3, 1 away: 20 points",
    ]


def test_the_terms_of_contests_and_rewards_are_told(tmp_path: Path) -> None:
    text = """
indicators: [sold]
contests: [{contest: day, version: 1, from: 2026-01-01, level: agent, period: month, kpi: connect_rate, currency: CNY, ties: {by: dials, order: lowest},
   minimum: {dials: 3}, top: {must: {at_least: "0.15"}, amounts: [50, 30]}, bottom: {must: {below: {of: site}}, amounts: [-70]}}]
rewards: [{reward: more, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, indicator: sold, at_least: 3, amount: 5, each_more: 2, cap: 9, with: day, stack: larger}]
"""
    contest, reward = settings_of(tmp_path, text).schemes().definitions
    assert list(lines_of(_shown(contest), contest))[1:5] == [
        "  amounts of the first: 0.50, 0.30, at_least 0.15",
        "  amounts of the last: -0.70, below that of the site",
        "  equal ones by dials, lowest first",
        "  placed from 3 dials on",
    ]
    assert list(lines_of(_shown(reward), reward))[1:3] == [
        "  0.05 from 3 on, and 0.02 for each beyond, not over 0.09",
        "  beside an amount above 0 of contest day counts: larger",
    ]


@pytest.mark.parametrize(
    ("reading", "recovered", "products"),
    [
        ("whole", 14_000_000, "140000.00 x 0.14"),
        ("slab", 12_500_000, "110000.00 x 0.05 + 10000.00 x 0.08 + 5000.00 x 0.1"),
        ("slab", 15_500_000, "110000.00 x 0.05 + 10000.00 x 0.08 + 10000.00 x 0.1 + 10000.00 x 0.12 + 10000.00 x 0.14 + 5000.00 x 0.16"),
        ("slab", 14_000_000, "110000.00 x 0.05 + 10000.00 x 0.08 + 10000.00 x 0.1 + 10000.00 x 0.12"),
        ("slab", 9_999_999, None),
    ],
)  # fmt: skip
def test_the_products_of_a_commission_add_up_to_it(
    tmp_path: Path, reading: str, recovered: int, products: str | None
) -> None:
    settings = settings_of(tmp_path, LADDER.replace("reading: whole", f"reading: {reading}, by: attainment").replace(
        "settle: 45d", "settle: 45d, base: {default: 7}, base_share: [[1, \"0.5\"]]"
    ))  # fmt: skip
    record, read, scores = state(settings, "ladder", recovered, 3)
    ((_, score),) = next(sheet for key, sheet in _sheets(scores, settings) if key == "ladder").items()
    lines = list(lines_of(record, score.definition, read, scores.basis_of(score)))
    assert f"  base 0.07 x share {0.5 if recovered >= 10_000_000 else 0}" in lines
    told = [line.partition(": ")[2] for line in lines if line.startswith("  commission before factors")]
    assert told == ([] if products is None else [products])
    (commission,) = [part["amount_minor"] for part in record["parts"] if part["part"] == "commission"]
    terms = [term.split(" x ") for line in told for term in line.split(" + ")]
    assert sum(Fraction(amount) * Fraction(rate) for amount, rate in terms) * 100 == commission
