"""What was overdue where an agent went (semantics 3, row `visit`)."""

from __future__ import annotations

from stream.facts.fact import Visit
from stream.ledger.cases import overdue_at
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.links import CaseFile, Links
from stream.windows.measures import column


def emit_visited(links: Links, case: CaseFile, visit: Visit, emit: Emit) -> None:
    """Emits the overdue amount of the case at a visit."""
    event = overdue_at(links, case, visit.occurred_at)
    if event is not None and event.overdue_minor:
        name = column("visited_minor", event.currency)
        emit(own_credit(visit), name, visit.occurred_at, event.overdue_minor, visit, event)
