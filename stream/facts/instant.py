"""RFC 3339 instants and ISO dates of the wire, as integers and checked text (contract 1)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000

FIRST_MS = (date(1980, 1, 1) - date(1970, 1, 1)).days * _DAY_MS
"""First accepted instant: 1980-01-01T00:00:00Z."""
END_MS = (date(2200, 1, 1) - date(1970, 1, 1)).days * _DAY_MS
"""End (exclusive) of accepted instants: 2200-01-01T00:00:00Z."""

_CACHE_SIZE = 50_000
_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:\Z")
_TAIL = re.compile(r"(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")

# Three look-ups read an instant: minute, seconds, and what follows them. Traffic repeats all three,
# which makes this five times as fast as parsing the text.
_minutes: dict[str, int] = {}
_seconds: dict[str, int] = {f"{second:02}": second * 1000 for second in range(60)}
_tails: dict[str, int] = {"Z": 0}
_dates: set[str] = set()
_minute_texts: dict[int, str] = {}
"""The other way round: most records name an instant of a minute that another has named."""


def instant_ms(text: str) -> int:
    """The instant that an RFC 3339 text with offset names, in ms since the epoch; finer digits are cut.

    Raises ValueError where the text is no such instant, or lies outside 1980-2199; second 60 is not accepted.
    """
    try:
        return _minutes[text[:17]] + _seconds[text[17:19]] + _tails[text[19:]]
    except KeyError:
        return _parse(text)


def _parse(text: str) -> int:
    seconds = _seconds.get(text[17:19])
    tail = _TAIL.match(text, 19)
    if seconds is None or tail is None or not _MINUTE.match(text[:17]):
        raise ValueError("is no RFC 3339 instant with offset")
    try:
        minute = datetime.fromisoformat(f"{text[:10]}T{text[11:16]}+00:00")
    except ValueError:
        raise ValueError("is no RFC 3339 instant with offset") from None
    if text[11:13] == "24":  # Python 3.13 and later read hour 24
        raise ValueError("is no RFC 3339 instant with offset")
    if len(_minutes) >= _CACHE_SIZE:
        _minutes.clear()
    if len(_tails) >= _CACHE_SIZE:
        _tails.clear()
    minute_ms = int((minute - _EPOCH).total_seconds()) * 1000
    tail_ms = _tails[text[19:]] = _tail_ms(tail)
    if FIRST_MS + _DAY_MS <= minute_ms < END_MS - _DAY_MS:  # with any offset it stays inside, and need not be looked at
        _minutes[text[:17]] = minute_ms
    at_ms = minute_ms + seconds + tail_ms
    if not FIRST_MS <= at_ms < END_MS:
        raise ValueError("lies outside 1980-2199")
    return at_ms


def _tail_ms(tail: re.Match[str]) -> int:
    fraction, sign, hours, minutes = tail.groups()
    millis = int((fraction or "0")[:3].ljust(3, "0"))
    if sign is None:
        return millis
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("is no RFC 3339 instant with offset")
    offset_ms = (int(hours) * 60 + int(minutes)) * 60_000
    return millis - offset_ms if sign == "+" else millis + offset_ms


def checked_date(text: str) -> str:
    """The text, if it is a date YYYY-MM-DD in 1980-2199; ValueError if not."""
    if text in _dates:
        return text
    try:
        year = date.fromisoformat(text).year if _DATE.match(text) else None
    except ValueError:
        year = None
    if year is None:
        raise ValueError("is no date YYYY-MM-DD")
    if not 1980 <= year <= 2199:
        raise ValueError("lies outside 1980-2199")
    if len(_dates) >= _CACHE_SIZE:
        _dates.clear()
    _dates.add(text)
    return text


def begins(day: str, period: str) -> bool:
    """Whether a date (YYYY-MM-DD) is the first day of a period: day, month or quarter."""
    if period == "day":
        return True
    return day[8:] == "01" and (period == "month" or day[5:7] in ("01", "04", "07", "10"))


def utc_midnight_ms(_site: str, day: str) -> int:
    """The instant at which a date (YYYY-MM-DD) begins in UTC."""
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * _DAY_MS


def instant_text(at_ms: int) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, with milliseconds only where they are not 0 (contract 2)."""
    minute, rest_ms = divmod(at_ms, 60_000)
    text = _minute_texts.get(minute)
    if text is None:
        if len(_minute_texts) >= _CACHE_SIZE:
            _minute_texts.clear()
        text = _minute_texts[minute] = datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")
    second, millis = divmod(rest_ms, 1000)
    return f"{text}{second:02}.{millis:03}Z" if millis else f"{text}{second:02}Z"
