"""Tumbling windows in a site's zone: intervals, days, months and shifts (definitions 2). Instants are epoch ms.

A local time that a clock change skips is read with the offset before the change, one that occurs twice is the first:
that is what `fold=0` means in Python. Offsets since 1980 are multiples of 15 minutes, in every zone (tested), so every
boundary is a multiple of the slot of its site.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from math import gcd
from typing import Protocol

from stream.windows.plan import MINUTE_MS, SiteClock, WindowPlan
from stream.windows.zone import load_zone

Window = tuple[str, int, int]
"""(name, start_ms, end_ms), half-open."""

QUARTER_MS = 900_000
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
REMEMBERED_SLOTS = 100_000


def local_instant_ms(zone: tzinfo, day: date, minute: int = 0) -> int:
    """The instant of a local time, given in minutes (0-1439) of the local day."""
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    return (local - EPOCH) // MILLISECOND


@lru_cache(maxsize=100_000)
def local_midnight_ms(zone: str, day: str | date, days: int = 0) -> int:
    """Start of the local day that lies `days` after `day`; the local midnight that ends `day` is that of days = 1.

    Raises ValueError if the zone is unknown or `day` is no date (`YYYY-MM-DD`).
    """
    begun = day if isinstance(day, date) else date.fromisoformat(day)
    return local_instant_ms(load_zone(zone), begun + days * DAY)


class DayBegins(Protocol):
    """(site, date, days) -> the instant at which the day that lies `days` after the date (`YYYY-MM-DD`) begins in the
    site's zone."""

    def __call__(self, site: str, day: str, days: int = 0, /) -> int: ...


def day_begins(plan: WindowPlan) -> DayBegins:
    """When days begin at the sites of a plan."""

    def midnight_ms(site: str, day: str, days: int = 0, /) -> int:
        return local_midnight_ms(plan.clock(site).zone, day, days)

    return midnight_ms


def local_date(zone: tzinfo, instant_ms: int) -> date:
    """The date on the wall at that instant."""
    return (EPOCH + timedelta(milliseconds=instant_ms)).astimezone(zone).date()


def day_that_holds(zone: tzinfo, instant_ms: int) -> date:
    """The local day whose midnights enclose the instant.

    Not always the date on the wall: when the clock goes back over midnight, the second pass belongs to the new day.
    """
    day = local_date(zone, instant_ms)
    while instant_ms < local_instant_ms(zone, day):
        day -= DAY
    while instant_ms >= local_instant_ms(zone, day + DAY):
        day += DAY
    return day


class SiteCalendar:
    """The tumbling windows of one site. Remembers a bounded number of slots, since every row asks."""

    def __init__(self, plan: WindowPlan, clock: SiteClock) -> None:
        self.zone = load_zone(clock.zone)
        self._plan = plan
        self._shifts = dict(clock.shifts) if plan.shifts else {}
        minutes = (minute * MINUTE_MS for shift in self._shifts.values() for minute in shift)
        lengths = (length for _, length in plan.intervals)
        self.slot_ms = gcd(QUARTER_MS, *lengths, *minutes)
        """No window of the site begins or ends inside a slot; slots are aligned to the epoch."""
        self._slots: dict[int, tuple[Window, ...]] = {}
        self._changes: dict[tuple[str, int], int] = {}

    def slot(self, index: int) -> tuple[Window, ...]:
        """The windows that hold the slot `index` (instant // slot_ms)."""
        found = self._slots.get(index)
        if found is None:
            if len(self._slots) >= REMEMBERED_SLOTS:
                self._slots.clear()
            found = self._slots[index] = tuple(self._compute(index * self.slot_ms))
        return found

    def windows(self, instant_ms: int) -> tuple[Window, ...]:
        """The windows that hold the instant: one of each kind, and none, one or several shifts."""
        return self.slot(instant_ms // self.slot_ms)

    def holding(self, name: str, instant_ms: int) -> Window | None:
        """The window of this name that holds the instant.

        On the day of a clock change a shift can overlap its own successor; then it is the later one.
        """
        found = [window for window in self.windows(instant_ms) if window[0] == name]
        return max(found, key=lambda window: window[1], default=None)

    def has(self, name: str) -> bool:
        """Whether the site ever has a window of this name."""
        if name.startswith("shift_"):
            return name.removeprefix("shift_") in self._shifts
        named = {name for name, _ in self._plan.intervals}
        return name in named or (name == "day" and self._plan.day) or (name == "month" and self._plan.month)

    def change_after(self, name: str, instant_ms: int) -> int:
        """The first instant after this one at which `holding` may give another answer; the site has such windows."""
        key = (name, instant_ms // self.slot_ms)
        found = self._changes.get(key)
        if found is None:
            if len(self._changes) >= REMEMBERED_SLOTS:
                self._changes.clear()
            found = self._changes[key] = self._change_after(name, instant_ms)
        return found

    def _change_after(self, name: str, instant_ms: int) -> int:
        if not name.startswith("shift_"):
            held = self.holding(name, instant_ms)
            return held[2] if held else self._day(instant_ms)[1]
        day = local_date(self.zone, instant_ms)
        near = (self._shift(name, day + DAY * offset) for offset in range(-2, 8))
        later = [edge for window in near if window for edge in window[1:] if edge > instant_ms]
        return min(later, default=(instant_ms // self.slot_ms + 1) * self.slot_ms)

    def _compute(self, instant_ms: int) -> Iterator[Window]:
        start, end, day = self._day(instant_ms)
        for name, length in self._plan.intervals:
            begun = start + (instant_ms - start) // length * length
            yield name, begun, min(begun + length, end)
        if self._plan.day:
            yield "day", start, end
        if self._plan.month:
            first = day.replace(day=1)
            following = (first + 31 * DAY).replace(day=1)
            yield "month", local_instant_ms(self.zone, first), local_instant_ms(self.zone, following)
        for shift in self._shifts:
            # A set: on a date that the zone skips, the shift is that of the next date.
            near = {self._shift(f"shift_{shift}", day + DAY * offset) for offset in (-2, -1, 0, 1)}
            yield from sorted(window for window in near if window and window[1] <= instant_ms < window[2])

    def _day(self, instant_ms: int) -> tuple[int, int, date]:
        """Start, end and date of the local day whose midnights enclose the instant."""
        day = day_that_holds(self.zone, instant_ms)
        return local_instant_ms(self.zone, day), local_instant_ms(self.zone, day + DAY), day

    def _shift(self, name: str, day: date) -> Window | None:
        """The shift that begins on `day`; None if it has no length that day, or the site does not have it."""
        minutes = self._shifts.get(name.removeprefix("shift_"))
        if minutes is None:
            return None
        start = local_instant_ms(self.zone, day, minutes[0])
        end = local_instant_ms(self.zone, day if minutes[1] > minutes[0] else day + DAY, minutes[1])
        return (name, start, end) if start < end else None


class Calendar:
    """The calendars of all sites, made when a site is first seen."""

    def __init__(self, plan: WindowPlan) -> None:
        self._plan = plan
        self._sites: dict[str, SiteCalendar] = {}
        self._clocks: dict[tuple[str, tuple[tuple[str, tuple[int, int]], ...]], SiteCalendar] = {}

    def site(self, site: str) -> SiteCalendar:
        """The calendar of `site`; UTC without shifts if it is not configured. Sites on one clock share one."""
        found = self._sites.get(site)
        if found is None:
            clock = self._plan.clock(site)
            key = (clock.zone, tuple(sorted(clock.shifts.items())))
            found = self._clocks.get(key)
            if found is None:
                found = self._clocks[key] = SiteCalendar(self._plan, clock)
            self._sites[site] = found
        return found
