"""Which days are workdays at a site, and how much of a stretch of time is working time (scores 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from stream.windows.calendar import DAY, local_date, local_midnight_ms
from stream.windows.plan import SiteClock
from stream.windows.shifts import span_ms
from stream.windows.zone import load_zone

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The names of the days of the week, in the order of `date.weekday`."""


@dataclass(frozen=True)
class Workdays:
    """The workdays of a site: the weekdays (0 = Monday) less the holidays, and the extra ones."""

    weekdays: frozenset[int] = frozenset(range(7))
    holidays: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()

    def has(self, day: date) -> bool:
        """Whether this local date is a workday."""
        return day in self.extra or (day.weekday() in self.weekdays and day not in self.holidays)


EVERY_DAY = Workdays()


@dataclass(frozen=True)
class WorkCalendar:
    """The workdays of all sites: those of a site's own calendar, else the common ones."""

    common: Workdays = EVERY_DAY
    of_sites: Mapping[str, Workdays] = field(default_factory=dict)

    def of(self, site: str) -> Workdays:
        """The workdays of a site."""
        return self.of_sites.get(site, self.common)


def working_ms(clock: SiteClock, workdays: Workdays, start_ms: int, end_ms: int, until_ms: int) -> int:
    """How much working time of the window [start_ms, end_ms) lies before `until_ms`: the union of the site's shifts
    that begin on workdays; of a site without shifts whole workdays."""
    spans = _spans(clock.zone, tuple(clock.shifts.values()), workdays, start_ms, end_ms)
    return sum(max(0, min(end, end_ms, until_ms) - max(begin, start_ms)) for begin, end in spans)


@lru_cache(maxsize=4_096)
def _spans(
    zone_name: str, shifts: tuple[tuple[int, int], ...], workdays: Workdays, start_ms: int, end_ms: int
) -> tuple[tuple[int, int], ...]:
    """The working time that may touch the stretch, as disjoint spans in their order."""
    zone = load_zone(zone_name)
    day, last = local_date(zone, start_ms) - 2 * DAY, local_date(zone, end_ms) + DAY
    found: list[tuple[int, int]] = []
    while day <= last:
        if workdays.has(day):
            if shifts:
                found += [span_ms(zone_name, *minutes, day) for minutes in shifts]
            else:
                found.append((local_midnight_ms(zone_name, day), local_midnight_ms(zone_name, day, 1)))
        day += DAY
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(span for span in found if span[0] < span[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return tuple(merged)
