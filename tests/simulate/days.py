"""Small simulated spans, made once per test run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.simulate.incident import Incident
from stream.simulate.phase import Phase
from stream.simulate.route import Event
from stream.simulate.stamp import DAY_MS, HOUR_MS
from stream.simulate.world import World

MONDAY_MS = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp()) * 1000


def world(
    *, seed: int = 1, hours: int = 2, rate: float = 2.0, incidents: Sequence[Incident] = (), **more: Any
) -> list[tuple[int, Event]]:
    phase = Phase(MONDAY_MS, MONDAY_MS + hours * HOUR_MS, rate)
    return list(World(seed, [phase], incidents=incidents, **more).events())


@cache
def a_day() -> tuple[tuple[int, Event], ...]:
    """About 86,000 events."""
    return tuple(world(hours=24, rate=1.0))


@cache
def a_fortnight() -> tuple[tuple[int, Event], ...]:
    """About 60,000 events."""
    phase = Phase(MONDAY_MS, MONDAY_MS + 14 * DAY_MS, 0.05)
    return tuple(World(3, [phase]).events())


def read(event: Event | bytes) -> Fact | Rejection:
    return decode(event if isinstance(event, bytes) else orjson.dumps(event))


def at_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
