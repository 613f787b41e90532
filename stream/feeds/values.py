"""Value descriptions, compiled: what a field is, out of what an expression sees (feeds 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from stream.feeds import lengths, times
from stream.feeds.expressions import Evaluate
from stream.feeds.mapping import CURRENCY, ValueDescription
from stream.feeds.wrong import Wrong, as_text, not_, shown
from stream.windows.zone import load_zone

Getter = Callable[[Any], Any]
"""The value of a description, out of what its expressions see; None is nothing. Raises Wrong."""

_MOST_MATCHED = 1_000
_LENGTHS = frozenset({"seconds", "minutes", "milliseconds", "hms", "integer"})
_INSTANTS = frozenset({"epoch_s", "epoch_ms", "epoch_us", "rfc3339", "rfc2822", "iso", "local"})


@dataclass(frozen=True)
class Surroundings:
    """What a description needs besides itself: how its expressions are compiled, the zone of the input, and what the
    event's own currency is."""

    expression: Callable[[str, str], Evaluate]
    """(key of the mapping, text) -> what evaluates it."""
    zone: ZoneInfo | None
    own_currency: Getter | None = None


def kind_of(described: ValueDescription, *, instant: bool) -> str:
    """What comes out before `plus` and `minus`: `instant`, `length`, or another word; `raw` without a conversion."""
    last = described.conversions[-1] if described.conversions else ("iso" if instant else "raw")
    return "instant" if last in _INSTANTS else "length" if last in _LENGTHS else last


def result_kind(described: ValueDescription, *, instant: bool) -> str:
    """What comes out at the end: an instant less an instant is a length."""
    kind = kind_of(described, instant=instant)
    for part in listed(described.minus):
        if kind == "instant" and result_kind(part, instant=False) == "instant":
            kind = "length"
    return kind


def listed(parts: ValueDescription | Sequence[ValueDescription] | None) -> list[ValueDescription]:
    """`plus` or `minus` as a list."""
    return [] if parts is None else [parts] if isinstance(parts, ValueDescription) else list(parts)


def getter(described: ValueDescription, key: str, around: Surroundings, *, instant: bool) -> Getter:
    """Compiles one description: of an instant field (`instant`) what has no conversion is read as `iso`."""
    source = get = _source(described, key, around)
    if described.match is not None:
        get = _matched(get, described.match)
    if described.map is not None:
        get = _mapped(get, described)
    names = [name for name in described.conversions if name != "url"]
    if not described.conversions and instant:
        names = ["iso"]
    for name in names:
        if name == "minor":
            get = _minor(get, described, key, around)
        else:
            get = _then(get, _conversion(name, described, around))
    if described.plus is not None or described.minus is not None:
        get = _summed(get, source, described, key, around)
    if "default" in described.model_fields_set and described.default is not None:
        get = _defaulted(get, described.default)
    return get


def _source(described: ValueDescription, key: str, around: Surroundings) -> Getter:
    if not described.paths:
        constant = described.value
        return lambda _scope: constant
    several = isinstance(described.path, list)
    sources: list[Getter] = [
        around.expression(f"{key}.path[{at}]" if several else f"{key}.path", path)
        for at, path in enumerate(described.paths)
    ]
    if "url" in described.conversions:
        sources = [_then(source, _url) for source in sources]
    if described.none:
        sources = [_without(source, frozenset(described.none)) for source in sources]
    if len(sources) == 1:
        return sources[0]

    def first(scope: Any) -> Any:
        for source in sources:
            value = source(scope)
            if value is not None:
                return value
        return None

    return first


def _url(value: Any) -> str:
    if isinstance(value, list | dict | bool):
        raise not_(value, "text")
    text = as_text(value)
    return unquote(text) if "%" in text else text


def _without(get: Getter, none: frozenset[str]) -> Getter:
    def found(scope: Any) -> Any:
        value = get(scope)
        if value is None or (value if isinstance(value, str) else as_text(value)) in none:
            return None
        return value

    return found


def _matched(get: Getter, pattern: str) -> Getter:
    search = re.compile(pattern).search

    def found(scope: Any) -> Any:
        value = get(scope)
        if not isinstance(value, str) or len(value) > _MOST_MATCHED:
            return None
        match = search(value)
        return None if match is None else match[1]

    return found


def _mapped(get: Getter, described: ValueDescription) -> Getter:
    results = described.map or {}
    has_else, otherwise = "else_" in described.model_fields_set, described.else_

    def found(scope: Any) -> Any:
        value = get(scope)
        if value is None:
            return None
        try:
            return results[value if isinstance(value, str) else as_text(value)]
        except KeyError:
            if has_else:
                return otherwise
            names = [*results]
            listed_names = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
            raise Wrong(f"{shown(value)} is not in its map ({listed_names})") from None

    return found


def _then(get: Getter, convert: Callable[[Any], Any]) -> Getter:
    def found(scope: Any) -> Any:
        value = get(scope)
        return None if value is None else convert(value)

    return found


def _defaulted(get: Getter, default: Any) -> Getter:
    def found(scope: Any) -> Any:
        value = get(scope)
        return default if value is None else value

    return found


def _summed(get: Getter, source: Getter, described: ValueDescription, key: str, around: Surroundings) -> Getter:
    parts = [
        (sign, getter(part, f"{key}.{name}", around, instant=False))
        for sign, name, given in ((1, "plus", described.plus), (-1, "minus", described.minus))
        for part in listed(given)
    ]
    is_instant = result_kind(described, instant=True) == "instant"

    def found(scope: Any) -> Any:
        total = get(scope)
        if total is None:
            return None
        total = _number(total)
        for sign, part in parts:
            value = part(scope)
            if value is None:
                return None
            total += sign * _number(value)
        if total < 0 and not is_instant:
            raise Wrong(f"{shown(source(scope))} with plus and minus is {total} ms, below 0; a length is 0 or more")
        return total

    return found


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(f"{shown(value)} is neither an instant nor a length: give `as`")
    return value


def _conversion(name: str, described: ValueDescription, around: Surroundings) -> Callable[[Any], Any]:
    """What one word of `as` does with a value that is there; None is nothing."""
    zone = around.zone if described.zone is None else load_zone(described.zone)
    if name == "iso":
        return times.iso(zone)
    if name == "rfc2822":
        return times.rfc2822(zone)
    if name == "local":
        return times.local(described.format or "", zone)
    return times.day(described.format) if name == "date" else _PLAIN[name]


def _minor(get: Getter, described: ValueDescription, key: str, around: Surroundings) -> Getter:
    said, mark = described.currency, described.decimal or "."
    currency_of = around.own_currency
    if said is not None:
        currency_of = getter(said, f"{key}.currency", around, instant=False)

    def found(scope: Any) -> Any:
        value = get(scope)
        if value is None:
            return None
        currency = currency_of(scope) if currency_of is not None else None
        if not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
            raise Wrong(
                f"{shown(value)} is an amount of which currency? {shown(currency)} is none of three capital letters"
            )
        return lengths.minor(value, currency, mark)

    return found


def _text(value: Any) -> str:
    if isinstance(value, list | dict):
        raise not_(value, "text")
    return as_text(value)


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "lower": lambda value: _text(value).lower(),
    "url": _url,
    "last_segment": lambda value: re.split("[/:]", _text(value))[-1],
    "integer": lengths.integer,
    "boolean": lengths.boolean,
    "seconds": lengths.length(1000, "seconds"),
    "minutes": lengths.length(60_000, "minutes"),
    "milliseconds": lengths.length(1, "milliseconds"),
    "hms": lengths.hms,
    "epoch_s": times.epoch(1000, 1, "seconds"),
    "epoch_ms": times.epoch(1, 1, "milliseconds"),
    "epoch_us": times.epoch(1, 1000, "microseconds"),
    "rfc3339": times.rfc3339,
}
