"""Milliseconds and day numbers as the text of the wire, quickly: the generator writes a million of them a minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_CACHE_SIZE = 20_000
_EPOCH = date(1970, 1, 1)
_SECONDS = [f"{second:02}" for second in range(60)]
_MILLIS = ["Z"] + [f".{millis:03}Z" for millis in range(1, 1000)]
_minutes: dict[int, str] = {}
_days: dict[int, str] = {}


def instant(at_ms: int) -> str:
    """RFC 3339 in UTC, with milliseconds only where they are not 0."""
    minute, rest_ms = divmod(at_ms, MINUTE_MS)
    text = _minutes.get(minute)
    if text is None:
        if len(_minutes) >= _CACHE_SIZE:
            _minutes.clear()
        text = _minutes[minute] = datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")
    return text + _SECONDS[rest_ms // 1000] + _MILLIS[rest_ms % 1000]


def day(number: int) -> str:
    """`YYYY-MM-DD` of the day that lies `number` days after 1970-01-01."""
    text = _days.get(number)
    if text is None:
        if len(_days) >= _CACHE_SIZE:
            _days.clear()
        text = _days[number] = (_EPOCH + timedelta(days=number)).isoformat()
    return text
