"""Scenarios that share a floor do not meet, and one that lies is named."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.apart import shared_floors, what_fails
from tests.scenarios.scenario import load
from tests.scenarios.test_scenarios import FILES
from tests.worlds.replayed import Replayed, replayed

FLOORS = shared_floors([(path.stem, load(path)) for path in FILES])


def replayed_floor(number: int, folder: Path) -> Replayed:
    lines = [line for told in FLOORS[number].told for line in told.lines()]
    content = b"".join(line + b"\n" for line in lines)
    return replayed(FLOORS[number].config, [content], folder, options=("--as-of", "end"))


def test_scenarios_on_one_floor_come_out_as_each_alone(tmp_path: Path) -> None:
    for number, floor in enumerate(FLOORS):
        got = replayed_floor(number, tmp_path)
        assert what_fails(floor, got.kpis, got.alerts, got.conduct) == []


def test_a_scenario_whose_numbers_or_alerts_are_others_is_named(tmp_path: Path) -> None:
    got = replayed_floor(0, tmp_path)
    silent = what_fails(FLOORS[0], got.kpis, [])
    assert {name.partition(":")[0] for name in silent} == {t.name for t in FLOORS[0].told if t.scenario.alerts}
    empty = what_fails(FLOORS[0], [], got.alerts)
    assert {name.partition(":")[0] for name in empty} == {
        t.name for t in FLOORS[0].told if any(e.items and e.as_of is None for e in t.scenario.expectations)
    }
    open_still = [record | {"final": False} for record in got.kpis]
    assert {name.partition(":")[0] for name in what_fails(FLOORS[0], open_still, got.alerts)} == {
        t.name for t in FLOORS[0].told if t.scenario.alerts or any(e.items for e in t.scenario.expectations)
    }


def test_a_scenario_whose_breaches_are_others_is_named(tmp_path: Path) -> None:
    number = next(n for n, floor in enumerate(FLOORS) if "conduct" in floor.config)
    got = replayed_floor(number, tmp_path)
    silent = what_fails(FLOORS[number], got.kpis, got.alerts, [])
    told = {told.name: told.scenario for told in FLOORS[number].told}
    assert {name.partition(":")[0] for name in silent} == {
        name for name, scenario in told.items() if any(b.lines and b.as_of is None for b in scenario.breaches)
    }
