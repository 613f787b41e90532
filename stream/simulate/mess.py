"""What goes wrong on the way from a source system: repetitions, late records, corrections, contradictions, garbage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from heapq import heappop, heappush
from random import Random
from typing import Any

from stream.simulate.chance import between, one_of
from stream.simulate.garbage import Garbage, made_invalid, malformed
from stream.simulate.route import Event
from stream.simulate.stamp import MINUTE_MS

Item = tuple[int, Event | Garbage]
"""(instant in ms at which it is sent, event or bytes that are no JSON)."""

_BY_EVENT_ID = ("case", "payment_reversal", "agent_state")
_SHARES = ("duplicates", "late", "corrections", "conflicts", "malformed", "invalid")


@dataclass(frozen=True)
class Mess:
    """How much goes wrong: each share (0-1) is the chance that it happens to an event; all 0: nothing does.

    `duplicates`: sent again, unchanged. `late`: sent up to `late_by_ms` after its time, so out of order.
    `corrections`: a conversation's version 2 follows. `conflicts`: the same fact again with other content.
    `malformed`, `invalid`: garbage beside it; the event itself still arrives.
    """

    duplicates: float = 0.0
    late: float = 0.0
    late_by_ms: int = 2 * MINUTE_MS
    corrections: float = 0.0
    conflicts: float = 0.0
    malformed: float = 0.0
    invalid: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name in _SHARES and not 0.0 <= getattr(self, field.name) <= 1.0:
                raise ValueError(f"mess: {field.name} is a share, 0 to 1, not {getattr(self, field.name)}")
        if self.late_by_ms < 1:
            raise ValueError(f"mess: late_by_ms is {self.late_by_ms}; it must be at least 1")


BELIEVABLE = Mess(duplicates=0.005, late=0.01, corrections=0.002)
"""What a demo shows: a little of what any real stream has."""


def spoil(items: Iterable[tuple[int, Event]], mess: Mess, seed: int) -> Iterator[Item]:
    """The same events, messed up; in order of the instants at which they are sent. Deterministic by seed."""
    if mess == Mess(late_by_ms=mess.late_by_ms):
        yield from items
        return
    rng = Random(seed ^ 0x5EED)
    held: list[tuple[int, int, Event | Garbage]] = []
    count = 0
    for at_ms, event in items:
        while held and held[0][0] <= at_ms:
            held_ms, _, kept = heappop(held)
            yield held_ms, kept
        if rng.random() >= mess.late:
            yield at_ms, event
            sent_ms = at_ms
        else:
            count += 1
            sent_ms = at_ms + between(rng, 1, mess.late_by_ms + 1)
            heappush(held, (sent_ms, count, event))
        for more in _beside(event, mess, rng):
            count += 1
            heappush(held, (sent_ms + between(rng, 0, mess.late_by_ms + 1), count, more))
    while held:
        held_ms, _, kept = heappop(held)
        yield held_ms, kept


def _beside(event: Event, mess: Mess, rng: Random) -> Iterator[Event | Garbage]:
    if rng.random() < mess.duplicates:
        yield event
    if rng.random() < mess.corrections and event["type"] == "call" and event["outcome"] == "human":
        yield corrected(event, rng)
    if rng.random() < mess.conflicts:
        yield contradicted(event, rng)
    if rng.random() < mess.malformed:
        yield malformed(event, rng)
    if rng.random() < mess.invalid:
        yield made_invalid(event, rng)


def corrected(call: Event, rng: Random) -> Event:
    """Version 2 of a conversation: another talk time, another party, or it was a machine after all."""
    news: dict[str, Any] = one_of(
        rng,
        (
            {"talk_ms": call["talk_ms"] * between(rng, 50, 150) // 100},
            {"party": "third" if call.get("party") == "right" else "right"},
            {"outcome": "machine", "talk_ms": 0},
        ),
    )
    return {**call, "event_id": f"{call['event_id']}-v2", "version": 2, **news}


def contradicted(event: Event, rng: Random) -> Event:
    """An event that states the same fact otherwise; whose event_id is smaller, greater or the same."""
    event_id = event["event_id"]
    if event["type"] not in _BY_EVENT_ID:
        event_id = one_of(rng, (f"0{event_id}", f"{event_id}-x", event_id))
    if "amount_minor" in event:
        return {**event, "event_id": event_id, "amount_minor": event["amount_minor"] + 100}
    if event["type"] == "call":
        return {**event, "event_id": event_id, "wrap_ms": event.get("wrap_ms", 0) + 1000}
    return {**event, "event_id": event_id, "occurred_at": _cut(event["occurred_at"])}


def _cut(occurred_at: str) -> str:
    """The instant with its seconds set to 30, or to 31 where they are 30."""
    seconds = "31" if occurred_at[17:19] == "30" else "30"
    return occurred_at[:17] + seconds + occurred_at[19:]
