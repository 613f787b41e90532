"""When what happens in a soak: it follows from its length alone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR_SECONDS = 3_600.0
LEAST_SECONDS = 120.0
SCRAPE_SECONDS = 5.0
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)")
_UNITS = {"s": 1.0, "m": 60.0, "h": HOUR_SECONDS}


@dataclass(frozen=True)
class Plan:
    """`sample_seconds`: between two samples; `restart_seconds`: between two restarts of a worker, the two in turn;
    `hand_over_at`: seconds after the beginning."""

    seconds: float
    sample_seconds: float
    restart_seconds: float
    hand_over_at: float

    @property
    def restarts(self) -> list[float]:
        """Seconds after the beginning at which a worker is started anew; none so near to the hand-over or to the end
        that nothing could be said of the worker in between."""
        times: list[float] = []
        at = self.restart_seconds
        while at <= self.seconds - self.restart_seconds / 2:
            if abs(at - self.hand_over_at) > self.restart_seconds / 4:
                times.append(at)
            at += self.restart_seconds
        return times


def plan_of(seconds: float) -> Plan:
    """Of an hour: a sample each half minute, a restart each six minutes, and the hand-over in the middle."""
    return Plan(
        seconds,
        sample_seconds=min(30.0, max(2.0, seconds / 120)),
        restart_seconds=min(600.0, max(40.0, seconds / 10)),
        hand_over_at=seconds / 2,
    )


def length_of(text: str) -> float:
    """Seconds of a text such as `90s`, `60m` or `2h`. ValueError: it is none, or shorter than two minutes."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no length such as 240s, 60m or 2h")
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds < LEAST_SECONDS:
        raise ValueError(f"{text}: a soak takes at least {LEAST_SECONDS:.0f}s")
    return seconds


def zone_whose_day_ends(now: datetime, seconds: float) -> str:
    """A zone in which the local day ends at the first full hour after an eighth of the run, so that days become final
    in a run in which an hour ends, whatever time it is begun."""
    hour = ((now + timedelta(seconds=seconds / 8)).astimezone(UTC) + timedelta(hours=1)).hour
    offset = -hour % 24
    offset -= 24 * (offset > 14)  # the zones reach from 12 hours behind UTC to 14 before it
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"
