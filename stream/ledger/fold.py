"""The fold: all linked contributions of a key, from nothing but its facts. What one more fact changes of it is found by
`difference.py`, which asks the same functions."""

from __future__ import annotations

from typing import cast

from stream.facts.fact import Complaint, LegalStep, Payment, Visit
from stream.ledger.cases import emit_case
from stream.ledger.complaints import emit_complaint
from stream.ledger.contribution import Emit
from stream.ledger.debtor_index import CaseFile, DebtorIndex
from stream.ledger.legal import emit_legal
from stream.ledger.payments import emit_orphans, emit_payment, emit_reversed
from stream.ledger.promises import claimed, emit_due, pour_of
from stream.ledger.visits import emit_visited


def emit_linked(index: DebtorIndex, emit: Emit) -> None:
    """Emits every contribution that depends on more than one fact.

    What a fact contributes by itself is `own.emit_own`; the time between agents' states is `states.emit_span`.
    """
    for case in index.cases.values():
        _emit_case(index, case, emit)
    for _, _, place in index.due_steps:
        emit_legal(index, cast("LegalStep", index.fact(place)), emit)
    for payment_id in index.reversals:
        if index.known("p" + payment_id) is None:
            emit_orphans(index, payment_id, emit)


def _emit_case(index: DebtorIndex, case: CaseFile, emit: Emit) -> None:
    for _, _, place in case.complaints:
        emit_complaint(index, cast("Complaint", index.fact(place)), emit)
    if case.has_milestones:
        emit_case(index, case, emit)
    for made in case.promises:
        emit_due(index, case, pour_of(index, case, made), emit)
    for entry in case.payments:
        promise = claimed(index, case, entry, cast("Payment", index.fact(entry[2]))) if case.promises else None
        emit_payment(index, case, entry, promise, emit)
        emit_reversed(index, case, entry, promise, emit)
    for _, _, place in case.visits:
        emit_visited(index, case, cast("Visit", index.fact(place)), emit)
