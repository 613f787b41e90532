"""What is wrong with an event, said to whoever sends it: every wrong field with what was wanted, in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from stream.facts.instant import instant_ms, instant_text
from stream.facts.models.together import between
from stream.facts.printable import printable

EXAMPLE = "2026-11-02T09:00:00+08:00"
_SHOWN = 40
_MOST_FIELDS = 12
_INSTANTS = frozenset({"occurred_at", "ended_at", "received_at", "closed_at", "from", "until"})


def detail_of(event: Mapping[str, Any], error: ValidationError, types: tuple[str, ...]) -> str:
    """One line that names every wrong field of an event; `types` are the types that there are."""
    found = [_said(event, each, types) for each in error.errors(include_url=False) if not _is_between(each)]
    # The models look at what fields mean together only where each of them is right.
    unique = list(dict.fromkeys((*found, *between(event))))
    more = len(unique) - _MOST_FIELDS
    return "; ".join(unique[:_MOST_FIELDS]) + (f"; and {more} more" if more > 0 else "")


def of_type(given: Any, types: tuple[str, ...]) -> str:
    """What is said of a type that there is not."""
    return f"type: {_show(given)} is none of {', '.join(types)}"


def _is_between(error: Any) -> bool:
    return error["type"] == "value_error" and not error["loc"][1:]


def _said(event: Mapping[str, Any], error: Any, types: tuple[str, ...]) -> str:
    kind, loc, context = error["type"], error["loc"][1:], error.get("ctx", {})
    if kind == "union_tag_not_found":
        return _without_type(event)
    if kind == "union_tag_invalid":
        return of_type(event.get("type"), types)
    where = ".".join(str(part) for part in loc)
    if kind == "missing":
        return f"{where}: is missing"
    given = error["input"]
    if kind == "value_error":
        message = str(context.get("error", error["msg"]))
        if loc and str(loc[-1]) in _INSTANTS:
            message = about_instant(given)
        elif where and isinstance(given, str):
            message = f"{_show(given)} {message}"
        return f"{where}: {message}" if where else message
    wanted = _WANTED.get(kind)
    said = wanted(context) if wanted is not None else str(error["msg"])
    return f"{where}: {_show(given)} {said}" if where else said


def _without_type(event: Mapping[str, Any]) -> str:
    if not event:
        return "type: is missing; the object is empty"
    names = ", ".join(_show(name, quoted=False) for name in list(event)[:6])
    more = ", ..." if len(event) > 6 else ""
    return (
        f"type: is missing; the object has {names}{more}: if it is another system's record, bring it in as an event of "
        "this contract"
    )


def about_instant(given: Any) -> str:
    """Why a value is no instant, and one that would do."""
    shown = _show(given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        return f"{shown} {_epoch(float(given))}"
    if not isinstance(given, str):
        return f"{shown} is no RFC 3339 instant with an offset; send text such as {EXAMPLE}"
    if re.fullmatch(r"[0-9]{9,13}(\.[0-9]+)?", given):
        return f"{shown} {_epoch(float(given))}"
    for pattern, said, better in _FORMS:
        if re.fullmatch(pattern, given):
            sent = re.sub(pattern, better, given)
            if not _would_do(sent.partition(",")[0]):
                break
            return f"{shown} {said}; send {sent}"
    if re.match(r"(19[0-7]|2[2-9]|[3-9])[0-9]", given) and re.match(r"[0-9]{4}-", given):
        return f"{shown} lies outside 1980-2199; send one such as {EXAMPLE}"
    return f"{shown} is no RFC 3339 instant with an offset; send one such as {EXAMPLE}"


def _would_do(text: str) -> bool:
    try:
        instant_ms(text)
    except ValueError:
        return False
    return True


_DAY = r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
_TIME = r"([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)"
_FORMS = (
    (f"{_DAY} {_TIME}([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})", "has a space where T belongs", r"\1T\2\3"),
    (f"{_DAY}[Tt ]{_TIME} ?([+-][0-9]{{2}})([0-9]{{2}})", "has an offset without a colon", r"\1T\2\3:\4"),
    (f"{_DAY}[Tt ]{_TIME}([+-][0-9]{{2}})", "has an offset without minutes", r"\1T\2\3:00"),
    (f"{_DAY}[Tt ]{_TIME}", "has no offset: which zone is it in?", r"\1T\2+08:00, with the offset that is meant"),
    (f"{_DAY}", "is a date without a time", r"\1T09:00:00+08:00, with the time and offset that are meant"),
)


def _epoch(value: float) -> str:
    unit, at_ms = ("milliseconds", value) if value >= 1e11 else ("seconds", value * 1000)
    if not 315_532_800_000 <= at_ms < 7_258_118_400_000:
        return f"is a number; send text such as {EXAMPLE}"
    return f"looks like {unit} since 1970; send {instant_text(int(at_ms))}"


def _show(value: Any, *, quoted: bool = True) -> str:
    """A value as a person can read it on one line: escaped, and cut after 40 characters. What is in a list or an object
    is not shown: it may be nested deeper than can be written."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if not isinstance(value, str) or not quoted:
        return printable(str(value), _SHOWN)
    shown = repr(value)
    if len(shown) <= _SHOWN + 2:
        return shown
    return f"{shown[: _SHOWN + 1]}...{shown[0]} ({len(value):,} characters)"


_NUMBERS = "is no whole number; send one without quotes, fraction or exponent"
_WANTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "int_type": lambda _: _NUMBERS,
    "int_from_float": lambda _: _NUMBERS,
    "int_parsing": lambda _: _NUMBERS,
    "int_parsing_size": lambda _: "is too large",
    "finite_number": lambda _: "is too large",
    "bool_type": lambda _: "is neither true nor false",
    "string_type": lambda _: "is no text",
    "string_unicode": lambda _: "is no valid text",
    "string_too_short": lambda context: f"has fewer than {context['min_length']} characters",
    "string_too_long": lambda context: f"has more than {context['max_length']} characters",
    "string_pattern_mismatch": lambda context: _pattern(str(context["pattern"])),
    "literal_error": lambda context: f"is none of {str(context['expected']).replace(' or ', ', ')}",
    "greater_than": lambda context: f"is not above {context['gt']}",
    "greater_than_equal": lambda context: f"is below {context['ge']}",
    "less_than": lambda context: f"is too large: the greatest is {int(context['lt']) - 1}",
    "less_than_equal": lambda context: f"is above {context['le']}",
    "list_type": lambda _: "is no list",
    "tuple_type": lambda _: "is no list",
    "too_short": lambda context: f"has fewer than {context['min_length']} entries",
    "too_long": lambda context: f"has more than {context['max_length']} entries",
    "model_type": lambda _: "is no object",
    "model_attributes_type": lambda _: "is no object",
}
"""pydantic's error -> what is said after the value."""


def _pattern(pattern: str) -> str:
    known = {
        "^[A-Z]{3}$": "is no currency; send three capital letters of ISO 4217, such as CNY",
        "^[a-z0-9_]{1,64}$": "is not 1-64 characters of a-z, 0-9 and _",
        "^([01][0-9]|2[0-3]):[0-5][0-9]$": "is no local time; send HH:MM",
    }
    return known.get(pattern, f"does not look like {pattern}")
