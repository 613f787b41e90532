"""What alerts do, case by case (definitions 7, alerting 1)."""

from typing import Any

import pytest

from stream.alerts.rule_input import RuleInput
from stream.alerts.rules import exact
from tests.alerts.driven import BASE, DAY, MINUTE, PANE, Driven, calls, rule, states


def test_fires_at_the_end_of_the_pane_and_resolves_when_the_pane_leaves() -> None:
    # 08:00:20 [dials 5]            window of 30 s: holds it at 08:00:30, :40 and :50
    driven = Driven([rule(above=True, threshold=exact("4"))])
    calls(driven, 1 / 3, dials=5)
    driven.advance(BASE + 10 * MINUTE)
    assert states(driven) == [("firing", "08:00:30Z"), ("resolved", "08:01:00Z")]


def test_while_pending_the_threshold_decides_and_only_once_firing_the_exit() -> None:
    #  rolling_30s of dials:  08:00:30 5 (pending)   08:01:00 3, between exit and threshold: never fired
    driven = Driven([rule(above=True, threshold=exact("4"), exit=exact("2"), for_ms=30_000)])
    calls(driven, 1 / 3, dials=5)
    calls(driven, 5 / 6, dials=3)
    driven.advance(BASE + 2 * MINUTE)
    assert driven.said == []
    #  above 4 from 08:04:10 on: fires at 08:04:40; then 3, which ends it only at 2
    for pane in range(24, 29):
        calls(driven, pane / 6, dials=5)
    calls(driven, 31 / 6, dials=3)
    driven.advance(BASE + 10 * MINUTE)
    assert states(driven) == [("firing", "08:04:40Z"), ("resolved", "08:05:50Z")]


def test_a_payment_reversed_later_still_raised_the_alert() -> None:
    #  08:00:00 +900      08:05:00 learns of the reversal: -900 at 08:00:00
    driven = Driven([rule(kpi="recovered_amount", currency="CNY", window="day", above=True, threshold=exact("500"))])
    at = BASE // PANE
    driven.take("main|site|a", at, 0, {"recovered_minor:CNY": 900})
    driven.take("main|site|a", at, at + 30, {"recovered_minor:CNY": -900})
    driven.advance(BASE + 10 * MINUTE)
    assert states(driven) == [("firing", "08:00:10Z"), ("resolved", "08:05:10Z")]


def test_a_deadline_waits_for_its_time() -> None:
    driven = Driven([rule(kpi="promise_kept_rate", window="day", threshold=exact("0.5"))])
    driven.take("main|site|a", BASE // PANE + 60, 0, {"promises_due": 1})
    driven.advance(BASE + 9 * MINUTE)
    assert driven.said == []
    driven.advance(BASE + 20 * MINUTE)
    assert states(driven) == [("firing", "08:10:10Z")]


def test_an_entity_is_looked_at_from_its_first_contribution_on_even_if_it_is_corrected_to_nothing() -> None:
    driven = Driven([rule(window="interval_5m", threshold=exact("1"))])
    calls(driven, 0, contacts=7)  # no measure of this KPI
    calls(driven, 1, dials=0)  # came and went within one batch: at no evaluation was there a contribution
    calls(driven, 3, dials=1)
    driven.take("main|site|a", BASE // PANE + 18, BASE // PANE + 30, {"dials": -1})  # corrected at 08:05
    driven.advance(BASE + 30 * MINUTE)
    assert states(driven) == [("firing", "08:05:10Z")]


def test_a_record_without_data_has_no_numerator_either() -> None:
    fast = rule(kpi="promise_rate", window="interval_5m", above=True, threshold=exact("0.5"))
    driven = Driven([fast])
    at = BASE // PANE
    driven.take("main|site|a", at, 0, {"promises": 3, "right_party_contacts": 2})
    driven.take("main|site|a", at, at + 6, {"right_party_contacts": -2})
    driven.advance(BASE + 2 * MINUTE)
    assert [(each["state"], each["numerator"], each["denominator"], each["value"]) for each in driven.said] == [
        ("firing", 3, 2, 1.5), ("resolved", 0, 0, None),
    ]  # fmt: skip


def test_between_shifts_nothing_is_breached() -> None:
    # shift_early 08:03-08:09, every day; below 1 is breached from the first pane of each, by silence
    driven = Driven([rule(window="shift_early", threshold=exact("1"))])
    calls(driven, 1, dials=1)
    driven.advance(BASE + DAY + 30 * MINUTE)
    assert states(driven) == [("firing", "08:03:10Z"), ("resolved", "08:09:10Z")] * 2
    assert [each["value"] for each in driven.said] == [0, None, 0, None]
    assert [(each["numerator"], each["denominator"]) for each in driven.said] == [(0, None)] * 4


@pytest.mark.parametrize("window", ["rolling_2m", "interval_5m", "day"])
def test_a_jump_of_years_over_a_quiet_floor_costs_nothing(window: str) -> None:
    driven = Driven([rule(window=window, threshold=exact("1")), rule(rule="high", window=window, above=True)])
    calls(driven, 1, dials=3)
    looked = 0
    original = driven.evaluator._evaluate

    def counted(feed: RuleInput, at_ms: int) -> Any:
        nonlocal looked
        looked += 1
        return original(feed, at_ms)

    driven.evaluator._evaluate = counted  # type: ignore[method-assign]
    driven.advance(BASE + 20 * 365 * DAY)
    assert looked <= 4
    assert [each["state"] for each in driven.said if each["rule"] == "r"] == ["firing"]


def test_a_changed_rule_resolves_its_open_episodes_at_the_next_evaluation() -> None:
    before = rule(above=True, threshold=exact("4"), window="day", severity="critical")
    driven = Driven([before])
    calls(driven, 0, dials=5)
    driven.advance(BASE + MINUTE)
    driven = driven.restart([rule(above=True, threshold=exact("3"), window="day")])
    driven.advance(BASE + 2 * MINUTE)
    assert [(each["state"], each["at"][11:], each["severity"], each["reason"]) for each in driven.said[1:]] == [
        ("resolved", "08:01:10Z", "critical", "rule changed"),
        ("firing", "08:01:10Z", "warning", "dials is 5, above 3"),
    ]
    assert driven.said[1]["alert_id"] == driven.said[0]["alert_id"] != driven.said[2]["alert_id"]


def test_a_rule_that_says_nothing_new_keeps_the_digest_by_which_its_open_alerts_are_known() -> None:
    # of the version before severities: whoever upgrades keeps what fires
    assert rule(above=True, threshold=exact("4"), entities=frozenset({"a"})).digest == "436f1676e9507622"
    assert rule(cooldown_ms=1).digest != rule().digest == rule(family="other").digest


def test_cooldown_delays_firing_and_survives_a_restart() -> None:
    # rolling_30s of dials: 08:00:10-08:00:40, and again from 08:01:00 on without end; resolved 08:00:40, + 2 m
    driven = Driven([rule(above=True, threshold=exact("4"), cooldown_ms=2 * MINUTE, publish_pending=True)])
    calls(driven, 0, dials=5)
    for pane in range(6, 60):
        calls(driven, pane / 6, dials=5)
    for each in range(1, 60):
        driven.advance(BASE + each * PANE)
        driven = driven.restart()
    assert states(driven) == [("firing", "08:00:10Z"), ("resolved", "08:00:40Z"), ("firing", "08:02:40Z")]
    assert driven.said[-1]["active_since"][11:] == "08:01:10Z"


def test_a_rule_that_is_changed_begins_without_a_cooldown() -> None:
    before = rule(above=True, threshold=exact("4"), cooldown_ms=60 * MINUTE)
    for changed, fires in ((before, False), (rule(above=True, threshold=exact("3"), cooldown_ms=60 * MINUTE), True)):
        driven = Driven([before])
        calls(driven, 0, dials=5)
        driven.advance(BASE + MINUTE)
        assert states(driven) == [("firing", "08:00:10Z"), ("resolved", "08:00:40Z")]
        driven = driven.restart([changed])
        calls(driven, 2, dials=5)
        driven.advance(BASE + 3 * MINUTE)
        assert (("firing", "08:02:10Z") in states(driven)) is fires


@pytest.mark.parametrize(("level", "name"), [("agent", "unassigned"), ("team", "unassigned")])
def test_unassigned_fires_only_where_a_rule_names_it(level: str, name: str) -> None:
    silent, named = rule(level=level), rule(level=level, entities=frozenset({name}))
    assert Driven([silent]).evaluator.feed(f"main|{level}|{name}") is None
    assert Driven([named]).evaluator.feed(f"main|{level}|{name}") is not None
    assert Driven([silent]).evaluator.feed(f"main|{level}|a") is not None


def test_a_removed_rule_resolves_its_open_episodes() -> None:
    driven = Driven([rule(above=True, threshold=exact("4"))])
    calls(driven, 0, dials=5)
    driven.advance(BASE + PANE)
    driven = driven.restart([])
    driven.advance(BASE + MINUTE)
    assert states(driven) == [("firing", "08:00:10Z"), ("resolved", "08:00:20Z")]


def test_an_entity_without_contributions_for_the_horizon_is_forgotten() -> None:
    driven = Driven([rule(window="interval_5m", threshold=exact("1"))], horizon_ms=3 * DAY)
    calls(driven, 3, dials=1)
    driven.advance(BASE + 10 * DAY)
    assert [each["state"] for each in driven.said] == ["firing", "resolved"]
    assert driven.said[1]["reason"] == "no contributions for the correction horizon"
    assert driven.state == {}


def test_the_record_is_that_of_the_contract() -> None:
    driven = Driven([rule(rule="connect_rate_low", kpi="connect_rate", threshold=exact("0.10"), exit=exact("0.12"),
                          min_denominator=50, window="rolling_2m")])  # fmt: skip
    calls(driven, 0, dials=50, connects=4)
    driven.advance(BASE + MINUTE)
    expected = {
        "alert_id": driven.said[0]["alert_id"], "rule": "connect_rate_low", "severity": "warning", "state": "firing",
        "kpi": "connect_rate", "level": "site", "entity": "a", "site": "main", "team": None, "window": "rolling_2m",
        "value": 0.08, "numerator": 4, "denominator": 50, "denominator_min": 50, "threshold": 0.1,
        "active_since": "2024-10-04T08:00:10Z", "fired_at": "2024-10-04T08:00:10Z", "resolved_at": None,
        "at": "2024-10-04T08:00:10Z", "reason": "connect_rate is 0.08 (4 of 50), below 0.1", "muted": False,
        "labels": {}, "run": "live",
    }  # fmt: skip
    assert list(driven.said[0].items()) == list(expected.items())
    import hashlib

    text = "live|connect_rate_low|main|site|a|2024-10-04T08:00:10Z"
    assert expected["alert_id"] == hashlib.sha256(text.encode()).hexdigest()[:32]
