# ruff: noqa: E501  (a scheme is read best on one line)
"""Random contests and rewards of days: the product and the oracle agree on who has a record, places and amounts."""

import os
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from tests.effort import examples
from tests.scores.floor import computed, kpi_record, measurement, settings_of, written
from tests.scores.oracle import half_away
from tests.scores.oracle_contests import ContestOracle

WORLDS = int(os.environ.get("KPI_SCORE_WORLDS", examples(24)))
FROM = int(os.environ.get("KPI_SCORE_WORLDS_FROM", "0"))
AGENTS = tuple(f"a-{number}" for number in range(1, 8))
DAYS = range(1, 8)  # Wednesday to Tuesday


def source(random: Random) -> dict[str, Any]:
    if random.random() < 0.3:
        return {"indicator": random.choice(["sold", "mark"]), **random.choice([{}, {"better": "lower"}])}
    return {
        "kpi": random.choice(["dials", "visits", "connect_rate", "complaint_rate"]),
        **random.choice([{}, {}, {"better": "lower"}, {"better": "higher"}]),
    }


def bound(random: Random) -> Any:
    return random.choice([random.randint(0, 4), "0.3", {"of": "site"}, {"before": random.randint(1, 2)}])


def prizes(random: Random, sign: int) -> dict[str, Any]:
    made: dict[str, Any] = {"amounts": [sign * random.choice([10, 7, 3, 0, -5]) for _ in range(random.randint(1, 4))]}
    if random.random() < 0.6:
        made["must"] = {
            key: bound(random) for key in random.sample(["at_least", "at_most", "above", "below"], random.randint(1, 2))
        }
    return made


def contest(random: Random, version: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "contest": "race", "version": version, "from": f"2026-04-0{1 if version == 1 else random.randint(2, 6)}" if version < 3 else "2026-03-01",
        "level": "agent", "period": "day", "currency": "CNY", **source(random), **random.choice([{}, {"workdays_only": True}]),
    }  # fmt: skip
    ends = random.choice([("top",), ("bottom",), ("top", "bottom"), ("top", "bottom")])
    made |= {end: prizes(random, 1 if end == "top" else -1) for end in ends}
    if random.random() < 0.6:
        made["ties"] = {
            "by": random.choice(["dials", "sold", "connect_rate"]),
            **random.choice([{}, {"order": "lowest"}]),
        }
    if random.random() < 0.4:
        made["minimum"] = {random.choice(["dials", "mark"]): random.randint(0, 4)}
    return made | ({"trial": True} if version == 3 else {}) | random.choice([{}, {"until": "2026-04-07"}])


def reward(random: Random, name: str, version: int = 1) -> dict[str, Any]:
    made: dict[str, Any] = {
        "reward": name, "version": version, "from": f"2026-04-0{version}", "level": "agent", "period": "day", "currency": "CNY",
        **source(random), "at_least": random.randint(0, 3), "amount": random.choice([4, 7, 10]), "each_more": random.choice([0, 1, 5]),
        **random.choice([{}, {"cap": 9}]), **random.choice([{}, {"workdays_only": True}]),
    }  # fmt: skip
    if random.random() < 0.8:
        made |= {"with": "race", "stack": random.choice(["both", "larger", "contest", "reward"])}
    return made


def scheme(random: Random) -> dict[str, Any]:
    rewards = [reward(random, "one"), reward(random, "two"), reward(random, "two", 3), reward(random, "three")]
    rewards[-1]["trial"] = True
    return {
        "indicators": ["sold", "mark"],
        "calendar": {"workdays": ["mon", "wed", "thu", "fri"], "holidays": ["2026-04-02"], "extra_workdays": ["2026-04-05"]},
        "contests": [contest(random, version) for version in (1, 2, 3)], "rewards": rewards,
    }  # fmt: skip


def evidence(random: Random) -> tuple[dict[Any, Any], dict[Any, Any]]:
    kpis: dict[Any, Any] = {}
    marks: dict[Any, Any] = {}
    for day in DAYS:
        for who in (*AGENTS, "main"):
            if random.random() < 0.85:
                kpis[who, day] = {"dials": random.randint(0, 3)}
                if random.random() < 0.8:
                    kpis[who, day]["visits"] = random.randint(1, 4)
                for name in ("connect_rate", "complaint_rate"):
                    if random.random() < 0.8:
                        kpis[who, day][name] = (random.randint(0, 3), random.choice([0, 4, 4]))
            if found := {name: random.randint(0, 5) for name in ("sold", "mark") if random.random() < 0.5}:
                marks[who, day] = found
    return kpis, marks


@pytest.mark.parametrize("seed", range(FROM, FROM + WORLDS))
def test_contests_and_rewards_are_those_of_the_oracle(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    config = scheme(random)
    kpis, marks = evidence(random)
    oracle = ContestOracle(config, kpis, marks)
    start = {day: f"2026-04-0{day}" for day in DAYS}
    level = {"main": "site"}
    records = [
        kpi_record(who, listed, level=level.get(who, "agent"), window="day", start=start[day])
        for (who, day), listed in kpis.items()
    ]
    measured = [
        measurement(name, who, value, level=level.get(who, "agent"), period="day", start=start[day])
        for (who, day), found in marks.items() for name, value in found.items()
    ]  # fmt: skip
    random.shuffle(records)
    got = {
        key: (record["place"], record["of"], record["amount_minor"])
        for key, record in written(
            computed(settings_of(tmp_path, orjson.dumps(config).decode()), records, measured)
        ).items()
    }
    wanted: dict[Any, Any] = {}
    for day in DAYS:
        for each in oracle.computed("contests", day):
            placed = oracle.standing(each, day)
            for who in placed:
                place, amount = oracle.of_contest(each, who, day)
                wanted["race", each["version"], who, start[day]] = place, len(placed), int(half_away(amount))
        for each in oracle.computed("rewards", day):
            for who in oracle.there(each, day):
                paid = oracle.of_reward(each, who, day)
                if paid is not None:
                    wanted[each["reward"], each["version"], who, start[day]] = None, None, int(half_away(paid))
    assert got == wanted
