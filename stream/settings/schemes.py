"""Targets, scorecards, payouts, contests and rewards in a configuration document: the shape of their sections (scores 1
to 4). What they are made of is in scheme_parts.py, what keys must satisfy together in scheme_checks.py;
scheme_values.py makes the core's values of them."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from stream.settings.scheme_parts import (
    AboveZero,
    CardStreakSection,
    Components,
    Day,
    DefinitionSection,
    Factors,
    Gates,
    LeadersSection,
    Level,
    Minor,
    Pairs,
    Periods,
    Relative,
    SourceSection,
    Word,
)
from stream.settings.section import Section
from stream.settings.units import Currency, Exact, KpiName, Name


class TargetSection(Section):
    """A target (scores 1)."""

    kpi: KpiName
    """A KPI of `kpi-stream kpis`."""
    over: KpiName | None = None
    """A KPI by whose numerator that of `kpi` is divided: for scorecards and payouts alone."""
    currency: Currency | None = None
    """Required for a KPI per currency, and only there."""
    level: Level
    """Of those who have it."""
    entity: Name
    """Whose it is; `"*"`: everybody's at the level."""
    site: Name | None = None
    """Where; left out: everywhere."""
    period: Name
    """`day`, `month`, `quarter` or the name of a shift."""
    value: Exact
    """In the unit of the KPI record's value: a ratio as a share of 1, an amount in minor units."""
    from_day: Day = Field(alias="from")
    """The first day of the periods for which it holds."""
    until_day: Day | None = Field(None, alias="until")
    """The first day of those for which it does not any more."""


class ScorecardSection(DefinitionSection):
    """A version of a scorecard (scores 2)."""

    scorecard: Name
    """Its name."""
    leader_of: LeadersSection | None = None
    """With level `team`: the leaders instead of their teams."""
    full_marks: Exact | None = None
    """What the weights must add up to; left out: anything."""
    components: Components
    """What is judged, with weights."""
    factors: Factors | None = None
    """What the sum is multiplied by."""
    gates: Gates | None = None
    """What must be reached for the points to count."""
    grades: Annotated[tuple[tuple[Word, Exact], ...], Field(min_length=1)] | None = None
    """`[[grade, bound], ...]`, the best first."""
    streaks: Annotated[tuple[CardStreakSection, ...], Field(min_length=1)] | None = None
    """Flags for so many periods in a row."""
    only_recovery: Word | None = None
    """Why recovered money alone may be judged by; the records say it."""
    only_one: Word | None = None
    """Why one number alone may be judged by; the records say it."""


class BasisSection(SourceSection):
    """What a payout is for: a source, or a scorecard's score."""

    scorecard: Name | None = None
    """The name of a scorecard, instead of `kpi` and `indicator`."""
    target: Relative | None = None
    """A number, `{of: site}` or `{before: N}`; left out: the one of `targets`."""


class AmountsSection(Section):
    """An amount for everybody, and for some another."""

    default: Minor = 0
    """Minor units, for everybody who is not in `entities`."""
    entities: Annotated[dict[Name, Minor], Field(min_length=1)] | None = None
    """Entity to minor units."""


class ThenEverySection(Section):
    """More for every full step beyond the last bound."""

    step: AboveZero
    """The length of a step, as bounds are."""
    rate: Exact
    """What each adds to the rate."""


class CommissionSection(Section):
    """A rate of what was recovered, by what was reached."""

    by: Literal["attainment", "amount"] = "attainment"
    """Whether bounds are shares of the target, or amounts."""
    reading: Literal["whole", "slab"] = "whole"
    """Whether the rate reached holds for all, or each part has its own."""
    steps: Pairs
    """`[[bound, rate], ...]`."""
    then_every: ThenEverySection | None = None
    """More for every full step beyond the last bound."""
    of: SourceSection | None = None
    """What the rate is taken of, instead of the basis; `whole` alone."""


class ThenSection(Section):
    """What a payout's streak does."""

    base_share: Exact | None = None
    """The share of the base."""
    base_amount: Minor | None = None
    """Replaces the base, in minor units."""
    flag: Word | None = None
    """What goes to `flags` of the record."""


class PayStreakSection(Section):
    """A streak of a payout."""

    below: Exact
    """What was reached was under it."""
    periods: Periods
    """How many in a row."""
    then: ThenSection
    """What it does."""


def _amounts(value: object) -> object:
    return value if isinstance(value, Mapping) else {"default": value}


Amounts = Annotated[AmountsSection, BeforeValidator(_amounts, json_schema_input_type=Minor | AmountsSection)]


class PayoutSection(DefinitionSection):
    """A version of a payout (scores 3)."""

    payout: Name
    """Its name."""
    leader_of: LeadersSection | None = None
    """With level `team`: the leaders instead of their teams."""
    currency: Currency
    """Of all its amounts."""
    basis: BasisSection
    """What it is for."""
    base: Amounts = AmountsSection()
    """The base, in minor units: for everybody, or `{default, entities}`."""
    base_share: Pairs | None = None
    """`[[bound, share], ...]` of the base by what was reached; left out: all of it."""
    commission: CommissionSection | None = None
    """A rate of what was recovered."""
    streaks: Annotated[tuple[PayStreakSection, ...], Field(min_length=1)] | None = None
    """What so many periods in a row do to the base."""
    allowance: Amounts = AmountsSection()
    """What is added, in minor units: for everybody, or `{default, entities}`."""
    factors: Factors | None = None
    """What the commission is multiplied by."""
    gates: Gates | None = None
    """What must be reached for the parts to count."""
    only_recovery: Word | None = None
    """Why recovered money alone may be paid for; the records say it."""
    only_one: Word | None = None
    """Why one number alone may be paid for; the records say it."""


class MustSection(Section):
    """What the value must satisfy."""

    at_least: Relative | None = None
    """A number, `{of: site}` or `{before: N}`: not under it."""
    at_most: Relative | None = None
    """Not over it."""
    above: Relative | None = None
    """Over it."""
    below: Relative | None = None
    """Under it."""


class PrizesSection(Section):
    """The amounts of a list of a contest."""

    must: MustSection | None = None
    """What the value must satisfy for the amount to be paid."""
    amounts: Annotated[tuple[Minor, ...], Field(min_length=1)]
    """Of each place, in minor units."""


class TiesSection(Section):
    """By what equal ones are told apart."""

    by: str
    """A KPI or an indicator."""
    order: Literal["highest", "lowest"] = "highest"
    """Which comes first."""


class ContestSection(SourceSection, DefinitionSection):
    """A version of a contest (scores 4)."""

    contest: Name
    """Its name."""
    workdays_only: bool = False
    """Only periods that begin on a workday."""
    top: PrizesSection | None = None
    """The amounts of the best."""
    bottom: PrizesSection | None = None
    """The amounts of the worst."""
    ties: TiesSection | None = None
    """By what equal ones are told apart; left out: they share."""
    minimum: dict[str, Exact] = {}
    """KPI or indicator to the least with which one is placed."""


class RewardSection(SourceSection, DefinitionSection):
    """A version of a volume reward (scores 4)."""

    reward: Name
    """Its name."""
    workdays_only: bool = False
    """Only periods that begin on a workday."""
    at_least: Exact
    """The least value that is rewarded."""
    amount: Minor
    """For reaching it, in minor units."""
    each_more: Minor = 0
    """For each one beyond it, in minor units."""
    cap: Minor | None = None
    """The reward is not over it, in minor units."""
    contest: Name | None = Field(None, alias="with")
    """A contest of the same level and period that it is weighed with."""
    stack: Literal["both", "larger", "contest", "reward"] | None = None
    """Which of the two counts; left out: both."""
