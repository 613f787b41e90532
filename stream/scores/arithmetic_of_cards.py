"""The arithmetic of a scorecard: components to points, and points to the score."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from stream.scores.at_hand import AtHand
from stream.scores.decimals import fixed, plain
from stream.scores.phrases import Phrases, unit_factor
from stream.scores.schemes import Attainment, Component, Deduct, Linear, Rank, Scorecard, Source, Stepped
from stream.scores.scoring import attained, deducted, on_line, step_of, stepped

Json = dict[str, Any]


class CardArithmetic:
    """The lines of a record by its card; None: by what the record says alone."""

    def __init__(self, record: Json, card: Scorecard | None, words: Phrases, known: AtHand) -> None:
        self._record, self._card, self._words, self._known = record, card, words, known
        self._say = words.say
        self._components = {each.component: each for each in card.components} if card is not None else {}

    def component(self, part: Json) -> Iterator[str]:
        """How the value of a component becomes points, and what would change them."""
        component = self._components.get(part["component"])
        name = self._words.named(part["component"], component.source if component is not None else None)
        yield "  " + self._words.pair(name, self._points(part, component))
        for line in self._outlook(part, component):
            yield f"    {line}"

    def streaks(self) -> Iterator[str]:
        """The rules of streaks, and what the periods before were."""
        if self._card is None:
            return
        for each in self._card.streaks:
            words = "streak {flag}: score below {below} in {periods} periods in a row"
            if each.place is not None:
                words = "streak {flag}: place {place} or worse in {periods} periods in a row"
            below = plain(each.below) if each.below is not None else ""
            yield "  " + self._say(words, flag=each.flag, periods=each.periods, place=each.place, below=below)
        if self._known.earlier:
            told = self._words.joined(
                f"{day} {self._words.bracketed(said, str(place)) if said else self._say('none')}"
                for day, said, place in self._known.earlier
            )
            yield "  " + self._say("before, with places: {told}", told=told)

    def total(self) -> Iterator[str]:
        """How the points are added up."""
        missed = [gate["effect"] for gate in self._record["gates"] if gate["missed"]]
        void = {name for effect in missed for name in ([] if effect.get("void") in (None, "all") else effect["void"])}
        if any(effect.get("void") == "all" for effect in missed):
            void = {part["component"] for part in self._record["parts"]}
        terms = [part["points"] for part in self._record["parts"] if part["component"] not in void]
        times = [each["value"] for each in self._record["factors"]]
        times += [effect["factor"] for effect in missed if effect.get("factor") is not None]
        caps = [Fraction(effect["cap"]) for effect in missed if effect.get("cap") is not None]
        if len(self._record["parts"]) < 2 and not void and not times and not caps:
            return
        told = " + ".join(terms) or "0"
        told += f" = {fixed(sum(map(Fraction, terms), Fraction(0)))}" if len(terms) > 1 else ""
        if void:
            told += self._say("; void: {names}", names=self._words.joined(sorted(void)))
        told += "".join(self._say("; x {factor}", factor=each) for each in times)
        told += self._words.within(None, min(caps, default=None))
        by_hand = sum(map(Fraction, terms), Fraction(0))
        for each in times:
            by_hand *= Fraction(each)
        by_hand = min([by_hand, *caps])
        if fixed(by_hand) != self._record["score"]:
            told += self._say("; without rounding each: {score}", score=self._record["score"])
        yield "  " + self._say("points: {told}", told=told)

    def _points(self, part: Json, component: Component | None) -> str:
        say, points = self._say, part["points"]
        source = component.source if component is not None else None
        exact = None if part["value"] is None else Fraction(part["value"])
        value = self._words.parts(source, part["numerator"], part["denominator"], exact)
        if part["status"] == "no_data":
            if part["value"] is not None:
                return say("{value}, but nothing to compare it with: {points} points", value=value, points=points)
            told = say("no data: {points} points", points=points)
            return self._words.pair(value, told) if value else told
        if part["status"] == "no_target":
            return say("{value}, but no target: {points} points", value=value, points=points)
        few = say(" (few: under the minimum sample)") if part["status"] == "few" else ""
        how = self._scoring(part, component)
        if (shared := self._shared(part["component"])) != 1:
            how += say("; x {shared}, with the weight of what has no data", shared=_quotient(shared))
        return say("{value}{few}{how} = {points} points", value=value, few=few, how=how, points=points)

    def _shared(self, name: str) -> Fraction:
        """What the points of a component were multiplied by, since others without data give their weight away."""
        status = {part["component"]: part["status"] for part in self._record["parts"]}
        given = {
            each.component: each.weight
            for each in self._components.values()
            if each.redistribute and status.get(each.component) in ("no_data", "no_target")
        }
        weights = sum((each.weight for each in self._components.values()), Fraction())
        left = weights - sum(given.values(), Fraction())
        return Fraction(1) if not given or name in given else weights / left if left else Fraction()

    def _scoring(self, part: Json, component: Component | None) -> str:
        say, source = self._say, component.source if component is not None else None
        if part["attainment"] is not None:
            bounds = ""
            if component is not None and isinstance(component.scoring, Attainment):
                bounds = self._words.within(component.scoring.floor, component.scoring.cap)
            return say(
                "; target {target}, {attainment} of it{bounds}; x weight {weight}",
                target=self._words.quantity(Fraction(part["target"]), source),
                attainment=part["attainment"], bounds=bounds, weight=part["weight"],
            )  # fmt: skip
        if component is None:
            return ""
        scoring, value = component.scoring, _exact(part, component)
        if isinstance(scoring, Stepped):
            place = step_of(scoring.steps, value, lower=component.source.lower)
            if place is None:
                return say(", under the first step")
            return say(", step {bound}", bound=self._words.quantity(scoring.steps[place][0], source))
        if isinstance(scoring, Deduct):
            return self._deducted(part, scoring, value, component.source)
        if isinstance(scoring, Rank):
            return self._ranked(part["component"], scoring, value)
        if isinstance(scoring, Linear):
            (x0, p0), (x1, p1) = scoring.start, scoring.end
            tell = self._words.quantity
            ends = {"x0": tell(x0, source), "p0": plain(p0), "x1": tell(x1, source), "p1": plain(p1)}
            return say(", on the line from ({x0}, {p0}) to ({x1}, {p1})", **ends)
        return ""

    def _deducted(self, part: Json, scoring: Deduct, value: Fraction, source: Source) -> str:
        tell, side = self._words.quantity, "short of" if scoring.below else "over"
        limit = scoring.limit if isinstance(scoring.limit, Fraction) else self._known.limits.get(part["component"])
        told = self._say(
            "; {weight} less {points} per {per} ({counted}) " + side + " the limit {limit}",
            weight=part["weight"], points=plain(scoring.points), per=tell(scoring.per, source),
            counted=self._words.word(scoring.counted), limit=self._words.bound(scoring.limit, limit, source),
        )  # fmt: skip
        if limit is None:
            return told
        over = max(Fraction(0), limit - value if scoring.below else value - limit)
        steps = f"{tell(over, source)} / {tell(scoring.per, source)} = {plain(over / scoring.per)}"
        return self._words.pair(told, steps) + self._words.within(scoring.floor, None)

    def _ranked(self, name: str, scoring: Rank, value: Fraction) -> str:
        told = self._say(", lowest first" if scoring.lowest else ", highest first")
        points = self._words.joined(map(plain, scoring.points))
        told += self._say(", points by place: {points}", points=points)
        values = self._known.values.get(name, ())
        if values:
            ahead = sum(each < value if scoring.lowest else each > value for each in values)
            told += self._say("; place {place} of {of}", place=ahead + 1, of=len(values))
            if (equal := values.count(value)) > 1:
                told += self._say(", shared by {equal}: {ties}", equal=equal, ties=self._words.word(scoring.ties))
        return told

    def _outlook(self, part: Json, component: Component | None) -> Iterator[str]:
        """What one more unit would change, and how far the next step is."""
        if component is None or part["value"] is None or part["numerator"] is None:
            return
        more, told = self._words.one_more(component.source, part["numerator"], part["denominator"])
        points = _points_of(component, more, part)
        shared = self._shared(part["component"])
        if points is not None and fixed(points * shared) != part["points"]:
            yield self._say("{more}: {points} points", more=told, points=fixed(points * shared))
        if isinstance(component.scoring, Stepped):
            exact = _exact(part, component)
            place = step_of(component.scoring.steps, exact, lower=component.source.lower)
            after = 0 if place is None else place + 1
            if after < len(component.scoring.steps):
                bound, given = component.scoring.steps[after]
                yield self._say(
                    "next step at {bound}, {away} away: {points} points",
                    bound=self._words.quantity(bound, component.source),
                    away=self._words.quantity(abs(bound - exact), component.source), points=plain(given * shared),
                )  # fmt: skip


def _exact(part: Json, component: Component) -> Fraction:
    """The value of a part, not rounded."""
    return Fraction(part["numerator"] * unit_factor(component.source), part["denominator"] or 1)


def _points_of(component: Component, value: Fraction, part: Json) -> Fraction | None:
    scoring = component.scoring
    if isinstance(scoring, Attainment) and part["target"] is not None and Fraction(part["target"]):
        return attained(scoring, component.weight, value, Fraction(part["target"]))
    if isinstance(scoring, Stepped):
        return stepped(scoring, value, lower=component.source.lower)
    if isinstance(scoring, Deduct) and isinstance(scoring.limit, Fraction):
        return deducted(scoring, component.weight, value, scoring.limit)
    return on_line(scoring, value) if isinstance(scoring, Linear) else None


def _quotient(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator} / {value.denominator}"
