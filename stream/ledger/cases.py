"""The life of a case: placement, first contact, coverage, owner, end (definitions 3, rows `case`)."""

from __future__ import annotations

from typing import NamedTuple, cast

from stream.facts.fact import Case, Fact
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.debtor_index import CaseFile, DebtorIndex, Entries, first_within, latest
from stream.ledger.running_totals import Entry
from stream.windows.measures import column


class Deadline(NamedTuple):
    """Something that had to happen in [event, at_ms) of a case, and the first fact found that made it happen."""

    event: Case
    at_ms: int
    met_by: Fact | None


def owner_at(index: DebtorIndex, case: CaseFile, at_ms: int) -> Case | None:
    """The owner of a case: the latest event up to `at_ms` that names an agent (definitions 5c)."""
    return _event(index, latest(case.owners, at_ms + 1))


def overdue_at(index: DebtorIndex, case: CaseFile, at_ms: int) -> Case | None:
    """The latest event of a case up to `at_ms` that has an overdue amount."""
    return _event(index, latest(case.overdues, at_ms + 1))


def _event(index: DebtorIndex, entry: Entry | None) -> Case | None:
    return None if entry is None else cast("Case", index.fact(entry[2]))


def first(index: DebtorIndex, events: Entries) -> Case | None:
    """The first of a case's events, by (occurred_at, event_id); None where there is none."""
    return _event(index, events[0]) if events else None


def first_contact(index: DebtorIndex, case: CaseFile) -> Deadline | None:
    """The deadline for the first attempt; None where the case was not placed early enough in its delinquency."""
    placed, definitions = first(index, case.placed), index.definitions
    if placed is None or placed.dpd is None or placed.dpd > definitions.first_contact_max_dpd:
        return None
    return _deadline(index, placed, definitions.first_contact_ms, case.attempts)


def coverage(index: DebtorIndex, case: CaseFile) -> Deadline | None:
    """The deadline for reaching an M1 case (1-30 days past due); None where it never was one."""
    m1 = first(index, case.m1)
    return None if m1 is None else _deadline(index, m1, index.definitions.coverage_ms, case.reached)


def _deadline(index: DebtorIndex, event: Case, span_ms: int, meeting: Entries) -> Deadline:
    end_ms = event.occurred_at + span_ms
    met_by = first_within(meeting, event.occurred_at, end_ms)
    return Deadline(event, end_ms, None if met_by is None else index.fact(met_by[2]))


def emit_case(index: DebtorIndex, case: CaseFile, emit: Emit) -> None:
    """Emits what the case events of a case contribute, deadlines included."""
    placed, closed = first(index, case.placed), first(index, case.closed)
    if placed is not None:
        credit = own_credit(placed)
        emit(credit, "cases_placed", placed.occurred_at, 1, placed)
        if placed.overdue_minor:
            name = column("placed_minor", placed.currency)
            emit(credit, name, placed.occurred_at, placed.overdue_minor, placed)
    _emit_deadline(first_contact(index, case), "first_contacts_due", "first_contacts_met", emit)
    _emit_deadline(coverage(index, case), "m1_due", "m1_covered", emit)
    if closed is not None:
        credit = own_credit(closed)
        emit(credit, "cases_closed", closed.occurred_at, 1, closed)
        if placed is not None and placed.occurred_at <= closed.occurred_at:
            emit(credit, "cases_cycled", closed.occurred_at, 1, closed, placed)
            emit(credit, "cycle_ms", closed.occurred_at, closed.occurred_at - placed.occurred_at, closed, placed)


def _emit_deadline(deadline: Deadline | None, due: str, met: str, emit: Emit) -> None:
    if deadline is not None:
        event, at_ms, met_by = deadline
        credit = own_credit(event)
        if met_by is None:
            emit(credit, due, at_ms, 1, event)
        else:
            emit(credit, due, at_ms, 1, event, met_by)
            emit(credit, met, at_ms, 1, event, met_by)
