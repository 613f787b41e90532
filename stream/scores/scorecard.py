"""Scorecards: components to points, gates, factors, the score, its grade (scores 2, steps 1 to 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from stream.kpis.targets import Targets
from stream.kpis.value import NO_DATA
from stream.scores.schemes import LEADER, Attainment, Bound, Component, Deduct, Rank, Scorecard, Source, Stepped
from stream.scores.score import ComponentPart, Score
from stream.scores.scoring import (
    FactorValue,
    GateValue,
    attained,
    deducted,
    factor_of,
    gate_of,
    on_line,
    places,
    ranked,
    stepped,
)
from stream.scores.values import Value, Values, Who

NO_TARGET = "no_target"
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Marks:
    """What an entity brings to its card by itself: its parts (those by rank without points), factors and gates."""

    parts: tuple[ComponentPart, ...]
    factors: tuple[FactorValue, ...]
    gates: tuple[GateValue, ...]


class Cards:
    """Computes scorecards."""

    def __init__(self, values: Values, targets: Targets) -> None:
        self._values = values
        self._targets = targets

    def marks(self, card: Scorecard, who: Who) -> Marks:
        """What depends on the entity alone, and on its site."""
        return Marks(
            tuple(self._part(component, who) for component in card.components),
            tuple(factor_of(factor, self._values, who) for factor in card.factors),
            tuple(gate_of(gate, self._values, who) for gate in card.gates),
        )

    def target_of(self, target: Bound | None, source: Source, who: Who) -> Fraction | None:
        """The target in place, else that of the section `targets`; leaders have only the former."""
        if target is not None:
            return self._values.bound(target, source, who)
        if source.kpi is None or who.level == LEADER:
            return None
        what = (source.kpi, source.over, source.currency, who.level, who.period)
        return self._targets.of(what, who.site, who.entity, who.start)

    def _part(self, component: Component, who: Who) -> ComponentPart:
        value = self._values.of(component.source, who)
        scoring = component.scoring
        if isinstance(scoring, Attainment):
            return self._attained(component, scoring, value, who)
        if value.value is None:
            return ComponentPart(component, value, NO_DATA, ZERO)
        if isinstance(scoring, Deduct):
            limit = self._values.bound(scoring.limit, component.source, who)
            if limit is None:
                return ComponentPart(component, value, NO_DATA, ZERO)
            points = deducted(scoring, component.weight, value.value, limit)
            return ComponentPart(component, value, value.status, points, limit=limit)
        if isinstance(scoring, Rank):
            return ComponentPart(component, value, value.status, ZERO)
        if isinstance(scoring, Stepped):
            points = stepped(scoring, value.value, lower=component.source.lower)
        else:
            points = on_line(scoring, value.value)
        return ComponentPart(component, value, value.status, points)

    def _attained(self, component: Component, scoring: Attainment, value: Value, who: Who) -> ComponentPart:
        target = self.target_of(component.target, component.source, who)
        if value.value is None:
            return ComponentPart(component, value, NO_DATA, ZERO, target)
        if target is None:
            relative = component.target is not None
            return ComponentPart(component, value, NO_DATA if relative else NO_TARGET, ZERO)
        if not target:
            return ComponentPart(component, value, NO_TARGET, ZERO, target)
        points = attained(scoring, component.weight, value.value, target)
        return ComponentPart(component, value, value.status, points, target, attainment=value.value / target)


def scores_of(card: Scorecard, marks: Mapping[Who, Marks]) -> dict[Who, Score]:
    """The scores of all entities that are ranked together, without places and flags."""
    by_rank = {
        place: ranked(component.scoring, list(_values_at(place, marks)))
        for place, component in enumerate(card.components)
        if isinstance(component.scoring, Rank)
    }
    return {who: _score(card, who, mark, by_rank) for who, mark in marks.items()}


def _values_at(place: int, marks: Mapping[Who, Marks]) -> Iterator[Fraction]:
    for mark in marks.values():
        value = mark.parts[place].value.value
        if value is not None:
            yield value


def _score(card: Scorecard, who: Who, marks: Marks, by_rank: Mapping[int, Mapping[Fraction, Fraction]]) -> Score:
    parts = list(marks.parts)
    for place, points in by_rank.items():
        value = parts[place].value.value
        if value is not None:
            parts[place] = _with_points(parts[place], points[value])
    parts = _redistributed(parts)
    missed = [gate.gate.effect for gate in marks.gates if gate.missed]
    void = {name for effect in missed for name in effect.void}
    total = ZERO
    if "all" not in void:
        total = sum((part.points for part in parts if part.component.component not in void), ZERO)
    for factor in marks.factors:
        total *= factor.value
    for effect in missed:
        if effect.factor is not None:
            total *= effect.factor
    total = min([total, *(effect.cap for effect in missed if effect.cap is not None)])
    grade = next((name for name, bound in card.grades if bound <= total), None)
    return Score(
        card, who, score=total, grade=grade, parts=tuple(parts), factors=marks.factors, gates=marks.gates
    )  # fmt: skip


def _redistributed(parts: list[ComponentPart]) -> list[ComponentPart]:
    """The weights of those without a number that ask for it go to all others."""
    given = [part for part in parts if part.component.redistribute and part.status in (NO_DATA, NO_TARGET)]
    if not given:
        return parts
    weights = sum((part.component.weight for part in parts), ZERO)
    left = weights - sum((part.component.weight for part in given), ZERO)
    multiplier = weights / left if left else ZERO
    away = set(map(id, given))
    return [part if id(part) in away else _with_points(part, part.points * multiplier) for part in parts]


def _with_points(part: ComponentPart, points: Fraction) -> ComponentPart:
    return ComponentPart(part.component, part.value, part.status, points, part.target, part.limit, part.attainment)


def placed(scores: Mapping[Who, Score]) -> dict[Who, int]:
    """The place of each; the highest score is first."""
    by_score = places([score.score for score in scores.values() if score.score is not None])
    return {who: by_score[score.score] for who, score in scores.items() if score.score is not None}
