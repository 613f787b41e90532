"""Which topic an event belongs in and which key its record carries (contract 1), for events that are plain dicts."""

from __future__ import annotations

from typing import Any

from stream.facts.fact import KINDS, AgentState, Call, Measurement, PaymentReversal

Event = dict[str, Any]

_KINDS = {kind.TYPE: kind for kind in KINDS}

TYPES = tuple(_KINDS)
"""All event types."""

TOPICS = tuple(dict.fromkeys(kind.TOPIC for kind in KINDS))
"""The middle parts of the inbound topics' names."""


def topic_of(kind: object, prefix: str = "collections") -> str:
    """The topic of events of type `kind`. What no type is (garbage) goes where most traffic goes, to the calls."""
    found = _KINDS.get(kind) if isinstance(kind, str) else None
    return f"{prefix}.{Call.TOPIC if found is None else found.TOPIC}.v1"


def key_of(event: Event) -> str | None:
    """The record key: debtor, else (but for a call) agent, else the fact's own id; `agent_state` always by agent, and
    `measurement` by its own id. None where the event is too broken to have one.
    """
    kind = event.get("type")
    found = _KINDS.get(kind) if isinstance(kind, str) else None
    own = None if found is None else event.get(found.OWN_ID)
    agent = None if found is Call else event.get("agent_id")
    if found is Measurement:
        key = own
    elif found is AgentState:
        key = agent
    else:
        key = event.get("debtor_id") or agent or (event.get("reversal_id") if found is PaymentReversal else None) or own
    return key if isinstance(key, str) else None
