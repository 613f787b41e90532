"""Targets, attainment and pace once more, from the sentences of docs/scores.md, section 1.

Working time is counted in quarters of an hour, one by one: every shift begins and ends on one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
FACTORS = {"connect_rate": 1, "complaint_rate": 1000}
"""Ratios, and what they are multiplied by."""


def target_of(
    config: Json, kpi: str, currency: str | None, level: str, entity: str, period: str, first: date
) -> Fraction | None:
    best: tuple[Any, ...] | None = None
    for place, each in enumerate(config["targets"]):
        fits = (
            (each["kpi"], each.get("currency"), each["level"], each["period"]) == (kpi, currency, level, period)
            and "over" not in each and each["entity"] in ("*", entity) and each.get("site", "main") == "main"
            and each["from"] <= first.isoformat() and ("until" not in each or first.isoformat() < each["until"])
        )  # fmt: skip
        if fits and entity != "unassigned":
            order = each["entity"] != "*", "site" in each, each["from"], place, Fraction(str(each["value"]))
            best = order if best is None else max(best, order)
    return None if best is None else best[4]


def is_workday(config: Json, day: date) -> bool:
    calendar = config["sites"]["main"].get("calendar", config.get("calendar", {}))
    if day.isoformat() in calendar.get("extra_workdays", ()):
        return True
    return WEEK[day.weekday()] in calendar.get("workdays", WEEK) and day.isoformat() not in calendar.get("holidays", ())


def working_quarters(config: Json, begin: datetime, end: datetime) -> list[datetime]:
    """The quarters of an hour of [begin, end) that are working time."""
    site = config["sites"]["main"]
    zone = ZoneInfo(site["zone"])
    spans = []
    day = begin.astimezone(zone).date() - 2 * DAY
    while day <= end.astimezone(zone).date() + DAY:
        if is_workday(config, day):
            if not site.get("shifts"):
                spans.append((instant_of(zone, day, "00:00"), instant_of(zone, day + DAY, "00:00")))
            for start, stop in site.get("shifts", {}).values():
                spans.append((instant_of(zone, day, start), instant_of(zone, day if stop > start else day + DAY, stop)))
        day += DAY
    found, at = [], begin
    while at < end:
        if any(start <= at < stop for start, stop in spans):
            found.append(at)
        at += QUARTER
    return found


def instant_of(zone: ZoneInfo, day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def told(
    config: Json,
    kpi: str,
    parts: tuple[int, int],
    target: Fraction,
    least: int,
    window: tuple[datetime, datetime],
    as_of: datetime,
) -> tuple[float | None, float | None]:
    """(attainment, pace) of a value with these parts under a target."""
    if kpi in FACTORS:
        if parts[1] < max(1, least) or not target:
            return None, None
        attained = Fraction(parts[0] * FACTORS[kpi], parts[1]) / target
        return float(attained), float(attained)
    if not target:
        return None, None
    attained = Fraction(parts[0]) / target
    working = working_quarters(config, *window)
    elapsed = sum(quarter < as_of for quarter in working)
    return float(attained), float(attained / Fraction(elapsed, len(working))) if elapsed else None
