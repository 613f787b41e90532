"""One full valid event of each type: every known field is there."""

from __future__ import annotations

from typing import Any

AT = "2026-11-02T09:30:00+08:00"
COMMON = {
    "event_id": "e1",
    "occurred_at": AT,
    "site_id": "main",
    "debtor_id": "d1",
    "case_id": "c1",
    "agent_id": "a1",
    "team_id": "t1",
    "segment_id": "s1",
    "version": 1,
    "void": False,
}
TIMES = {"queue_ms": 1, "talk_ms": 2, "hold_ms": 3, "wrap_ms": 4, "effective_ms": 5}
OWN: dict[str, dict[str, Any]] = {
    "call": {
        "call_id": "k1",
        "direction": "outbound",
        "outcome": "human",
        "party": "right",
        "ended_at": AT,
        **TIMES,
        "number_id": "n1",
        "recorded": True,
        "queue_id": "q1",
        "transferred_from": "k0",
    },
    "payment": {"payment_id": "y1", "amount_minor": 100, "currency": "CNY", "channel": "field"},
    "payment_reversal": {"reversal_id": "z1", "payment_id": "y1", "amount_minor": 100, "currency": "CNY"},
    "promise": {
        "promise_id": "p1",
        "currency": "CNY",
        "instalments": [{"due_on": "2026-11-05", "amount_minor": 100}],
        "call_id": "k1",
    },
    "promise_cancelled": {"promise_id": "p1"},
    "complaint": {
        "complaint_id": "q1",
        "status": "closed",
        "received_at": AT,
        "closed_at": AT,
        "category": "tone",
        "upheld": True,
        "call_id": "k1",
    },
    "case": {
        "change": "placed",
        "dpd": 3,
        "overdue_minor": 100,
        "currency": "CNY",
        "portfolio_id": "pf",
        "debtor_zone": "Asia/Tokyo",
    },
    "restriction": {
        "restriction_id": "r1",
        "kind": "quiet_hours",
        "from": AT,
        "until": AT,
        "number_id": "n1",
        "hours": ["22:00", "08:00"],
    },
    "visit": {"visit_id": "v1", "met_debtor": True},
    "message": {
        "message_id": "m1",
        "channel": "letter",
        "direction": "outbound",
        "delivered": True,
        "number_id": "n1",
    },
    "quality_review": {"review_id": "w1", "passed": True, "call_id": "k1", "score": 90},
    "agent_state": {"state": "available", "reason": "lunch"},
    "measurement": {
        "measurement_id": "u1",
        "indicator": "bad_rate",
        "level": "team",
        "entity": "t1",
        "period_start": "2026-10-01",
        "period": "quarter",
        "numerator": 7,
        "denominator": 100,
        "currency": "CNY",
    },
    "survey": {"survey_id": "s1", "score": 5, "call_id": "k1"},
    "bot_session": {"session_id": "b1", "handed_over": True, "handover_correct": True, "mandate_signed": False},
    "legal_step": {"step_id": "l1", "status": "due", "due_on": "2026-11-05"},
}
REQUIRED = {
    "call": {"call_id", "direction", "outcome", "ended_at"},
    "payment": {"payment_id", "debtor_id", "amount_minor", "currency"},
    "payment_reversal": {"payment_id", "case_id", "amount_minor", "currency"},
    "promise": {"promise_id", "case_id", "agent_id", "currency", "instalments"},
    "promise_cancelled": {"promise_id", "case_id"},
    "complaint": {"complaint_id", "status", "received_at"},
    "case": {"case_id", "change"},
    "restriction": {"restriction_id", "kind", "from", "hours"},
    "visit": {"visit_id", "case_id", "agent_id", "met_debtor"},
    "message": {"message_id", "channel", "direction"},
    "quality_review": {"review_id", "agent_id", "passed"},
    "agent_state": {"agent_id", "state"},
    "measurement": {"measurement_id", "indicator", "level", "entity", "period_start", "period", "numerator"},
    "survey": {"survey_id", "score"},
    "bot_session": {"session_id", "handed_over", "mandate_signed"},
    "legal_step": {"step_id", "case_id", "status", "due_on"},
}
"""Required beside type, event_id and occurred_at, in the full event; debtor_id whenever case_id is there."""
IGNORED = {"agent_state": {"debtor_id", "case_id"}}
"""Fields that mean nothing on this type, whatever they hold."""


def full(kind: str, /, **changes: Any) -> dict[str, Any]:
    """The full event of a type with some fields changed."""
    return {"type": kind, **COMMON, **OWN[kind], **changes}
