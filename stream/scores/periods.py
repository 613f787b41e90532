"""Periods: days, months, quarters and shifts, named by the local date on which they begin (scores 0)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from stream.scores.schemes import DAY, MONTH, QUARTER, window_of
from stream.windows.calendar import DAY as ONE_DAY
from stream.windows.calendar import local_date, local_midnight_ms
from stream.windows.plan import WindowPlan
from stream.windows.shifts import span_ms
from stream.windows.workdays import WorkCalendar
from stream.windows.zone import load_zone

MONTHS = {MONTH: 1, QUARTER: 3}

Slot = tuple[str, date]
"""(window, local date on which it begins): a window of a KPI record."""


@lru_cache(maxsize=4_096)
def slots(period: str, start: date) -> tuple[Slot, ...]:
    """The windows whose numbers a period adds up."""
    if period == QUARTER:
        return tuple((MONTH, moved(MONTH, start, month)) for month in range(3))
    return ((window_of(period), start),)


@lru_cache(maxsize=4_096)
def begins(period: str, day: date) -> date:
    """The first day of the period that holds the window that begins on `day`."""
    if period == QUARTER:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(day=1) if period == MONTH else day


@lru_cache(maxsize=4_096)
def moved(period: str, start: date, periods: int) -> date:
    """The first day of the period so many later, or earlier."""
    if period not in MONTHS:
        return start + periods * ONE_DAY
    month = start.year * 12 + start.month - 1 + periods * MONTHS[period]
    return date(month // 12, month % 12 + 1, 1)


class Periods:
    """The periods of all sites of a plan."""

    def __init__(self, plan: WindowPlan, calendar: WorkCalendar) -> None:
        self._plan = plan
        self._calendar = calendar

    def first_day(self, site: str, start_ms: int) -> date:
        """The local date on which a window begins."""
        return local_date(load_zone(self._plan.clock(site).zone), start_ms)

    def end_ms(self, site: str, period: str, start: date) -> int:
        """When the last window of the period ends."""
        return self.span_ms(site, period, start)[1]

    def span_ms(self, site: str, period: str, start: date) -> tuple[int, int]:
        """When the period begins and ends."""
        clock = self._plan.clock(site)
        if period in clock.shifts and period not in (DAY, MONTH, QUARTER):
            return span_ms(clock.zone, *clock.shifts[period], start)
        return local_midnight_ms(clock.zone, start), local_midnight_ms(clock.zone, moved(period, start, 1))

    def is_workday(self, site: str, day: date) -> bool:
        """Whether a local date is a workday of the site."""
        return self._calendar.of(site).has(day)
