"""Records that no reader may accept."""

from __future__ import annotations

from random import Random

import orjson

from stream.simulate.chance import between, one_of
from stream.simulate.route import Event

_NO_JSON = (b"null}", b"NaN", b"{'type': 'call'}", b"\xff\xfe{}", b"<event/>", b'{"type":"call",}')


class Garbage(bytes):
    """Bytes that are no JSON. `kind`: the type of the event beside which they came, and whose topic they lie in."""

    kind: str


def malformed(event: Event, rng: Random) -> Garbage:
    """Bytes that are no JSON and hold no newline: an event that is cut off, or something else altogether."""
    value = orjson.dumps(event)
    found = Garbage(value[: between(rng, 1, len(value))] if rng.random() < 0.5 else one_of(rng, _NO_JSON))
    found.kind = event["type"]
    return found


def made_invalid(event: Event, rng: Random) -> Event:
    """The event with one thing wrong: JSON, but no event of contract 1."""
    event_id = f"{event['event_id']}-bad"
    wrong: Event = one_of(
        rng,
        (
            {"type": "telegram"},
            {"type": None},
            {"occurred_at": "2026-02-30T10:00:00Z"},
            {"occurred_at": "2026-11-02T10:00:00"},
            {"occurred_at": "1979-12-31T23:59:59Z"},
            {"occurred_at": 1793600000000},
            {"site_id": "a|b"},
            {"debtor_id": ""},
            {"debtor_id": "d" * 257},
            {"agent_id": 17},
            {"case_id": "c-1", "debtor_id": None},
            {"event_id": None},
        ),
    )
    if event["type"] == "agent_state" and "debtor_id" in wrong:  # it is ignored there, whatever it says
        wrong = {"state": "asleep"}
    return {**event, "event_id": event_id, **wrong}
