"""Legal steps that fall due (definitions 3, row `legal_step`)."""

from __future__ import annotations

from stream.facts.fact import LegalStep
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.debtor_index import DebtorIndex


def emit_legal(index: DebtorIndex, step: LegalStep, emit: Emit) -> None:
    """Emits a due step at the local midnight that ends its day, and whether it was done before that."""
    at_ms = index.midnight_ms(str(step.site_id), step.due_on, 1)
    emit(own_credit(step), "legal_due", at_ms, 1, step)
    done = index.known(f"l{step.step_id}|done")
    if done is not None and done.occurred_at < at_ms:
        emit(own_credit(step), "legal_done", at_ms, 1, step, done)
