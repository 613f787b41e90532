"""Instants and dates out of what a record says (feeds 3): in ms since the epoch, cut; dates are text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

from stream.facts.instant import END_MS, FIRST_MS, instant_ms
from stream.feeds.lengths import decimal_of
from stream.feeds.wrong import Wrong, not_, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY_MS = 86_400_000
_CACHE_SIZE = 50_000
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r" ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?",
    re.ASCII,
)
_RFC2822 = re.compile(
    r"(?:[A-Za-z]{3},)?\s*([0-9]{1,2})\s+([A-Za-z]{3})\s+([0-9]{4})\s+([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?"
    r"(?:\s+([+-][0-9]{4}|[A-Za-z]{1,3}))?(?:\s+\([^()]*\))?",
    re.ASCII,
)
_MONTHS = {
    name: at
    for at, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_ZONES = {"ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
          "pst": -8, "pdt": -7}  # fmt: skip
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

Convert = Callable[[Any], "int | None"]

_days: dict[int, str] = {}
_clocks: dict[int, str] = {}


def wire_instant(at_ms: int) -> str:
    """An instant as text of the wire, quickly. Raises Wrong where it lies outside 1980-2199."""
    if not FIRST_MS <= at_ms < END_MS:
        raise Wrong(f"{at_ms} ms since 1970 lies outside 1980-2199")
    day, rest = divmod(at_ms, _DAY_MS)
    second, millis = divmod(rest, 1000)
    date_text = _days.get(day)
    if date_text is None:
        if len(_days) >= _CACHE_SIZE:
            _days.clear()
        date_text = _days[day] = (date(1970, 1, 1) + timedelta(days=day)).isoformat() + "T"
    clock = _clocks.get(second)
    if clock is None:
        minutes, seconds = divmod(second, 60)
        clock = _clocks[second] = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return f"{date_text}{clock}.{millis:03}Z" if millis else f"{date_text}{clock}Z"


def remembered(convert: Callable[[Any], int]) -> Convert:
    """The same conversion, which looks up what it was asked before: logs name each second many times."""
    known: dict[str, int] = {}

    def look_up(value: Any) -> int:
        if not isinstance(value, str):
            return convert(value)
        found = known.get(value)
        if found is None:
            found = convert(value)
            if len(known) >= _CACHE_SIZE:
                known.clear()
            known[value] = found
        return found

    return look_up


def epoch(numerator: int, denominator: int, unit: str) -> Convert:
    """`as: epoch_s`, `epoch_ms` or `epoch_us`: ms since the epoch, cut; 0 is nothing."""
    wanted = f"number of {unit} since 1970"

    def convert(value: Any) -> int | None:
        if type(value) is int or (isinstance(value, str) and value.isdigit() and value.isascii() and len(value) < 19):
            exact = int(value)
            at_ms = exact * numerator // denominator
        else:
            number = decimal_of(value, wanted)
            exact, at_ms = 1 if number else 0, int(number * numerator / denominator)
        if not exact:
            return None
        if not FIRST_MS <= at_ms < END_MS:
            raise Wrong(f"{shown(value)} as {unit} since 1970 lies outside 1980-2199{_hint(value)}")
        return at_ms

    return convert


def rfc3339(value: Any) -> int:
    """`as: rfc3339`: as the contract's instants are."""
    if not isinstance(value, str):
        raise not_(value, "RFC 3339 instant such as 2026-11-02T09:00:00+01:00")
    try:
        return instant_ms(value)
    except ValueError as error:
        raise Wrong(f"{shown(value)} {error}; wanted one such as 2026-11-02T09:00:00+01:00") from None


def iso(zone: tzinfo | None) -> Convert:
    """`as: iso`: also with a space, `+0000`, `+00`, a comma, no seconds; without offset in `zone` (None: refused)."""

    def convert(value: Any) -> int:
        found = _ISO.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise Wrong(f"{shown(value)} is no ISO time such as 2026-11-02T09:00:00+01:00{_hint(value)}")
        day, hour, minute, second, fraction, offset = found.groups()
        try:
            local = datetime.fromisoformat(f"{day}T{hour}:{minute}:{second or '00'}")
            if hour == "24":
                raise ValueError
            at = local.replace(tzinfo=_offset(offset) if offset else _zone(zone, value))
        except ValueError:
            raise Wrong(f"{shown(value)} is no time that there is") from None
        return (at - _EPOCH) // _MS + int((fraction or "0")[:3].ljust(3, "0"))

    return remembered(convert)


def _hint(value: Any) -> str:
    try:
        number = int(decimal_of(value))
    except Wrong:
        return ""
    for unit, per_second in (("s", 1), ("ms", 1000), ("us", 1_000_000)):
        if FIRST_MS <= number * 1000 // per_second < END_MS:
            return f": it looks like `as: epoch_{unit}`"
    return ""


def _offset(text: str) -> tzinfo:
    if text in ("Z", "z"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:] if len(text) > 3 else 0)
    if hours > 23 or minutes > 59:
        raise ValueError
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _zone(zone: tzinfo | None, value: Any) -> tzinfo:
    if zone is None:
        raise Wrong(
            f"{shown(value)} has no offset: which zone is it in? (`zone` of the field or of the input, or --zone)"
        )
    return zone


def rfc2822(zone: tzinfo | None) -> Convert:
    """`as: rfc2822`: `Fri, 02 Nov 2018 10:52:29 +0000`; without offset in `zone` (None: refused)."""

    def convert(value: Any) -> int:
        found = _RFC2822.fullmatch(value.strip()) if isinstance(value, str) else None
        month = _MONTHS.get(found[2].lower()) if found else None
        if found is None or month is None:
            raise not_(value, "RFC 2822 time such as Fri, 02 Nov 2018 10:52:29 +0000")
        day, _, year, hour, minute, second, offset = found.groups()
        try:
            at = datetime(int(year), month, int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
            if offset is None:
                at = at.replace(tzinfo=_zone(zone, value))
            elif offset[0] in "+-":
                at = at.replace(tzinfo=_offset(offset))
            elif offset.lower() in _ZONES:
                at = at.replace(tzinfo=timezone(timedelta(hours=_ZONES[offset.lower()])))
            else:
                raise ValueError
        except ValueError:
            raise Wrong(f"{shown(value)} is no time that there is") from None
        return (at - _EPOCH) // _MS

    return remembered(convert)


def local(layout: str, zone: tzinfo | None) -> Convert:
    """`as: local`: by `layout` (strptime, English names) in `zone`, which is not asked where the layout has %z.

    A local time that is skipped has the offset before the change, one that is there twice is the first.
    """

    def convert(value: Any) -> int:
        at = _parsed(value, layout)
        if at.tzinfo is None:
            at = at.replace(tzinfo=_zone(zone, value))
        return (at - _EPOCH) // _MS

    return remembered(convert)


def _parsed(value: Any, layout: str) -> datetime:
    if not isinstance(value, str) or not (value.isascii() or all(sign <= "9" for sign in value if sign.isdigit())):
        raise not_(value, f"time of the form {layout}")
    try:
        return datetime.strptime(value, layout)  # noqa: DTZ007  the caller gives it its zone
    except ValueError:
        raise not_(value, f"time of the form {layout}") from None


def day(layout: str | None) -> Callable[[Any], str]:
    """`as: date`: ISO, or by `layout`."""

    def convert(value: Any) -> str:
        if layout is not None:
            return _parsed(value, layout).date().isoformat()
        try:
            if isinstance(value, str) and _DATE.fullmatch(value):
                return date.fromisoformat(value).isoformat()
        except ValueError:
            raise Wrong(f"{shown(value)} is no day that there is") from None
        raise not_(value, "date YYYY-MM-DD")

    return convert
