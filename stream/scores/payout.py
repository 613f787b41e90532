"""Payouts: base, commission, allowance, gates; minor units, exact until they are written (scores 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from stream.scores.schemes import Commission, Payout, PayStreak, Steps
from stream.scores.score import PayPart, Score
from stream.scores.scorecard import ZERO, Cards
from stream.scores.scoring import factor_of, gate_of, step_of
from stream.scores.values import Values, Who

BASE, COMMISSION, ALLOWANCE = "base", "commission", "allowance"
PARTS = (BASE, COMMISSION, ALLOWANCE)

ScoreOf = Callable[[str, Who], Fraction | None]
"""(name of a scorecard, entity and period) -> the score by the version that applies; None without one."""


@dataclass(frozen=True, slots=True)
class Basis:
    """R, T and a = R / T; by score R and T are None and a is the score. None where undefined."""

    amount: Fraction | None
    target: Fraction | None
    reached: Fraction | None


class Payouts:
    """Computes payouts."""

    def __init__(self, values: Values, cards: Cards, score_of: ScoreOf) -> None:
        self._values = values
        self._cards = cards
        self._score_of = score_of

    def basis(self, payout: Payout, who: Who) -> Basis:
        """What the entity has reached in the period."""
        if payout.basis is None:
            return Basis(None, None, self._score_of(payout.scorecard or "", who))
        amount = self._values.of(payout.basis, who).value
        target = self._cards.target_of(payout.target, payout.basis, who)
        return Basis(amount, target, amount / target if amount is not None and target else None)

    def score(self, payout: Payout, who: Who) -> Score | None:
        """The amount with its parts; None for who has no score where it is paid by score."""
        basis = self.basis(payout, who)
        if payout.basis is None and basis.reached is None:
            return None
        streak = self._streak(payout, who)
        factors = tuple(factor_of(factor, self._values, who) for factor in payout.factors)
        gates = tuple(gate_of(gate, self._values, who) for gate in payout.gates)
        commission = self._commission(payout, basis, who)
        for factor in factors:
            commission *= factor.value
        amounts = {
            BASE: _base(payout, basis, streak, who),
            COMMISSION: commission,
            ALLOWANCE: payout.allowance.of(who.entity),
        }
        missed = [gate.gate.effect for gate in gates if gate.missed]
        void = {name for effect in missed for name in effect.void}
        total = sum((amount for part, amount in amounts.items() if not {part, "all"} & void), ZERO)
        for effect in missed:
            if effect.factor is not None:
                total *= effect.factor
        total = min([total, *(effect.cap for effect in missed if effect.cap is not None)])
        return Score(
            payout, who, amount=total, factors=factors, gates=gates,
            flags=(streak.flag,) if streak is not None and streak.flag is not None else (),
            parts=tuple(PayPart(part, amounts[part]) for part in PARTS),
        )  # fmt: skip

    def _streak(self, payout: Payout, who: Who) -> PayStreak | None:
        """The last listed streak that holds."""
        return next((each for each in reversed(payout.streaks) if self._holds(payout, each, who)), None)

    def _holds(self, payout: Payout, streak: PayStreak, who: Who) -> bool:
        for back in range(streak.periods):
            then = who.earlier(back)
            reached = self.basis(payout, then).reached
            if reached is None or reached >= streak.below:
                return False
            if not self._values.has_record(then):
                return False
        return True

    def _commission(self, payout: Payout, basis: Basis, who: Who) -> Fraction:
        commission = payout.commission
        if commission is None or basis.amount is None:
            return ZERO
        measure = basis.amount if commission.by_amount else basis.reached
        if measure is None:
            return ZERO
        if not commission.whole:
            return slabs(commission, basis.amount, Fraction(1) if commission.by_amount else basis.target or ZERO)
        paid_of: Fraction | None = basis.amount
        if commission.of is not None:
            paid_of = self._values.of(commission.of, who).value
        return (paid_of or ZERO) * rate_at(commission, measure)


def _base(payout: Payout, basis: Basis, streak: PayStreak | None, who: Who) -> Fraction:
    amount = payout.base.of(who.entity)
    if streak is not None and streak.base_amount is not None:
        return streak.base_amount
    if streak is not None and streak.base_share is not None:
        return amount * streak.base_share
    return amount * share_at(payout.base_share, basis.reached)


def share_at(steps: Steps, reached: Fraction | None) -> Fraction:
    """The share of the last step reached; under the first 0; without steps, or nothing to compare, 1."""
    if not steps or reached is None:
        return Fraction(1)
    place = step_of(steps, reached)
    return ZERO if place is None else steps[place][1]


def rate_at(commission: Commission, measure: Fraction) -> Fraction:
    """The rate of the last step reached, and more for every full step beyond the last."""
    place = step_of(commission.steps, measure)
    if place is None:
        return ZERO
    bound, rate = commission.steps[place]
    if commission.then_every is None or place + 1 < len(commission.steps):
        return rate
    step, more = commission.then_every
    return rate + more * ((measure - bound) / step).__floor__()


def slabs(commission: Commission, amount: Fraction, unit: Fraction) -> Fraction:
    """Each part of the amount at the rate of the step that it lies in, what lies below the first bound at the first
    rate; nothing under the first bound. `unit`: what bounds are multiplied by."""
    steps = commission.steps
    if amount < steps[0][0] * unit:
        return ZERO
    total = ZERO
    for place, (bound, rate) in enumerate(steps):
        start = bound * unit if place else ZERO
        end = min(amount, steps[place + 1][0] * unit) if place + 1 < len(steps) else amount
        if start < end:
            total += (end - start) * rate
    if commission.then_every is not None:
        width, more = commission.then_every[0] * unit, commission.then_every[1]
        beyond = amount - steps[-1][0] * unit
        full = (beyond / width).__floor__() if width and beyond > 0 else 0
        # Each further slab has `more` on top of the one before: 0, 1, 2, ... times on full slabs, and `full` times on
        # what is left.
        total += more * (width * (full * (full - 1) // 2) + (beyond - full * width) * full)
    return total
