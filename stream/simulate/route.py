"""Which topic an event belongs in and which key its record carries (contract 1), for events that are plain dicts."""

from __future__ import annotations

from typing import Any

from stream.facts.fact import KINDS, TOPICS, Call, PaymentReversal

__all__ = ["TOPICS", "TYPES", "Event", "key_of", "topic_of"]

Event = dict[str, Any]

_KINDS = {kind.TYPE: kind for kind in KINDS}

TYPES = tuple(_KINDS)
"""All event types."""


def topic_of(kind: object, prefix: str = "collections") -> str:
    """The topic of events of type `kind`. What no type is (garbage) goes where most traffic goes, to the calls."""
    known = _KINDS.get(kind, Call) if isinstance(kind, str) else Call
    return f"{prefix}.{known.TOPIC}.v1"


def key_of(event: Event) -> str | None:
    """The record key: the first of what its type is keyed by, else the fact's own id.

    None where the event is too broken to have one.
    """
    kind = event.get("type")
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    # A reversal's own id is its reversal_id where it has one.
    own = ("reversal_id", known.OWN_ID) if known is PaymentReversal else (known.OWN_ID,) if known is not None else ()
    names = (*known.KEYED_BY, *own) if known is not None else ("debtor_id", "agent_id")
    key = next((event[name] for name in names if event.get(name)), None)
    return key if isinstance(key, str) else None
