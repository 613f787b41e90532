"""Spans of time with a rate each: a batch is one phase, a live run is history, the day so far, and then for ever."""

from __future__ import annotations

from dataclasses import dataclass

from stream.simulate.sites import SITES, SimulatedSite, offset_ms, traffic
from stream.simulate.stamp import DAY_MS, MINUTE_MS

_STEP_MS = 30 * MINUTE_MS
_HISTORY_SHARE = 0.25


@dataclass(frozen=True)
class Phase:
    """[from_ms, to_ms), for ever if `to_ms` is None, at `rate` events per second in the mean over a day."""

    from_ms: int
    to_ms: int | None
    rate: float

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ValueError(f"a rate of {self.rate} events per second: it must be above 0")
        if self.to_ms is not None and self.to_ms <= self.from_ms:
            raise ValueError("a phase that ends before it begins")


def thinned(from_ms: int, to_ms: int, events: int, most: float, sites: tuple[SimulatedSite, ...] = SITES) -> Phase:
    """The phase that holds about so many events, at a rate of at most `most`."""
    steps = max(1, (to_ms - from_ms) // _STEP_MS)
    busy = sum(traffic(sites, from_ms + (to_ms - from_ms) * step // steps) for step in range(steps)) / steps
    return Phase(from_ms, to_ms, min(most, max(events, 1) * 1000 / (to_ms - from_ms) / busy))


def live_phases(
    now_ms: int, rate: float, day_events: int, history_days: int, sites: tuple[SimulatedSite, ...] = SITES
) -> tuple[Phase, ...]:
    """Days of thin history, the first site's day so far, and from `now_ms` on the full rate for ever.

    History and the day so far hold about `day_events` events together; promises made in the history fall due today.
    """
    offset = offset_ms(sites[0].zone, now_ms)
    midnight_ms = (now_ms + offset) // DAY_MS * DAY_MS - offset
    phases = []
    history_events = int(day_events * _HISTORY_SHARE) if history_days else 0
    if history_events:
        phases.append(thinned(midnight_ms - history_days * DAY_MS, midnight_ms, history_events, rate, sites))
    if day_events > history_events and now_ms > midnight_ms:
        phases.append(thinned(midnight_ms, now_ms, day_events - history_events, rate, sites))
    return (*phases, Phase(now_ms, None, rate))
