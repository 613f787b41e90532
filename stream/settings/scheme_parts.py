"""What targets, scorecards, payouts, contests and rewards are made of in a configuration document: the shape of the
sections inside theirs, which are in schemes.py (scores 1 to 4)."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    model_validator,
)

from stream.facts.instant import checked_date
from stream.scores.schemes import Before, Bound, OfSite
from stream.settings.section import Section
from stream.settings.units import (
    DATE,
    Currency,
    DurationMs,
    Exact,
    KpiName,
    Listed,
    Name,
    NotNegative,
    Positive,
    decimal,
    whole,
)

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


class OfSiteSection(Section):
    """The same source's value for the site."""

    of: Literal["site"]
    """The same source's value for the site."""


class BeforeSection(Section):
    """The entity's own value so many periods earlier."""

    before: Annotated[int, Field(ge=1, le=MOST_PERIODS)]
    """The same source's value so many periods earlier."""


def _bound_text(value: Bound) -> object:
    if isinstance(value, Fraction):
        return str(value)
    return {"of": "site"} if isinstance(value, OfSite) else {"before": value.periods}


def _void(value: object) -> object:
    return ("all",) if value == "all" else value


Day = Annotated[date, BeforeValidator(day), DATE]

AboveZero = Annotated[NotNegative, AfterValidator(_positive)]
Relative = Annotated[
    Bound,
    PlainValidator(bound, json_schema_input_type=Exact | OfSiteSection | BeforeSection),
    PlainSerializer(_bound_text, return_type=Any),
]
Minor = Annotated[int, BeforeValidator(whole), Field(gt=-(2**53), lt=2**53)]
"""An amount in minor units."""
Periods = Annotated[Positive, Field(le=MOST_PERIODS)]
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
    """Days of the week on which people work."""
    holidays: Listed[Day] = ()
    """Dates that are no workdays."""
    extra_workdays: Listed[Day] = ()
    """Dates that are workdays all the same."""


class SourceSection(Section):
    """Where a value comes from: one of `kpi` (perhaps `over` another) and `indicator`."""

    kpi: KpiName | None = None
    """A KPI of `kpi-stream kpis`."""
    over: KpiName | None = None
    """A KPI by whose numerator that of `kpi` is divided."""
    indicator: str | None = None
    """A measured value, one of `indicators`, instead of `kpi`."""
    currency: Currency | None = None
    """Required for a KPI per currency, and only there."""
    better: Literal["higher", "lower"] | None = None
    """Which value is better; left out: what the catalogue says, of an indicator `higher`."""


class AttainmentSection(Section):
    """Weight x value / target. Here null says something: no floor, no cap."""

    floor: Exact | None = Fraction(0)
    """The quotient is not under it; `null`: no floor."""
    cap: Exact | None = None
    """The quotient is not over it; `null` or left out: no cap."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, document: Any) -> Any:
        return {} if document is None else document


class DeductSection(Section):
    """Points off for what lies beyond a limit."""

    limit: Relative
    """A number, `{of: site}` or `{before: N}`: up to here nothing is taken off."""
    per: AboveZero = Fraction(1)
    """The unit in which what lies beyond is counted."""
    points: Exact = Fraction(1)
    """Points for each unit."""
    steps: Literal["whole", "begun", "pro_rata"] = "whole"
    """Whether full units count, begun ones, or what there is."""
    of: Literal["above", "below"] = "above"
    """On which side of the limit points are lost."""
    floor: Exact | None = None
    """The points are not under it; left out: no floor."""


class RankSection(Section):
    """Points by place."""

    order: Literal["highest", "lowest"] = "highest"
    """Which value is first."""
    points: Annotated[tuple[Exact, ...], Field(min_length=1)]
    """Of each place; the last repeat."""
    ties: Literal["best", "worst", "mean"] = "best"
    """What equal values take of the points of their places."""


class LinearSection(Section):
    """On the line between two points, (value, points)."""

    from_point: tuple[Exact, Exact] = Field(alias="from")
    """`[value, points]`; level before it."""
    to_point: tuple[Exact, Exact] = Field(alias="to")
    """`[value, points]`; level after it."""


class ScoringSection(Section):
    """How a value becomes points; exactly one."""

    attainment: AttainmentSection | None = None
    """Weight x value / target."""
    steps: Pairs | None = None
    """`[[bound, points], ...]`: those of the last step whose bound the value has reached."""
    deduct: DeductSection | None = None
    """Points off for what lies beyond a limit."""
    rank: RankSection | None = None
    """Points by place."""
    linear: LinearSection | None = None
    """On the line between two points."""


class ComponentSection(SourceSection):
    """A component of a scorecard."""

    component: Word
    """Its name, unique in the card."""
    weight: NotNegative
    """Its share of the points."""
    target: Relative | None = None
    """A number, `{of: site}` or `{before: N}`; left out: the one of `targets`."""
    scoring: ScoringSection
    """How its value becomes points."""
    if_no_data: Literal["redistribute"] | None = None
    """Where it has no value its weight goes to the others; left out: it has 0 points."""


class FactorSection(SourceSection):
    """A factor: start + change x floor(value / per)."""

    factor: Word
    """Its name."""
    start: Exact
    """Of the value 0, or without a value."""
    per: AboveZero = Fraction(1)
    """The unit in which the value is counted."""
    change: Exact
    """For each full unit."""
    floor: Exact | None = None
    """The factor is not under it."""
    ceiling: Exact | None = None
    """The factor is not over it."""


class EffectSection(Section):
    """What a missed gate does; exactly one. `cap` is for scores, `cap_amount` for money."""

    void: (
        Annotated[
            tuple[Word, ...],
            BeforeValidator(_void, json_schema_input_type=Literal["all"] | Names),
            Field(min_length=1),
        ]
        | None
    ) = None
    """Components or parts that become 0, or `all`."""
    factor: Exact | None = None
    """What the sum is multiplied by."""
    cap: Exact | None = None
    """The score is not over it."""
    cap_amount: Minor | None = None
    """The pay is not over it, in minor units."""


class GateSection(SourceSection):
    """A gate: missed under `below` or over `above`."""

    gate: Word
    """Its name."""
    below: Relative | None = None
    """A number, `{of: site}` or `{before: N}`: missed under it."""
    above: Relative | None = None
    """A number, `{of: site}` or `{before: N}`: missed over it."""
    effect: EffectSection
    """What it does when it is missed."""
    if_no_data: Literal["missed", "passed"] | None = None
    """Without a value; left out: passed for scores, missed for pay."""


class CardStreakSection(Section):
    """A flag for so many periods in a row."""

    place: Positive | None = None
    """The place was this one or worse."""
    below: Exact | None = None
    """The score was under this."""
    periods: Periods
    """How many in a row."""
    flag: Word
    """What goes to `flags` of the record."""


class LeadersSection(Section):
    """The leaders instead of their teams."""

    leaders: Annotated[dict[Name, Annotated[tuple[Name, ...], Field(min_length=1)]], Field(min_length=1)]
    """Leader to the teams that are his."""


class DefinitionSection(Section):
    """What versions of all schemes have."""

    version: Positive
    """Another for each version of one name."""
    from_day: Day = Field(alias="from")
    """The first day of the periods for which it is in force."""
    until_day: Day | None = Field(None, alias="until")
    """The first day of those for which it is not any more."""
    trial: bool = False
    """Computed beside, and never applied."""
    level: Level
    """Of those who are judged."""
    period: Name
    """`day`, `month`, `quarter` or the name of a shift."""
    entities: Names | None = None
    """A list that restricts it; left out: all of the level."""
    settle_ms: DurationMs = Field(0, alias="settle")
    """How long after its last window a score stays provisional."""


Components = Annotated[tuple[ComponentSection, ...], Field(min_length=1)]
Factors = Annotated[tuple[FactorSection, ...], Field(min_length=1)]
Gates = Annotated[tuple[GateSection, ...], Field(min_length=1)]
