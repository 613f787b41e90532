"""Pieces of sentences that tell a score's arithmetic: bounds, steps, parts and words of schemes, in one language."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from stream.kpis.catalogue import CATALOGUE
from stream.scores.decimals import plain
from stream.scores.schemes import Bound, OfSite, Source, Steps
from stream.scores.values import Value, said
from stream.scores.words import VOCABULARY, Say


class Phrases:
    """Says them by a template language."""

    def __init__(self, say: Say) -> None:
        self.say = say

    def word(self, name: str) -> str:
        """A word of schemes, such as `quarter` or `whole`; any other, such as a shift's name, stays as it is."""
        return self.say(name) if name in VOCABULARY else name

    def steps(self, steps: Steps) -> str:
        """Each bound with what it gives."""
        each = (self.say("from {bound}: {given}", bound=plain(bound), given=plain(given)) for bound, given in steps)
        return self.joined(each)

    def within(self, floor: Fraction | None, cap: Fraction | None) -> str:
        """The bounds of a number, where it has some."""
        under = "" if floor is None else self.say(", not under {bound}", bound=plain(floor))
        return under + ("" if cap is None else self.say(", not over {bound}", bound=plain(cap)))

    def bound(self, bound: Bound, known: Fraction | None = None) -> str:
        """A number that may be relative; `known`: what it came to."""
        if isinstance(bound, Fraction):
            return plain(bound)
        words = self.say("that of the site") if isinstance(bound, OfSite) else self.say(
            "one's own {periods} periods before", periods=bound.periods
        )  # fmt: skip
        return words if known is None else f"{words} ({plain(known)})"

    def value(self, source: Source, value: Value) -> str:
        """The parts of a value and what they come to."""
        told = parts_told(source, value.numerator, value.denominator, plain(value.value))
        return told if value.value is not None else f"{told}: {self.say('no data')}" if told else self.say("no data")

    def source(self, source: Source) -> str:
        """A source in words."""
        return said(source)

    def named(self, name: str, source: Source | None) -> str:
        """A component or a gate with what it looks at, where its own name does not say that already."""
        told = "" if source is None else self.source(source)
        return name if told in ("", name) else f"{name} ({told})"

    def listed(self, names: Iterable[str]) -> str:
        """Several of them."""
        return self.joined(self.word(name) for name in names)

    def joined(self, told: Iterable[str]) -> str:
        """Several things, in the punctuation of the language."""
        return self.say(", ").join(told)


def parts_told(source: Source | None, numerator: int | None, denominator: int | None, value: str | None) -> str:
    """`3 / 8 x 1000 = 375`: what is divided, what the unit multiplies by, and what comes out."""
    if numerator is None:
        return ""
    if denominator is None:
        return f"{numerator}"
    times = unit_factor(source)
    quotient = f"{numerator} / {denominator}" + (f" x {times}" if times != 1 else "")
    return quotient if value is None else f"{quotient} = {value}"


def unit_factor(source: Source | None) -> int:
    """What a source's quotient is multiplied by."""
    kpi = CATALOGUE.get(source.kpi or "") if source is not None else None
    return 1 if kpi is None or source is None or source.over is not None or kpi.denominator is None else kpi.factor
