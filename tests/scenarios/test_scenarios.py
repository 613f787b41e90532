"""Every scenario through every door that needs no broker (test_broker.py has that one)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.checks import check_ends, check_outcomes
from tests.scenarios.conduct_lines import check_told
from tests.scenarios.doors import DOORS, ENDING, TELLING
from tests.scenarios.scenario import Scenario, load, parse

FILES = sorted(Path(__file__).parent.glob("*.txt"))


def check(scenario: Scenario, door: str, folder: Path) -> None:
    outcomes = {
        until: DOORS[door](scenario.config, scenario.lines(until), folder / str(number))
        for number, until in enumerate(scenario.stops)
    }
    check_outcomes(scenario, outcomes)
    if door in ENDING:
        ends = {
            as_of: ENDING[door](scenario.config, scenario.lines(), folder / f"end{number}", as_of)
            for number, as_of in enumerate(scenario.ends)
        }
        check_ends(scenario, ends)


@pytest.mark.parametrize("door", sorted(DOORS))
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path, door: str, tmp_path: Path) -> None:
    check(load(path), door, tmp_path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_states_its_law_and_expects_something(path: Path) -> None:
    scenario = load(path)
    assert scenario.title
    assert scenario.events
    assert scenario.expectations or scenario.alerts is not None or scenario.counted or scenario.breaches


@pytest.mark.parametrize("door", sorted(TELLING))
@pytest.mark.parametrize("path", [path for path in FILES if load(path).told], ids=lambda path: path.stem)
def test_a_dialler_is_told_what_a_scenario_says(path: Path, door: str, tmp_path: Path) -> None:
    scenario = load(path)
    for told in scenario.told:
        check_told(told, TELLING[door](scenario.config, scenario.lines(), tmp_path, told.asked))


WRONG = """
Title: a lie
2026-11-02 10:00  visit V1, met, debtor d1, case c1, agent ann
Expect
  agent ann, day 2026-11-02: {claim}
"""


@pytest.mark.parametrize("door", sorted(DOORS))
@pytest.mark.parametrize("claim", ["visits 2", "no visits", "nothing", "visit_met_rate 0/1", "visits 1/1", "plans 1"])
def test_a_scenario_that_lies_fails(claim: str, door: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check(parse(WRONG.format(claim=claim)), door, tmp_path)


WRONG_OF_CONDUCT = """
Title: a lie
Site main: America/Chicago
Packs: us_reg_f
2026-11-02 21:00  call K1, out, no_answer, debtor d1, case c1, agent ann
Breaches
  {claim}
"""


@pytest.mark.parametrize("door", ["core", "oracle", "replay"])
@pytest.mark.parametrize(
    "claim",
    [
        "none",
        "2026-11-02 21:00 us_reg_f.hours by call K2",
        "2026-11-02 21:01 us_reg_f.hours by call K1",
        "2026-11-02 21:00 us_ma.hours by call K1",
        "2026-11-02 21:00 us_reg_f.hours by call K1, case c1",
        "2026-11-02 21:00 us_reg_f.hours by call K1, agent bob",
    ],
)
def test_a_scenario_that_lies_of_breaches_fails(claim: str, door: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check(parse(WRONG_OF_CONDUCT.format(claim=claim)), door, tmp_path)
    check(parse(WRONG_OF_CONDUCT.format(claim="2026-11-02 21:00 us_reg_f.hours by call K1")), door, tmp_path)


def test_a_line_that_is_not_understood_is_named() -> None:
    with pytest.raises(ValueError, match="the cat sat"):
        parse("Title: x\n2026-11-02 10:00  visit V1, met, the cat sat")
