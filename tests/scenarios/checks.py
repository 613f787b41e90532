"""What a scenario says must have come of it, beside what did."""

from __future__ import annotations

from collections.abc import Mapping

from tests.scenarios.conduct_lines import check_breaches
from tests.scenarios.doors import Outcome
from tests.scenarios.scenario import AlertLine, Expectation, Item, Scenario, kpis_of


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
    assert got["muted"] is expected.muted, expected.line
    if expected.numerator is not None:
        assert (got["numerator"], got["denominator"]) == (expected.numerator, expected.denominator), expected.line
    if expected.since is not None:
        assert got["active_since"] == expected.since, expected.line


def check_ends(scenario: Scenario, outcomes: Mapping[str, Outcome | None]) -> None:
    """The same for what is expected as of an instant. `outcomes`: by `Scenario.ends`; None: not known."""
    for expectation in scenario.expectations:
        outcome = None if expectation.as_of is None else outcomes[expectation.as_of]
        if outcome is not None:
            check_expectation(expectation, outcome)
    for stand in scenario.breaches:
        outcome = None if stand.as_of is None else outcomes[stand.as_of]
        if outcome is not None and outcome.breaches is not None:
            check_breaches(stand, outcome.breaches)


def check_outcomes(scenario: Scenario, outcomes: Mapping[str | None, Outcome]) -> None:
    """AssertionError if what came of a scenario is not what it says. `outcomes`: by `Scenario.stops`."""
    for expectation in scenario.expectations:
        if expectation.as_of is None:
            check_expectation(expectation, outcomes[expectation.until])
    for stand in scenario.breaches:
        got_breaches = outcomes[stand.until].breaches
        if stand.as_of is None and got_breaches is not None:
            check_breaches(stand, got_breaches)
    if scenario.alerts is not None:
        got = outcomes[None].alerts
        assert len(got) == len(scenario.alerts), [(a["at"], a["rule"], a["entity"], a["state"]) for a in got]
        for expected, record in zip(scenario.alerts, got, strict=True):
            check_alert(expected, record)
    counts = outcomes[None].counts
    if scenario.counted is not None and counts is not None:
        assert {name: counts[name] for name in scenario.counted} == scenario.counted
