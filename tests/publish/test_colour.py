"""Colours follow the alert rules' levels, exactly."""

import pytest

from stream.alerts.rules import Rule, exact
from stream.publish.colour import colour, judging


def rule(name: str = "r", kpi: str = "connect_rate", below: str = "0.10", leave: str = "0.12", **more: object) -> Rule:
    usual: dict[str, object] = {
        "level": "team", "window": "rolling_15m", "threshold": exact(below), "exit": exact(leave),
        "min_denominator": 50,
    }  # fmt: skip
    return Rule(rule=name, kpi=kpi, **(usual | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (4, 49, "plain"),  # fewer than the rule judges
        (4, 50, "warning"),
        (5, 50, "watch"),  # at the level: not below it
        (599, 5000, "watch"),
        (6, 50, "good"),  # at the exit
    ],
)
def test_below_the_level_is_the_severity_then_watch_up_to_the_exit_then_good(
    numerator: int, denominator: int, expected: str
) -> None:
    assert colour([rule()], "connect_rate", numerator, denominator)[0] == expected


@pytest.mark.parametrize(("numerator", "expected"), [(3, "good"), (4, "watch"), (5, "watch"), (6, "warning")])
def test_above_is_the_mirror_image_and_permille_has_its_factor(numerator: int, expected: str) -> None:
    above = rule(kpi="complaint_rate", below="5", leave="3", above=True, min_denominator=0)
    assert colour([above], "complaint_rate", numerator, 1000)[0] == expected


def test_the_level_is_compared_exactly_where_doubles_would_not() -> None:
    huge = 10**18
    just_below = colour([rule(below="0.1", leave="0.1")], "connect_rate", huge - 1, 10 * huge)
    assert just_below == ("warning", "r")
    assert (huge - 1) / (10 * huge) == 0.1


def test_the_worst_rule_colours_and_is_named() -> None:
    rules = [rule("first"), rule("grave", below="0.05", leave="0.05", severity="critical")]
    assert colour(rules, "connect_rate", 2, 50) == ("critical", "grave")
    assert colour(rules, "connect_rate", 4, 50) == ("warning", "first")


def test_a_count_is_judged_without_a_denominator() -> None:
    few = rule(kpi="dials", below="10", leave="10", min_denominator=50)
    assert colour([few], "dials", 9, None)[0] == "warning"


def test_an_unknown_severity_is_a_warning() -> None:
    assert colour([rule(severity="page-me")], "connect_rate", 1, 50)[0] == "warning"


def test_a_ratio_is_judged_in_every_window_a_count_only_in_the_rules_own() -> None:
    ratio, count = rule(), rule(kpi="dials")
    assert judging([ratio, count], "connect_rate", "team", "t-1", "day", None) == [ratio]
    assert judging([ratio, count], "dials", "team", "t-1", "day", None) == []
    assert judging([ratio, count], "dials", "team", "t-1", "rolling_15m", None) == [count]


def test_level_entity_and_currency_must_be_the_rules() -> None:
    named = rule(entities=frozenset({"t-1"}))
    money = rule(kpi="promise_kept_amount_rate", currency="CNY")
    assert judging([named], "connect_rate", "team", "t-2", "day", None) == []
    assert judging([named], "connect_rate", "agent", "t-1", "day", None) == []
    assert judging([money], "promise_kept_amount_rate", "team", "t-1", "day", "USD") == []
    assert judging([money], "promise_kept_amount_rate", "team", "t-1", "day", "CNY") == [money]
