"""Which windows a run keeps, and the clock of each configured site (definitions 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import gcd

MINUTE_MS = 60_000


@dataclass(frozen=True)
class SiteClock:
    """A site's IANA zone and its shifts: name -> (start, end) in minutes of the local day, 0-1439.

    A shift whose end is not after its start ends on the next day.
    """

    zone: str = "UTC"
    shifts: Mapping[str, tuple[int, int]] = field(default_factory=dict)


UNCONFIGURED = SiteClock()
"""A site that is not configured: UTC, no shifts (contract 1)."""


@dataclass(frozen=True)
class WindowPlan:
    """The windows of a run. Names are those of the records: ("rolling_15m", 900000), ("interval_30m", 1800000)."""

    pane_ms: int = 10_000
    rolling: tuple[tuple[str, int], ...] = ()
    intervals: tuple[tuple[str, int], ...] = ()
    day: bool = True
    month: bool = True
    shifts: bool = True
    sites: Mapping[str, SiteClock] = field(default_factory=dict)

    @cached_property
    def grain_ms(self) -> int:
        """The finest step that state knows: every boundary of every window of this plan is a multiple of it."""
        boundaries = (minute for clock in self.sites.values() for shift in clock.shifts.values() for minute in shift)
        return gcd(self.pane_ms, *(minute * MINUTE_MS for minute in boundaries))

    def clock(self, site: str) -> SiteClock:
        """The clock of `site`; UTC without shifts if it is not configured."""
        return self.sites.get(site, UNCONFIGURED)
