"""Targets, scorecards, payouts, contests and rewards in a configuration document: the shape of their sections (scores 1
to 4). What keys must satisfy together is in scheme_checks.py; scheme_values.py makes the core's values of them."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, model_validator

from stream.facts.instant import checked_date
from stream.scores.schemes import Before, Bound, OfSite
from stream.settings.section import Section
from stream.settings.units import DurationMs, Exact, Listed, Name, Positive, decimal, whole

MOST_PERIODS = 1_000


def day(value: object) -> date:
    """A local date `YYYY-MM-DD`; ValueError for anything else."""
    try:
        return date.fromisoformat(checked_date(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError(f"{value!r} is not a date such as 2026-01-01, in 1980-2199") from None


def _positive(number: Fraction) -> Fraction:
    if number <= 0:
        raise ValueError("must be above 0")
    return number


def bound(value: object) -> Bound:
    """A decimal, or a relative number `{of: site}` or `{before: N}`; ValueError for anything else."""
    if not isinstance(value, Mapping):
        return decimal(value)
    if list(value) == ["of"]:
        if value["of"] != "site":
            raise ValueError(f"of: {value['of']!r} should be site")
        return OfSite()
    if list(value) == ["before"]:
        periods = value["before"]
        if not isinstance(periods, int) or isinstance(periods, bool) or not 0 < periods <= MOST_PERIODS:
            raise ValueError(f"before: {periods!r} should be a whole number of periods above 0")
        return Before(periods)
    raise ValueError("should be a number, {of: site} or {before: N}")


def _bound_text(value: Bound) -> object:
    if isinstance(value, Fraction):
        return str(value)
    return {"of": "site"} if isinstance(value, OfSite) else {"before": value.periods}


def _void(value: object) -> object:
    return ("all",) if value == "all" else value


def _amounts(value: object) -> object:
    return value if isinstance(value, Mapping) else {"default": value}


Day = Annotated[date, BeforeValidator(day)]
AboveZero = Annotated[Exact, AfterValidator(_positive)]
Relative = Annotated[
    Bound, PlainValidator(bound, json_schema_input_type=Any), PlainSerializer(_bound_text, return_type=Any)
]
Minor = Annotated[int, BeforeValidator(whole), Field(gt=-(2**53), lt=2**53)]
"""An amount in minor units."""
Periods = Annotated[Positive, Field(le=MOST_PERIODS)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
IndicatorName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
Level = Literal["agent", "team", "queue", "segment", "site"]
Word = Annotated[str, Field(min_length=1, max_length=256)]
Pairs = Annotated[tuple[tuple[Exact, Exact], ...], Field(min_length=1)]
"""Steps: (bound, what it gives)."""
Names = Annotated[tuple[Name, ...], Field(min_length=1)]


class CalendarSection(Section):
    """Workdays: days of the week, less the holidays, and the extra ones."""

    workdays: Annotated[tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], Field(min_length=1)] = (
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
    )
    holidays: Listed[Day] = ()
    extra_workdays: Listed[Day] = ()


class TargetSection(Section):
    """A target (scores 1)."""

    kpi: str
    over: str | None = None
    currency: Currency | None = None
    level: Level
    entity: Name
    site: Name | None = None
    period: Name
    value: Exact
    from_day: Day = Field(alias="from")
    until_day: Day | None = Field(None, alias="until")


class SourceSection(Section):
    """Where a value comes from: one of `kpi` (perhaps `over` another) and `indicator`."""

    kpi: str | None = None
    over: str | None = None
    indicator: str | None = None
    currency: Currency | None = None
    better: Literal["higher", "lower"] | None = None


class AttainmentSection(Section):
    """Weight x value / target. Here null says something: no floor, no cap."""

    floor: Exact | None = Fraction(0)
    cap: Exact | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, document: Any) -> Any:
        return {} if document is None else document


class DeductSection(Section):
    """Points off for what lies beyond a limit."""

    limit: Relative
    per: AboveZero = Fraction(1)
    points: Exact = Fraction(1)
    steps: Literal["whole", "begun", "pro_rata"] = "whole"
    of: Literal["above", "below"] = "above"
    floor: Exact | None = None


class RankSection(Section):
    """Points by place."""

    order: Literal["highest", "lowest"] = "highest"
    points: Annotated[tuple[Exact, ...], Field(min_length=1)]
    ties: Literal["best", "worst", "mean"] = "best"


class LinearSection(Section):
    """On the line between two points, (value, points)."""

    from_point: tuple[Exact, Exact] = Field(alias="from")
    to_point: tuple[Exact, Exact] = Field(alias="to")


class ScoringSection(Section):
    """How a value becomes points; exactly one."""

    attainment: AttainmentSection | None = None
    steps: Pairs | None = None
    deduct: DeductSection | None = None
    rank: RankSection | None = None
    linear: LinearSection | None = None


class ComponentSection(SourceSection):
    """A component of a scorecard."""

    component: Word
    weight: Annotated[Exact, Field(ge=0)]
    target: Relative | None = None
    scoring: ScoringSection
    if_no_data: Literal["redistribute"] | None = None


class FactorSection(SourceSection):
    """A factor: start + change x floor(value / per)."""

    factor: Word
    start: Exact
    per: AboveZero = Fraction(1)
    change: Exact
    floor: Exact | None = None
    ceiling: Exact | None = None


class EffectSection(Section):
    """What a missed gate does; exactly one. `cap` is for scores, `cap_amount` for money."""

    void: Annotated[tuple[Word, ...], BeforeValidator(_void), Field(min_length=1)] | None = None
    factor: Exact | None = None
    cap: Exact | None = None
    cap_amount: Minor | None = None


class GateSection(SourceSection):
    """A gate: missed under `below` or over `above`."""

    gate: Word
    below: Relative | None = None
    above: Relative | None = None
    effect: EffectSection
    if_no_data: Literal["missed", "passed"] | None = None


class CardStreakSection(Section):
    """A flag for so many periods in a row."""

    place: Positive | None = None
    below: Exact | None = None
    periods: Periods
    flag: Word


class LeadersSection(Section):
    """The leaders instead of their teams."""

    leaders: Annotated[dict[Name, Annotated[tuple[Name, ...], Field(min_length=1)]], Field(min_length=1)]


class DefinitionSection(Section):
    """What versions of all schemes have."""

    version: Positive
    from_day: Day = Field(alias="from")
    until_day: Day | None = Field(None, alias="until")
    trial: bool = False
    level: Level
    period: Name
    entities: Names | None = None
    settle_ms: DurationMs = Field(0, alias="settle")


Components = Annotated[tuple[ComponentSection, ...], Field(min_length=1)]
Factors = Annotated[tuple[FactorSection, ...], Field(min_length=1)]
Gates = Annotated[tuple[GateSection, ...], Field(min_length=1)]


class ScorecardSection(DefinitionSection):
    """A version of a scorecard (scores 2)."""

    scorecard: Name
    leader_of: LeadersSection | None = None
    full_marks: Exact | None = None
    components: Components
    factors: Factors | None = None
    gates: Gates | None = None
    grades: Annotated[tuple[tuple[Word, Exact], ...], Field(min_length=1)] | None = None
    streaks: Annotated[tuple[CardStreakSection, ...], Field(min_length=1)] | None = None
    only_recovery: Word | None = None
    only_one: Word | None = None


class BasisSection(SourceSection):
    """What a payout is for: a source, or a scorecard's score."""

    scorecard: Name | None = None
    target: Relative | None = None


class AmountsSection(Section):
    """An amount for everybody, and for some another."""

    default: Minor = 0
    entities: Annotated[dict[Name, Minor], Field(min_length=1)] | None = None


class ThenEverySection(Section):
    """More for every full step beyond the last bound."""

    step: AboveZero
    rate: Exact


class CommissionSection(Section):
    """A rate of what was recovered, by what was reached."""

    by: Literal["attainment", "amount"] = "attainment"
    reading: Literal["whole", "slab"] = "whole"
    steps: Pairs
    then_every: ThenEverySection | None = None
    of: SourceSection | None = None


class ThenSection(Section):
    """What a payout's streak does."""

    base_share: Exact | None = None
    base_amount: Minor | None = None
    flag: Word | None = None


class PayStreakSection(Section):
    """A streak of a payout."""

    below: Exact
    periods: Periods
    then: ThenSection


Amounts = Annotated[AmountsSection, BeforeValidator(_amounts)]


class PayoutSection(DefinitionSection):
    """A version of a payout (scores 3)."""

    payout: Name
    leader_of: LeadersSection | None = None
    currency: Currency
    basis: BasisSection
    base: Amounts = AmountsSection()
    base_share: Pairs | None = None
    commission: CommissionSection | None = None
    streaks: Annotated[tuple[PayStreakSection, ...], Field(min_length=1)] | None = None
    allowance: Amounts = AmountsSection()
    factors: Factors | None = None
    gates: Gates | None = None
    only_recovery: Word | None = None
    only_one: Word | None = None


class MustSection(Section):
    """What the value must satisfy."""

    at_least: Relative | None = None
    at_most: Relative | None = None
    above: Relative | None = None
    below: Relative | None = None


class PrizesSection(Section):
    """The amounts of a list of a contest."""

    must: MustSection | None = None
    amounts: Annotated[tuple[Minor, ...], Field(min_length=1)]


class TiesSection(Section):
    """By what equal ones are told apart."""

    by: str
    order: Literal["highest", "lowest"] = "highest"


class ContestSection(SourceSection, DefinitionSection):
    """A version of a contest (scores 4)."""

    contest: Name
    workdays_only: bool = False
    top: PrizesSection | None = None
    bottom: PrizesSection | None = None
    ties: TiesSection | None = None
    minimum: dict[str, Exact] = {}


class RewardSection(SourceSection, DefinitionSection):
    """A version of a volume reward (scores 4)."""

    reward: Name
    workdays_only: bool = False
    at_least: Exact
    amount: Minor
    each_more: Minor = 0
    cap: Minor | None = None
    contest: Name | None = Field(None, alias="with")
    stack: Literal["both", "larger", "contest", "reward"] | None = None
