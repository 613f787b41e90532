"""Instants at which definitions tip over: midnights, clock changes, panes, and the distances of the definitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from tests.oracle.calendar import local_instant, midnight
from tests.oracle.config import DAY_MS, HOUR_MS

DAYS = {
    "Asia/Shanghai": ("2026-11-02", "2026-02-28"),
    "Asia/Kathmandu": ("2026-11-02",),
    "Europe/London": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "America/St_Johns": ("2010-11-07", "2010-03-14", "2026-11-01"),
    "America/Santiago": ("2026-09-06", "2026-04-05"),
    "America/Havana": ("2026-11-01", "2026-03-08"),
    "Pacific/Apia": ("2011-12-30",),
    "UTC": ("2024-02-29", "2026-12-31"),
}
"""Zone -> days worth living through: clock changes at 0:00, 0:01, 1:00 and 2:00, by 30 and 60 minutes, a lost day."""

STEPS_MS = (
    0,
    0,
    0,
    0,
    0,
    1,
    -1,
    1000,
    5_000,
    10_000,
    60_000,
    300_000,
    1_800_000,
    HOUR_MS,
    12 * HOUR_MS,
    12 * HOUR_MS + 1,
)


@dataclass
class Moments:
    """Draws instants around `day` in `zone`; what was drawn before is drawn again, for ties and exact distances."""

    random: Random
    zone: str
    day: date
    span_ms: int
    distances_ms: tuple[int, ...]

    def __post_init__(self) -> None:
        near = [self.day + timedelta(days=n) for n in (-1, 0, 1, 2)]
        self.edges = [midnight(self.zone, day) for day in near]
        self.edges += [local_instant(self.zone, self.day, minutes) for minutes in (1, 60, 90, 120, 150, 180, 1320)]
        self.start_ms = self.edges[0]
        self.drawn = [self.start_ms]

    def draw(self) -> int:
        """An instant in ms: an edge, a definition's distance from an earlier one, or anywhere within the span."""
        choice = self.random.random()
        if choice < 0.25:
            at = self.random.choice(self.edges) + self.random.choice((0, 0, -1, 1, 1000))
        elif choice < 0.6:
            step = self.random.choice(STEPS_MS + self.distances_ms)
            at = self.random.choice(self.drawn) + step * self.random.choice((1, 1, -1))
        else:
            at = self.start_ms + self.random.randrange(0, self.span_ms, 500)
        at = min(max(at, self.start_ms - self.span_ms), self.start_ms + 2 * self.span_ms)
        self.drawn.append(at)
        return at

    def draw_day(self) -> str:
        """A local date near the days of the world."""
        days = max(2, self.span_ms // DAY_MS)
        return (self.day + timedelta(days=self.random.randrange(-4, days + 2))).isoformat()

    def write(self, at_ms: int) -> str:
        """The instant as some producer would write it."""
        minutes = self.random.choice((0, 0, 0, 480, -210, 345, 60, -1439, 840))
        local = datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(minutes=minutes)
        text = local.strftime("%Y-%m-%dT%H:%M:%S")
        if at_ms % 1000 or self.random.random() < 0.1:
            text += f".{at_ms % 1000:03d}" + self.random.choice(("", "9", "000000"))
        sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
        zero = self.random.choice(("Z", "+00:00", "-00:00", "z"))
        text += zero if minutes == 0 else f"{sign}{size // 60:02d}:{size % 60:02d}"
        return text.replace("T", self.random.choice(("T", "T", "t")))
