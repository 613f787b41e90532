"""The evaluator under test, with what its caller keeps, and how tests drive it."""

import json
from typing import Any

from stream.alerts.evaluation import Evaluator
from stream.alerts.rule_input import RuleInput
from stream.alerts.rules import Rule, exact
from stream.alerts.state import records, restore
from stream.alerts.watch import view_of
from stream.windows.calendar import Calendar
from stream.windows.plan import SiteClock, WindowPlan

PANE = 10_000
MINUTE = 60_000
DAY = 86_400_000
BASE = 20_000 * DAY + 8 * 3_600_000  # 08:00 UTC
SHIFTS = {"early": (8 * 60 + 3, 8 * 60 + 9), "late": (8 * 60 + 12, 8 * 60 + 1)}
PLAN = WindowPlan(
    pane_ms=PANE,
    rolling=(("rolling_30s", 30_000), ("rolling_2m", 2 * MINUTE)),
    intervals=(("interval_5m", 5 * MINUTE),),
    sites={"main": SiteClock("UTC", SHIFTS)},
)


def rule(**changes: Any) -> Rule:
    given = {"rule": "r", "kpi": "dials", "level": "site", "window": "rolling_30s"} | changes
    level = exact(given.pop("level_text", "0.5"))
    given.setdefault("threshold", level)
    given.setdefault("exit", given["threshold"])
    return Rule(**given)


class Driven:
    """The evaluator under test, with what its caller keeps."""

    def __init__(self, rules: list[Rule], horizon_ms: int | None = None) -> None:
        self.rules = rules
        self.evaluator = Evaluator(PLAN, Calendar(PLAN), rules, "live", horizon_ms)
        self.feeds: dict[str, RuleInput] = {}
        self.state: dict[bytes, bytes] = {}
        self.said: list[dict[str, Any]] = []
        self.horizon_ms = horizon_ms

    def take(self, entity: str, grain: int, known: int, sums: dict[str, int]) -> None:
        if entity not in self.feeds:
            feed = self.evaluator.feed(entity)
            if feed is None:
                return
            self.feeds[entity] = feed
        if amounts := view_of(sums, self.feeds[entity].columns):
            self.evaluator.take(self.feeds[entity], grain, known, amounts)

    def advance(self, to_ms: int) -> None:
        self.said += [json.loads(alert.value) for alert in self.evaluator.advance(to_ms)]
        for feed in self.evaluator.changed.values():
            for key, value in records(feed):
                if value is None:
                    self.state.pop(key, None)
                else:
                    self.state[key] = value
        self.evaluator.changed.clear()

    def restart(self, rules: list[Rule] | None = None) -> "Driven":
        """Another one, that has nothing but the state records."""
        other = Driven(self.rules if rules is None else rules, self.horizon_ms)
        for key, value in sorted(self.state.items()):
            _, site, level, name, *mark = key.decode().split("|")
            entity = f"{site}|{level}|{name}"
            if entity not in other.feeds:
                other.feeds[entity] = other.evaluator.bare_feed(entity)
            restore(other.feeds[entity], mark, value)
        other.evaluator.resume(other.feeds, self.evaluator.evaluated_ms)
        other.state = dict(self.state)
        other.said = self.said
        return other


def calls(driven: Driven, minute: float, **sums: int) -> None:
    driven.take("main|site|a", int(BASE + minute * MINUTE) // PANE, 0, sums)


def states(driven: Driven) -> list[tuple[str, str]]:
    return [(each["state"], each["at"][11:]) for each in driven.said]
