"""Where every field of a fact stands at rest, and which number stands for which text: fixed for good.

Entries of the ledger are arrays (`record.py`). A place or a code that is given here once is never given to anything
else, or what was stored means something else: **only append**. A new field takes the next free place of its kind; a new
text of a literal the next code. `digest` is part of the state's fingerprint, and tests/golden fails on any change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

FIRST: Mapping[str, int] = {"case_id": 1, "event_id": 2, "occurred_at": 3, "site_id": 4, "agent_id": 5, "team_id": 6}
"""Places that are the same in every kind. The letter is at 0."""

PLACES: Mapping[str, Mapping[str, int]] = {
    "c": {
        "call_id": 7,
        "version": 8,
        "direction": 9,
        "outcome": 10,
        "party": 11,
        "ended_at": 12,
        "queue_ms": 13,
        "talk_ms": 14,
        "hold_ms": 15,
        "wrap_ms": 16,
        "effective_ms": 17,
        "number_id": 18,
        "recorded": 19,
        "debtor_id": 20,
        "losers": 21,
        "segment_id": 22,
        "void": 23,
        "queue_id": 24,
        "transferred_from": 25,
    },  # Call
    "p": {
        "payment_id": 7,
        "amount_minor": 8,
        "currency": 9,
        "channel": 10,
        "debtor_id": 11,
        "losers": 12,
        "segment_id": 13,
        "version": 14,
        "void": 15,
        "occurred_on": 16,
    },  # Payment
    "r": {
        "payment_id": 7,
        "amount_minor": 8,
        "currency": 9,
        "debtor_id": 10,
        "losers": 11,
        "segment_id": 12,
        "version": 13,
        "void": 14,
        "reversal_id": 15,
        "occurred_on": 16,
    },  # PaymentReversal
    "o": {
        "promise_id": 7,
        "currency": 8,
        "instalments": 9,
        "call_id": 10,
        "debtor_id": 11,
        "losers": 12,
        "segment_id": 13,
        "version": 14,
        "void": 15,
    },  # Promise
    "x": {
        "promise_id": 7,
        "debtor_id": 8,
        "losers": 9,
        "segment_id": 10,
        "version": 11,
        "void": 12,
    },  # PromiseCancelled
    "q": {
        "complaint_id": 7,
        "version": 8,
        "status": 9,
        "received_at": 10,
        "closed_at": 11,
        "category": 12,
        "upheld": 13,
        "call_id": 14,
        "debtor_id": 15,
        "losers": 16,
        "segment_id": 17,
        "void": 18,
    },  # Complaint
    "k": {
        "change": 7,
        "dpd": 8,
        "overdue_minor": 9,
        "currency": 10,
        "portfolio_id": 11,
        "debtor_zone": 12,
        "debtor_id": 13,
        "losers": 14,
        "segment_id": 15,
        "version": 16,
        "void": 17,
    },  # Case
    "t": {
        "restriction_id": 7,
        "kind": 8,
        "from_": 9,
        "until": 10,
        "number_id": 11,
        "hours": 12,
        "debtor_id": 13,
        "losers": 14,
        "segment_id": 15,
        "version": 16,
        "void": 17,
    },  # Restriction
    "v": {
        "visit_id": 7,
        "met_debtor": 8,
        "debtor_id": 9,
        "losers": 10,
        "segment_id": 11,
        "version": 12,
        "void": 13,
    },  # Visit
    "m": {
        "message_id": 7,
        "channel": 8,
        "direction": 9,
        "delivered": 10,
        "debtor_id": 11,
        "losers": 12,
        "segment_id": 13,
        "version": 14,
        "void": 15,
        "number_id": 16,
    },  # Message
    "w": {
        "review_id": 7,
        "passed": 8,
        "call_id": 9,
        "score": 10,
        "debtor_id": 11,
        "losers": 12,
        "segment_id": 13,
        "version": 14,
        "void": 15,
    },  # QualityReview
    "s": {
        "state": 7,
        "debtor_id": 8,
        "losers": 9,
        "reason": 10,
        "segment_id": 11,
        "version": 12,
        "void": 13,
    },  # AgentState
    "y": {
        "survey_id": 7,
        "score": 8,
        "call_id": 9,
        "debtor_id": 10,
        "losers": 11,
        "segment_id": 12,
        "version": 13,
        "void": 14,
    },  # Survey
    "b": {
        "session_id": 7,
        "handed_over": 8,
        "handover_correct": 9,
        "mandate_signed": 10,
        "debtor_id": 11,
        "losers": 12,
        "segment_id": 13,
        "version": 14,
        "void": 15,
    },  # BotSession
    "l": {
        "step_id": 7,
        "status": 8,
        "due_on": 9,
        "debtor_id": 10,
        "losers": 11,
        "segment_id": 12,
        "version": 13,
        "void": 14,
    },  # LegalStep
    "u": {
        "measurement_id": 7,
        "indicator": 8,
        "level": 9,
        "entity": 10,
        "period_start": 11,
        "period": 12,
        "numerator": 13,
        "denominator": 14,
        "currency": 15,
        "debtor_id": 16,
        "losers": 17,
        "segment_id": 18,
        "version": 19,
        "void": 20,
    },  # Measurement
}
"""Letter of the kind -> field -> its place, after those of `FIRST`. `losers` are hashes (`record.py`)."""

CODES: Mapping[str, Mapping[str, int]] = {
    "c.direction": {"outbound": 0, "inbound": 1},
    "c.outcome": {
        "human": 0, "machine": 1, "no_answer": 2, "busy": 3, "invalid_number": 4, "abandoned": 5, "failed": 6,
        "callback": 7,
    },
    "c.party": {"right": 0, "third": 1, "unknown": 2},
    "p.channel": {"debtor": 0, "field": 1, "auto_debit": 2, "legal": 3, "other": 4},
    "q.status": {"received": 0, "acknowledged": 1, "closed": 2},
    "k.change": {"placed": 0, "assigned": 1, "stage": 2, "closed": 3},
    "t.kind": {
        "cease_contact": 0, "attorney": 1, "deceased": 2, "dispute": 3, "breathing_space": 4, "quiet_hours": 5,
        "consent": 6, "wrong_number": 7,
    },
    "m.channel": {"letter": 0, "sms": 1, "email": 2, "chat": 3},
    "m.direction": {"outbound": 0, "inbound": 1},
    "s.state": {
        "logged_out": 0, "available": 1, "on_call": 2, "wrap": 3, "break": 4, "training": 5, "meeting": 6,
    },
    "l.status": {"due": 0, "done": 1},
    "u.level": {"agent": 0, "team": 1, "queue": 2, "segment": 3, "site": 4},
    "u.period": {"day": 0, "month": 1, "quarter": 2},
}  # fmt: skip
"""Letter and field of a literal -> text -> the number that stands for it at rest."""


def digest() -> str:
    """Sixteen hex digits that tell these tables from any others."""
    tables = json.dumps([FIRST, PLACES, CODES], sort_keys=True)
    return hashlib.sha256(tables.encode()).hexdigest()[:16]
