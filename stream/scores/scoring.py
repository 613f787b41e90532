"""Points, factors and gates: the arithmetic of scores 2, on exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from stream.scores.schemes import Attainment, Deduct, Factor, Gate, Linear, Rank, Stepped, Steps
from stream.scores.values import Values, Who


def step_of(steps: Steps, value: Fraction, *, lower: bool = False) -> int | None:
    """Which step the value has reached: the last whose bound is not above it; `lower`: not under it."""
    reached = None
    for place, (bound, _) in enumerate(steps):
        if (value <= bound) if lower else (bound <= value):
            reached = place
    return reached


def attained(scoring: Attainment, weight: Fraction, value: Fraction, target: Fraction) -> Fraction:
    """Weight x value / target, within floor and cap; the target is not 0."""
    quotient = value / target
    if scoring.floor is not None:
        quotient = max(quotient, scoring.floor)
    if scoring.cap is not None:
        quotient = min(quotient, scoring.cap)
    return weight * quotient


def stepped(scoring: Stepped, value: Fraction, *, lower: bool) -> Fraction:
    """The points of the step reached, 0 before the first."""
    reached = step_of(scoring.steps, value, lower=lower)
    return Fraction(0) if reached is None else scoring.steps[reached][1]


def deducted(scoring: Deduct, weight: Fraction, value: Fraction, limit: Fraction) -> Fraction:
    """The weight less the points for what lies beyond the limit."""
    beyond = max(Fraction(0), limit - value if scoring.below else value - limit) / scoring.per
    if scoring.counted == "whole":
        beyond = Fraction(beyond.__floor__())
    elif scoring.counted == "begun":
        beyond = Fraction(beyond.__ceil__())
    points = weight - scoring.points * beyond
    return points if scoring.floor is None else max(points, scoring.floor)


def on_line(scoring: Linear, value: Fraction) -> Fraction:
    """On the line between its two ends, and level beyond them."""
    (x0, p0), (x1, p1) = sorted((scoring.start, scoring.end))
    if value <= x0:
        return p0
    return p1 if value >= x1 else p0 + (p1 - p0) * (value - x0) / (x1 - x0)


def ranked(scoring: Rank, values: Sequence[Fraction]) -> dict[Fraction, Fraction]:
    """Value -> its points, of all values of those who have one."""
    ordered = sorted(values, reverse=not scoring.lowest)
    points: dict[Fraction, Fraction] = {}
    first = 0
    while first < len(ordered):
        last = first
        while last + 1 < len(ordered) and ordered[last + 1] == ordered[first]:
            last += 1
        points[ordered[first]] = _shared(scoring, first, last)
        first = last + 1
    return points


def _shared(scoring: Rank, first: int, last: int) -> Fraction:
    """The points of those who are equal on the places first to last, counted from 0; the last points repeat."""
    best = len(scoring.points) - 1
    if scoring.ties == "best":
        return scoring.points[min(first, best)]
    if scoring.ties == "worst":
        return scoring.points[min(last, best)]
    listed = sum(scoring.points[first : last + 1], Fraction(0))
    beyond = last + 1 - max(first, best + 1)
    return (listed + max(0, beyond) * scoring.points[best]) / (last + 1 - first)


def places(values: Sequence[Fraction]) -> dict[Fraction, int]:
    """Value -> its place, the highest first; equal ones share the better place (1, 1, 3)."""
    found: dict[Fraction, int] = {}
    for place, value in enumerate(sorted(values, reverse=True), 1):
        found.setdefault(value, place)
    return found


@dataclass(frozen=True, slots=True)
class FactorValue:
    """A factor as it came out."""

    factor: Factor
    value: Fraction


@dataclass(frozen=True, slots=True)
class GateValue:
    """A gate as it came out. `below`, `above`: its bounds, where they have a value."""

    gate: Gate
    missed: bool
    value: Fraction | None
    below: Fraction | None = None
    above: Fraction | None = None


def factor_of(factor: Factor, values: Values, who: Who) -> FactorValue:
    """start + change x floor(value / per), within floor and ceiling; without a value the start."""
    value = values.of(factor.source, who).value
    found = factor.start if value is None else factor.start + factor.change * (value / factor.per).__floor__()
    if factor.floor is not None:
        found = max(found, factor.floor)
    if factor.ceiling is not None:
        found = min(found, factor.ceiling)
    return FactorValue(factor, found)


def gate_of(gate: Gate, values: Values, who: Who) -> GateValue:
    """Whether the gate is missed. A relative bound without a value leaves the gate without one."""
    value = values.of(gate.source, who).value
    below = values.bound(gate.below, gate.source, who)
    above = values.bound(gate.above, gate.source, who)
    if value is None or (gate.below is not None and below is None) or (gate.above is not None and above is None):
        return GateValue(gate, gate.missed_without, None, below, above)
    missed = (below is not None and value < below) or (above is not None and value > above)
    return GateValue(gate, missed, value, below, above)
