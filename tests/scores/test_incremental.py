# ruff: noqa: E501  (a scheme is read best on one line)
"""A change of evidence recomputes what depends on it, and the outcome is that of computing everything anew."""

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stream.scores.schemes import Scorecard
from stream.scores.scorecard import Cards, Marks
from stream.scores.scores import ScoreClock, Scores
from stream.scores.values import Who
from tests.scores.floor import LATE, computed, kpi_record, measurement, settings_of, written

SCHEMES = """
indicators: [mark]
targets: [{kpi: visits, level: agent, entity: "*", period: month, value: 7, from: 2026-01-01}]
calendar: {workdays: [mon, tue, wed, thu, fri]}
scorecards:
  - scorecard: card
    version: 1
    from: 2026-01-01
    level: agent
    period: month
    components:
      - {component: a, kpi: connect_rate, weight: 5, target: {of: site}, scoring: {attainment: {}}}
      - {component: b, kpi: visits, weight: 5, target: {before: 1}, scoring: {attainment: {}}}
      - {component: c, indicator: mark, weight: 5, scoring: {rank: {points: [5, 1], ties: mean}}}
    gates: [{gate: g, indicator: mark, below: {before: 2}, effect: {void: [a]}}]
    streaks: [{place: 2, periods: 2, flag: second}]
  - {scorecard: card, version: 2, from: 2026-05-01, level: agent, period: month, components: [
      {component: a, kpi: visits, weight: 5, scoring: {attainment: {}}}, {component: b, kpi: dials, weight: 1, target: 3, scoring: {attainment: {}}}],
     streaks: [{below: 9, periods: 3, flag: low}]}
  - {scorecard: card, version: 3, trial: true, from: 2026-04-01, level: agent, period: month, only_one: x, components: [
      {component: a, kpi: visits, weight: 5, scoring: {attainment: {}}}], streaks: [{below: 9, periods: 3, flag: low}]}
  - {scorecard: lead, version: 1, from: 2026-01-01, level: team, leader_of: {leaders: {l-1: [t-1, t-2]}}, period: quarter, components: [
      {component: a, kpi: visits, weight: 5, target: 9, scoring: {attainment: {}}}, {component: b, indicator: mark, weight: 5, scoring: {steps: [[1, 5]]}}]}
payouts:
  - {payout: by_score, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, basis: {scorecard: card}, base: 1000, base_share: [[0, 1], [9, 2]],
     streaks: [{below: 9, periods: 2, then: {flag: low}}]}
  - {payout: ladder, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, basis: {kpi: visits}, base: 1000, base_share: [[1, 1]],
     commission: {steps: [[1, "0.5"]]}, streaks: [{below: 1, periods: 3, then: {base_amount: 3}}], only_one: x}
contests: [{contest: best, version: 1, from: 2026-01-01, level: agent, period: month, kpi: connect_rate, currency: CNY, top: {must: {at_least: {of: site}}, amounts: [50, 20]}, ties: {by: visits}}]
rewards: [{reward: volume, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, kpi: visits, at_least: 3, amount: 30, each_more: 10, with: best, stack: larger}]
"""
STARTS = [f"2026-0{month}-01" for month in range(3, 8)]


def evidence(random: Random) -> tuple[str, Any]:
    """A KPI record or a measurement, one of a few."""
    start = random.choice(STARTS)
    if random.random() < 0.3:
        level, who = random.choice([("agent", "a-1"), ("agent", "a-2"), ("agent", "l-1"), ("team", "t-1")])
        period, begin = (
            ("quarter", random.choice(["2026-04-01", "2026-07-01"])) if who in ("l-1", "t-1") else ("month", start)
        )
        made = measurement(
            "mark",
            who,
            random.randint(0, 4),
            level=level,
            period=period,
            start=begin,
            at=random.randint(0, 3),
            name=f"m-{random.randint(0, 9)}",
        )
        return made.measurement_id, None if random.random() < 0.2 else made
    level, who = random.choice(
        [("agent", "a-1"), ("agent", "a-2"), ("agent", "a-3"), ("team", "t-1"), ("team", "t-2"), ("site", "main")]
    )
    kpis: dict[str, Any] = {}
    if random.random() < 0.85:
        kpis = {
            "dials": random.randint(1, 5),
            "visits": random.randint(0, 9),
            "connect_rate": (random.randint(0, 4), 4),
        }
    return f"{level} {who} {start}", kpi_record(who, kpis, level=level, start=start)


def put(scores: Scores, name: str, made: Any) -> None:
    if isinstance(made, bytes):
        scores.put_record(made)
    else:
        scores.put_measurement(name, made)


@pytest.mark.parametrize("seed", range(25))
def test_step_by_step_or_all_at_once_is_the_same(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    settings = settings_of(tmp_path, SCHEMES)
    scores = computed(settings, [])
    latest: dict[str, Any] = {}
    known: dict[Any, Any] = {}
    for _ in range(12):
        for _ in range(random.randint(1, 4)):
            name, made = evidence(random)
            latest[name] = made
            put(scores, name, made)
        known |= dict(scores.changed(LATE))
    anew = computed(settings, [])
    for name, made in random.sample(sorted(latest.items(), key=lambda item: item[0]), len(latest)):
        put(anew, name, made)
    whole = {key: sheet for key, sheet in anew.changed(LATE) if sheet}

    def told(sheets: dict[Any, Any]) -> dict[Any, Any]:
        return {
            (key.definition.KIND, key.definition.name, key.definition.version, key.scope, key.start, who): (
                score.score, score.amount, score.place, score.of, score.grade, score.flags,
                [getattr(part, "points", None) for part in score.parts],
            )
            for key, sheet in sheets.items()
            for who, score in sheet.items()
        }  # fmt: skip

    assert told({key: sheet for key, sheet in known.items() if sheet}) == told(whole)


def test_one_changed_record_computes_one_entity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path, SCHEMES)
    records = [kpi_record(f"a-{number}", {"visits": number, "dials": 1}, start="2026-06-01") for number in range(50)]
    scores = computed(settings, records)
    written(scores)
    asked: list[str] = []
    real = Cards.marks

    def marks(cards: Cards, card: Scorecard, who: Who) -> Marks:
        asked.append(who.entity)
        return real(cards, card, who)

    monkeypatch.setattr(Cards, "marks", marks)
    scores.put_record(kpi_record("a-7", {"visits": 99, "dials": 1}, start="2026-06-01", revision=2))
    written(scores)
    assert set(asked) == {"a-7"}
    asked.clear()
    scores.put_record(kpi_record("a-7", {"visits": 99, "dials": 1, "letters": 3}, start="2026-06-01", revision=3))
    assert (written(scores), asked) == ({}, [])


def test_a_period_comes_in_when_it_begins(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, SCHEMES)
    scores = computed(settings, [], [measurement("mark", "a-1", 1, start="2026-04-01")])
    april_ms, _ = scores.periods.span_ms("main", "month", date(2026, 4, 1))
    assert written(scores, ScoreClock(april_ms, april_ms)) == {}
    assert {key[:2] for key in written(scores, ScoreClock(april_ms + 1, april_ms))} == {("card", 1), ("by_score", 1)}
