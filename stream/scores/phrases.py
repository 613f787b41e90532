"""Pieces of sentences that tell a score's arithmetic: bounds, steps, parts and words of schemes, in one language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from stream.facts.currency import exponent, major
from stream.kpis.catalogue import CATALOGUE
from stream.scores.decimals import plain
from stream.scores.schemes import Bound, OfSite, Source, Steps
from stream.scores.values import Value, said
from stream.scores.words import VOCABULARY, Say, chinese
from stream.windows.measures import TABLE, in_words

MINUTE_MS = 60_000
Tell = Callable[[Fraction], str]


class Phrases:
    """Says them by a template language. Records hold amounts in minor units; they are said in major ones.

    `currency`: of the amounts that a scheme pays; empty: it pays none."""

    def __init__(self, say: Say, currency: str = "") -> None:
        self.say = say
        self.currency = currency
        self.times = say(" x ")

    def amount(self, value: Fraction | int) -> str:
        """An amount that a scheme pays."""
        return money(Fraction(value), self.currency)

    def quantity(self, value: Fraction, source: Source | None) -> str:
        """A value of a source, or a bound of one."""
        return money(value, money_of(source))

    def rate(self, value: Fraction, of: Source | None) -> str:
        """What is paid for one of a source's units: a share where they are money, else an amount."""
        return plain(value) if money_of(of) else self.amount(value)

    def bracketed(self, name: str, told: str) -> str:
        """`name (told)`, in the brackets of the language."""
        return self.say("{name} ({told})", name=name, told=told)

    def one_more(self, source: Source, numerator: int, denominator: int | None) -> tuple[Fraction, str]:
        """What a value would be with one more in its numerator, all else equal, and that in words. Of money it is one
        major unit more, of time a minute."""
        step, told = self._step(source)
        return Fraction((numerator + step) * unit_factor(source), denominator or 1), told

    def _step(self, source: Source) -> tuple[int, str]:
        kpi, currency = CATALOGUE.get(source.kpi or ""), _numerator_money(source)
        language = "zh" if self.say is chinese else "en"
        of = in_words(kpi.numerator, language) if kpi is not None else source.indicator
        if currency:
            step = 10 ** exponent(currency)
            told = f"{major(step, currency)} {currency}"
            return step, self.say("{amount} more of {of}", amount=told, of=source.kpi or source.indicator)
        if kpi is not None and TABLE[kpi.numerator[0]].unit == "ms":
            return MINUTE_MS, self.say("one minute more of {of}", of=of)
        return 1, self.say("one more of {of}", of=of)

    def word(self, name: str) -> str:
        """A word of schemes, such as `quarter` or `whole`; any other, such as a shift's name, stays as it is."""
        return self.say(name) if name in VOCABULARY else name

    def steps(self, steps: Steps, bounds: Tell = plain, given: Tell = plain) -> str:
        """Each bound with what it gives; `bounds`, `given`: how they are said."""
        return self.joined(self.say("from {bound}: {given}", bound=bounds(at), given=given(to)) for at, to in steps)

    def within(self, floor: Fraction | None, cap: Fraction | None, tell: Tell = plain) -> str:
        """The bounds of a number, where it has some."""
        under = "" if floor is None else self.say(", not under {bound}", bound=tell(floor))
        return under + ("" if cap is None else self.say(", not over {bound}", bound=tell(cap)))

    def bound(self, bound: Bound, known: Fraction | None = None, source: Source | None = None) -> str:
        """A number that may be relative, in the unit of a source; `known`: what it came to."""
        if isinstance(bound, Fraction):
            return self.quantity(bound, source)
        words = self.say("that of the site") if isinstance(bound, OfSite) else self.say(
            "one's own {periods} periods before", periods=bound.periods
        )  # fmt: skip
        return words if known is None else self.bracketed(words, self.quantity(known, source))

    def value(self, source: Source, value: Value) -> str:
        """The parts of a value and what they come to."""
        told = self.parts(source, value.numerator, value.denominator, value.value)
        nothing = self.say("no data")
        return told if value.value is not None else self.pair(told, nothing) if told else nothing

    def parts(
        self, source: Source | None, numerator: int | None, denominator: int | None, value: Fraction | None
    ) -> str:
        """`3 / 8 x 1000 = 375`: what is divided, what the unit multiplies by, and what comes out."""
        if numerator is None:
            return ""
        above = money(Fraction(numerator), _numerator_money(source))
        if denominator is None:
            return above
        factor = unit_factor(source)
        quotient = f"{above} / {money(Fraction(denominator), _denominator_money(source))}"
        quotient += f"{self.times}{factor}" if factor != 1 else ""
        return quotient if value is None else f"{quotient} = {self.quantity(value, source)}"

    def pair(self, name: str, told: str) -> str:
        """`name: told`."""
        return self.say("{name}: {told}", name=name, told=told)

    def source(self, source: Source) -> str:
        """A source in words."""
        return said(source)

    def named(self, name: str, source: Source | None) -> str:
        """A component or a gate with what it looks at, where its own name does not say that already."""
        told = "" if source is None else self.source(source)
        return name if told in ("", name) else self.bracketed(name, told)

    def listed(self, names: Iterable[str]) -> str:
        """Several of them."""
        return self.joined(self.word(name) for name in names)

    def joined(self, told: Iterable[str]) -> str:
        """Several things, in the punctuation of the language."""
        return self.say(", ").join(told)


def money(value: Fraction, currency: str) -> str:
    """A number, or (with a currency) an amount in minor units, said in major ones; what is no whole number of minor
    units has as many digits as it needs."""
    if not currency:
        return plain(value)
    return major(value.numerator, currency) if value.denominator == 1 else plain(value / 10 ** exponent(currency))


def money_of(source: Source | None) -> str:
    """The currency of a source's values; empty: they are no money."""
    return "" if _denominator_money(source) else _numerator_money(source)


def _numerator_money(source: Source | None) -> str:
    if source is None:
        return ""
    kpi = CATALOGUE.get(source.kpi or "")
    return source.currency if kpi is None or kpi.per_currency else ""


def _denominator_money(source: Source | None) -> str:
    kpi = CATALOGUE.get(source.over or source.kpi or "") if source is not None else None
    if kpi is None or source is None:
        return ""
    return source.currency if (kpi.per_currency if source.over else kpi.denominator_per_currency) else ""


def unit_factor(source: Source | None) -> int:
    """What a source's quotient is multiplied by."""
    kpi = CATALOGUE.get(source.kpi or "") if source is not None else None
    return 1 if kpi is None or source is None or source.over is not None or kpi.denominator is None else kpi.factor
