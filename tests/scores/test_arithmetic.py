# ruff: noqa: E501, RUF001  (a scheme is read best on one line, and Chinese has its own punctuation)
"""Laws of the arithmetic that people read (scores 6): what it says comes to what the record says, and it says what is
still provisional, and why."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from stream.facts.currency import exponent
from stream.scores.arithmetic import lines_of
from stream.scores.at_hand import AtHand, at_hand
from stream.scores.outputs import record_of
from stream.scores.scores import ScoreClock, Scores
from stream.scores.words import LANGUAGES, VOCABULARY, ZH
from tests.effort import examples
from tests.scores import test_oracle
from tests.scores.floor import LATE, computed, kpi_record, measurement, settings_of


def told(
    scores: Scores,
    name: str,
    entity: str = "a-1",
    *,
    language: str = "en",
    clock: ScoreClock = LATE,
    runs: bool = False,
) -> list[str]:
    """What a person reads of the latest score of an entity."""
    found = {}
    for key, sheet in scores.changed(clock):
        for who, score in sheet.items():
            if (key.definition.name, who.entity) == (name, entity):
                found[key.start] = score
    score = found[max(found)]
    known = at_hand(scores, score, measured=True)
    known = AtHand(**{**known.__dict__, "runs": runs})
    record = record_of(scores, score, 1, "live")
    return list(lines_of(record, score.definition, known.read, known.basis, LANGUAGES[language], known))


@pytest.mark.parametrize("seed", range(examples(30)))
def test_what_is_added_up_and_multiplied_comes_to_the_score(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    config = test_oracle.scheme(random)
    kpis, marks = test_oracle.evidence(random)
    level = {"main": "site"}
    start = {month: f"2026-0{month}-01" for month in test_oracle.MONTHS}
    scores = computed(
        settings_of(tmp_path, orjson.dumps(config).decode()),
        [kpi_record(who, listed, level=level.get(who, "agent"), start=start[month]) for (who, month), listed in kpis.items()],
        [
            measurement(name, who, value, level=level.get(who, "agent"), start=start[month])
            for (who, month), found in marks.items() for name, value in found.items()
        ],
    )  # fmt: skip
    checked = 0
    for _, sheet in scores.changed(LATE):
        for score in sheet.values():
            record, known = record_of(scores, score, 1, "live"), at_hand(scores, score, measured=True)
            lines = list(lines_of(record, score.definition, known.read, known.basis, known=known))
            for line in lines:
                checked += _comes_out(line, record)
    assert checked


@pytest.mark.parametrize("seed", range(examples(10)))
def test_chinese_has_the_same_figures_and_no_punctuation_of_english(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    config = test_oracle.scheme(random)
    kpis, marks = test_oracle.evidence(random)
    start = {month: f"2026-0{month}-01" for month in test_oracle.MONTHS}
    scores = computed(
        settings_of(tmp_path, orjson.dumps(config).decode()),
        [kpi_record(who, listed, level="site" if who == "main" else "agent", start=start[month]) for (who, month), listed in kpis.items()],
        [measurement(name, who, value, start=start[month]) for (who, month), found in marks.items() if who != "main" for name, value in found.items()],
    )  # fmt: skip
    checked = 0
    for _, sheet in scores.changed(LATE):
        for score in sheet.values():
            record, known = record_of(scores, score, 1, "live"), at_hand(scores, score, measured=True)
            said = {
                of: list(lines_of(record, score.definition, known.read, known.basis, say, known))
                for of, say in LANGUAGES.items()
            }
            assert len(said["en"]) == len(said["zh"])
            for line in said["zh"][1:]:
                assert not re.search(r"[(),;]|: | x |in minor", line), line
                checked += 1
    assert checked


def _comes_out(line: str, record: dict[str, Any]) -> bool:
    """Checks one line with a pocket calculator; whether there was anything to check."""
    sums = re.match(
        r"  (points|pay): ([-0-9. +]+?)(?: = ([-0-9.]+))?(?:; void: [a-z, ]+)?((?:; x [-0-9.]+)*)(?:, not over ([-0-9.]+))?(; without.*)?$",
        line,
    )
    if sums is not None:
        kind, terms, total, times, cap, rounding = sums.groups()
        found = sum(map(Fraction, terms.split(" + ")), Fraction(0))
        assert total is None or Fraction(total) == found
        for factor in re.findall(r"[-0-9.]+", times):
            found *= Fraction(factor)
        found = min(found, Fraction(cap)) if cap else found
        if kind == "pay":
            unit = 10 ** exponent(record["currency"])
            assert abs(found * unit - record["amount_minor"]) <= 3  # each part is rounded
        elif not rounding:
            assert abs(found - Fraction(record["score"])) <= Fraction(1, 20_000)
        return True
    quotient = re.match(r"  [\w ()]+: (-?[\d.]+) / ([\d.]+)(?: x (\d+))? = ([-0-9.]+)", line)
    if quotient is not None:
        above, below, unit, value = quotient.groups()
        assert abs(Fraction(above) * int(unit or 1) / Fraction(below) - Fraction(value)) < Fraction(1, 10**12)
    return quotient is not None


def test_a_quotient_is_told_with_what_its_unit_multiplies_by(tmp_path: Path) -> None:
    card = "scorecards: [{scorecard: c, version: 1, from: 2026-01-01, level: agent, period: month, components: [{component: bad, kpi: complaint_rate, weight: 1, scoring: {steps: [[5, 1], [1, 3]]}}, {component: calls, kpi: dials, weight: 1, scoring: {steps: [[0, 2]]}}], gates: [{gate: g, kpi: connect_rate, below: {of: site}, effect: {void: [bad]}}]}]"
    records = [
        kpi_record("a-1", {"complaint_rate": (3, 1_000), "dials": 5, "connect_rate": (1, 5)}),
        kpi_record("main", {"connect_rate": (2, 5)}, level="site"),
    ]
    lines = told(computed(settings_of(tmp_path, card), records), "c")
    assert "  bad (complaint_rate): 3 / 1000 x 1000 = 3, step 5 = 1.0000 points" in lines
    assert "  gate g (connect_rate): 0.2, must not be below that of the site (0.4): missed (void bad)" in lines
    assert "  points: 2.0000; void: bad" in lines


def test_a_factor_is_told_with_its_value_and_a_streak_with_the_periods_before(tmp_path: Path) -> None:
    card = "indicators: [late]\nscorecards: [{scorecard: c, version: 1, from: 2026-01-01, level: agent, period: month, only_one: x, components: [{component: calls, kpi: dials, weight: 1, scoring: {steps: [[0, 2]]}}], factors: [{factor: staff, indicator: late, start: 1, change: '-0.1'}], streaks: [{below: 3, periods: 3, flag: low}]}]"
    records = [kpi_record("a-1", {"dials": 5}, start=f"2026-0{month}-01") for month in (3, 4)]
    lines = told(computed(settings_of(tmp_path, card), records, [measurement("late", "a-1", 2)]), "c")
    assert "  factor staff: x 0.8 (1, -0.1 per full 1): late 2" in lines
    assert "  points: 2.0000; x 0.8" in lines
    assert "  streak low: score below 3 in 3 periods in a row" in lines
    assert "  before, with places: 2026-03-01 2.0000 (1), 2026-02-01 none" in lines


def test_a_contest_whose_reward_counts_says_so_and_a_reward_the_other_way_round(tmp_path: Path) -> None:
    text = """
indicators: [sold]
contests: [{contest: day, version: 1, from: 2026-01-01, level: agent, period: month, kpi: dials, currency: CNY, top: {amounts: [5000, 3000]}}]
rewards: [{reward: more, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, indicator: sold, at_least: 3, amount: 4000, each_more: 500, with: day, stack: larger}]
"""
    records = [kpi_record("a-1", {"dials": 5}), kpi_record("a-2", {"dials": 4})]
    sold = [measurement("sold", "a-1", 3), measurement("sold", "a-2", 3)]
    settings = settings_of(tmp_path, text)
    assert "  30.00 by place, but reward more (40.00) counts instead" in told(
        computed(settings, records, sold), "day", "a-2"
    )
    assert "  40.00 by itself, but contest day (50.00) counts instead" in told(
        computed(settings, records, sold), "more", "a-1"
    )
    assert not [line for line in told(computed(settings, records, sold), "day", "a-1") if "instead" in line]
    assert "    one more of sold: 45.00" in told(computed(settings, records, sold), "more", "a-2")


PAID = "payouts: [{payout: p, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, SETTLE only_recovery: x, basis: {kpi: recovered_amount, currency: CNY, target: 100}, base: 50, base_share: [[0, 1], [2, 2]], commission: {steps: [[1, '0.1']]}, streaks: [{below: 1, periods: 2, then: {base_amount: 7, flag: low}}]}]"
APRIL_20, MAY_1, MAY_2 = 1_776_643_200_000, 1_777_593_600_000, 1_777_680_000_000


@pytest.mark.parametrize(
    ("settle", "clock", "runs", "english", "chinese"),
    [
        ("", ScoreClock(APRIL_20, APRIL_20), True, "  provisional: as of 2026-04-20T00:00:00Z the period goes on, until 2026-05-01",
         "  暂定：截至 2026-04-20T00:00:00Z，本期尚未结束（至 2026-05-01）"),
        ("", ScoreClock(MAY_2, APRIL_20), False, "  provisional: the period has ended, and events of it may still come or be corrected",
         "  暂定：本期已结束，但其事件仍可能到达或被更正"),
        ("settle: 45d,", ScoreClock(MAY_2, MAY_2), False,
         "  provisional: the period has ended, and events of it may still come or be corrected; it is settled 45 days after 2026-05-01, at 2026-06-15T00:00:00Z",
         "  暂定：本期已结束，但其事件仍可能到达或被更正；2026-05-01 之后 45 天 结算，即 2026-06-15T00:00:00Z"),
    ],
)  # fmt: skip
def test_what_is_provisional_says_why(
    tmp_path: Path, settle: str, clock: ScoreClock, runs: bool, english: str, chinese: str
) -> None:
    settings = settings_of(tmp_path, PAID.replace("SETTLE", settle))
    for language, wanted in (("en", english), ("zh", chinese)):
        scores = computed(settings, [kpi_record("a-1", {"recovered_amount CNY": 150})])
        assert told(scores, "p", language=language, clock=clock, runs=runs)[-1] == wanted
    scores = computed(settings, [kpi_record("a-1", {"recovered_amount CNY": 150})])
    assert not [line for line in told(scores, "p") if "provisional" in line]


def test_a_payout_tells_its_sum_its_cliffs_and_the_streaks(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, PAID.replace("SETTLE", ""))
    records = [kpi_record("a-1", {"recovered_amount CNY": 99}, start=f"2026-0{month}-01") for month in (3, 4)]
    assert told(computed(settings, records), "p") == [
        "payout p version 1: agent a-1 at main, month from 2026-04-01 to 2026-05-01",
        "  recovered_amount CNY: 0.99",
        "  R = 0.99, T = 1.00, a = R / T = 0.99",
        "  next step of the commission at 1.00, 0.01 away: 0.1",
        "  next step of the base at a = 2, 1.01 away: x 2",
        "  base 0.50 x share 1, unless a streak sets it",
        "  commission before factors: 0.99 x 0",
        "    1.00 CNY more of recovered_amount: 0.199",
        "  base: 0.07",
        "  commission: 0.00",
        "  allowance: 0.00",
        "  share of the base by attainment: from 0: 1, from 2: 2",
        "  streak: a below 1 in 2 periods in a row: base 0.07, low",
        "  a of the periods before: 2026-03-01 0.99",
        "  commission, whole, by attainment: from 1: 0.1",
        "  pay: 0.07 + 0.00 + 0.00 = 0.07",
        "  flags: low",
        "  = amount 0.07 CNY",
        "  it pays for one thing alone, for this reason: x",
    ]


@pytest.mark.parametrize(
    ("currency", "paid", "reached", "more"),
    [("JPY", "1200", "12000", ""), ("CNY", "12.00", "120.00", "1.00"), ("KWD", "1.200", "12.000", "1.000")],
)
def test_amounts_have_the_digits_of_their_currency(
    tmp_path: Path, currency: str, paid: str, reached: str, more: str
) -> None:
    settings = settings_of(tmp_path, PAID.replace("SETTLE", "").replace("CNY", currency))
    lines = told(computed(settings, [kpi_record("a-1", {f"recovered_amount {currency}": 12_000})]), "p")
    assert f"  recovered_amount {currency}: {reached}" in lines
    assert f"  commission: {paid}" in lines
    assert f"  = amount {told_sum(lines)} {currency}" in lines
    # A tenth of one yen more is none.
    assert [line.split(" more of ")[0].strip() for line in lines if " more of " in line] == (
        [f"{more} {currency}"] if more else []
    )


def told_sum(lines: list[str]) -> str:
    return next(line for line in lines if line.startswith("  pay: ")).rpartition(" = ")[2]


def test_a_value_without_anything_to_compare_it_with_and_a_rank_are_told(tmp_path: Path) -> None:
    card = "scorecards: [{scorecard: c, version: 1, from: 2026-01-01, level: agent, period: month, only_one: x, components: [{component: up, kpi: dials, weight: 1, target: {before: 1}, scoring: {attainment: {}}}, {component: best, kpi: dials, weight: 1, scoring: {rank: {points: [3, 1], ties: mean}}}]}]"
    lines = told(
        computed(settings_of(tmp_path, card), [kpi_record("a-1", {"dials": 5}), kpi_record("a-2", {"dials": 5})]), "c"
    )
    assert "  up (dials): 5, but nothing to compare it with: 0.0000 points" in lines
    assert "  best (dials): 5, highest first, points by place: 3, 1 = 2.0000 points" in lines


def test_the_words_of_schemes_are_chinese_in_chinese(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, PAID.replace("SETTLE", ""))
    lines = told(computed(settings, [kpi_record("a-1", {"recovered_amount CNY": 99})]), "p", language="zh")
    assert lines[0] == "薪酬 p 第1版：main 的 催收员 a-1，月，2026-04-01 至 2026-05-01"
    assert all(re.search(r"[\u4e00-\u9fff]", line) for line in lines if "recovered_amount" not in line)
    assert VOCABULARY.keys() <= ZH.keys()


def test_chinese_has_its_own_punctuation_and_names_no_basis_that_it_does_not_know(tmp_path: Path) -> None:
    pay = "payouts: [{payout: p, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, only_one: x, basis: {kpi: dials, target: 10}, base: {default: 7}, base_share: [[0, 1], [1, 2]], commission: {reading: whole, steps: [[1, 3]]}, gates: [{gate: g, kpi: dials, above: 1, effect: {void: [base, commission]}}], streaks: [{below: 2, periods: 1, then: {base_amount: 5, flag: low}}]}]"
    lines = told(computed(settings_of(tmp_path, pay), [kpi_record("a-1", {"dials": 15})]), "p", language="zh")
    assert "  基数 R = 15，目标 T = 10，达成率 a = R / T = 1.5" in lines
    assert "  底薪：0.05" in lines
    assert any("底薪，提成" in line for line in lines)
    assert [line for line in lines if ", " in line] == []
