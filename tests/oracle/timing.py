"""Semantics 5: when a payment or reversal happened that carries a date instead of an instant."""

from __future__ import annotations

from collections.abc import Iterable

from tests.oracle.calendar import midnight, midnight_ending
from tests.oracle.config import Config
from tests.oracle.contribution import site_of
from tests.oracle.reading import Event


def timed(events: Iterable[Event], config: Config) -> list[Event]:
    """The events with an `occurred_at` each: a dated one has the local midnight of its site that begins its day.

    Its place among other facts, `ordered_at`, is the end of the day less 1 ms.
    """
    found = []
    for event in events:
        if "occurred_on" in event:
            zone, day = config.site(site_of(event)).zone, event["occurred_on"]
            times = {"occurred_at": midnight(zone, day), "ordered_at": midnight_ending(zone, day) - 1}
            event = event | times
        found.append(event)
    return found


def ordered_at(event: Event) -> int:
    """Where a timed event stands against other facts."""
    return int(event["ordered_at"] if "ordered_at" in event else event["occurred_at"])
