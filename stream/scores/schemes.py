"""Schemes: scorecards, payouts, contests and rewards as the configuration declares them (scores 2-4), and exact.

Numbers are fractions: points, shares and rates as they stand, money in minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import ClassVar, Literal

DAY, MONTH, QUARTER = "day", "month", "quarter"
LEADER = "leader"
"""The level of leaders in records."""


def window_of(period: str) -> str:
    """The name of the windows that make up a period."""
    if period in (DAY, MONTH):
        return period
    return MONTH if period == QUARTER else f"shift_{period}"


Steps = tuple[tuple[Fraction, Fraction], ...]
"""(bound, points, share or rate), in the order of the bounds."""


@dataclass(frozen=True)
class OfSite:
    """A relative number: the same source's value for the site."""


@dataclass(frozen=True)
class Before:
    """A relative number: the entity's own value so many periods earlier."""

    periods: int


Bound = Fraction | OfSite | Before


@dataclass(frozen=True)
class Source:
    """Where a value comes from: a KPI, a KPI's numerator over another's, or an indicator (exactly one of the two).

    `currency`: "" where it has none; of an indicator then any. `lower`: the lower value is the better one.
    """

    kpi: str | None = None
    over: str | None = None
    indicator: str | None = None
    currency: str = ""
    lower: bool = False


@dataclass(frozen=True)
class Attainment:
    """Weight x value / target, the quotient not under `floor` nor over `cap` (None: no such bound)."""

    floor: Fraction | None = Fraction(0)
    cap: Fraction | None = None


@dataclass(frozen=True)
class Stepped:
    """The points of the last step whose bound the value has reached; none: 0."""

    steps: Steps


@dataclass(frozen=True)
class Deduct:
    """The weight less `points` for every `per` beyond the limit; `below`: for every one short of it."""

    limit: Bound
    per: Fraction = Fraction(1)
    points: Fraction = Fraction(1)
    counted: Literal["whole", "begun", "pro_rata"] = "whole"
    below: bool = False
    floor: Fraction | None = None


@dataclass(frozen=True)
class Rank:
    """Points by place among those with a value, the highest (or lowest) first; the last repeats."""

    points: tuple[Fraction, ...]
    lowest: bool = False
    ties: Literal["best", "worst", "mean"] = "best"


@dataclass(frozen=True)
class Linear:
    """On the line from (x0, p0) to (x1, p1), and level beyond its ends."""

    start: tuple[Fraction, Fraction]
    end: tuple[Fraction, Fraction]


Scoring = Attainment | Stepped | Deduct | Rank | Linear


@dataclass(frozen=True)
class Component:
    """One part of a scorecard. `target`: in place; None: that of the section `targets`."""

    component: str
    source: Source
    weight: Fraction
    scoring: Scoring
    target: Bound | None = None
    redistribute: bool = False


@dataclass(frozen=True)
class Factor:
    """start + change x floor(value / per), not under `floor` nor over `ceiling`."""

    factor: str
    source: Source
    start: Fraction
    change: Fraction
    per: Fraction = Fraction(1)
    floor: Fraction | None = None
    ceiling: Fraction | None = None


@dataclass(frozen=True)
class Effect:
    """What a missed gate does; one of the four. `void`: names of components or parts, or ("all",). `cap`: of the score,
    or of the amount in minor units."""

    void: tuple[str, ...] = ()
    factor: Fraction | None = None
    cap: Fraction | None = None


@dataclass(frozen=True)
class Gate:
    """Missed where the value is under `below` or over `above`; `missed_without`: without a value, too."""

    gate: str
    source: Source
    effect: Effect
    below: Bound | None = None
    above: Bound | None = None
    missed_without: bool = False


@dataclass(frozen=True)
class CardStreak:
    """A flag for who had in so many periods in a row no better place than `place`, or a score under `below`."""

    flag: str
    periods: int
    place: int | None = None
    below: Fraction | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Definition:
    """A version of a scheme, in force for periods whose first day lies in [from_day, until_day).

    `leaders`: leader -> teams; None: the entities are those of `level`. `entities` None: all. `reason`: why it pays for
    recovery, or for one number, alone. Two definitions are equal only if they are the same object.
    """

    KIND: ClassVar[str]

    name: str
    version: int
    level: str
    period: str
    from_day: date
    until_day: date | None = None
    trial: bool = False
    leaders: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    entities: frozenset[str] | None = None
    settle_ms: int = 0
    workdays_only: bool = False
    reason: str | None = None

    @property
    def record_level(self) -> str:
        """The level as records say it."""
        return self.level if self.leaders is None else LEADER

    def in_force(self, start: date) -> bool:
        """Whether a period's first day lies in [from, until)."""
        return self.from_day <= start and (self.until_day is None or start < self.until_day)

    def sources(self) -> tuple[Source, ...]:
        """Every source that it reads."""
        raise NotImplementedError

    def bounds(self) -> tuple[Bound, ...]:
        """Every number in it that may be relative."""
        return ()

    def streak_periods(self) -> int:
        """How many periods its longest streak looks at; 1 without streaks."""
        return 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Scorecard(Definition):
    """A score, a place and a grade from weighted components."""

    KIND = "scorecard"

    components: tuple[Component, ...]
    factors: tuple[Factor, ...] = ()
    gates: tuple[Gate, ...] = ()
    grades: tuple[tuple[str, Fraction], ...] = ()
    streaks: tuple[CardStreak, ...] = ()

    def sources(self) -> tuple[Source, ...]:
        return (*(each.source for each in self.components), *_rest(self.factors, self.gates))

    def bounds(self) -> tuple[Bound, ...]:
        targets = [each.target for each in self.components]
        limits = [each.scoring.limit for each in self.components if isinstance(each.scoring, Deduct)]
        return tuple(each for each in (*targets, *limits, *_gate_bounds(self.gates)) if each is not None)

    def streak_periods(self) -> int:
        return max((each.periods for each in self.streaks), default=1)


@dataclass(frozen=True)
class Amounts:
    """An amount in minor units for everybody, and another for some."""

    default: Fraction = Fraction(0)
    of_entities: tuple[tuple[str, Fraction], ...] = ()

    def of(self, entity: str) -> Fraction:
        """The amount of an entity."""
        return next((amount for name, amount in self.of_entities if name == entity), self.default)


@dataclass(frozen=True)
class Commission:
    """`whole`: all of R at one rate; else by slabs. `by_amount`: the bounds are in R itself, not in attainment.
    `then_every`: (step, rate) beyond the last bound. `of`: what the rate is of instead of R."""

    steps: Steps
    whole: bool = True
    by_amount: bool = False
    then_every: tuple[Fraction, Fraction] | None = None
    of: Source | None = None


@dataclass(frozen=True)
class PayStreak:
    """What becomes of the base of who was under `below` in so many periods in a row."""

    below: Fraction
    periods: int
    base_share: Fraction | None = None
    base_amount: Fraction | None = None
    flag: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Payout(Definition):
    """An amount of money: base, commission and allowance. `basis` None: the score of the card `scorecard`."""

    KIND = "payout"

    currency: str
    basis: Source | None = None
    scorecard: str | None = None
    target: Bound | None = None
    base: Amounts = Amounts()
    base_share: Steps = ()
    commission: Commission | None = None
    streaks: tuple[PayStreak, ...] = ()
    allowance: Amounts = Amounts()
    factors: tuple[Factor, ...] = ()
    gates: tuple[Gate, ...] = ()

    def sources(self) -> tuple[Source, ...]:
        found = (self.basis, self.commission.of if self.commission else None, *_rest(self.factors, self.gates))
        return tuple(each for each in found if each is not None)

    def bounds(self) -> tuple[Bound, ...]:
        return tuple(each for each in (self.target, *_gate_bounds(self.gates)) if each is not None)

    def streak_periods(self) -> int:
        return max((each.periods for each in self.streaks), default=1)


@dataclass(frozen=True)
class Must:
    """What the value must satisfy for an amount to be paid; each bound that is there."""

    at_least: Bound | None = None
    at_most: Bound | None = None
    above: Bound | None = None
    below: Bound | None = None


@dataclass(frozen=True)
class Prizes:
    """The amounts of the first (or last) places, in minor units, and what the value must satisfy."""

    amounts: tuple[Fraction, ...]
    must: Must = Must()


@dataclass(frozen=True, kw_only=True, eq=False)
class Contest(Definition):
    """Amounts for the first and the last places of a period."""

    KIND = "contest"

    currency: str
    source: Source
    top: Prizes | None = None
    bottom: Prizes | None = None
    ties: Source | None = None
    ties_lowest: bool = False
    minimum: tuple[tuple[Source, Fraction], ...] = ()

    def sources(self) -> tuple[Source, ...]:
        return (self.source, *([self.ties] if self.ties else []), *(source for source, _ in self.minimum))

    def bounds(self) -> tuple[Bound, ...]:
        musts = [prizes.must for prizes in (self.top, self.bottom) if prizes]
        each = (bound for must in musts for bound in (must.at_least, must.at_most, must.above, must.below))
        return tuple(bound for bound in each if bound is not None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reward(Definition):
    """An amount for volume. `contest`: the contest of the same people, with which it may not stack."""

    KIND = "reward"

    currency: str
    source: Source
    at_least: Fraction
    amount: Fraction
    each_more: Fraction = Fraction(0)
    cap: Fraction | None = None
    contest: str | None = None
    stack: Literal["both", "larger", "contest", "reward"] = "both"

    def sources(self) -> tuple[Source, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Schemes:
    """All schemes of a configuration, and what their values need. `minimum_sample`: KPI -> least denominator. `absent`:
    KPIs that have no value under this configuration."""

    definitions: tuple[Definition, ...] = ()
    indicators: frozenset[str] = frozenset()
    minimum_sample: tuple[tuple[str, int], ...] = ()
    absent: frozenset[str] = frozenset()

    @property
    def windows(self) -> frozenset[str]:
        """The windows of KPI records that they read."""
        return frozenset(window_of(each.period) for each in self.definitions)

    def __bool__(self) -> bool:
        return bool(self.definitions)


def _gate_bounds(gates: tuple[Gate, ...]) -> list[Bound | None]:
    return [bound for gate in gates for bound in (gate.below, gate.above)]


def _rest(factors: tuple[Factor, ...], gates: tuple[Gate, ...]) -> list[Source]:
    return [*(each.source for each in factors), *(each.source for each in gates)]
