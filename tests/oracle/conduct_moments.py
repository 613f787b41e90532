"""The instants at which what a clock on the wall says may turn over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache

from tests.oracle.calendar import local_instant, zone


@cache
def edges_of_day(zone_name: str, day: date, minutes: tuple[int, ...]) -> tuple[int, ...]:
    """When these minutes begin on a local day, the second time too where they come twice; and its clock changes."""
    found = []
    for minute in minutes:
        found.append(local_instant(zone_name, day, minute))
        again = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone(zone_name), fold=1)
        found.append(round(again.timestamp() * 1000))
    here = zone(zone_name)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    offsets = [(start + timedelta(minutes=n)).astimezone(here).utcoffset() for n in range(0, 1441, 60)]
    if len(set(offsets)) > 1:
        moments = [start + timedelta(minutes=n) for n in range(1, 1441)]
        before = [(moment - timedelta(minutes=1)).astimezone(here).utcoffset() for moment in moments]
        found += [
            round(moment.timestamp() * 1000)
            for moment, offset in zip(moments, before, strict=True)
            if moment.astimezone(here).utcoffset() != offset
        ]
    return tuple(found)
