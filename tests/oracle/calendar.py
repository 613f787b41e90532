"""Semantics 2: the windows of a site that hold an instant. Zone data come from the pinned tzdata package only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from tests.oracle.config import Config, Site, duration_ms

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Window:
    """[start_ms, end_ms), named as in the KPI records."""

    name: str
    start_ms: int
    end_ms: int


@cache
def zone(name: str) -> ZoneInfo:
    """The zone as the tzdata package has it, whatever the machine's own zone files say."""
    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


@cache
def local_instant(zone_name: str, day: date, minutes: int) -> int:
    """The instant of a local time. Skipped: with the offset before the change. Twice: the first (both are fold 0)."""
    local = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=zone(zone_name)).replace(fold=0)
    offset = local.utcoffset()
    assert offset is not None
    utc_instant = local.replace(tzinfo=UTC) - offset
    return round(utc_instant.timestamp() * 1000)


def midnight(zone_name: str, day: date) -> int:
    """The local midnight at which `day` begins."""
    return local_instant(zone_name, day, 0)


def midnight_ending(zone_name: str, day: date) -> int:
    """The local midnight at which `day` ends."""
    return midnight(zone_name, day + ONE_DAY)


def intervals_of(zone_name: str, day: date, length: str) -> list[Window]:
    """Elapsed time from local midnight; the last one ends at the next midnight."""
    start, end, step = midnight(zone_name, day), midnight_ending(zone_name, day), duration_ms(length)
    return [Window(f"interval_{length}", at, min(at + step, end)) for at in range(start, end, step)]


def shift_of(zone_name: str, day: date, name: str, shift: tuple[int, int]) -> Window:
    """The shift that begins on `day`; one that ends at or before its start, locally, ends on the next day."""
    start, end = shift
    return Window(
        f"shift_{name}",
        local_instant(zone_name, day, start),
        local_instant(zone_name, day + ONE_DAY if end <= start else day, end),
    )


def shift_end_holding(site: Site, at_ms: int) -> int | None:
    """The end of the site's shift that holds an instant; of several the latest."""
    day = local_day(site.zone, at_ms)
    shifts = [
        shift_of(site.zone, day + days * ONE_DAY, name, shift)
        for name, shift in site.shifts.items()
        for days in (-2, -1, 0, 1, 2)
    ]
    return max((shift.end_ms for shift in shifts if shift.start_ms <= at_ms < shift.end_ms), default=None)


def month_of(zone_name: str, day: date) -> Window:
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return Window("month", midnight(zone_name, first), midnight(zone_name, following))


@cache
def windows_of_day(config_windows: tuple[tuple[str, ...], bool, bool, bool], site: SiteKey, day: date) -> list[Window]:
    """Every window that begins on the local day, and the month that the day is in."""
    intervals, with_day, with_month, with_shifts = config_windows
    zone_name, shifts = site
    windows = [w for length in intervals for w in intervals_of(zone_name, day, length)]
    if with_day:
        windows.append(Window("day", midnight(zone_name, day), midnight_ending(zone_name, day)))
    if with_month:
        windows.append(month_of(zone_name, day))
    if with_shifts:
        windows += [shift_of(zone_name, day, name, (start, end)) for name, start, end in shifts]
    return [w for w in windows if w.start_ms < w.end_ms]


SiteKey = tuple[str, tuple[tuple[str, int, int], ...]]


def site_key(site: Site) -> SiteKey:
    return site.zone, tuple((name, start, end) for name, (start, end) in sorted(site.shifts.items()))


def local_day(zone_name: str, instant_ms: int) -> date:
    return datetime.fromtimestamp(instant_ms // 1000, UTC).astimezone(zone(zone_name)).date()


def windows_touching(config: Config, site_id: str, start_ms: int, end_ms: int) -> list[Window]:
    """All windows but rolling that share an instant with [start_ms, end_ms), sorted.

    Days up to two before and after are looked at: no clock change moves a local midnight further.
    """
    site = site_key(config.site(site_id))
    chosen = (config.intervals, config.day, config.month, config.shifts)
    day, last = local_day(site[0], start_ms) - 2 * ONE_DAY, local_day(site[0], end_ms) + 2 * ONE_DAY
    found = set()
    while day <= last:
        found |= {w for w in windows_of_day(chosen, site, day) if w.start_ms < end_ms and w.end_ms > start_ms}
        day += ONE_DAY
    return sorted(found)
