"""The fold: all linked contributions of the cases of a key, from nothing but its facts."""

from __future__ import annotations

from collections.abc import Iterable

from stream.facts.fact import Call, Case, Fact, Message
from stream.ledger.calls import reaches_debtor
from stream.ledger.cases import emit_case
from stream.ledger.complaints import emit_complaint
from stream.ledger.contribution import Emit
from stream.ledger.definitions import Definitions
from stream.ledger.legal import emit_legal
from stream.ledger.links import CaseFile, Links
from stream.ledger.payments import emit_money, emit_orphan
from stream.ledger.promises import MidnightMs
from stream.ledger.visits import emit_visited

EVERYTHING = frozenset({"deadlines", "money", "complaints", "visits", "legal"})
"""The parts of the fold."""

NOTHING: frozenset[str] = frozenset()
_DEADLINES = frozenset({"deadlines"})
_MONEY = frozenset({"money"})
_ALWAYS: dict[str, frozenset[str]] = {
    "visit": frozenset({"deadlines", "visits"}),
    "complaint": frozenset({"complaints"}),
    "legal_step": frozenset({"legal"}),
} | dict.fromkeys(("payment", "payment_reversal", "promise", "promise_cancelled"), _MONEY)


def parts_touched(fact: Fact, links: Links) -> frozenset[str]:
    """The parts of the fold that may say something else when `fact` comes to the others of `links`, or goes."""
    if isinstance(fact, Call):
        return _touched_by_call(fact, links)
    case = links.cases.get(fact.case_id)
    if isinstance(fact, Case):
        return _touched_by_event(fact, case)
    if isinstance(fact, Message):
        return _DEADLINES if case is not None and case.events else NOTHING
    return _ALWAYS.get(fact.TYPE, NOTHING)


def _touched_by_call(call: Call, links: Links) -> frozenset[str]:
    case, at_ms = links.cases.get(call.case_id), call.occurred_at
    parts = []
    if case is not None and case.events:
        parts.append("deadlines")
    if call.call_id in links.complaints_of_call:
        parts.append("complaints")
    if case is not None and reaches_debtor(call) and any(each.occurred_at > at_ms for each in case.payments):
        parts.append("money")
    return frozenset(parts)


def _touched_by_event(event: Case, case: CaseFile | None) -> frozenset[str]:
    """A case event sets a milestone, or says for the time from then on who the owner is and what is overdue."""
    if case is None:
        return _DEADLINES
    at_ms = event.occurred_at
    parts = [] if event.change == "assigned" else ["deadlines"]
    if event.agent_id is not None:
        if any(each.occurred_at >= at_ms for each in case.payments):
            parts.append("money")
        if any(each.received_at >= at_ms for each in case.complaints):
            parts.append("complaints")
    if event.overdue_minor is not None and any(each.occurred_at >= at_ms for each in case.visits):
        parts.append("visits")
    return frozenset(parts)


def emit_linked(
    links: Links,
    case_ids: Iterable[str | None],
    definitions: Definitions,
    midnight_ms: MidnightMs,
    emit: Emit,
    parts: frozenset[str] = EVERYTHING,
) -> None:
    """Emits every contribution of the given cases that depends on more than one fact; of the given parts of the fold.

    None stands for what has no case. What a fact contributes by itself is `own.emit_own`; the time between agents'
    states is `states.emit_span`.
    """
    wanted = set(case_ids)
    for case_id in wanted:
        case = links.cases.get(case_id)
        if case is not None:
            if "complaints" in parts:
                for complaint in case.complaints:
                    emit_complaint(complaint, links, definitions, emit)
            if case_id is not None:
                _emit_one(links, case_id, case, definitions, midnight_ms, emit, parts)
    if links.reversals and "money" in parts:
        _emit_orphans(links, wanted, emit)


def _emit_orphans(links: Links, wanted: set[str | None], emit: Emit) -> None:
    for payment_id, reversals in links.reversals.items():
        if payment_id not in links.payments:
            for reversal in reversals:
                if reversal.case_id in wanted:
                    emit_orphan(reversal, emit)


def _emit_one(
    links: Links,
    case_id: str,
    case: CaseFile,
    definitions: Definitions,
    midnight_ms: MidnightMs,
    emit: Emit,
    parts: frozenset[str],
) -> None:
    if case.events and "deadlines" in parts:
        emit_case(case, definitions, emit)
    if (case.promises or case.payments) and "money" in parts:
        emit_money(links, case_id, definitions, midnight_ms, emit)
    if case.visits and case.events and "visits" in parts:
        emit_visited(case, emit)
    if case.legal_steps and "legal" in parts:
        emit_legal(case.legal_steps, links, midnight_ms, emit)
