"""The oracle over months and quarters, for agents, teams, sites and leaders, with targets of the section `targets`.

Nothing of the product is used. A piece of evidence is found by (level, entity, period, number of the period); a quarter
has the KPI records of its three months, and measurements of its own.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.scores.oracle import LOWER, PLAIN, Json, Oracle, number

At = tuple[str, str, str, int]
"""(level, entity, period, number of the period in the year)."""
COUNTS = {*PLAIN, "recovered_amount", "placed_amount"}


def first_day(period: str, at: int) -> str:
    return f"2026-{at * 3 - 2 if period == 'quarter' else at:02d}-01"


class PeriodOracle(Oracle):
    """`listed`: what KPI records of months say; `measured`: indicator -> (numerator, denominator or None)."""

    def __init__(
        self, config: Json, listed: dict[At, Json], measured: dict[At, Json], level: str, period: str,
        leaders: dict[str, list[str]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config, {}, {})
        self.listed, self.measured = listed, measured
        self.level, self.period, self.leaders = level, period, leaders

    def months(self, at: int) -> list[int]:
        return [at * 3 - 2, at * 3 - 1, at * 3] if self.period == "quarter" else [at]

    def owners(self, who: str) -> list[tuple[str, str]]:
        if who == "main":
            return [("site", "main")]
        return [("team", team) for team in self.leaders[who]] if self.leaders else [(self.level, who)]

    def records(self, who: str, at: int) -> list[Json]:
        places = [(*owner, "month", month) for owner in self.owners(who) for month in self.months(at)]
        return [found for place in places if (found := self.listed.get(place))]

    def has_record(self, who: str, month: int) -> bool:
        return bool(self.records(who, month))

    def value(self, source: Json, who: str, month: int) -> Fraction | None:
        if "indicator" in source:
            return self.measurement(source["indicator"], who, month)
        above = below = 0
        for record in self.records(who, month):
            one, under = _parts(record, source["kpi"])
            above += one
            below += _parts(record, source["over"])[0] if "over" in source else under
        if source["kpi"] in COUNTS and "over" not in source:
            return Fraction(above)
        if not below:
            return None
        factor = 1000 if source["kpi"] in LOWER and "over" not in source else 1
        return Fraction(above, below) * factor

    def measurement(self, indicator: str, who: str, at: int) -> Fraction | None:
        own = ("agent", who) if self.leaders and who != "main" else self.owners(who)[0]
        found = [self.measured.get((*own, self.period, at), {}).get(indicator)]
        if found == [None] and self.leaders and who != "main":
            found = [self.measured.get((*team, self.period, at), {}).get(indicator) for team in self.owners(who)]
        there = [each for each in found if each is not None]
        if not there:
            return None
        above = sum(each[0] for each in there)
        if any(each[1] is None for each in there):
            return Fraction(above)
        return Fraction(above, sum(each[1] for each in there))

    def there(self, definition: Json, month: int) -> list[str]:
        teams = set()
        for level, entity, period, at in [*self.listed, *self.measured]:
            if level != self.level or entity == "unassigned":
                continue
            counts = period == "month" and at in self.months(month) and self.listed.get((level, entity, "month", at))
            marks = self.measured.get((level, entity, period, at), {}) if (period, at) == (self.period, month) else {}
            if counts or any(f"'{name}'" in str(definition) for name in marks):
                teams.add(entity)
        if self.leaders is not None:
            teams = {leader for leader, his in self.leaders.items() if teams & {*his}}
        return sorted(teams & {*definition["entities"]} if "entities" in definition else teams)

    def applies(self, section: str, name: str, month: int) -> Json | None:
        key, day = section.removesuffix("s"), first_day(self.period, month)
        fitting = [
            each
            for each in self.config.get(section, ())
            if each[key] == name and not each.get("trial") and in_force(each, day)
        ]
        return max(fitting, key=lambda each: str(each["from"]), default=None)

    def target(self, source: Json, who: str, month: int) -> Fraction | None:
        if "target" in source:
            return self.bound(source["target"], source, who, month)
        if "kpi" not in source or self.leaders:
            return None
        return listed_target(self.config["targets"] or [], source, self.level, who, self.period, month)


def listed_target(
    targets: list[Json], source: Json, level: str, who: str, period: str, at: int, site: str = "main"
) -> Fraction | None:
    """The target of the section `targets` that applies; of a quarter without its own the sum of its months'."""
    day = first_day(period, at)
    fitting = [
        (each["entity"] == who, "site" in each, str(each["from"]), place, number(each["value"]))
        for place, each in enumerate(targets)
        if all(each.get(key) == source.get(key) for key in ("kpi", "over", "currency"))
        and (each["level"], each["period"]) == (level, period) and each["entity"] in ("*", who)
        and each.get("site", site) == site and in_force(each, day)
    ]  # fmt: skip
    if fitting:
        return max(fitting)[4]
    if period != "quarter" or "over" in source or source["kpi"] not in COUNTS:
        return None
    months = [listed_target(targets, source, level, who, "month", at * 3 - 2 + month, site) for month in range(3)]
    return None if None in months else sum((month for month in months if month is not None), Fraction(0))


def in_force(section: Json, day: str) -> bool:
    return str(section["from"]) <= day and ("until" not in section or day < str(section["until"]))


def _parts(record: Json, kpi: str) -> tuple[int, int]:
    found: Any = record.get(kpi, 0)
    return found if isinstance(found, tuple) else (found, 0)
