"""How values are written in a configuration: durations, exact decimals, times of day, names."""

import re
from fractions import Fraction
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field

from stream.facts.decode import is_identifier

_DURATION = re.compile(r"(0|[1-9][0-9]{0,11})(ms|s|m|h|d)")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DECIMAL = re.compile(r"[-+]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")

LONGEST_MS = 220 * 366 * _UNIT_MS["d"]
"""The longest duration, in ms: all instants lie in 1980-2199 (contract 1)."""


def duration_text(ms: int) -> str:
    """A duration as one would write it, in the largest unit that holds it exactly: 43,200,000 -> "12h"."""
    unit = next((unit for unit, size in reversed(_UNIT_MS.items()) if ms and ms % size == 0), "ms")
    return f"{ms // _UNIT_MS[unit]}{unit}"


def duration_ms(text: object) -> int:
    """Milliseconds of `200ms`, `10s`, `15m`, `1h` or `90d`. ValueError for anything else, a bare number included."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 200ms, 10s, 15m, 1h or 90d")
    milliseconds = int(match[1]) * _UNIT_MS[match[2]]
    if milliseconds > LONGEST_MS:
        raise ValueError(f"{text!r} is longer than the years 1980-2199")
    return milliseconds


def positive_duration_ms(text: object) -> int:
    """As `duration_ms`, but ValueError for a duration of 0."""
    milliseconds = duration_ms(text)
    if milliseconds == 0:
        raise ValueError("must be longer than 0")
    return milliseconds


def decimal(value: object) -> Fraction:
    """The exact number that a decimal such as `0.10` writes, quoted in YAML or not. ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not _DECIMAL.fullmatch(str(value)):
        raise ValueError(f"{value!r} is not a decimal number such as 0.10")
    return Fraction(str(value))


def minute_of_day(text: object) -> int:
    """Minutes since local midnight, 0-1439, of `HH:MM` (00:00-23:59). ValueError for anything else."""
    match = _TIME_OF_DAY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a local time such as 09:00 (00:00 to 23:59)")
    return int(match[1]) * 60 + int(match[2])


def name(value: object) -> str:
    """`value` if it is an identifier, 1-256 printable characters without `|` (contract 1); else ValueError."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not is_identifier(text):
        raise ValueError(f"{value!r} is not a name: 1-256 printable characters without '|'")
    return text


def whole(value: object) -> object:
    """`value`, but ValueError for true and false, which Python takes for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("should be a whole number")
    return value


Item = TypeVar("Item")
Listed = Annotated[tuple[Item, ...], Field(min_length=1)]
"""A list that has something in it, where it is given at all."""
DurationMs = Annotated[int, BeforeValidator(duration_ms)]
PositiveDurationMs = Annotated[int, BeforeValidator(positive_duration_ms)]
Exact = Annotated[Fraction, BeforeValidator(decimal)]
MinuteOfDay = Annotated[int, BeforeValidator(minute_of_day)]
Name = Annotated[str, BeforeValidator(name)]
Count = Annotated[int, BeforeValidator(whole), Field(ge=0, lt=2**53)]
Positive = Annotated[int, BeforeValidator(whole), Field(ge=1, lt=2**53)]
Days = Annotated[int, BeforeValidator(whole), Field(ge=0, le=36_600)]
