"""What was overdue where an agent went (definitions 3, row `visit`)."""

from __future__ import annotations

from stream.facts.fact import Visit
from stream.ledger.cases import overdue_at
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.debtor_index import CaseFile, DebtorIndex
from stream.windows.measures import column


def emit_visited(index: DebtorIndex, case: CaseFile, visit: Visit, emit: Emit) -> None:
    """Emits the overdue amount of the case at a visit."""
    event = overdue_at(index, case, visit.occurred_at)
    if event is not None and event.overdue_minor:
        name = column("visited_minor", event.currency)
        emit(own_credit(visit), name, visit.occurred_at, event.overdue_minor, visit, event)
