# ruff: noqa: E501  (a scheme is read best on one line)
"""Contests and volume rewards (scores 4), with the counter's day of the sources worked by hand."""

from pathlib import Path
from typing import Any

import pytest

from tests.scores.floor import computed, kpi_record, measurement, outcome, settings_of, written

DAY = "2026-04-07"  # a Tuesday
CONTEST = """
indicators: [applications, popups]
calendar: {workdays: [mon, tue, wed, thu, fri]}
contests:
  - {contest: counter_day, version: 1, from: 2026-01-01, until: 2027-01-01, level: agent, period: day, workdays_only: true, kpi: connect_rate, currency: CNY,
     top: {must: {at_least: "0.15"}, amounts: [5000, 3000, 2000]}, bottom: {must: {below: "0.15"}, amounts: [-7000, -5000, -4000]}, ties: {by: dials, order: ORDER}, minimum: {dials: 1}}
"""
REWARD = """
rewards:
  - {reward: volume, version: 1, from: 2026-01-01, until: 2027-01-01, level: agent, period: day, currency: CNY, indicator: applications, at_least: 3, amount: 5000, each_more: 1000, cap: CAP, with: counter_day, stack: STACK}
"""


def floor(rates: dict[str, tuple[int, int]], *, start: str = DAY) -> list[bytes]:
    return [
        kpi_record(who, {"connect_rate": parts, "dials": parts[1]}, window="day", start=start)
        for who, parts in rates.items()
    ]


def amounts(found: dict[str, Any]) -> dict[str, int]:
    return {who: record["amount_minor"] for who, record in found.items()}


def contest(tmp_path: Path, rates: dict[str, tuple[int, int]], *, order: str = "highest", start: str = DAY) -> Any:
    return outcome(tmp_path, CONTEST.replace("ORDER", order), floor(rates, start=start))


def test_the_first_three_are_paid_and_the_last_three_fined(tmp_path: Path) -> None:
    rates = {
        "a": (40, 100),
        "b": (30, 100),
        "c": (20, 100),
        "d": (16, 100),
        "e": (12, 100),
        "f": (11, 100),
        "g": (10, 100),
    }
    found = contest(tmp_path, rates)
    assert amounts(found) == {"a": 5000, "b": 3000, "c": 2000, "d": 0, "e": -4000, "f": -5000, "g": -7000}
    assert [found[who]["place"] for who in "abcdefg"] == [1, 2, 3, 4, 5, 6, 7]
    assert found["a"]["of"] == 7


def test_who_is_among_the_first_but_under_the_threshold_leaves_the_amount_unpaid(tmp_path: Path) -> None:
    found = contest(tmp_path, {"a": (15, 100), "b": (14, 100), "c": (13, 100)})
    # a meets 15 %; b and c do not, and they are the last two but not the third from the end
    assert amounts(found) == {"a": 5000, "b": -5000, "c": -7000}


def test_whoever_takes_a_top_amount_takes_none_at_the_bottom_and_that_one_stays_unpaid(tmp_path: Path) -> None:
    text = CONTEST.replace("ORDER", "highest").replace('bottom: {must: {below: "0.15"}, ', "bottom: {")
    found = outcome(tmp_path, text, floor({"a": (40, 100), "b": (30, 100)}))
    assert amounts(found) == {"a": 5000, "b": 3000}
    assert amounts(outcome(tmp_path, text, floor({"a": (10, 100), "b": (9, 100)}))) == {"a": -5000, "b": -7000}


def test_of_many_with_nothing_those_with_the_most_occasions_are_punished(tmp_path: Path) -> None:
    rates = {"a": (0, 50), "b": (0, 40), "c": (0, 30), "d": (0, 20), "e": (20, 100)}
    assert amounts(contest(tmp_path, rates)) == {"a": -7000, "b": -5000, "c": -4000, "d": 0, "e": 5000}
    lowest = amounts(contest(tmp_path, rates, order="lowest"))
    assert lowest == {"d": -7000, "c": -5000, "b": -4000, "a": 0, "e": 5000}


def test_equal_ones_share_the_mean_of_their_places_each_rounded_for_itself(tmp_path: Path) -> None:
    rates = {"a": (20, 100), "b": (20, 100), "c": (20, 100), "d": (20, 100), "e": (90, 100)}
    found = contest(tmp_path, rates)
    # places 2, 3, 4 and 5 are worth 3000 + 2000 + 0 + 0
    assert amounts(found) == {"e": 5000, "a": 1250, "b": 1250, "c": 1250, "d": 1250}
    assert [found[who]["place"] for who in "eabcd"] == [1, 2, 2, 2, 2]
    thirds = outcome(
        tmp_path, CONTEST.replace("ORDER", "highest").replace("[5000, 3000, 2000]", "[100]"),
        floor({"a": (20, 100), "b": (20, 100), "c": (20, 100)}),
    )  # fmt: skip
    assert amounts(thirds) == {"a": 33, "b": 33, "c": 33}


def test_who_has_no_value_or_not_the_minimum_is_not_placed(tmp_path: Path) -> None:
    text = CONTEST.replace("ORDER", "highest").replace("minimum: {dials: 1}", "minimum: {dials: 10, popups: 1}")
    records = [
        *floor({"a": (9, 9), "b": (5, 10), "c": (5, 10)}),
        kpi_record("d", {"visits": 1}, window="day", start=DAY),
    ]
    measured = [measurement("popups", who, 1, period="day", start=DAY) for who in ("a", "b")]
    assert amounts(outcome(tmp_path, text, records, measured)) == {"b": 5000}


def test_there_is_no_contest_on_a_day_off(tmp_path: Path) -> None:
    assert contest(tmp_path, {"a": (40, 100)}, start="2026-04-11") == {}
    config = CONTEST.replace("ORDER", "highest").replace(
        "fri]}", 'fri], extra_workdays: ["2026-04-11"], holidays: ["2026-04-07"]}'
    )
    records = [*floor({"a": (40, 100)}, start="2026-04-11"), *floor({"a": (40, 100)})]
    assert [record["start"] for record in outcome(tmp_path, config, records).values()] == ["2026-04-11"]


def test_where_lower_is_better_the_lowest_is_first(tmp_path: Path) -> None:
    text = CONTEST.replace("ORDER", "highest").replace("kpi: connect_rate,", "kpi: connect_rate, better: lower,")
    text = text.replace('must: {at_least: "0.15"}', 'must: {at_most: "0.15"}').replace(
        'must: {below: "0.15"}', 'must: {above: "0.15"}'
    )
    found = outcome(tmp_path, text, floor({"a": (40, 100), "b": (30, 100), "c": (20, 100), "d": (15, 100)}))
    assert amounts(found) == {"d": 5000, "c": -4000, "b": -5000, "a": -7000}


def test_a_currency_restricts_no_measurement(tmp_path: Path) -> None:
    text = (
        CONTEST.replace("ORDER", "highest")
        .replace("kpi: connect_rate", "indicator: applications")
        .replace("minimum: {dials: 1}", "minimum: {}")
    )
    measured = [
        measurement("applications", "a", 9, period="day", start=DAY),
        measurement("applications", "b", 8, period="day", start=DAY, currency="EUR"),
    ]
    assert amounts(outcome(tmp_path, text, [], measured)) == {"a": 5000, "b": 3000}


def paid(
    tmp_path: Path, applications: int, rates: dict[str, tuple[int, int]], *, stack: str = "larger", cap: str = "null"
) -> Any:
    config = CONTEST.replace("ORDER", "highest") + REWARD.replace("STACK", stack).replace("CAP", cap)
    measured = [measurement("applications", "a", applications, period="day", start=DAY)]
    found = written(computed(settings_of(tmp_path, config), floor(rates), measured))
    return {name: record["amount_minor"] for (name, _, entity, _), record in found.items() if entity == "a"}


@pytest.mark.parametrize(
    ("applications", "cap", "amount"),
    [
        (2, "null", 0),
        (3, "null", 5000),
        (4, "null", 6000),
        (5, "null", 7000),
        (9, "null", 11000),
        (9, "8000", 8000),
        (0, "null", 0),
    ],
)
def test_volume_is_paid_from_three_a_day_on(tmp_path: Path, applications: int, cap: str, amount: int) -> None:
    assert paid(tmp_path, applications, {}, cap=cap) == {"volume": amount}


FIRST = {"a": (40, 100), "b": (30, 100)}
SECOND = {"a": (30, 100), "b": (40, 100)}


@pytest.mark.parametrize(
    ("applications", "rates", "stack", "expected"),
    [
        (3, FIRST, "both", (5000, 5000)),
        (3, FIRST, "larger", (5000, 0)),  # equal: the contest's
        (4, FIRST, "larger", (0, 6000)),
        (3, SECOND, "larger", (0, 5000)),
        (9, FIRST, "contest", (5000, 0)),
        (3, FIRST, "reward", (0, 5000)),
        (2, FIRST, "reward", (5000, 0)),  # a reward of 0 takes nothing away
    ],
)
def test_of_a_contest_and_a_reward_that_do_not_stack_one_counts(
    tmp_path: Path, applications: int, rates: dict[str, tuple[int, int]], stack: str, expected: tuple[int, int]
) -> None:
    found = paid(tmp_path, applications, rates, stack=stack)
    assert (found["counter_day"], found["volume"]) == expected


def test_a_fine_stays_whatever_the_reward(tmp_path: Path) -> None:
    found = paid(tmp_path, 5, {"a": (10, 100), "b": (40, 100)})
    assert found == {"counter_day": -7000, "volume": 7000}


def test_a_trial_reward_changes_only_its_own_record_and_a_trial_contest_nothing(tmp_path: Path) -> None:
    config = CONTEST.replace("ORDER", "highest") + REWARD.replace("STACK", "larger").replace("CAP", "null")
    measured = [measurement("applications", "a", 3, period="day", start=DAY)]
    for part, expected in (("reward: volume,", (5000, 0)), ("contest: counter_day,", (5000, 5000))):
        trial = config.replace(part, f"{part} trial: true,")
        found = written(computed(settings_of(tmp_path, trial), floor(FIRST), measured))
        got = tuple(found[name, 1, "a", DAY]["amount_minor"] for name in ("counter_day", "volume"))
        assert got == expected
