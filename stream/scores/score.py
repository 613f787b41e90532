"""A score: what one version of a scheme gives one entity in one period, exact, with all that it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from stream.scores.schemes import Component, Definition
from stream.scores.scoring import FactorValue, GateValue
from stream.scores.values import Value, Who


@dataclass(frozen=True, slots=True)
class ComponentPart:
    """What a component gave. `points`: those of step 1, before any gate. `attainment`: value / target."""

    component: Component
    value: Value
    status: str
    points: Fraction
    target: Fraction | None = None
    limit: Fraction | None = None
    attainment: Fraction | None = None


@dataclass(frozen=True, slots=True)
class PayPart:
    """Base, commission (after the factors) or allowance of a payout, before any gate."""

    part: str
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Score:
    """One record to be. `score` is of a scorecard; `amount`, in minor units, of the others. What a kind has not is None
    or empty."""

    definition: Definition
    who: Who
    score: Fraction | None = None
    amount: Fraction | None = None
    place: int | None = None
    of: int | None = None
    grade: str | None = None
    flags: tuple[str, ...] = ()
    parts: tuple[ComponentPart | PayPart, ...] = ()
    factors: tuple[FactorValue, ...] = ()
    gates: tuple[GateValue, ...] = ()
