"""Which topic an event belongs in and which key its record carries (contract 1), for events that are plain dicts."""

from __future__ import annotations

from typing import Any

Event = dict[str, Any]

_CALLS, _PAYMENTS, _COMPLAINTS = "calls", "payments", "complaints"
_CASES, _ACTIVITY = "cases", "activity"

_ROUTES: dict[str, tuple[str, str]] = {
    "call": (_CALLS, "call_id"),
    "payment": (_PAYMENTS, "payment_id"),
    "payment_reversal": (_PAYMENTS, "event_id"),
    "complaint": (_COMPLAINTS, "complaint_id"),
    "case": (_CASES, "event_id"),
    "promise": (_CASES, "promise_id"),
    "promise_cancelled": (_CASES, "promise_id"),
    "restriction": (_CASES, "restriction_id"),
    "visit": (_ACTIVITY, "visit_id"),
    "message": (_ACTIVITY, "message_id"),
    "quality_review": (_ACTIVITY, "review_id"),
    "agent_state": (_ACTIVITY, "event_id"),
    "survey": (_ACTIVITY, "survey_id"),
    "bot_session": (_ACTIVITY, "session_id"),
    "legal_step": (_ACTIVITY, "step_id"),
}

TYPES = tuple(_ROUTES)
"""All event types."""

TOPICS = (_CALLS, _PAYMENTS, _COMPLAINTS, _CASES, _ACTIVITY)
"""The middle parts of the inbound topics' names."""


def topic_of(kind: object, prefix: str = "collections") -> str:
    """The topic of events of type `kind`. What no type is (garbage) goes where most traffic goes, to the calls."""
    part, _ = _ROUTES.get(kind, (_CALLS, "")) if isinstance(kind, str) else (_CALLS, "")
    return f"{prefix}.{part}.v1"


def key_of(event: Event) -> str | None:
    """The record key: debtor, else agent, else the fact's own id; `agent_state` always by agent.

    None where the event is too broken to have one.
    """
    kind = event.get("type")
    _, own = _ROUTES.get(kind, ("", "")) if isinstance(kind, str) else ("", "")
    debtor = None if kind == "agent_state" else event.get("debtor_id")
    key = debtor or event.get("agent_id") or event.get(own)
    return key if isinstance(key, str) else None
