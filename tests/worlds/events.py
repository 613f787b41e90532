"""Builders of raw events with defaults; `at` is RFC 3339. Any field may be given by name, `None` writes null."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

Raw = dict[str, Any]


def event(kind: str, at: str, event_id: str, **fields: Any) -> Raw:
    return {"type": kind, "occurred_at": at, "event_id": event_id, **fields}


def call(at: str, call_id: str, **fields: Any) -> Raw:
    """An outbound human call of debtor d1 with agent a1 of team t1."""
    base = {"direction": "outbound", "outcome": "human", "ended_at": at, "debtor_id": "d1"}
    return event("call", at, f"e-{call_id}", call_id=call_id, **(base | {"agent_id": "a1", "team_id": "t1"} | fields))


def promise(at: str, promise_id: str, *instalments: tuple[str, int], **fields: Any) -> Raw:
    """A promise of (due_on, amount_minor) instalments in CNY on case c1 of debtor d1 to agent a1 of team t1."""
    base = {"debtor_id": "d1", "case_id": "c1", "agent_id": "a1", "team_id": "t1", "currency": "CNY"}
    parts = [{"due_on": day, "amount_minor": amount} for day, amount in instalments]
    return event("promise", at, f"e-{promise_id}", promise_id=promise_id, instalments=parts, **(base | fields))


def cancelled(at: str, promise_id: str, **fields: Any) -> Raw:
    base = {"debtor_id": "d1", "case_id": "c1"}
    return event("promise_cancelled", at, f"x-{promise_id}", promise_id=promise_id, **(base | fields))


def payment(at: str, payment_id: str, amount_minor: int, **fields: Any) -> Raw:
    """A payment in CNY on case c1 of debtor d1."""
    base = {"debtor_id": "d1", "case_id": "c1", "currency": "CNY"}
    return event("payment", at, f"e-{payment_id}", payment_id=payment_id, amount_minor=amount_minor, **(base | fields))


def reversal(at: str, payment_id: str, amount_minor: int, **fields: Any) -> Raw:
    base = {"debtor_id": "d1", "case_id": "c1", "currency": "CNY", "event_id": f"r-{payment_id}"} | fields
    event_id = base.pop("event_id")
    return event("payment_reversal", at, event_id, payment_id=payment_id, amount_minor=amount_minor, **base)


def case(at: str, change: str, event_id: str, **fields: Any) -> Raw:
    return event("case", at, event_id, change=change, **({"debtor_id": "d1", "case_id": "c1"} | fields))


def complaint(at: str, complaint_id: str, **fields: Any) -> Raw:
    base = {"status": "received", "received_at": at, "debtor_id": "d1"}
    return event("complaint", at, f"e-{complaint_id}", complaint_id=complaint_id, **(base | fields))


def visit(at: str, visit_id: str, **fields: Any) -> Raw:
    base = {"debtor_id": "d1", "case_id": "c1", "agent_id": "a1", "team_id": "t1", "met_debtor": True}
    return event("visit", at, f"e-{visit_id}", visit_id=visit_id, **(base | fields))


def message(at: str, message_id: str, **fields: Any) -> Raw:
    base = {"channel": "letter", "direction": "outbound", "debtor_id": "d1", "agent_id": "a1", "team_id": "t1"}
    return event("message", at, f"e-{message_id}", message_id=message_id, **(base | fields))


def state(at: str, event_id: str, name: str, **fields: Any) -> Raw:
    return event("agent_state", at, event_id, state=name, **({"agent_id": "a1", "team_id": "t1"} | fields))


def legal(at: str, step_id: str, status: str, due_on: str, **fields: Any) -> Raw:
    base = {"debtor_id": "d1", "case_id": "c1"}
    return event(
        "legal_step", at, f"{status}-{step_id}", step_id=step_id, status=status, due_on=due_on, **base, **fields
    )


def restriction(at: str, restriction_id: str, kind: str, **fields: Any) -> Raw:
    """A restriction of debtor d1, from `at` on, open and for every case and number."""
    base = {"restriction_id": restriction_id, "kind": kind, "from": at, "debtor_id": "d1"}
    return event("restriction", at, f"e-{restriction_id}") | base | fields


def lines(raws: Iterable[Raw]) -> list[bytes]:
    """Each event as one line of compact JSON without its newline."""
    return [json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode() for raw in raws]
