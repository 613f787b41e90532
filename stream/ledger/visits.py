"""What was overdue where an agent went (semantics 3, row `visit`)."""

from __future__ import annotations

from stream.ledger.cases import overdue_at
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.links import CaseFile
from stream.windows.measures import column


def emit_visited(case: CaseFile, emit: Emit) -> None:
    """Emits the overdue amount of the case at each of its visits."""
    for visit in case.visits:
        event = overdue_at(case, visit.occurred_at)
        if event is not None and event.overdue_minor:
            name = column("visited_minor", event.currency)
            emit(own_credit(visit), name, visit.occurred_at, event.overdue_minor, visit, event)
