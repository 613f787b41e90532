"""What the sections about targets, scorecards, payouts, contests and rewards must satisfy together (scores 6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from stream.scores.schemes import DAY, MONTH, QUARTER
from stream.settings import scheme_parts as pieces
from stream.settings import schemes as said
from stream.settings.balance import imbalance
from stream.settings.document import Document
from stream.settings.failure import KeyPath
from stream.settings.scheme_kpis import CONDUCT, known, why_missing_at

Wrong = tuple[KeyPath, str]
MUSTS = ("at_least", "at_most", "above", "below")
PAY_PARTS = ("base", "commission", "allowance")
KINDS = {"scorecards": "scorecard", "payouts": "payout", "contests": "contest", "rewards": "reward"}
"""Section -> the key that names a definition of it."""


def scheme_problems(document: Document) -> Iterator[Wrong]:
    """Everything that is wrong, as (path of the key, reason)."""
    check = _Check(document)
    yield from check.calendars()
    yield from check.indicators()
    for index, target in enumerate(document.targets):
        yield from check.target(("targets", index), target)
    for section in KINDS:
        yield from check.versions(section)
    for index, card in enumerate(document.scorecards):
        yield from check.scorecard(("scorecards", index), card)
    for index, payout in enumerate(document.payouts):
        yield from check.payout(("payouts", index), payout)
    for index, contest in enumerate(document.contests):
        yield from check.contest(("contests", index), contest)
    for index, reward in enumerate(document.rewards):
        yield from check.reward(("rewards", index), reward)


def scheme_doubts(document: Document) -> Iterator[Wrong]:
    """What is allowed but hardly meant."""
    for index, target in enumerate(document.targets):
        yield from _absent(document, ("targets", index), target)
        if target.site is not None and document.sites and target.site not in document.sites:
            yield ("targets", index, "site"), f"no such site is configured: {target.site!r}"
    for section in KINDS:
        for index, definition in enumerate(getattr(document, section)):
            for path, source in _sources((section, index), definition):
                yield from _absent(document, path, source)


def _absent(document: Document, path: KeyPath, source: Any) -> Iterator[Wrong]:
    for key in ("kpi", "over"):
        if "conduct" not in document.model_fields_set and getattr(source, key) in CONDUCT:
            yield (*path, key), f"{getattr(source, key)} has no value without a section `conduct`"


def _sources(path: KeyPath, definition: Any) -> Iterator[tuple[KeyPath, pieces.SourceSection]]:
    """Every source in a definition, with its path."""
    if isinstance(definition, pieces.SourceSection):
        yield path, definition
    for key in ("components", "factors", "gates"):
        for index, each in enumerate(getattr(definition, key, None) or ()):
            yield (*path, key, index), each
    if isinstance(definition, said.PayoutSection):
        if definition.basis.scorecard is None:
            yield (*path, "basis"), definition.basis
        if definition.commission is not None and definition.commission.of is not None:
            yield (*path, "commission", "of"), definition.commission.of


@dataclass
class _Check:
    document: Document
    shifts: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.shifts = {name for site in self.document.sites.values() for name in site.shifts}

    def calendars(self) -> Iterator[Wrong]:
        places: list[tuple[KeyPath, pieces.CalendarSection]] = [(("calendar",), self.document.calendar)]
        for name, site in self.document.sites.items():
            if site.calendar is not None:
                places.append((("sites", name, "calendar"), site.calendar))
        for path, calendar in places:
            for key in ("workdays", "holidays", "extra_workdays"):
                yield from _twice((*path, key), [str(each) for each in getattr(calendar, key)], "", "stands")
            for index, each in enumerate(calendar.extra_workdays):
                if each in calendar.holidays:
                    yield (*path, "extra_workdays", index), f"{each} is among the holidays, too"

    def indicators(self) -> Iterator[Wrong]:
        for index, name in enumerate(self.document.indicators):
            if known(name) is not None:
                yield ("indicators", index), f"{name!r} is the name of a KPI"
        yield from _twice(("indicators",), self.document.indicators, "", "stands")

    def target(self, path: KeyPath, target: said.TargetSection) -> Iterator[Wrong]:
        yield from self._kpis(path, target, target.level)
        yield from self._period(path, target.period)
        yield from _until(path, target)

    def versions(self, section: str) -> Iterator[Wrong]:
        """Versions of one name share what people are compared by, and differ in number and beginning."""
        first: dict[str, Any] = {}
        seen: set[tuple[str, str, Any]] = set()
        for index, each in enumerate(getattr(self.document, section)):
            name = getattr(each, KINDS[section])
            one = first.setdefault(name, each)
            for key in ("level", "period"):
                if getattr(one, key) != getattr(each, key):
                    yield (section, index, key), f"another version of {name} has {key} {getattr(one, key)}"
            if (getattr(one, "leader_of", None) is None) != (getattr(each, "leader_of", None) is None):
                yield (section, index, "leader_of"), f"all versions of {name} have it, or none"
            for key, value in (("version", each.version), ("from", each.from_day)):
                if (name, key, value) in seen:
                    yield (section, index, key), f"another version of {name} has {key} {value}"
                seen.add((name, key, value))

    def scorecard(self, path: KeyPath, card: said.ScorecardSection) -> Iterator[Wrong]:
        yield from self._definition(path, card)
        for index, component in enumerate(card.components):
            yield from self._component((*path, "components", index), component, card)
        yield from _twice((*path, "components"), [each.component for each in card.components], "component")
        total = sum((each.weight for each in card.components), Fraction(0))
        if card.full_marks is not None and total != card.full_marks:
            yield (*path, "full_marks"), f"the weights add up to {_text(total)}, not to {_text(card.full_marks)}"
        names = [each.component for each in card.components]
        yield from self._factors_and_gates(path, card, names)
        grades = card.grades or ()
        yield from _twice((*path, "grades"), [name for name, _ in grades], "")
        for index in range(1, len(grades)):
            if grades[index][1] >= grades[index - 1][1]:
                yield (*path, "grades", index), "out of order: the bounds of grades fall"
        for index, streak in enumerate(card.streaks or ()):
            if (streak.place is None) == (streak.below is None):
                yield (*path, "streaks", index), "exactly one of `place` and `below` is required"
        if reason := imbalance(card, self.document):
            yield (*path, "components"), reason

    def payout(self, path: KeyPath, payout: said.PayoutSection) -> Iterator[Wrong]:
        yield from self._definition(path, payout)
        yield from self._basis(path, payout)
        yield from self._factors_and_gates(path, payout, PAY_PARTS)
        yield from _rising((*path, "base_share"), payout.base_share or ())
        commission = payout.commission
        if commission is not None:
            yield from _rising((*path, "commission", "steps"), commission.steps)
            if commission.of is not None:
                yield from self._source((*path, "commission", "of"), commission.of, payout)
                if commission.reading == "slab":
                    yield (*path, "commission", "of"), "is for `reading: whole` only"
        for index, streak in enumerate(payout.streaks or ()):
            then, place = streak.then, (*path, "streaks", index, "then")
            if then.base_share is not None and then.base_amount is not None:
                yield (*place, "base_amount"), "only one of `base_share` and `base_amount` may be given"
            elif then.base_share is None and then.base_amount is None and then.flag is None:
                yield place, "one of `base_share`, `base_amount` and `flag` is required"
        if reason := imbalance(payout, self.document):
            yield (*path, "basis"), reason

    def contest(self, path: KeyPath, contest: said.ContestSection) -> Iterator[Wrong]:
        yield from self._definition(path, contest)
        yield from self._paid_source(path, contest)
        if contest.top is None and contest.bottom is None:
            yield (*path, "top"), "one of `top` and `bottom` is required"
        if contest.ties is not None:
            yield from self._by_name((*path, "ties", "by"), contest.ties.by, contest)
        for end in ("top", "bottom"):
            must = getattr(getattr(contest, end), "must", None)
            if must is not None and not any(getattr(must, key) is not None for key in MUSTS):
                yield (*path, end, "must"), f"one of {', '.join(MUSTS[:-1])} and {MUSTS[-1]} is required"
        for name in contest.minimum:
            yield from self._by_name((*path, "minimum", name), name, contest)

    def reward(self, path: KeyPath, reward: said.RewardSection) -> Iterator[Wrong]:
        yield from self._definition(path, reward)
        yield from self._paid_source(path, reward)
        if reward.contest is None:
            if reward.stack is not None:
                yield (*path, "stack"), "has no meaning without `with`"
            return
        contests = [each for each in self.document.contests if each.contest == reward.contest]
        if not contests:
            yield (*path, "with"), f"no such contest: {reward.contest!r}"
        elif (contests[0].level, contests[0].period) != (reward.level, reward.period):
            yield (*path, "with"), f"contest {reward.contest} has another level or period"

    def _definition(self, path: KeyPath, definition: pieces.DefinitionSection) -> Iterator[Wrong]:
        yield from self._period(path, definition.period)
        yield from _until(path, definition)
        leaders: pieces.LeadersSection | None = getattr(definition, "leader_of", None)
        if leaders is not None:
            if definition.level != "team":
                yield (*path, "leader_of"), "needs `level: team`"
            for leader, teams in leaders.leaders.items():
                yield from _twice((*path, "leader_of", "leaders", leader), teams, "", "stands")
        yield from _twice((*path, "entities"), definition.entities or (), "", "stands")
        if getattr(definition, "workdays_only", False) and definition.period in (MONTH, QUARTER):
            yield (*path, "workdays_only"), "is for periods of a day or a shift"

    def _period(self, path: KeyPath, period: str) -> Iterator[Wrong]:
        windows, key = self.document.windows, (*path, "period")
        if period in (DAY, MONTH, QUARTER):
            if period in self.shifts:
                yield key, f"{period} is the name of a shift, too: give the shift another name"
            switch = DAY if period == DAY else MONTH
            if not getattr(windows, switch):
                yield key, f"windows.{switch} is switched off"
        elif period not in self.shifts:
            named = ", ".join([DAY, MONTH, QUARTER, *sorted(self.shifts)])
            yield key, f"no such period: {period!r} (there are {named})"
        elif not windows.shifts:
            yield key, "windows.shifts is switched off"

    def _component(
        self, path: KeyPath, component: pieces.ComponentSection, card: said.ScorecardSection
    ) -> Iterator[Wrong]:
        yield from self._source(path, component, card)
        scoring = component.scoring
        given = [
            key for key in ("attainment", "steps", "deduct", "rank", "linear") if getattr(scoring, key) is not None
        ]
        if len(given) != 1:
            yield (*path, "scoring"), "exactly one of attainment, steps, deduct, rank and linear is required"
            return
        if scoring.attainment is not None:
            floor, cap = scoring.attainment.floor, scoring.attainment.cap
            if floor is not None and cap is not None and floor > cap:
                yield (*path, "scoring", "attainment", "cap"), "must not be under `floor`"
            if card.leader_of is not None and component.target is None:
                yield (*path, "target"), "is required: a leader's attainment has its target in place"
        elif component.target is not None:
            yield (*path, "target"), "has no meaning without `scoring: {attainment: ...}`"
        if scoring.steps is not None:
            yield from _rising((*path, "scoring", "steps"), scoring.steps, falling=_is_lower(component))
        if scoring.linear is not None and scoring.linear.from_point[0] == scoring.linear.to_point[0]:
            yield (*path, "scoring", "linear", "to"), "has the same value as `from`: there is no line between them"

    def _factors_and_gates(
        self, path: KeyPath, definition: said.ScorecardSection | said.PayoutSection, parts: Sequence[str]
    ) -> Iterator[Wrong]:
        in_money = isinstance(definition, said.PayoutSection)
        for index, factor in enumerate(definition.factors or ()):
            place: KeyPath = (*path, "factors", index)
            yield from self._source(place, factor, definition)
            if factor.floor is not None and factor.ceiling is not None and factor.floor > factor.ceiling:
                yield (*place, "ceiling"), "must not be under `floor`"
        yield from _twice((*path, "factors"), [each.factor for each in definition.factors or ()], "factor")
        yield from _twice((*path, "gates"), [each.gate for each in definition.gates or ()], "gate")
        for index, gate in enumerate(definition.gates or ()):
            place = (*path, "gates", index)
            yield from self._source(place, gate, definition)
            if gate.below is None and gate.above is None:
                yield (*place, "below"), "one of `below` and `above` is required"
            yield from _effect((*place, "effect"), gate.effect, parts, in_money=in_money)

    def _basis(self, path: KeyPath, payout: said.PayoutSection) -> Iterator[Wrong]:
        basis, place = payout.basis, (*path, "basis")
        if basis.scorecard is None:
            yield from self._source(place, basis, payout)
            if basis.currency is not None and basis.currency != payout.currency:
                yield (*path, "currency"), f"is {payout.currency}, but the basis is in {basis.currency}"
            by_amount = payout.commission is None or payout.commission.by == "amount"
            asked = not by_amount or payout.base_share is not None or payout.streaks is not None
            if payout.leader_of is not None and basis.target is None and asked:
                yield (*place, "target"), "is required: a leader's attainment has its target in place"
            return
        for key in ("kpi", "over", "indicator", "currency", "better", "target"):
            if getattr(basis, key) is not None:
                yield (*place, key), "has no meaning beside `scorecard`"
        for key in ("commission", "factors"):
            if getattr(payout, key) is not None:
                yield (*path, key), "is not for a payout by score"
        cards = [each for each in self.document.scorecards if each.scorecard == basis.scorecard]
        if not cards:
            yield (*place, "scorecard"), f"no such scorecard: {basis.scorecard!r}"
            return
        for key in ("level", "period"):
            if getattr(cards[0], key) != getattr(payout, key):
                yield (*path, key), f"scorecard {basis.scorecard} has {key} {getattr(cards[0], key)}"
        if any(card.leader_of != payout.leader_of for card in cards):
            yield (*path, "leader_of"), f"scorecard {basis.scorecard} has other leaders"

    def _source(
        self, path: KeyPath, source: pieces.SourceSection, definition: pieces.DefinitionSection
    ) -> Iterator[Wrong]:
        if source.indicator is not None:
            yield from self._indicator(path, source, definition)
        elif source.kpi is None:
            yield (*path, "kpi"), "one of `kpi` and `indicator` is required"
        else:
            yield from self._kpis(path, source, definition.level)

    def _indicator(
        self, path: KeyPath, source: pieces.SourceSection, definition: pieces.DefinitionSection
    ) -> Iterator[Wrong]:
        if source.kpi is not None:
            yield (*path, "indicator"), "only one of `kpi` and `indicator` may be given"
        if source.over is not None:
            yield (*path, "over"), "has no meaning beside `indicator`"
        yield from self._declared((*path, "indicator"), source.indicator or "", definition)

    def _declared(self, key: KeyPath, name: str, definition: pieces.DefinitionSection) -> Iterator[Wrong]:
        if name not in self.document.indicators:
            yield key, f"no such indicator: {name!r} (`indicators` declares them)"
        elif definition.period not in (DAY, MONTH, QUARTER):
            yield key, f"there are no measurements by shift: {name} has no value in period {definition.period}"

    def _kpis(self, path: KeyPath, source: Any, level: str, *, currency_of_amounts: bool = False) -> Iterator[Wrong]:
        named = [(key, getattr(source, key)) for key in ("kpi", "over") if getattr(source, key) is not None]
        wrong = False
        for key, name in named:
            if known(name) is None:
                wrong = True
                yield (*path, key), f"no such KPI: {name!r} (`kpi-stream kpis` lists them)"
            elif reason := why_missing_at(name, level):
                yield (*path, key), f"{name} {reason}"
        if wrong or currency_of_amounts:
            return
        per_currency = [name for _, name in named if (kpi := known(name)) is not None and kpi.per_currency]
        if per_currency and source.currency is None:
            yield (*path, "currency"), f"is required: {per_currency[0]} is kept per currency"
        elif not per_currency and source.currency is not None:
            yield (*path, "currency"), f"{source.kpi} is not kept per currency"

    def _paid_source(self, path: KeyPath, definition: said.ContestSection | said.RewardSection) -> Iterator[Wrong]:
        if definition.currency is None:
            yield (*path, "currency"), "is required: that of the amounts"
        if definition.indicator is not None:
            yield from self._indicator(path, definition, definition)
        elif definition.kpi is None:
            yield (*path, "kpi"), "one of `kpi` and `indicator` is required"
        else:
            yield from self._kpis(path, definition, definition.level, currency_of_amounts=True)

    def _by_name(self, key: KeyPath, name: str, contest: said.ContestSection) -> Iterator[Wrong]:
        if known(name) is None:
            if name not in self.document.indicators:
                yield key, f"no such KPI or indicator: {name!r}"
            else:
                yield from self._declared(key, name, contest)
        elif reason := why_missing_at(name, contest.level):
            yield key, f"{name} {reason}"


def _until(path: KeyPath, section: pieces.DefinitionSection | said.TargetSection) -> Iterator[Wrong]:
    if section.until_day is not None and section.until_day <= section.from_day:
        yield (*path, "until"), "must be after `from`"


def _is_lower(source: pieces.SourceSection) -> bool:
    if source.better is not None:
        return source.better == "lower"
    kpi = known(source.kpi) if source.kpi is not None else None
    return kpi is not None and kpi.lower


def _rising(path: KeyPath, steps: Sequence[tuple[Fraction, Fraction]], *, falling: bool = False) -> Iterator[Wrong]:
    for index in range(1, len(steps)):
        before, bound = steps[index - 1][0], steps[index][0]
        if (bound >= before) if falling else (bound <= before):
            way = "fall, since the lower value is the better one" if falling else "rise"
            yield (*path, index), f"out of order: the bounds of steps {way}"


def _twice(path: KeyPath, names: Sequence[str], key: str, kind: str = "is") -> Iterator[Wrong]:
    """Names that come again. `key`: that of a name in its item; `kind`: `stands` where there are names alone."""
    for index, name in enumerate(names):
        if name in names[:index]:
            what = "is the name of another one already" if kind == "is" else "stands in the list twice"
            yield ((*path, index, key) if key else (*path, index)), f"{name!r} {what}"


def _effect(path: KeyPath, effect: pieces.EffectSection, parts: Sequence[str], *, in_money: bool) -> Iterator[Wrong]:
    given = [key for key in ("void", "factor", "cap", "cap_amount") if getattr(effect, key) is not None]
    wrong, right = ("cap", "cap_amount") if in_money else ("cap_amount", "cap")
    if wrong in given:
        yield (*path, wrong), f"{'a payout' if in_money else 'a scorecard'} has `{right}`"
    elif len(given) != 1:
        yield path, f"exactly one of void, factor and {right} is required"
    yield from _twice((*path, "void"), effect.void or (), "", "stands")
    for name in effect.void or ():
        if name not in parts and effect.void != ("all",):
            yield (*path, "void"), f"there is no {name!r} to make void (there are {', '.join(parts)})"


def _text(number: Fraction) -> str:
    return f"{float(number):.12g}"
