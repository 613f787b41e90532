"""The sections about targets, scorecards, payouts, contests and rewards, made into the values of the core."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from stream.kpis.targets import Target, Targets
from stream.scores import schemes as core
from stream.scores.periods import Periods
from stream.settings import scheme_parts as pieces
from stream.settings import schemes as said
from stream.settings.document import Document
from stream.settings.scheme_kpis import CONDUCT, known
from stream.windows.plan import WindowPlan
from stream.windows.workdays import WEEK, WorkCalendar, Workdays


def targets_of(document: Document, plan: WindowPlan) -> Targets:
    """The section `targets`."""
    listed = tuple(
        Target(
            kpi=each.kpi, over=each.over, currency=each.currency or "", level=each.level, entity=each.entity,
            site=each.site, period=each.period, value=each.value, from_day=each.from_day, until_day=each.until_day,
        )
        for each in document.targets
    )  # fmt: skip
    return Targets(listed, plan, calendar_of(document))


def periods_of(document: Document, plan: WindowPlan) -> Periods:
    """The periods of the sites."""
    return Periods(plan, calendar_of(document))


def calendar_of(document: Document) -> WorkCalendar:
    """The workdays of the sites."""
    of_sites = {name: _workdays(site.calendar) for name, site in document.sites.items() if site.calendar is not None}
    return WorkCalendar(_workdays(document.calendar), of_sites)


def schemes_of(document: Document) -> core.Schemes:
    """All schemes."""
    return core.Schemes(
        (*map(_scorecard, document.scorecards), *map(_payout, document.payouts), *map(_contest, document.contests),
         *map(_reward, document.rewards)),
        frozenset(document.indicators),
        tuple(sorted(document.minimum_sample.items())),
        frozenset() if "conduct" in document.model_fields_set else CONDUCT,
    )  # fmt: skip


def _workdays(section: pieces.CalendarSection) -> Workdays:
    weekdays = frozenset(WEEK.index(name) for name in section.workdays)
    return Workdays(weekdays, frozenset(section.holidays), frozenset(section.extra_workdays))


def _source(section: pieces.SourceSection) -> core.Source:
    kpi = known(section.kpi) if section.kpi is not None else None
    lower = kpi is not None and kpi.lower if section.better is None else section.better == "lower"
    return core.Source(section.kpi, section.over, section.indicator, section.currency or "", lower)


def _common(section: pieces.DefinitionSection, name: str) -> dict[str, Any]:
    leader_of: pieces.LeadersSection | None = getattr(section, "leader_of", None)
    return {
        "name": name,
        "version": section.version,
        "trial": section.trial,
        "level": section.level,
        "period": section.period,
        "from_day": section.from_day,
        "until_day": section.until_day,
        "settle_ms": section.settle_ms,
        "entities": None if section.entities is None else frozenset(section.entities),
        "leaders": None if leader_of is None else tuple(leader_of.leaders.items()),
        "workdays_only": getattr(section, "workdays_only", False),
        "reason": getattr(section, "only_recovery", None) or getattr(section, "only_one", None),
    }


def _scorecard(section: said.ScorecardSection) -> core.Scorecard:
    return core.Scorecard(
        **_common(section, section.scorecard),
        components=tuple(map(_component, section.components)),
        factors=tuple(map(_factor, section.factors or ())),
        gates=tuple(_gate(gate, missed_without=False) for gate in section.gates or ()),
        grades=section.grades or (),
        streaks=tuple(
            core.CardStreak(each.flag, each.periods, each.place, each.below) for each in section.streaks or ()
        ),
    )


def _component(section: pieces.ComponentSection) -> core.Component:
    return core.Component(
        section.component, _source(section), section.weight, _scoring(section.scoring), section.target,
        section.if_no_data == "redistribute",
    )  # fmt: skip


def _scoring(section: pieces.ScoringSection) -> core.Scoring:
    if section.attainment is not None:
        return core.Attainment(section.attainment.floor, section.attainment.cap)
    if section.steps is not None:
        return core.Stepped(section.steps)
    if section.deduct is not None:
        it = section.deduct
        return core.Deduct(it.limit, it.per, it.points, it.steps, it.of == "below", it.floor)
    if section.rank is not None:
        return core.Rank(section.rank.points, section.rank.order == "lowest", section.rank.ties)
    if section.linear is not None:
        return core.Linear(section.linear.from_point, section.linear.to_point)
    raise ValueError("no scoring: the document was not checked")


def _factor(section: pieces.FactorSection) -> core.Factor:
    return core.Factor(
        section.factor, _source(section), section.start, section.change, section.per, section.floor, section.ceiling
    )


def _gate(section: pieces.GateSection, *, missed_without: bool) -> core.Gate:
    effect = section.effect
    cap = effect.cap if effect.cap_amount is None else Fraction(effect.cap_amount)
    without = missed_without if section.if_no_data is None else section.if_no_data == "missed"
    return core.Gate(
        section.gate, _source(section), core.Effect(effect.void or (), effect.factor, cap), section.below,
        section.above, without,
    )  # fmt: skip


def _payout(section: said.PayoutSection) -> core.Payout:
    basis = section.basis
    return core.Payout(
        **_common(section, section.payout),
        currency=section.currency,
        basis=None if basis.scorecard is not None else _source(basis),
        scorecard=basis.scorecard,
        target=basis.target,
        base=_amounts(section.base),
        base_share=section.base_share or (),
        commission=None if section.commission is None else _commission(section.commission),
        streaks=tuple(map(_pay_streak, section.streaks or ())),
        allowance=_amounts(section.allowance),
        factors=tuple(map(_factor, section.factors or ())),
        gates=tuple(_gate(gate, missed_without=True) for gate in section.gates or ()),
    )


def _amounts(section: said.AmountsSection) -> core.Amounts:
    entities = section.entities or {}
    return core.Amounts(Fraction(section.default), tuple((name, Fraction(each)) for name, each in entities.items()))


def _commission(section: said.CommissionSection) -> core.Commission:
    then = section.then_every
    return core.Commission(
        section.steps, section.reading == "whole", section.by == "amount",
        None if then is None else (then.step, then.rate), None if section.of is None else _source(section.of),
    )  # fmt: skip


def _pay_streak(section: said.PayStreakSection) -> core.PayStreak:
    amount = section.then.base_amount
    return core.PayStreak(
        section.below, section.periods, section.then.base_share, None if amount is None else Fraction(amount),
        section.then.flag,
    )  # fmt: skip


def _contest(section: said.ContestSection) -> core.Contest:
    ties = section.ties
    return core.Contest(
        **_common(section, section.contest),
        currency=section.currency or "",
        source=_paid_source(section),
        top=_prizes(section.top),
        bottom=_prizes(section.bottom),
        ties=None if ties is None else _named(ties.by, section),
        ties_lowest=ties is not None and ties.order == "lowest",
        minimum=tuple((_named(name, section), least) for name, least in section.minimum.items()),
    )


def _prizes(section: said.PrizesSection | None) -> core.Prizes | None:
    if section is None:
        return None
    must = section.must or said.MustSection()
    amounts = tuple(map(Fraction, section.amounts))
    return core.Prizes(amounts, core.Must(must.at_least, must.at_most, must.above, must.below))


def _reward(section: said.RewardSection) -> core.Reward:
    return core.Reward(
        **_common(section, section.reward),
        currency=section.currency or "",
        source=_paid_source(section),
        at_least=section.at_least,
        amount=Fraction(section.amount),
        each_more=Fraction(section.each_more),
        cap=None if section.cap is None else Fraction(section.cap),
        contest=section.contest,
        stack=section.stack or "both",
    )


def _paid_source(section: said.ContestSection | said.RewardSection) -> core.Source:
    """The currency of a contest or reward is that of amounts, and of KPIs per currency; of no measurement."""
    found = _source(section)
    return replace(found, currency=_currency_for(section, found.kpi, found.over))


def _named(name: str, section: said.ContestSection) -> core.Source:
    """A KPI or an indicator by its name."""
    if known(name) is None:
        return core.Source(indicator=name)
    return core.Source(kpi=name, currency=_currency_for(section, name))


def _currency_for(section: said.ContestSection | said.RewardSection, *kpis: str | None) -> str:
    money = any(kpi is not None and kpi.per_currency for kpi in map(known, filter(None, kpis)))
    return (section.currency or "") if money else ""
