"""Exact numbers as records write them: rounded once, at the end, halves away from zero (scores)."""

from __future__ import annotations

from fractions import Fraction
from typing import overload

PLACES = 12
POINTS_PLACES = 4


def rounded(value: Fraction) -> int:
    """The nearest integer; a half goes away from zero."""
    numerator, denominator = abs(value.numerator), value.denominator
    whole = (2 * numerator + denominator) // (2 * denominator)
    return whole if value.numerator >= 0 else -whole


@overload
def plain(value: Fraction) -> str: ...
@overload
def plain(value: None) -> None: ...


def plain(value: Fraction | None) -> str | None:
    """A decimal without exponent or closing zeros, rounded to 12 places."""
    if value is None:
        return None
    if value.denominator == 1:
        return str(value.numerator)
    text = fixed(value, PLACES).rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def fixed(value: Fraction, places: int = POINTS_PLACES) -> str:
    """A decimal with exactly so many places, by default the 4 of scores and points."""
    scaled = rounded(value * 10**places)
    whole, rest = divmod(abs(scaled), 10**places)
    return f"{'-' if scaled < 0 else ''}{whole}.{rest:0{places}}"
