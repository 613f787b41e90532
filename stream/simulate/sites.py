"""The places of the world: their zones, their shifts and how much happens there at which hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from stream.simulate.stamp import DAY_MS, HOUR_MS, SECOND_MS
from stream.windows.zone import load_zone

_BUSY = (3, 2, 2, 2, 2, 3, 4, 7, 10, 12, 12, 11, 9, 10, 11, 11, 11, 11, 12, 12, 10, 8, 6, 4)
PROFILE = tuple(part * len(_BUSY) / sum(_BUSY) for part in _BUSY)
"""How much happens in each local hour; the mean is 1."""

SHIFTS = (("early", 6, 14), ("late", 14, 22), ("night", 22, 30))
"""Name, first and last local hour; every hour of the day is in one of them."""

SHIFT_MS = 8 * HOUR_MS

STAFFING = (0.41, 0.46, 0.13)
"""The share of a team that works each of SHIFTS."""

CALLING_HOURS = (8, 21)
"""Debtors who live near the site are dialled only in these local hours; others, far away, at any."""


@dataclass(frozen=True)
class SimulatedSite:
    """A contact centre: `zone` is an IANA name, `share` its part of all traffic, `away` where its far debtors live."""

    site_id: str
    zone: str
    currency: str
    share: float
    away: str


SITES = (
    SimulatedSite("main", "Asia/Shanghai", "CNY", 0.6, "America/New_York"),
    SimulatedSite("prague", "Europe/Prague", "EUR", 0.4, "Asia/Manila"),
)


def offset_ms(zone: str, at_ms: int) -> int:
    """Local time less UTC."""
    offset = datetime.fromtimestamp(at_ms // SECOND_MS, UTC).astimezone(load_zone(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * SECOND_MS


class Place:
    """A site at work: its clock, as of the last call of `wind`."""

    def __init__(self, site: SimulatedSite) -> None:
        self.site = site
        self.site_id = site.site_id
        self.offset_ms = 0
        self.traffic = 0.0
        self.calling_near = True

    def wind(self, at_ms: int) -> None:
        """Brings the offset, the traffic and the calling hours up to `at_ms`."""
        self.offset_ms = offset_ms(self.site.zone, at_ms)
        hour = (at_ms + self.offset_ms) % DAY_MS // HOUR_MS
        self.traffic = self.site.share * PROFILE[hour]
        self.calling_near = CALLING_HOURS[0] <= hour < CALLING_HOURS[1]

    def day_number(self, at_ms: int) -> int:
        """The local day, in days since 1970-01-01."""
        return (at_ms + self.offset_ms) // DAY_MS

    def at_local(self, day_number: int, of_day_ms: int) -> int:
        """The instant of a local time of day, by today's offset."""
        return day_number * DAY_MS + of_day_ms - self.offset_ms


def traffic(sites: tuple[SimulatedSite, ...], at_ms: int) -> float:
    """How much happens at `at_ms` compared with the mean over the day."""
    total = 0.0
    for site in sites:
        hour = (at_ms + offset_ms(site.zone, at_ms)) % DAY_MS // HOUR_MS
        total += site.share * PROFILE[hour]
    return total
