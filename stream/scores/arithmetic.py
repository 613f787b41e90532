"""The arithmetic of a score, line by line, so that whoever is judged by it can check it with a pocket calculator.

Written from a score's record and the version of the scheme that made it, in the words of `words.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from stream.kpis.catalogue import CATALOGUE
from stream.scores.decimals import fixed, plain
from stream.scores.payout import Basis, rate_at, share_at
from stream.scores.schemes import (
    Attainment,
    Bound,
    Commission,
    Component,
    Contest,
    Deduct,
    Definition,
    Factor,
    Gate,
    Linear,
    OfSite,
    Payout,
    Rank,
    Reward,
    Scorecard,
    Source,
    Stepped,
    Steps,
)
from stream.scores.scoring import attained, deducted, on_line, step_of, stepped
from stream.scores.values import Value, said
from stream.scores.words import Say, english

Json = dict[str, Any]
HOUR_MS = 3_600_000
MANY = 20
"""Slabs that are no longer told one by one."""


def lines_of(
    record: Json,
    definition: Definition | None,
    read: Mapping[str, Value] | None = None,
    basis: Basis | None = None,
    say: Say = english,
) -> Iterator[str]:
    """What a person reads of one record; without its definition what the record says alone. `read`, `basis`: what it
    was computed from, if it is at hand."""
    return _Arithmetic(record, definition, say).lines(read or {}, basis)


class _Arithmetic:
    def __init__(self, record: Json, definition: Definition | None, say: Say) -> None:
        self._record = record
        self._definition = definition
        self._say = say

    def lines(self, read: Mapping[str, Value], basis: Basis | None) -> Iterator[str]:
        record, definition, say = self._record, self._definition, self._say
        yield say(
            "{kind} {name} version {version}{trial}: {level} {entity} at {site}, {period} from {start} to {end}"
            "{provisional}",
            **{key: record[key] for key in ("kind", "name", "version", "level", "entity", "site", "period")},
            start=record["start"], end=record["end"],
            trial=say(", on trial") if record["trial"] else "",
            provisional=say(", provisional") if record["provisional"] else "",
        )  # fmt: skip
        if not isinstance(definition, Scorecard):
            for name, value in read.items():
                parts = f"{value.numerator}" + ("" if value.denominator is None else f" / {value.denominator}")
                yield f"  {name}: {say('no data') if value.value is None else parts}"
        if isinstance(definition, Payout) and basis is not None:
            yield from self._cliffs(definition, basis)
            yield from self._sums(definition, basis, read)
        components = definition.components if isinstance(definition, Scorecard) else ()
        known = {each.component: each for each in components}
        for part in record["parts"]:
            if "amount_minor" in part:
                yield f"  {part['part']}: {part['amount_minor']}"
                continue
            component = known.get(part["component"])
            yield f"  {part['component']}: {self._component(part, component)}"
            for line in self._outlook(part, component):
                yield f"    {line}"
        yield from self._rules()
        if isinstance(definition, Payout):
            yield from self._pay(definition)
        elif isinstance(definition, Contest):
            yield from self._contest(definition)
        elif isinstance(definition, Reward):
            yield from self._reward(definition)
        yield from self._outcome()

    def _rules(self) -> Iterator[str]:
        rules: dict[str, Factor | Gate] = {}
        if isinstance(self._definition, Scorecard | Payout):
            rules |= {each.factor: each for each in self._definition.factors}
            rules |= {each.gate: each for each in self._definition.gates}
        for gate in self._record["gates"]:
            value = self._gate(gate, rules.get(gate["gate"]))
            yield "  " + self._say("gate {gate}: {value}", gate=gate["gate"], value=value)
        for factor in self._record["factors"]:
            rule = rules.get(factor["factor"])
            words = self._factor(rule) if isinstance(rule, Factor) else ""
            yield "  " + self._say("factor {factor}: x {value}{rule}", **factor, rule=words)

    def _cliffs(self, payout: Payout, basis: Basis) -> Iterator[str]:
        """R, T and a of a payout, and how far the next step is, in units of R."""
        say = self._say
        if basis.amount is None:
            return
        yield "  " + say(
            "R = {amount}, T = {target}, a = R / T = {reached}",
            amount=plain(basis.amount), target=plain(basis.target) or say("none"),
            reached=plain(basis.reached) or say("undefined"),
        )  # fmt: skip
        commission = payout.commission
        if commission is None or (not basis.target and not commission.by_amount):
            return
        unit = Fraction(1) if commission.by_amount else basis.target or Fraction(1)
        ahead = next(((bound * unit, rate) for bound, rate in commission.steps if bound * unit > basis.amount), None)
        if ahead is None and commission.then_every is not None:
            step, more = commission.then_every
            bound, rate = commission.steps[-1]
            full = ((basis.amount / unit - bound) / step).__floor__() + 1
            ahead = (bound + step * full) * unit, rate + more * full
        if ahead is not None:
            yield "  " + say(
                "next step of the commission at {bound}, {away} away: {rate}",
                bound=plain(ahead[0]), away=plain(ahead[0] - basis.amount), rate=plain(ahead[1]),
            )  # fmt: skip

    def _sums(self, payout: Payout, basis: Basis, read: Mapping[str, Value]) -> Iterator[str]:
        """How base and commission come about, to be checked by hand: the factors of each product."""
        say, commission = self._say, payout.commission
        if basis.reached is not None and payout.basis is None:
            yield "  " + say("a = score {score}", score=fixed(basis.reached))
        base, share = payout.base.of(self._record["entity"]), share_at(payout.base_share, basis.reached)
        if base:
            streak = say(", unless a streak sets it") if payout.streaks else ""
            yield "  " + say("base {base} x share {share}{streak}", base=plain(base), share=plain(share), streak=streak)
        measure = basis.amount if commission is not None and commission.by_amount else basis.reached
        if commission is None or basis.amount is None or measure is None:
            return
        if commission.whole:
            paid_of = read.get(said(commission.of)) if commission.of is not None else None
            amount = basis.amount if commission.of is None else paid_of.value if paid_of is not None else None
            products = [] if amount is None else [(amount, rate_at(commission, measure))]
        else:
            unit = Fraction(1) if commission.by_amount else basis.target or Fraction()
            products = _slabs(commission, basis.amount, unit)
        if products:
            told = " + ".join(f"{plain(amount)} x {plain(rate)}" for amount, rate in products)
            yield "  " + say("commission before factors: {products}", products=told)

    def _component(self, part: Json, component: Component | None) -> str:
        say, points = self._say, part["points"]
        if part["status"] == "no_data":
            return say("no data: {points} points", points=points)
        value = f"{part['numerator']}"
        if part["denominator"] is not None:
            value += f" / {part['denominator']} = {part['value']}"
        if part["status"] == "no_target":
            return say("{value}, but no target: {points} points", value=value, points=points)
        few = say(" (few: under the minimum sample)") if part["status"] == "few" else ""
        how = self._scoring(part, component)
        if (shared := self._shared(part["component"])) != 1:
            how += say("; x {shared}, with the weight of what has no data", shared=_quotient(shared))
        return say("{value}{few}{how} = {points} points", value=value, few=few, how=how, points=points)

    def _shared(self, name: str) -> Fraction:
        """What the points of a component were multiplied by, since others without data give their weight away."""
        components = self._definition.components if isinstance(self._definition, Scorecard) else ()
        status = {part["component"]: part["status"] for part in self._record["parts"]}
        given = {
            each.component: each.weight
            for each in components
            if each.redistribute and status.get(each.component) in ("no_data", "no_target")
        }
        weights = sum((each.weight for each in components), Fraction())
        left = weights - sum(given.values(), Fraction())
        return Fraction(1) if not given or name in given else weights / left if left else Fraction()

    def _scoring(self, part: Json, component: Component | None) -> str:
        say = self._say
        if part["attainment"] is not None:
            bounds = ""
            if component is not None and isinstance(component.scoring, Attainment):
                bounds = self._within(component.scoring.floor, component.scoring.cap)
            return say(
                "; target {target}, {attainment} of it{bounds}; x weight {weight}",
                target=part["target"], attainment=part["attainment"], bounds=bounds, weight=part["weight"],
            )  # fmt: skip
        if component is None:
            return ""
        scoring, value = component.scoring, Fraction(part["value"])
        if isinstance(scoring, Stepped):
            place = step_of(scoring.steps, value, lower=component.source.lower)
            if place is None:
                return say(", under the first step")
            return say(", step {bound}", bound=plain(scoring.steps[place][0]))
        if isinstance(scoring, Deduct):
            side = "short of" if scoring.below else "over"
            return say(
                "; {weight} less {points} per {per} ({counted}) " + side + " the limit {limit}",
                weight=part["weight"], points=plain(scoring.points), per=plain(scoring.per), counted=scoring.counted,
                limit=self._bound(scoring.limit),
            )  # fmt: skip
        if isinstance(scoring, Rank):
            return say(", lowest first" if scoring.lowest else ", highest first")
        if isinstance(scoring, Linear):
            (x0, p0), (x1, p1) = scoring.start, scoring.end
            return say(
                ", on the line from ({x0}, {p0}) to ({x1}, {p1})",
                x0=plain(x0),
                p0=plain(p0),
                x1=plain(x1),
                p1=plain(p1),
            )
        return ""

    def _outlook(self, part: Json, component: Component | None) -> Iterator[str]:
        """What one more unit would change, and how far the next step is."""
        if component is None or part["value"] is None or part["numerator"] is None:
            return
        factor = _factor_of(component.source)
        points = _points(component, Fraction((part["numerator"] + 1) * factor, part["denominator"] or 1), part)
        shared = self._shared(part["component"])
        if points is not None and fixed(points * shared) != part["points"]:
            yield self._say("one more: {points} points", points=fixed(points * shared))
        if isinstance(component.scoring, Stepped):
            exact = Fraction(part["numerator"] * factor, part["denominator"] or 1)
            place = step_of(component.scoring.steps, exact, lower=component.source.lower)
            after = 0 if place is None else place + 1
            if after < len(component.scoring.steps):
                bound, given = component.scoring.steps[after]
                yield self._say(
                    "next step at {bound}, {away} away: {points} points",
                    bound=plain(bound), away=plain(abs(bound - exact)), points=plain(given * shared),
                )  # fmt: skip

    def _gate(self, gate: Json, rule: object) -> str:
        say, bounds = self._say, ""
        if isinstance(rule, Gate):
            if rule.below is not None:
                bounds += say(" must not be below {bound}", bound=self._bound(rule.below))
            if rule.above is not None:
                bounds += say(" must not be above {bound}", bound=self._bound(rule.above))
        value = gate["value"] or say("no value")
        if not gate["missed"]:
            return say("{value}{bounds}: passed", value=value, bounds=bounds)
        effect = ", ".join(f"{name} {_listed(given)}" for name, given in gate["effect"].items())
        return say("{value}{bounds}: missed ({effect})", value=value, bounds=bounds, effect=effect)

    def _factor(self, rule: Factor) -> str:
        return self._say(
            " ({start}, {change} per full {per}{bounds})",
            start=plain(rule.start), change=plain(rule.change), per=plain(rule.per),
            bounds=self._within(rule.floor, rule.ceiling),
        )  # fmt: skip

    def _outcome(self) -> Iterator[str]:
        record, definition, say = self._record, self._definition, self._say
        if record["flags"]:
            yield "  " + say("flags: {flags}", flags=", ".join(record["flags"]))
        told = []
        if record["score"] is not None:
            told.append(say("score {score}", score=record["score"]))
        if record["amount_minor"] is not None:
            amount, currency = record["amount_minor"], record["currency"]
            told.append(say("amount {amount} {currency} in minor units", amount=amount, currency=currency))
        if record["place"] is not None:
            told.append(say("place {place} of {of}", place=record["place"], of=record["of"]))
        if record["grade"] is not None:
            told.append(say("grade {grade}", grade=record["grade"]))
        yield f"  = {', '.join(told)}"
        if isinstance(definition, Scorecard) and record["score"] is not None:
            score = Fraction(record["score"])
            better = next(((name, bound) for name, bound in reversed(definition.grades) if bound > score), None)
            if better is not None:
                words = "next grade: {grade} at {bound}, {away} away"
                yield "  " + say(words, grade=better[0], bound=plain(better[1]), away=plain(better[1] - score))
        if record["reason"] is not None:
            yield "  " + say("it pays for one thing alone, for this reason: {reason}", reason=record["reason"])
        if record["provisional"]:
            yield "  " + self._provisional()

    def _pay(self, payout: Payout) -> Iterator[str]:
        say = self._say
        if payout.base_share:
            yield "  " + say("share of the base by attainment: {steps}", steps=self._steps(payout.base_share))
        commission = payout.commission
        if commission is None:
            return
        beyond = ""
        if commission.then_every is not None:
            step, more = commission.then_every
            beyond = say(", then {rate} more for every full {step}", rate=plain(more), step=plain(step))
        yield "  " + say(
            "commission, {reading}, by {by}: {steps}{beyond}",
            reading="whole" if commission.whole else "slab", by="amount" if commission.by_amount else "attainment",
            steps=self._steps(commission.steps), beyond=beyond,
        )  # fmt: skip

    def _contest(self, contest: Contest) -> Iterator[str]:
        say = self._say
        for end, prizes in ((say("first"), contest.top), (say("last"), contest.bottom)):
            if prizes is not None:
                amounts = ", ".join(map(plain, prizes.amounts))
                musts = ((name, getattr(prizes.must, name)) for name in ("at_least", "at_most", "above", "below"))
                must = "".join(f", {name} {self._bound(bound)}" for name, bound in musts if bound is not None)
                yield "  " + say("amounts of the {end}: {amounts}{must}", end=end, amounts=amounts, must=must)
        if contest.ties is not None:
            order = say(", lowest first" if contest.ties_lowest else ", highest first")
            yield "  " + say("equal ones by {ties}{order}", ties=said(contest.ties), order=order)
        for source, least in contest.minimum:
            yield "  " + say("placed from {least} {source} on", least=plain(least), source=said(source))

    def _reward(self, reward: Reward) -> Iterator[str]:
        yield "  " + self._say(
            "{amount} from {least} on, and {more} for each beyond{bounds}",
            amount=plain(reward.amount), least=plain(reward.at_least), more=plain(reward.each_more),
            bounds=self._within(None, reward.cap),
        )  # fmt: skip
        if reward.contest is not None:
            words = "beside an amount above 0 of contest {contest} counts: {stack}"
            yield "  " + self._say(words, contest=reward.contest, stack=reward.stack)

    def _provisional(self) -> str:
        settle_ms = self._definition.settle_ms if self._definition is not None else 0
        if not settle_ms:
            words = "provisional: {end} has not come, or numbers of before may still change"
            return self._say(words, end=self._record["end"])
        days, rest = divmod(settle_ms, 24 * HOUR_MS)
        count, unit = (days, "days") if not rest else (plain(Fraction(settle_ms, HOUR_MS)), "hours")
        words = "provisional: it is settled {settle} after {end}, and numbers of before may still change"
        return self._say(words, settle=f"{count} {self._say(unit)}", end=self._record["end"])

    def _steps(self, steps: Steps) -> str:
        each = (self._say("from {bound}: {given}", bound=plain(bound), given=plain(given)) for bound, given in steps)
        return ", ".join(each)

    def _within(self, floor: Fraction | None, cap: Fraction | None) -> str:
        under = "" if floor is None else self._say(", not under {bound}", bound=plain(floor))
        return under + ("" if cap is None else self._say(", not over {bound}", bound=plain(cap)))

    def _bound(self, bound: Bound) -> str:
        if isinstance(bound, Fraction):
            return plain(bound)
        if isinstance(bound, OfSite):
            return self._say("that of the site")
        return self._say("one's own {periods} periods before", periods=bound.periods)


def _points(component: Component, value: Fraction, part: Json) -> Fraction | None:
    scoring = component.scoring
    if isinstance(scoring, Attainment) and part["target"] is not None and Fraction(part["target"]):
        return attained(scoring, component.weight, value, Fraction(part["target"]))
    if isinstance(scoring, Stepped):
        return stepped(scoring, value, lower=component.source.lower)
    if isinstance(scoring, Deduct) and isinstance(scoring.limit, Fraction):
        return deducted(scoring, component.weight, value, scoring.limit)
    return on_line(scoring, value) if isinstance(scoring, Linear) else None


def _factor_of(source: Source) -> int:
    kpi = CATALOGUE.get(source.kpi or "")
    return 1 if kpi is None or source.over is not None or kpi.denominator is None else kpi.factor


def _slabs(commission: Commission, amount: Fraction, unit: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Each part of the amount with its rate; none under the first bound, or of more than MANY parts."""
    ends = [(bound * unit, rate) for bound, rate in commission.steps]
    if amount < ends[0][0]:
        return []
    step, more = commission.then_every or (Fraction(0), Fraction(0))
    while step * unit > 0 and ends[-1][0] + step * unit < amount and len(ends) < MANY:
        ends.append((ends[-1][0] + step * unit, ends[-1][1] + more))
    starts = [Fraction(0), *(end for end, _ in ends[1:])]
    parts = [
        (min(amount, after) - start, rate)
        for start, after, (_, rate) in zip(starts, [*starts[1:], amount], ends, strict=True)
        if start < amount
    ]
    return parts if len(ends) < MANY else []


def _quotient(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator} / {value.denominator}"


def _listed(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
