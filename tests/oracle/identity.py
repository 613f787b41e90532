"""Contract 1: which events are the same fact, and which of them counts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from tests.oracle.reading import Event

OWN_ID = {
    "call": "call_id",
    "payment": "payment_id",
    "payment_reversal": "reversal_id",
    "promise": "promise_id",
    "promise_cancelled": "promise_id",
    "complaint": "complaint_id",
    "case": "event_id",
    "restriction": "restriction_id",
    "visit": "visit_id",
    "message": "message_id",
    "quality_review": "review_id",
    "agent_state": "event_id",
    "measurement": "measurement_id",
    "survey": "survey_id",
    "bot_session": "session_id",
    "legal_step": "step_id",
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "call": {"talk_ms": 0, "hold_ms": 0, "wrap_ms": 0},
}
INSTANTS = {"occurred_at", "ended_at", "received_at", "closed_at", "from", "until"}
Identity = tuple[str, ...]


def own_id(event: Event) -> str:
    """The type's own id; a reversal without one has its event_id."""
    return str(event.get(OWN_ID[event["type"]], event["event_id"]))


def key_of(event: Event) -> str:
    """The Kafka key: debtor; a call without one by itself; else agent, else own id. States by agent alone."""
    kind = event["type"]
    if kind == "agent_state":
        return str(event["agent_id"])
    if kind == "call":
        return str(event.get("debtor_id", event["call_id"]))
    return str(event.get("debtor_id") or event.get("agent_id") or own_id(event))


def identity(event: Event) -> Identity:
    """(key, type, own id), and what else tells two facts of one id apart."""
    kind = event["type"]
    more = {
        "legal_step": (event.get("status", ""),),
        "payment_reversal": ("reversal_id" if "reversal_id" in event else "event_id",),
    }
    return (key_of(event), kind, own_id(event), *more.get(kind, ()))


def version(event: Event) -> int:
    return int(event.get("version", 1))


def is_void(event: Event) -> bool:
    return bool(event.get("void", False))


def utc(ms: int) -> str:
    """An instant as the outbound records write it: milliseconds only where they are not 0."""
    seconds, rest = divmod(ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def canonical(event: Event) -> bytes:
    """The canonical JSON of contract 1: known fields as read, `version` and `site_id` with their defaults."""
    filled = dict(event, site_id=event.get("site_id", "main"), version=version(event))
    if "occurred_on" in filled:  # what `timed` adds is no field
        filled = {name: value for name, value in filled.items() if name not in ("occurred_at", "ordered_at")}
    written = {name: utc(value) if name in INSTANTS else as_text(value) for name, value in filled.items()}
    return json.dumps(written, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=as_text).encode()


def content(event: Event) -> bytes:
    """Two events with equal content say the same: all known fields with all defaults, `event_id` aside."""
    filled = {"void": False, **DEFAULTS.get(event["type"], {}), **event}
    del filled["event_id"]
    return canonical(filled)


def facts_of(events: Iterable[Event]) -> list[Event]:
    """One event per identity: the highest version; in it a void one, the smallest event_id and canonical JSON."""
    groups: dict[Identity, list[Event]] = {}
    for event in events:
        groups.setdefault(identity(event), []).append(event)
    winners = []
    for group in groups.values():
        highest = max(version(event) for event in group)
        rivals = [event for event in group if version(event) == highest]
        winners.append(min(rivals, key=lambda event: (not is_void(event), event["event_id"], canonical(event))))
    return winners
