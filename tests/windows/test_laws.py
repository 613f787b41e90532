"""A window is the sum of its panes, and nobody can tell over how many numbers the work was split."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.alerts.rules import Rule, exact
from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement, entity_partition
from stream.engine.entities.publication import NO_END_MS, Publication, StageOutput
from stream.engine.entities.stage import EntityStage
from stream.facts.fact import Fact
from stream.facts.identity import expected_key
from stream.ledger.definitions import Definitions, FactLimits
from stream.windows.measures import LEVELS
from stream.windows.plan import SiteClock, WindowPlan
from tests.effort import examples
from tests.ledger.worlds import facts

SITES = {
    "main": SiteClock("Asia/Shanghai", {"early": (0, 720), "late": (720, 0)}),
    "east": SiteClock("America/New_York", {"early": (0, 720), "late": (720, 0)}),
}
PLAN = WindowPlan(
    pane_ms=900_000, rolling=(), intervals=(("interval_15m", 900_000), ("interval_6h", 21_600_000)), sites=SITES
)
"""Panes as long as the shortest intervals; on 1 November New York's day has 25 hours."""
KEPT = Publication(horizon_ms=None, end_ms=NO_END_MS, rolling_records=False, run="replay")

Amounts = dict[tuple[str, str | None], tuple[int, int]]
Key = tuple[str, str, str, str, str]


def records(events: list[Fact], numbers: int = 1, parts: int = 1, batch: int = 5) -> dict[Key, bytes]:
    """Every record of a replay of the facts, split over so many numbers of either stage; key -> the bytes."""
    ones = [DebtorStage(Definitions(), PLAN, FactLimits(), number, frozenset()) for number in range(numbers)]
    twos = [EntityStage(PLAN, (), KEPT, number, numbers) for number in range(parts)]
    for at, fact in enumerate(events):
        one = ones[crc32(expected_key(fact).encode()) % numbers]
        one.apply(fact)
        if at % batch == 0:
            tell(one, twos)
    for one in ones:
        tell(one, twos)
    return {tuple(key.decode().split("|")): value for two in twos for key, value in two.close().kpis}  # type: ignore[misc]


def tell(one: DebtorStage, twos: list[EntityStage]) -> None:
    for key, value in one.take().deltas:
        twos[entity_partition(key.decode(), len(twos))].apply(key, value)


def amounts(value: bytes) -> Amounts:
    """(KPI, currency) -> numerator and denominator; the denominators of recovered_per_hour come and go with the
    numerator, and are left out."""
    return {
        (k["kpi"], k.get("currency")): (
            k["numerator"],
            0 if k["kpi"] == "recovered_per_hour" else k["denominator"] or 0,
        )
        for k in json.loads(value)["kpis"]
    }


def add(into: Amounts, more: Amounts) -> None:
    for kpi, (over, under) in more.items():
        had = into.get(kpi, (0, 0))
        into[kpi] = (had[0] + over, had[1] + under)


def summed(found: dict[Key, bytes], window: str, span: tuple[str, str]) -> dict[tuple[str, str, str], Amounts]:
    """By entity: the sums over all records of a window name that lie within [start, end)."""
    sums: dict[tuple[str, str, str], Amounts] = defaultdict(dict)
    for (site, level, entity, name, start), value in found.items():
        if name == window and span[0] <= start < span[1]:
            add(sums[site, level, entity], amounts(value))
    return sums


LAW = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@LAW
@given(st.lists(facts(), max_size=30), st.integers(1, 4), st.integers(1, 3), st.integers(1, 30))
def test_splitting_over_numbers_and_batches_changes_no_byte(
    events: list[Fact], numbers: int, parts: int, batch: int
) -> None:
    assert records(events, numbers, parts, batch) == records(events)


@LAW
@given(st.lists(facts(), max_size=30))
@pytest.mark.parametrize(
    ("whole", "part"),
    [
        ("day", "interval_15m"),
        ("day", "interval_6h"),
        ("interval_6h", "interval_15m"),
        ("month", "day"),
        ("shift_early", "interval_15m"),
        ("shift_late", "interval_15m"),
    ],
)
def test_a_window_is_the_sum_of_its_panes(whole: str, part: str, events: list[Fact]) -> None:
    found = records(events)
    for (site, level, entity, name, start), value in found.items():
        if name == whole:
            span = (start, json.loads(value)["end"])
            assert summed(found, part, span)[site, level, entity] == amounts(value), (name, start, part)


@LAW
@given(st.lists(facts(), max_size=30))
def test_a_site_is_the_sum_of_its_teams_and_of_its_agents_the_unassigned_among_them(events: list[Fact]) -> None:
    found = records(events)
    sums: dict[str, dict[tuple[str, str, str], Amounts]] = {level: defaultdict(dict) for level in LEVELS}
    for (site, level, _, name, start), value in found.items():
        add(sums[level][site, name, start], amounts(value))
    told = [
        {at: {k: v for k, v in kpis.items() if any(v)} for at, kpis in sums[level].items()}
        for level in ("agent", "team", "site")
    ]
    assert told[0] == told[1] == told[2]


@LAW
@given(st.lists(facts(), max_size=30), st.sampled_from(["t-1", "t-2"]))
def test_a_team_of_agents_of_its_own_is_their_sum(events: list[Fact], team: str) -> None:
    """Agents who are in one team only: then a team's record is the sum of theirs, KPI by KPI."""
    alone = [fact for fact in events if fact.agent_id is not None and fact.team_id == team]
    found = records(alone)
    agents: dict[tuple[str, str, str], Amounts] = defaultdict(dict)
    for (site, level, entity, name, start), value in found.items():
        if level == "agent" and entity != "unassigned":
            add(agents[site, name, start], amounts(value))
    teams = {
        (s, n, at): amounts(v) for (s, level, entity, n, at), v in found.items() if (level, entity) == ("team", team)
    }
    assert {at: {k: v for k, v in kpis.items() if any(v)} for at, kpis in agents.items()} == teams


RULE = Rule("busy", "dials", "team", "rolling_1h", exact("0"), exact("0"), above=True, keep_firing_for_ms=900_000)
LIVE = Publication(every_ms=0, horizon_ms=4_000 * 86_400_000)
ROLLING = replace(PLAN, rolling=(("rolling_1h", 3_600_000),))


def sent(one: DebtorStage, events: list[Fact]) -> list[tuple[bytes, bytes]]:
    """What stage 1 sends of the facts, the watermark being the greatest event time."""
    for fact in events:
        one.apply(fact)
    greatest_ms = max((fact.occurred_at for fact in events), default=0)
    return [*one.take().deltas, (STATEMENT_KEY, encode_statement(0, greatest_ms, greatest_ms))]


def told(two: EntityStage, records: list[tuple[bytes, bytes]], now_ms: int) -> StageOutput:
    """What a tick says after these records."""
    for key, value in records:
        two.apply(key, value)
    return two.tick(now_ms)


@LAW
@given(st.lists(facts(), max_size=20), st.lists(facts(), max_size=10))
def test_a_stage_that_is_restored_goes_on_byte_for_byte(first: list[Fact], second: list[Fact]) -> None:
    one = DebtorStage(Definitions(), ROLLING, FactLimits(), 0, frozenset({"dials"}))
    two, again = EntityStage(ROLLING, (RULE,), LIVE, 0, 1), EntityStage(ROLLING, (RULE,), LIVE, 0, 1)
    for key, value in told(two, sent(one, first), 1_000).state:
        again.restore(key, value)
    then = sent(one, second)
    one_says, other_says = told(two, then, 2_000), told(again, then, 2_000)
    assert sorted(one_says.kpis) == sorted(other_says.kpis)
    assert one_says.alerts == other_says.alerts
    assert dict(one_says.state) == dict(other_says.state)
