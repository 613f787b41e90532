"""How values are written in a configuration: durations, exact decimals, times of day, names."""

import re
from fractions import Fraction
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from stream.facts.decode import is_identifier

_DURATION = re.compile(r"(0|[1-9][0-9]{0,11})(ms|s|m|h|d)")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DECIMAL = re.compile(r"[-+]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")

_TOPIC_PART = re.compile(r"[A-Za-z0-9._-]{1,100}")

LONGEST_MS = 220 * 366 * _UNIT_MS["d"]
"""The longest duration, in ms: all instants lie in 1980-2199 (contract 1)."""


def duration_text(ms: int) -> str:
    """A duration as one would write it, in the largest unit that holds it exactly: 43,200,000 -> "12h", 0 -> "0s"."""
    unit = next((unit for unit, size in reversed(_UNIT_MS.items()) if ms and ms % size == 0), "s")
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


def topic_part(text: object) -> str:
    """`text` if it may stand in the name of a topic; else ValueError."""
    if isinstance(text, bool) or not _TOPIC_PART.fullmatch(str(text)):
        raise ValueError(f"{text!r} may hold only letters, digits, '.', '_' and '-' (it becomes part of topic names)")
    return str(text)


def as_written(example: str, pattern: str, *types: str, **more: int) -> WithJsonSchema:
    """How a value is written in a file, as JSON Schema."""
    return WithJsonSchema({"type": list(types) or "string", "pattern": f"^({pattern})$", "examples": [example], **more})


DATE = as_written("2026-01-30", r"(19[89][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
"""How a date is written."""


Item = TypeVar("Item")
Listed = Annotated[tuple[Item, ...], Field(min_length=1)]
"""A list that has something in it, where it is given at all."""
DurationMs = Annotated[int, BeforeValidator(duration_ms), as_written("90s", _DURATION.pattern)]
PositiveDurationMs = Annotated[
    int, BeforeValidator(positive_duration_ms), as_written("90s", _DURATION.pattern.replace("0|", ""))
]
Exact = Annotated[Fraction, BeforeValidator(decimal), as_written("0.10", _DECIMAL.pattern, "number", "string")]
Share = Annotated[
    Exact,
    Field(ge=0, le=1),
    as_written("0.10", r"\+?(0?\.[0-9]{1,20}|0+\.?|0*1(\.0*)?)", "number", "string", minimum=0, maximum=1),
]
"""A share of 1."""
NotNegative = Annotated[
    Exact, Field(ge=0), as_written("0.10", _DECIMAL.pattern.replace("[-+]", "[+]"), "number", "string", minimum=0)
]
MinuteOfDay = Annotated[int, BeforeValidator(minute_of_day), as_written("09:00", _TIME_OF_DAY.pattern)]
Name = Annotated[
    str,
    BeforeValidator(name),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": 256, "pattern": r"^[^|\r\n\t]*$"}),
]
TopicPart = Annotated[str, BeforeValidator(topic_part), as_written("kpi", _TOPIC_PART.pattern, "string", "number")]
KpiName = Annotated[str, WithJsonSchema({"type": "string", "kpi": True})]
"""The id of a KPI. Whether there is such a one is checked with the rest of the document."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Count = Annotated[int, BeforeValidator(whole), Field(ge=0, lt=2**53)]
Positive = Annotated[int, BeforeValidator(whole), Field(ge=1, lt=2**53)]
Days = Annotated[int, BeforeValidator(whole), Field(ge=0, le=36_600)]
