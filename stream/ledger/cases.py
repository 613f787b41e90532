"""The life of a case: placement, first contact, coverage, owner, end (semantics 3, rows `case`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stream.facts.fact import Case, Fact
from stream.ledger.calls import is_attempt
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import Definitions
from stream.ledger.links import CaseFile
from stream.windows.measures import column


class Deadline(NamedTuple):
    """Something that had to happen in [event, at_ms) of a case: the facts that make it happen, in no order."""

    event: Case
    at_ms: int
    met_by: tuple[Fact, ...]


def _first(case: CaseFile, change: str) -> Case | None:
    found = (event for event in case.events if event.change == change)
    return min(found, key=lambda event: (event.occurred_at, event.event_id), default=None)


def _latest(case: CaseFile, at_ms: int, field: str) -> Case | None:
    found = (event for event in case.events if event.occurred_at <= at_ms and getattr(event, field) is not None)
    return max(found, key=lambda event: (event.occurred_at, event.event_id), default=None)


def owner_at(case: CaseFile, at_ms: int) -> Case | None:
    """The latest event of a case up to `at_ms` that names an agent: the case's owner (semantics 5c)."""
    return _latest(case, at_ms, "agent_id")


def overdue_at(case: CaseFile, at_ms: int) -> Case | None:
    """The latest event of a case up to `at_ms` that has an overdue amount."""
    return _latest(case, at_ms, "overdue_minor")


def first_contact(case: CaseFile, definitions: Definitions) -> Deadline | None:
    """The deadline for the first attempt; None where the case was not placed early enough in its delinquency."""
    placed = _first(case, "placed")
    if placed is None or placed.dpd is None or placed.dpd > definitions.first_contact_max_dpd:
        return None
    end_ms = placed.occurred_at + definitions.first_contact_ms
    return Deadline(placed, end_ms, tuple(_within(_attempts(case), placed.occurred_at, end_ms)))


def coverage(case: CaseFile, definitions: Definitions) -> Deadline | None:
    """The deadline for reaching an M1 case (1-30 days past due); None where it never was one."""
    found = (event for event in case.events if event.change in ("placed", "stage") and _is_m1(event))
    first = min(found, key=lambda event: (event.occurred_at, event.event_id), default=None)
    if first is None:
        return None
    end_ms = first.occurred_at + definitions.coverage_ms
    return Deadline(first, end_ms, tuple(_within(_reached(case), first.occurred_at, end_ms)))


def _is_m1(event: Case) -> bool:
    return event.dpd is not None and 1 <= event.dpd <= 30


def _attempts(case: CaseFile) -> Iterator[Fact]:
    yield from (call for call in case.calls if is_attempt(call))
    yield from (message for message in case.messages if message.direction == "outbound")
    yield from case.visits


def _reached(case: CaseFile) -> Iterator[Fact]:
    yield from (call for call in case.calls if call.outcome == "human")
    yield from (visit for visit in case.visits if visit.met_debtor)


def _within(facts: Iterator[Fact], start_ms: int, end_ms: int) -> Iterator[Fact]:
    return (fact for fact in facts if start_ms <= fact.occurred_at < end_ms)


def emit_case(case: CaseFile, definitions: Definitions, emit: Emit) -> None:
    """Emits what the case events of a case contribute, deadlines included."""
    placed, closed = _first(case, "placed"), _first(case, "closed")
    if placed is not None:
        emit(own_credit(placed), "cases_placed", placed.occurred_at, 1, placed)
        if placed.overdue_minor:
            name = column("placed_minor", placed.currency)
            emit(own_credit(placed), name, placed.occurred_at, placed.overdue_minor, placed)
    _emit_deadline(first_contact(case, definitions), "first_contacts_due", "first_contacts_met", emit)
    _emit_deadline(coverage(case, definitions), "m1_due", "m1_covered", emit)
    if closed is not None:
        emit(own_credit(closed), "cases_closed", closed.occurred_at, 1, closed)
        if placed is not None and placed.occurred_at <= closed.occurred_at:
            emit(own_credit(closed), "cases_cycled", closed.occurred_at, 1, closed, placed)
            cycle_ms = closed.occurred_at - placed.occurred_at
            emit(own_credit(closed), "cycle_ms", closed.occurred_at, cycle_ms, closed, placed)


def _emit_deadline(deadline: Deadline | None, due: str, met: str, emit: Emit) -> None:
    if deadline is not None:
        credit = own_credit(deadline.event)
        emit(credit, due, deadline.at_ms, 1, deadline.event, *deadline.met_by)
        if deadline.met_by:
            emit(credit, met, deadline.at_ms, 1, deadline.event, *deadline.met_by)
