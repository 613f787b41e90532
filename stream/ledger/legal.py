"""Legal steps that fall due (semantics 3, row `legal_step`)."""

from __future__ import annotations

from collections.abc import Iterable

from stream.facts.fact import LegalStep
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.links import Links
from stream.ledger.promises import MidnightMs


def emit_legal(steps: Iterable[LegalStep], links: Links, midnight_ms: MidnightMs, emit: Emit) -> None:
    """Emits each due step at the local midnight that ends its day, and whether it was done before that."""
    for step in steps:
        if step.status == "due":
            at_ms = midnight_ms(str(step.site_id), step.due_on, 1)
            emit(own_credit(step), "legal_due", at_ms, 1, step)
            done = links.done_steps.get(step.step_id)
            if done is not None and done.occurred_at < at_ms:
                emit(own_credit(step), "legal_done", at_ms, 1, step, done)
