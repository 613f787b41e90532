"""Whether a series of measurements grows: its last third against its middle third, by medians.

The first third is left out: what a process fills once, caches and pools, it has filled by then. A median is not moved
by a restart or a busy moment of the machine. What grows without end lies higher in the last third by as much as in any
other; what is allowed is stated for each series.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LEAST = 9
"""Measurements below which nothing is said: three a third."""


@dataclass(frozen=True)
class Bound:
    """By how much the last third may lie above the middle one: a share of it, an amount in the series' own unit, and so
    much for each event that came in between (state that the product is to keep)."""

    share: float
    amount: float
    each_event: float = 0.0


@dataclass(frozen=True)
class Judged:
    """`before`, `after`: the medians of the middle and the last third; `most`: what `after` may be."""

    before: float
    after: float
    most: float

    @property
    def grows(self) -> bool:
        return self.after > self.most


def judged(values: Sequence[float], bound: Bound, events: Sequence[float] | None = None) -> Judged | None:
    """A series in the order of time; None: it is too short. `events`: how many had come at each measurement, which a
    bound by events needs. ValueError: not as many as values."""
    if events is not None and len(events) != len(values):
        raise ValueError(f"{len(values)} values and {len(events)} numbers of events")
    if len(values) < LEAST:
        return None
    before, after = (median(part) for part in _thirds(values))
    came = 0.0
    if events is not None:
        earlier, later = (median(part) for part in _thirds(events))
        came = later - earlier
    return Judged(before, after, before * (1 + bound.share) + bound.amount + bound.each_event * came)


def _thirds(values: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """The middle and the last third; what does not divide is left out at the beginning."""
    third = len(values) // 3
    return values[-2 * third : -third], values[-third:]
