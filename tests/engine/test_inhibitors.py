"""Alerts that inhibit from afar, as one partition knows them that has none of their entities (ADR 0075)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from stream.alerts.rules import Rule, exact
from stream.engine.deltas.routing import COPY, Routing
from tests.engine.floor import BASE, MINUTE, Row, copied, feed, row, stage, state_time

SITE = Rule("outage", "dials", "site", "rolling_5m", exact("3"), exact("3"), above=True)
TEAM = Rule(
    "crew", "dials", "team", "rolling_1m", exact("3"), exact("3"), above=True, inhibited_by=("outage",), where="site"
)
ALONE = replace(TEAM, inhibited_by=(), where="same")
RULES = (SITE, TEAM)


def site(minute: float, dials: int) -> Row:
    return (COPY.decode() + "main|site|main", *row(minute, dials=dials)[1:])


class Partition:
    """A stage with its state topic; the rows of a step are all known when the watermark reaches its end."""

    def __init__(self, rules: tuple[Rule, ...] = RULES) -> None:
        self.stage, self.state = stage(rules=rules), dict[bytes, bytes]()
        self.said: list[dict[str, Any]] = []

    def run(self, minute: float, *rows: Row) -> None:
        at_ms = int(BASE + minute * MINUTE)
        feed(self.stage, copied(list(rows)), at_ms)
        state_time(self.stage, at_ms)
        output = self.stage.tick(at_ms)
        self.said += [json.loads(value) for _, value in output.alerts]
        for key, value in output.state:
            self.state.pop(key, None)
            if value is not None:
                self.state[key] = value

    def restart(self, rules: tuple[Rule, ...] = RULES) -> None:
        """As after a kill -9: nothing is left but the state topic."""
        self.stage = stage(rules=rules)
        for key, value in self.state.items():
            self.stage.restore(key, value)

    @property
    def told(self) -> list[tuple[str, str, bool]]:
        return [(each["state"], each["at"][14:19], each["muted"]) for each in self.said]


def test_an_alert_is_muted_while_the_sites_fires_and_its_life_is_the_same() -> None:
    muted, plain = Partition(), Partition((SITE, ALONE))
    for each in (muted, plain):
        each.run(1, row(0.5, dials=4), site(0.5, dials=4))
        each.run(8, row(6, dials=4))
    assert muted.told == [
        ("firing", "00:40", True),
        ("resolved", "01:40", True),
        ("firing", "06:10", False),
        ("resolved", "07:10", False),
    ]
    assert [each[:2] for each in plain.told] == [each[:2] for each in muted.told]
    assert not any(each["rule"] == "outage" for each in muted.said), "it is published where the site lies"


def test_what_fires_elsewhere_survives_a_kill_at_any_time() -> None:
    undisturbed, killed = Partition(), Partition()
    steps = [
        (0.5, [row(0.2, dials=1), site(0.2, dials=4)]),
        (2, [row(1.7, dials=4)]),
        (7, []),
        (9, [row(8.5, dials=4)]),
    ]
    for minute, rows in steps:
        for each in (undisturbed, killed):
            each.run(minute, *rows)
        killed.restart()
    assert killed.told == undisturbed.told
    assert [muted for *_, muted in killed.told] == [True, True, False, False][: len(killed.told)]


def test_one_that_fires_and_ends_at_the_same_evaluation_as_the_other_counts_from_then_and_no_more() -> None:
    each = Partition((replace(SITE, window="rolling_1m"), TEAM))
    each.run(3, row(0.5, dials=4), site(0.5, dials=4))
    assert each.told == [("firing", "00:40", True), ("resolved", "01:40", False)]


def test_a_rule_that_begins_to_inhibit_mutes_once_one_of_its_windows_was_seen_whole() -> None:
    each = Partition((SITE, ALONE))
    each.run(1, row(0.5, dials=1))
    each.restart(RULES)
    for minute in range(2, 13):
        # the site fires all the while, but for what this partition knows only from minute 1 on
        each.run(minute, site(minute - 0.5, dials=4), *([row(minute - 0.5, dials=4)] if minute % 2 else []))
        each.restart(RULES)
    fired = [(at, muted) for state, at, muted in each.told if state == "firing"]
    assert fired == [("02:40", False), ("04:40", False), ("06:40", True), ("08:40", True), ("10:40", True)]


def test_what_no_longer_inhibits_leaves_no_state_behind() -> None:
    each = Partition()
    each.run(1, row(0.5, dials=4), site(0.5, dials=4))
    assert [key for key in each.state if key.startswith(b"g|")]
    each.restart((SITE, ALONE))
    each.run(2, row(1.5, dials=9))
    assert not [key for key in each.state if key.startswith(b"g|")]
    assert b"afar" not in each.state[b"c"]


def test_without_such_a_rule_nothing_is_copied_and_the_clock_is_as_it_was() -> None:
    same = replace(TEAM, where="same")
    for rules in ((), (SITE, ALONE), (SITE, same)):
        assert list(Routing(rules, 8).places(b"main|site|main"))[1:] == []
        each = Partition(rules)
        each.run(1, row(0.5, dials=4))
        assert b"afar" not in each.state[b"c"]


@pytest.mark.parametrize("entity", ["main|site|main", "other|site|other"])
def test_a_delta_goes_home_and_as_a_copy_to_every_partition(entity: str) -> None:
    (home, key), *copies = Routing(RULES, 3).places(entity.encode())
    assert key == entity.encode()
    assert 0 <= home < 3
    assert copies == [(partition, COPY + entity.encode()) for partition in range(3)]
    assert len(list(Routing(RULES, 3).places(b"main|team|t-1"))) == 1
    only = replace(SITE, entities=frozenset({"main"}))
    assert len(list(Routing((only, TEAM), 3).places(entity.encode()))) == (4 if entity.startswith("main") else 1)


def test_a_copy_counts_in_no_window() -> None:
    each = stage(rules=RULES)
    feed(each, [site(0.5, dials=4)], BASE + MINUTE)
    state_time(each, BASE + 90 * MINUTE)
    assert each.tick(0).kpis == []
