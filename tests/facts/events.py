"""Builders of events as they stand on the wire, with defaults."""

from __future__ import annotations

from typing import Any

import orjson

SAMPLES: dict[str, dict[str, Any]] = {
    "call": {
        "call_id": "k-1",
        "direction": "outbound",
        "outcome": "human",
        "party": "right",
        "ended_at": "2026-11-02T01:20:00Z",
        "talk_ms": 60_000,
    },
    "payment": {"payment_id": "p-1", "amount_minor": 1000, "currency": "CNY"},
    "payment_reversal": {"payment_id": "p-1", "amount_minor": 400, "currency": "CNY"},
    "promise": {
        "promise_id": "o-1",
        "agent_id": "a-1",
        "currency": "CNY",
        "instalments": [{"due_on": "2026-11-05", "amount_minor": 1000}],
    },
    "promise_cancelled": {"promise_id": "o-1"},
    "complaint": {"complaint_id": "q-1", "status": "received", "received_at": "2026-11-02T01:17:20Z"},
    "case": {"change": "placed", "dpd": 5, "overdue_minor": 1000, "currency": "CNY"},
    "restriction": {"restriction_id": "r-1", "kind": "dispute", "from": "2026-11-02T01:17:20Z"},
    "visit": {"visit_id": "v-1", "agent_id": "a-1", "met_debtor": True},
    "message": {"message_id": "m-1", "channel": "letter", "direction": "outbound"},
    "quality_review": {"review_id": "w-1", "agent_id": "a-1", "passed": True, "score": 90},
    "agent_state": {"agent_id": "a-1", "state": "available"},
    "survey": {"survey_id": "y-1", "score": 5},
    "bot_session": {"session_id": "b-1", "handed_over": True, "mandate_signed": False},
    "legal_step": {"step_id": "l-1", "status": "due", "due_on": "2026-11-30"},
    "measurement": {
        "measurement_id": "u-1",
        "indicator": "bad_loan_ratio",
        "level": "site",
        "entity": "main",
        "period_start": "2026-11-01",
        "period": "month",
        "numerator": 18,
        "denominator": 1000,
    },
}
"""One plain event of each type, without what `event` adds."""


def event(kind: str = "call", **fields: Any) -> dict[str, Any]:
    """An event of a type: its sample, the common fields, and what the test says."""
    common = {"event_id": "e-1", "occurred_at": "2026-11-02T01:17:20Z", "debtor_id": "d-1", "case_id": "c-1"}
    return {"type": kind, **common, **SAMPLES[kind], **fields}


def wire(kind: str = "call", **fields: Any) -> bytes:
    """The bytes of `event`."""
    return orjson.dumps(event(kind, **fields))
