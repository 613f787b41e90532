"""Local time as rules read it: the time on the wall, local days, and when the wall shows a time again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from stream.windows.calendar import DAY, EPOCH, MILLISECOND, day_that_holds, local_midnight_ms
from stream.windows.zone import load_zone

MINUTE_MS = 60_000


def wall(zone: str, at_ms: int) -> datetime:
    """What clock and calendar on the wall show."""
    return (EPOCH + timedelta(milliseconds=at_ms)).astimezone(load_zone(zone))


def time_of_day_ms(shown: datetime) -> int:
    """Milliseconds since 00:00 on the wall."""
    return ((shown.hour * 60 + shown.minute) * 60 + shown.second) * 1_000 + shown.microsecond // 1_000


def local_day(zone: str, at_ms: int) -> date:
    """The local day whose midnights enclose an instant."""
    day = wall(zone, at_ms).date()
    if local_midnight_ms(zone, day) <= at_ms < local_midnight_ms(zone, day, 1):  # nearly always
        return day
    return day_that_holds(load_zone(zone), at_ms)


midnight_ms = local_midnight_ms
"""(zone, day, days) -> when the local day begins that lies so many days after a day."""


def next_shown_ms(zone: str, at_ms: int, minute: int) -> int:
    """The first instant after `at_ms` at which the wall may begin to show a time at or after `minute` of the day.

    Either the clock reaches it, or it is put forward or back over it: then that instant.
    """
    shown = wall(zone, at_ms)
    found: list[int] = []
    for days in (0, 1, 2):
        day = shown.date() + DAY * days
        for fold in (0, 1):
            local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=shown.tzinfo, fold=fold)
            instant_ms = (local - EPOCH) // MILLISECOND
            if instant_ms > at_ms:
                found.append(instant_ms)
        if found:
            break
    reached_ms = min(found)
    change_ms = _clock_change_ms(zone, at_ms, reached_ms)
    return reached_ms if change_ms is None else change_ms


def _clock_change_ms(zone: str, start_ms: int, end_ms: int) -> int | None:
    """The first instant in (start, end] with another offset than at the start; None if both ends have the same."""
    offset = wall(zone, start_ms).utcoffset()
    if wall(zone, end_ms).utcoffset() == offset:
        return None
    before_ms, after_ms = start_ms, end_ms
    while after_ms - before_ms > 1:
        middle_ms = (before_ms + after_ms) // 2
        if wall(zone, middle_ms).utcoffset() == offset:
            before_ms = middle_ms
        else:
            after_ms = middle_ms
    return after_ms
