"""The arithmetic of a score, line by line, so that whoever is judged by it can check it with a pocket calculator.

Written from a score's record and the version of the scheme that made it; no line needs more than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from stream.kpis.catalogue import CATALOGUE
from stream.scores.decimals import fixed, plain
from stream.scores.payout import Basis
from stream.scores.schemes import (
    Attainment,
    Bound,
    Component,
    Deduct,
    Definition,
    Factor,
    Gate,
    Linear,
    OfSite,
    Payout,
    Rank,
    Scorecard,
    Source,
    Stepped,
)
from stream.scores.scoring import attained, deducted, on_line, step_of, stepped
from stream.scores.values import Value

Json = dict[str, Any]


def lines_of(
    record: Json, definition: Definition | None, read: Mapping[str, Value] | None = None, basis: Basis | None = None
) -> Iterator[str]:
    """What a person reads of one record; without its definition what the record says alone. `read`, `basis`: what it
    was computed from, if it is at hand."""
    trial = ", on trial" if record["trial"] else ""
    provisional = ", provisional" if record["provisional"] else ""
    scheme = f"{record['kind']} {record['name']} version {record['version']}{trial}"
    whose = f"{record['level']} {record['entity']} at {record['site']}"
    yield f"{scheme}: {whose}, {record['period']} from {record['start']} to {record['end']}{provisional}"
    if not isinstance(definition, Scorecard):
        for name, value in (read or {}).items():
            parts = f"{value.numerator}" if value.denominator is None else f"{value.numerator} / {value.denominator}"
            yield f"  {name}: {'no data' if value.value is None else parts}"
    if isinstance(definition, Payout) and basis is not None:
        yield from _cliffs(definition, basis)
    components = {each.component: each for each in definition.components} if isinstance(definition, Scorecard) else {}
    for part in record["parts"]:
        if "amount_minor" in part:
            yield f"  {part['part']}: {part['amount_minor']}"
            continue
        yield f"  {part['component']}: {_component(part, components.get(part['component']))}"
        for line in _outlook(part, components.get(part["component"])):
            yield f"    {line}"
    rules: dict[str, Factor | Gate] = {}
    if isinstance(definition, Scorecard | Payout):
        rules = {each.factor: each for each in definition.factors} | {each.gate: each for each in definition.gates}
    for gate in record["gates"]:
        yield f"  gate {gate['gate']}: {_gate(gate, rules.get(gate['gate']))}"
    for factor in record["factors"]:
        rule = rules.get(factor["factor"])
        yield f"  factor {factor['factor']}: x {factor['value']}{_factor(rule) if isinstance(rule, Factor) else ''}"
    yield from _outcome(record, definition)


def _cliffs(payout: Payout, basis: Basis) -> Iterator[str]:
    """R, T and a of a payout, and how far the next step is, in units of R."""
    if basis.amount is not None:
        reached = "undefined" if basis.reached is None else plain(basis.reached)
        yield f"  R = {plain(basis.amount)}, T = {plain(basis.target) or 'none'}, a = R / T = {reached}"
    commission = payout.commission
    if commission is None or basis.amount is None or (basis.target is None and not commission.by_amount):
        return
    unit = Fraction(1) if commission.by_amount else basis.target or Fraction(0)
    ahead = next(((bound * unit, rate) for bound, rate in commission.steps if bound * unit > basis.amount), None)
    if ahead is None and commission.then_every is not None and unit:
        step, more = commission.then_every
        bound, rate = commission.steps[-1]
        full = ((basis.amount / unit - bound) / step).__floor__() + 1
        ahead = (bound + step * full) * unit, rate + more * full
    if ahead is not None:
        away = plain(ahead[0] - basis.amount)
        yield f"  next step of the commission at {plain(ahead[0])}, {away} away: {plain(ahead[1])}"


def _component(part: Json, component: Component | None) -> str:
    if part["status"] in ("no_data", "no_target"):
        why = "no data" if part["status"] == "no_data" else f"{_value(part)}, but no target"
        return f"{why}: {part['points']} points"
    few = " (few: under the minimum sample)" if part["status"] == "few" else ""
    return f"{_value(part)}{few}{_scoring(part, component)} = {part['points']} points"


def _value(part: Json) -> str:
    if part["denominator"] is None:
        return f"{part['numerator']}"
    return f"{part['numerator']} / {part['denominator']} = {part['value']}"


def _scoring(part: Json, component: Component | None) -> str:
    if part["attainment"] is not None:
        bounds = ""
        if component is not None and isinstance(component.scoring, Attainment):
            within = component.scoring
            bounds = f"{_said(', not under', within.floor)}{_said(', not over', within.cap)}"
        return f"; target {part['target']}, {part['attainment']} of it{bounds}; x weight {part['weight']}"
    if component is None:
        return ""
    scoring, value = component.scoring, Fraction(part["value"])
    if isinstance(scoring, Stepped):
        place = step_of(scoring.steps, value, lower=component.source.lower)
        return ", under the first step" if place is None else f", step {plain(scoring.steps[place][0])}"
    if isinstance(scoring, Deduct):
        side = "short of" if scoring.below else "over"
        return (
            f"; {part['weight']} less {plain(scoring.points)} per {plain(scoring.per)} ({scoring.counted}) "
            f"{side} the limit {_bound(scoring.limit)}"
        )
    if isinstance(scoring, Rank):
        return f", {'lowest' if scoring.lowest else 'highest'} first"
    if isinstance(scoring, Linear):
        return f", on the line from {_point(scoring.start)} to {_point(scoring.end)}"
    return ""


def _outlook(part: Json, component: Component | None) -> Iterator[str]:
    """What one more unit would change, and how far the next step is."""
    if component is None or part["value"] is None or part["numerator"] is None:
        return
    factor = _factor_of(component.source)
    one_more = Fraction((part["numerator"] + 1) * factor, part["denominator"] or 1)
    points = _points(component, one_more, part)
    if points is not None and fixed(points) != part["points"]:
        yield f"one more: {fixed(points)} points"
    if isinstance(component.scoring, Stepped):
        exact = Fraction(part["numerator"] * factor, part["denominator"] or 1)
        place = step_of(component.scoring.steps, exact, lower=component.source.lower)
        after = 0 if place is None else place + 1
        if after < len(component.scoring.steps):
            bound, given = component.scoring.steps[after]
            yield f"next step at {plain(bound)}, {plain(abs(bound - exact))} away: {plain(given)} points"


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


def _gate(gate: Json, rule: object) -> str:
    bounds = ""
    if isinstance(rule, Gate):
        bounds = f"{_said(', below', rule.below)}{_said(', above', rule.above)}".replace(", ", " must not be ", 1)
    effect = ", ".join(f"{name} {_listed(value)}" for name, value in gate["effect"].items())
    value = "no value" if gate["value"] is None else f"{gate['value']}"
    return f"{value}{bounds}: " + (f"missed ({effect})" if gate["missed"] else "passed")


def _factor(rule: Factor) -> str:
    return (
        f" ({plain(rule.start)}, {plain(rule.change)} per full {plain(rule.per)}"
        f"{_said(', not under', rule.floor)}{_said(', not over', rule.ceiling)})"
    )


def _outcome(record: Json, definition: Definition | None) -> Iterator[str]:
    if isinstance(definition, Payout) and definition.base_share:
        yield f"  share of the base by attainment: {_steps(definition.base_share)}"
    if isinstance(definition, Payout) and definition.commission is not None:
        commission = definition.commission
        every = commission.then_every
        beyond = "" if every is None else f", then {plain(every[1])} more for every full {plain(every[0])}"
        by, reading = "amount" if commission.by_amount else "attainment", "whole" if commission.whole else "slab"
        yield f"  commission, {reading}, by {by}: {_steps(commission.steps)}{beyond}"
    if record["flags"]:
        yield f"  flags: {', '.join(record['flags'])}"
    said = []
    if record["score"] is not None:
        said.append(f"score {record['score']}")
    if record["amount_minor"] is not None:
        said.append(f"amount {record['amount_minor']} {record['currency']} in minor units")
    if record["place"] is not None:
        said.append(f"place {record['place']} of {record['of']}")
    if record["grade"] is not None:
        said.append(f"grade {record['grade']}")
    yield f"  = {', '.join(said)}"
    if isinstance(definition, Scorecard) and record["score"] is not None:
        score = Fraction(record["score"])
        better = next(((name, bound) for name, bound in reversed(definition.grades) if bound > score), None)
        if better is not None:
            yield f"  next grade: {better[0]} at {plain(better[1])}, {plain(better[1] - score)} away"
    if record["reason"] is not None:
        yield f"  it pays for one thing alone, for this reason: {record['reason']}"
    if record["provisional"]:
        yield "  provisional: a window is not final yet, or the time until it is settled has not passed"


def _steps(steps: tuple[tuple[Fraction, Fraction], ...]) -> str:
    return ", ".join(f"from {plain(bound)}: {plain(given)}" for bound, given in steps)


def _point(point: tuple[Fraction, Fraction]) -> str:
    return f"({plain(point[0])}, {plain(point[1])})"


def _said(words: str, bound: Bound | None) -> str:
    return "" if bound is None else f"{words} {_bound(bound)}"


def _bound(bound: Bound) -> str:
    if isinstance(bound, Fraction):
        return plain(bound)
    return "that of the site" if isinstance(bound, OfSite) else f"one's own {bound.periods} periods before"


def _listed(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
