"""Every scenario through every door."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.doors import DOORS, Outcome
from tests.scenarios.scenario import AlertLine, Expectation, Item, Scenario, kpis_of, load, parse

FILES = sorted(Path(__file__).parent.glob("*.txt"))


def check_item(item: Item, record: dict[str, object], line: str) -> None:
    kpi = kpis_of(record).get((item.kpi, item.currency))
    if item.absent:
        assert kpi is None, line
        return
    assert kpi is not None, f"{line}: no {item.kpi} among {sorted(kpis_of(record), key=str)}"
    assert (kpi["numerator"], kpi["denominator"]) == (item.numerator, item.denominator), line
    if item.status is not None:
        assert (kpi["status"], kpi["value"]) == (item.status, None), line
    if item.value is not None:
        assert (kpi["status"], kpi["value"]) == ("ok", item.value), line


def check_expectation(expectation: Expectation, outcome: Outcome) -> None:
    record = outcome.kpis.get(expectation.key)
    if not expectation.items:
        assert record is None, f"{expectation.line}: got {record}"
        return
    assert record is not None, f"{expectation.line}: no record {expectation.key} among {sorted(outcome.kpis)}"
    for item in expectation.items:
        check_item(item, record, expectation.line)


def check_alert(expected: AlertLine, got: dict[str, object]) -> None:
    told = [got[name] for name in ("at", "rule", "level", "entity", "state")]
    assert told == [expected.at, expected.rule, expected.level, expected.entity, expected.state], expected.line
    if expected.numerator is not None:
        assert (got["numerator"], got["denominator"]) == (expected.numerator, expected.denominator), expected.line
    if expected.since is not None:
        assert got["active_since"] == expected.since, expected.line


def check(scenario: Scenario, door: str, folder: Path) -> None:
    outcomes: dict[str | None, Outcome] = {}
    for until in dict.fromkeys([None, *(e.until for e in scenario.expectations)]):
        place = folder / str(len(outcomes))
        outcomes[until] = DOORS[door](scenario.config, scenario.lines(until), place)
    for expectation in scenario.expectations:
        check_expectation(expectation, outcomes[expectation.until])
    if scenario.alerts is not None:
        got = outcomes[None].alerts
        assert len(got) == len(scenario.alerts), [(a["at"], a["rule"], a["entity"], a["state"]) for a in got]
        for expected, record in zip(scenario.alerts, got, strict=True):
            check_alert(expected, record)
    counts = outcomes[None].counts
    if scenario.counted is not None and counts is not None:
        assert {name: counts[name] for name in scenario.counted} == scenario.counted


@pytest.mark.parametrize("door", sorted(DOORS))
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path, door: str, tmp_path: Path) -> None:
    check(load(path), door, tmp_path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_states_its_law_and_expects_something(path: Path) -> None:
    scenario = load(path)
    assert scenario.title
    assert scenario.events
    assert scenario.expectations or scenario.alerts is not None or scenario.counted


WRONG = """
Title: a lie
2026-11-02 10:00  visit V1, met, debtor d1, case c1, agent ann
Expect
  agent ann, day 2026-11-02: {claim}
"""


@pytest.mark.parametrize("claim", ["visits 2", "no visits", "nothing", "visit_met_rate 0/1", "visits 1/1", "plans 1"])
def test_a_scenario_that_lies_fails(claim: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check(parse(WRONG.format(claim=claim)), "oracle", tmp_path)


def test_a_line_that_is_not_understood_is_named() -> None:
    with pytest.raises(ValueError, match="the cat sat"):
        parse("Title: x\n2026-11-02 10:00  visit V1, met, the cat sat")
