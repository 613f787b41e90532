# ruff: noqa: E501  (a scheme is read best on one line)
"""Random schemes over random evidence: the product and the oracle agree to the last digit.

`KPI_SCORE_WORLDS=1000` for more worlds, `KPI_SCORE_WORLDS_FROM=5000` for others; so in all of `test_oracle*.py`.
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
from tests.scores.oracle import Oracle, half_away

WORLDS = int(os.environ.get("KPI_SCORE_WORLDS", examples(60)))
FROM = int(os.environ.get("KPI_SCORE_WORLDS_FROM", "0"))
AGENTS = ("a-1", "a-2", "a-3", "a-4")
MONTHS = range(1, 7)


def source(random: Random) -> dict[str, Any]:
    if random.random() < 0.25:
        return {"indicator": random.choice(["mark", "ratio"])}
    return {"kpi": random.choice(["visits", "dials", "connect_rate", "qa_pass_rate", "complaint_rate"])}


def some(random: Random, low: int = 0, high: int = 10) -> str:
    return str(random.randint(low * 10, high * 10) / 10)


def relative(random: Random) -> Any:
    return random.choice([some(random), some(random, 0, 1), {"of": "site"}, {"before": random.randint(1, 2)}])


def ordered(random: Random, *, falling: bool = False) -> list[list[str]]:
    bounds = sorted(random.sample(range(100), random.randint(1, 3)), reverse=falling)
    return [[str(bound / 20), some(random)] for bound in bounds]


def component(random: Random, name: str) -> dict[str, Any]:
    made: dict[str, Any] = {"component": name, "weight": random.randint(0, 5), **source(random)}
    if random.random() < 0.3:
        made["if_no_data"] = "redistribute"
    if random.random() < 0.2:
        made["better"] = random.choice(["lower", "higher"])
    falling = made.get("better", "lower" if made.get("kpi") == "complaint_rate" else "higher") == "lower"
    kind = random.choice(["attainment", "steps", "deduct", "rank", "linear"])
    if kind == "attainment":
        made["scoring"] = {kind: random.choice([{}, {"cap": "1.2"}, {"floor": None}, {"floor": "0.5", "cap": 2}])}
        made["target"] = relative(random)
    elif kind == "steps":
        made["scoring"] = {kind: ordered(random, falling=falling)}
    elif kind == "deduct":
        made["scoring"] = {kind: {"limit": relative(random), "per": random.choice(["0.1", 1, 3]), "points": random.choice([1, "0.5"]),
                                  "steps": random.choice(["whole", "begun", "pro_rata"]), "of": random.choice(["above", "below"]), **random.choice([{}, {"floor": 0}])}}  # fmt: skip
    elif kind == "rank":
        made["scoring"] = {
            kind: {
                "points": [some(random) for _ in range(random.randint(1, 4))],
                "order": random.choice(["highest", "lowest"]),
                "ties": random.choice(["best", "worst", "mean"]),
            }
        }
    else:
        made["scoring"] = {
            kind: {"from": [random.randint(0, 3), some(random)], "to": [random.randint(4, 9), some(random)]}
        }
    return made


def gates(random: Random, effects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"gate": f"g{place}", **source(random), random.choice(["below", "above"]): relative(random), "effect": random.choice(effects),
         **random.choice([{}, {"if_no_data": "missed"}, {"if_no_data": "passed"}])}
        for place in range(random.randint(1, 2))
    ]  # fmt: skip


def factors(random: Random) -> list[dict[str, Any]]:
    more: dict[str, Any] = random.choice([{}, {"floor": 0}, {"ceiling": "1.1"}])
    return [
        {
            "factor": "f",
            **source(random),
            "start": 1,
            "change": random.choice(["-0.1", "0.05"]),
            "per": random.choice([1, 2]),
            **more,
        }
    ]


def payout(random: Random, reading: str, common: dict[str, Any]) -> dict[str, Any]:
    return {
        "payout": reading, "version": 1, "from": "2026-01-01", **common, "currency": "CNY", "base": 1000, "allowance": random.choice([0, 7]),
        "basis": {"kpi": random.choice(["visits", "dials"]), "target": random.randint(0, 6)},
        "commission": {"reading": reading, "steps": [["0.5", some(random)], ["1.25", some(random)]], **random.choice([{}, {"then_every": {"step": "0.5", "rate": "0.3"}}])},
        "streaks": [{"below": 1, "periods": 2, "then": {"base_share": "0.5"}}, {"below": 1, "periods": 3, "then": {"base_amount": 3}}],
        "base_share": [["0.5", "0.7"], [1, 1]], "factors": factors(random),
        "gates": gates(random, [{"void": ["base"]}, {"void": ["commission", "allowance"]}, {"factor": "0.5"}, {"cap_amount": 900}]),
    }  # fmt: skip


def scheme(random: Random) -> dict[str, Any]:
    common = {"level": "agent", "period": "month", "only_recovery": "a test"}
    cards = []
    for version, begins in ((1, "2026-01-01"), (2, "2026-04-01"), (3, "2026-03-01")):
        names = ["a", "b", "c"][: random.randint(1, 3)]
        card: dict[str, Any] = {
            "scorecard": "card",
            "version": version,
            "from": begins,
            **common,
            "components": [component(random, name) for name in names],
        }
        if version == 3:
            card["trial"] = True
        if random.random() < 0.6:
            card["gates"] = gates(random, [{"void": ["a"]}, {"void": "all"}, {"factor": "0.5"}, {"cap": 5}])
        if random.random() < 0.5:
            card["factors"] = factors(random)
        card["streaks"] = [
            {"place": 2, "periods": random.randint(1, 3), "flag": "place"},
            {"below": some(random), "periods": 2, "flag": "below"},
        ]
        cards.append(card)
    payouts = [payout(random, reading, common) for reading in ("whole", "slab")]
    payouts.append({
        "payout": "by_score", "version": 1, "from": "2026-01-01", **common, "currency": "CNY", "base": 1001, "basis": {"scorecard": "card"},
        "base_share": [[0, "0.5"], [5, 1]], "streaks": [{"below": 3, "periods": 2, "then": {"base_share": "0.1"}}],
    })  # fmt: skip
    return {"indicators": ["mark", "ratio"], "scorecards": cards, "payouts": payouts}


def evidence(random: Random) -> tuple[dict[Any, Any], dict[Any, Any]]:
    kpis: dict[Any, Any] = {}
    marks: dict[Any, Any] = {}
    for month in MONTHS:
        for who in (*AGENTS, "main"):
            if random.random() < 0.85:
                listed: dict[str, Any] = {"dials": random.randint(1, 9)}
                if random.random() < 0.8:
                    listed["visits"] = random.randint(1, 9)
                for name, most in (("connect_rate", 9), ("qa_pass_rate", 4), ("complaint_rate", 1)):
                    if random.random() < 0.7:
                        listed[name] = (random.randint(0, most), random.choice([9, 9, 400]))
                kpis[who, month] = listed
            found = {name: random.randint(0, 5) for name in ("mark", "ratio") if random.random() < 0.5}
            if found:
                marks[who, month] = found
    return kpis, marks


@pytest.mark.parametrize("seed", range(FROM, FROM + WORLDS))
def test_the_product_and_the_oracle_agree(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    config = scheme(random)
    kpis, marks = evidence(random)
    oracle = Oracle(config, kpis, marks)
    start = {month: f"2026-0{month}-01" for month in MONTHS}
    level = {"main": "site"}
    records = [
        kpi_record(who, listed, level=level.get(who, "agent"), start=start[month])
        for (who, month), listed in kpis.items()
    ]
    measured = [
        measurement(name, who, value, level=level.get(who, "agent"), start=start[month])
        for (who, month), found in marks.items() for name, value in found.items()
    ]  # fmt: skip
    found = written(computed(settings_of(tmp_path, orjson.dumps(config).decode()), records, measured))
    wanted: dict[Any, Any] = {}
    for month in MONTHS:
        for card in config["scorecards"]:
            begun = int(card["from"][5:7]) <= month
            if begun and (card.get("trial") or oracle.applies("scorecards", "card", month) is card):
                for who in oracle.there(card, month):
                    score = oracle.score(card, who, month)
                    assert score is not None
                    told = half_away(score, 4), oracle.place(card, who, month), oracle.flags(card, who, month)
                    wanted["card", card["version"], who, start[month]] = told
        for payout in config["payouts"]:
            people = AGENTS if "scorecard" in payout["basis"] else oracle.there(payout, month)
            for who in people:
                if "scorecard" not in payout["basis"] or oracle.reached(payout, who, month)[1] is not None:
                    wanted[payout["payout"], 1, who, start[month]] = int(half_away(oracle.pay(payout, who, month)))
    got = {
        key: record["amount_minor"] if record["kind"] == "payout" else (Fraction(record["score"]), record["place"], record["flags"])
        for key, record in found.items()
    }  # fmt: skip
    assert got == wanted
