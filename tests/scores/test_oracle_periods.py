# ruff: noqa: E501  (a scheme is read best on one line)
"""Random schemes of months and quarters, of agents, teams and leaders, with targets: the product and the oracle agree.

`KPI_SCORE_WORLDS=1000` for more worlds, `KPI_SCORE_WORLDS_FROM=5000` for others.
"""

import os
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from tests.effort import examples
from tests.scores.floor import computed, kpi_record, measurement, settings_of, written
from tests.scores.oracle import half_away
from tests.scores.oracle_periods import PeriodOracle, first_day, in_force
from tests.scores.test_oracle import component, ordered, relative, some

WORLDS = int(os.environ.get("KPI_SCORE_WORLDS", examples(24)))
FROM = int(os.environ.get("KPI_SCORE_WORLDS_FROM", "0"))
ENTITIES = {
    "agent": ("a-1", "a-2", "a-3", "l-1", "unassigned"),
    "team": ("t-1", "t-2", "t-3", "t-4"),
    "site": ("main",),
}
LEADERS = {"l-1": ["t-1", "t-2"], "l-2": ["t-3"], "l-3": ["t-9"]}
MONEY = [
    {"kpi": "recovered_amount", "currency": "CNY"},
    {"kpi": "recovered_amount", "currency": "CNY", "over": "placed_amount"},
]


def source(random: Random) -> dict[str, Any]:
    if random.random() < 0.3:
        return {"indicator": random.choice(["mark", "ratio"])}
    if random.random() < 0.3:
        return dict(random.choice(MONEY))
    return {
        "kpi": random.choice(["visits", "dials", "connect_rate", "complaint_rate"]),
        **random.choice([{}, {}, {"over": "visits"}]),
    }


def part(random: Random, name: str, *, leaders: bool) -> dict[str, Any]:
    made = component(random, name)
    if "attainment" in made["scoring"] and not leaders and random.random() < 0.6:
        del made["target"]
        made = {key: value for key, value in made.items() if key not in ("kpi", "indicator")} | random.choice(
            [{"kpi": "visits"}, {"kpi": "dials"}, MONEY[0], {"kpi": "connect_rate"}]
        )
    elif "steps" not in made["scoring"]:
        made = {key: value for key, value in made.items() if key not in ("kpi", "indicator")} | source(random)
    return made


def rest(random: Random, effects: list[dict[str, Any]]) -> dict[str, Any]:
    gates = [
        {
            "gate": "g",
            **source(random),
            random.choice(["below", "above"]): relative(random),
            "effect": random.choice(effects),
        }
    ]
    factors = [
        {
            "factor": "f",
            **source(random),
            "start": 1,
            "change": "-0.05",
            "per": random.choice([1, 2]),
            "floor": 0,
            "ceiling": 3,
        }
    ]
    return {
        **({"gates": gates} if random.random() < 0.6 else {}),
        **({"factors": factors} if random.random() < 0.5 else {}),
    }


def targets(random: Random, level: str) -> list[dict[str, Any]]:
    found = []
    for _ in range(random.randint(0, 9)):
        what = random.choice([{"kpi": "visits"}, {"kpi": "dials"}, MONEY[0], {"kpi": "connect_rate"}])
        made = {
            **what, "level": level, "entity": random.choice(["*", "*", *ENTITIES[level]]), "value": random.randint(0, 9),
            "period": random.choice(["month", "month", "quarter"]), "from": first_day("month", random.randint(1, 5)),
            **random.choice([{}, {"site": "main"}, {"site": "other"}, {"until": first_day("month", 6)}]),
        }  # fmt: skip
        if made["entity"] != "unassigned":
            found.append(made)
    return found


def scheme(random: Random, level: str, period: str, leaders: bool) -> dict[str, Any]:
    common: dict[str, Any] = {"level": level, "period": period, "only_recovery": "a test"}
    if leaders:
        common["leader_of"] = {"leaders": LEADERS}
    cards = []
    for version, begins in ((1, "2026-01-01"), (2, first_day(period, 2)), (3, "2026-01-01")):
        card: dict[str, Any] = {
            "scorecard": "card", "version": version, "from": begins, **common,
            "components": [part(random, name, leaders=leaders) for name in "abc"[: random.randint(1, 3)]],
            "grades": [["A", 8], ["B", "2.5"], ["C", 0]],
            "streaks": [{"place": 2, "periods": random.randint(1, 3), "flag": "place"}, {"below": some(random), "periods": random.randint(2, 4), "flag": "below"}],
            **rest(random, [{"void": ["a"]}, {"void": "all"}, {"factor": "0.5"}, {"cap": 5}]),
        }  # fmt: skip
        if version == 3:
            card |= {
                "trial": True,
                "from": first_day(period, 3 if period == "month" else 1)
                if version == 3 and period == "month"
                else "2025-10-01",
            }
        if random.random() < 0.2:
            card["entities"] = ["t-1", "a-1", "l-1", "main"]
        cards.append(card)
    bounds = ordered(random)
    commission: dict[str, Any] = {
        "reading": random.choice(["whole", "slab"]),
        "steps": bounds,
        **random.choice([{}, {"by": "amount"}]),
    }
    if commission["reading"] == "whole" and random.random() < 0.4:
        commission["of"] = source(random)
    basis = dict(random.choice([{"kpi": "visits"}, {"kpi": "dials"}, MONEY[0]])) | (
        {"target": random.randint(0, 6)} if leaders or random.random() < 0.3 else {}
    )
    pays = [
        {"payout": "pay", "version": 1, "from": "2026-01-01", **common, "currency": "CNY", "basis": basis, "base": 1000, "commission": commission,
         "base_share": [["0.5", "0.7"], [1, 1]], "streaks": [{"below": 1, "periods": random.randint(1, 3), "then": {"base_share": "0.5"}}],
         **rest(random, [{"void": ["base"]}, {"factor": "0.5"}, {"cap_amount": 900}])},
        {"payout": "by_score", "version": 1, "from": "2026-01-01", **common, "currency": "CNY", "basis": {"scorecard": "card"}, "base": 1001,
         "base_share": [[0, "0.5"], [5, 1]], "streaks": [{"below": 3, "periods": 2, "then": {"base_amount": 7}}]},
    ]  # fmt: skip
    return {
        "indicators": ["mark", "ratio"],
        "targets": targets(random, level) or None,
        "scorecards": cards,
        "payouts": pays,
    }


def evidence(random: Random, period: str) -> tuple[dict[Any, Any], dict[Any, Any]]:
    listed: dict[Any, Any] = {}
    measured: dict[Any, Any] = {}
    for level, entities in ENTITIES.items():
        for entity in entities:
            for month in range(1, 10):
                if random.random() < 0.75:
                    record: dict[str, Any] = {"dials": random.randint(1, 9)}
                    for name in ("visits", "recovered_amount", "placed_amount"):
                        if random.random() < 0.7:
                            record[name] = random.randint(1, 9)
                    for name in ("connect_rate", "complaint_rate"):
                        if random.random() < 0.6:
                            record[name] = (random.randint(0, 9), random.choice([9, 40]))
                    listed[level, entity, "month", month] = record
            for at in range(1, 4 if period == "quarter" else 10):
                marks = {
                    name: (random.randint(0, 5), random.choice([None, 3]))
                    for name in ("mark", "ratio")
                    if random.random() < 0.4
                }
                if marks:
                    measured[level, entity, period, at] = marks
    return listed, measured


@pytest.mark.parametrize("seed", range(FROM, FROM + WORLDS))
def test_months_quarters_leaders_and_targets_are_those_of_the_oracle(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    leaders, period = random.random() < 0.4, random.choice(["month", "quarter", "quarter"])
    level = "team" if leaders else random.choice(["agent", "team", "site"])
    config = scheme(random, level, period, leaders)
    listed, measured = evidence(random, period)
    oracle = PeriodOracle(config, listed, measured, level, period, LEADERS if leaders else None)
    money = ("recovered_amount", "placed_amount")
    records = [
        kpi_record(
            entity,
            {f"{name} CNY" if name in money else name: parts for name, parts in record.items()},
            level=at_level,
            start=first_day("month", month),
        )
        for (at_level, entity, _, month), record in listed.items()
    ]
    marks = [
        measurement(name, entity, *value, level=at_level, period=of_period, start=first_day(of_period, at))
        for (at_level, entity, of_period, at), found in measured.items() for name, value in found.items()
    ]  # fmt: skip
    random.shuffle(records)
    random.shuffle(marks)
    got = {
        key: record["amount_minor"] if record["kind"] == "payout" else (Fraction(record["score"]), record["place"], record["of"], record["grade"], record["flags"])
        for key, record in written(computed(settings_of(tmp_path, orjson.dumps(config).decode()), records, marks)).items()
    }  # fmt: skip
    wanted: dict[Any, Any] = {}
    for at in range(1, 4 if period == "quarter" else 10):
        day = first_day(period, at)
        for card in config["scorecards"]:
            if in_force(card, day) and (card.get("trial") or oracle.applies("scorecards", "card", at) is card):
                people = oracle.there(card, at)
                for who in people:
                    score = oracle.score(card, who, at)
                    assert score is not None
                    grade = next((name for name, bound in card["grades"] if score >= Fraction(str(bound))), None)
                    told = (
                        half_away(score, 4),
                        oracle.place(card, who, at),
                        len(people),
                        grade,
                        oracle.flags(card, who, at),
                    )
                    wanted["card", card["version"], who, day] = told
        for payout in config["payouts"]:
            by_score = "scorecard" in payout["basis"]
            everybody = (
                [*LEADERS] if by_score and leaders else ENTITIES[level] if by_score else oracle.there(payout, at)
            )
            for who in everybody:
                if not by_score or oracle.reached(payout, who, at)[1] is not None:
                    wanted[payout["payout"], 1, who, day] = int(half_away(oracle.pay(payout, who, at)))
    assert got == wanted
