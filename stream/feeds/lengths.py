"""Numbers, lengths of time and money out of what a record says (feeds 3). Exact: no float is calculated with."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from stream.facts.currency import exponent
from stream.feeds.wrong import Wrong, as_text, not_, shown

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_HMS = re.compile(r"(?:([0-9]+):)?([0-9]{1,2}):([0-9]{2})(?:\.([0-9]+))?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+)(?:,[0-9]*)?", re.ASCII)
_MOST_DIGITS = 40
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def decimal_of(value: Any, wanted: str = "number in ASCII digits, with an optional sign and point") -> Decimal:
    """The exact number that a number or a text of plain digits states."""
    if isinstance(value, bool):
        raise not_(value, wanted)
    if isinstance(value, int | float):
        return Decimal(as_text(value))
    if isinstance(value, str) and len(value) <= _MOST_DIGITS and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise not_(value, wanted)


def integer(value: Any) -> int:
    """`as: integer`."""
    if type(value) is int:
        return value
    if isinstance(value, str) and len(value) <= _MOST_DIGITS and _WHOLE.fullmatch(value):
        return int(value)
    number = decimal_of(value, "whole number in ASCII digits")
    if number != number.to_integral_value():
        raise not_(value, "whole number")
    return int(number)


def boolean(value: Any) -> bool:
    """`as: boolean`."""
    if isinstance(value, bool):
        return value
    found = _BOOLEANS.get(as_text(value).lower()) if isinstance(value, str | int) else None
    if found is None:
        raise Wrong(f"{shown(value)} is none of true, false, yes, no, 1, 0")
    return found


def length(unit_ms: int, unit: str) -> Callable[[Any], int]:
    """`as: seconds`, `minutes` or `milliseconds`: a length in ms, cut."""
    wanted = f"number of {unit}"

    def convert(value: Any) -> int:
        if type(value) is int or (isinstance(value, str) and value.isdigit() and value.isascii() and len(value) < 16):
            found = int(value) * unit_ms
        else:
            found = int(decimal_of(value, wanted) * unit_ms)
            if as_text(value)[:1] == "-" and not found and decimal_of(value):
                found = -1
        if found < 0:
            raise Wrong(f"{shown(value)} is below 0; a length of time is 0 or more {unit}")
        return found

    return convert


def hms(value: Any) -> int:
    """`as: hms`: `mm:ss` or `hh:mm:ss`, hours of any size; a length in ms, cut."""
    found = _HMS.fullmatch(value) if isinstance(value, str) and len(value) <= _MOST_DIGITS else None
    if found is None:
        raise Wrong(f"{shown(value)} is no length mm:ss or hh:mm:ss")
    hours, minutes, seconds, fraction = found.groups()
    if int(minutes) > 59 or int(seconds) > 59:
        raise Wrong(f"{shown(value)} is no length mm:ss or hh:mm:ss: minutes and seconds end at 59")
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 1000 + int((fraction or "0")[:3].ljust(3, "0"))


def minor(value: Any, currency: str, decimal: str) -> int:
    """`as: minor`: minor units of a currency; more places than it has are refused."""
    if decimal == "," and isinstance(value, str):
        if len(value) > _MOST_DIGITS or not _COMMA.fullmatch(value):
            raise not_(value, "amount such as 1.234,56")
        number = Decimal(value.replace(".", "").replace(",", "."))
    else:
        number = decimal_of(value, "amount in ASCII digits, with an optional sign and point, such as 1234.56")
    exact = number.scaleb(exponent(currency))
    if exact != exact.to_integral_value():
        places = exponent(currency)
        raise Wrong(f"{shown(value)} has more decimal places than {currency} has ({places or 'none'})")
    return int(exact)
