"""When the shift ends that holds an instant (definitions 2), whether or not shifts are among the windows of the run."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from stream.windows.calendar import DAY, EPOCH, local_instant_ms
from stream.windows.plan import WindowPlan
from stream.windows.zone import load_zone

DAY_MS = 86_400_000


class Shifts:
    """The shifts of all sites of a plan."""

    def __init__(self, plan: WindowPlan) -> None:
        self._plan = plan

    def end_ms(self, site: str, instant_ms: int) -> int | None:
        """The latest end of the site's shift windows that hold the instant; None where none does."""
        clock = self._plan.clock(site)
        if not clock.shifts:
            return None
        near = _near(clock.zone, tuple(clock.shifts.values()), instant_ms // DAY_MS)
        return max((end for start, end in near if start <= instant_ms < end), default=None)


@lru_cache(maxsize=10_000)
def _near(zone: str, shifts: tuple[tuple[int, int], ...], utc_day: int) -> tuple[tuple[int, int], ...]:
    """The shift windows that may hold an instant of this day since the epoch."""
    today = (EPOCH + timedelta(days=utc_day)).date()
    found = (span_ms(zone, *minutes, today + DAY * offset) for minutes in shifts for offset in (-3, -2, -1, 0, 1, 2))
    return tuple({window for window in found if window[0] < window[1]})


def span_ms(zone: str, start: int, end: int, day: date) -> tuple[int, int]:
    """Start and end of a shift, given in minutes of the local day, on the date it begins. One that a clock change
    leaves without length does not start before it ends."""
    clock = load_zone(zone)
    return (
        local_instant_ms(clock, day, start),
        local_instant_ms(clock, day if end > start else day + DAY, end),
    )
