"""The life of a case: placement, first contact, coverage, owner, end (semantics 3, rows `case`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from stream.facts.fact import Case, Fact
from stream.ledger.calls import is_attempt
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import Definitions
from stream.ledger.links import CaseFile
from stream.windows.measures import column


class Deadline(NamedTuple):
    """Something that had to happen in [event, at_ms) of a case, and the first fact found that made it happen."""

    event: Case
    at_ms: int
    met_by: Fact | None


Milestones = tuple[Case | None, Case | None, Case | None]
"""The first events of a case, by (occurred_at, event_id): placed, closed, and 1-30 days past due."""


def milestones(case: CaseFile) -> Milestones:
    """The milestones that a case has reached; None for the others."""
    if case.milestones is not None:
        return case.milestones
    placed = closed = m1 = None
    for event in case.events:
        change = event.change
        if change == "placed" and _earlier(event, placed):
            placed = event
        elif change == "closed" and _earlier(event, closed):
            closed = event
        if change in ("placed", "stage") and event.dpd is not None and 1 <= event.dpd <= 30 and _earlier(event, m1):
            m1 = event
    case.milestones = placed, closed, m1
    return case.milestones


def _earlier(event: Case, than: Case | None) -> bool:
    return than is None or (event.occurred_at, event.event_id) < (than.occurred_at, than.event_id)


Owners = list[tuple[int, str, Case]]
"""The events of a case that name an agent, in the order of (occurred_at, event_id)."""


def owners_of(case: CaseFile) -> Owners:
    """Who the case was assigned to, one after the other."""
    return sorted((event.occurred_at, event.event_id, event) for event in case.events if event.agent_id is not None)


def latest_owner(owners: Owners, at_ms: int) -> Case | None:
    """The latest event up to `at_ms` that names an agent: the case's owner (semantics 5c)."""
    before = bisect_right(owners, at_ms, key=lambda owner: owner[0])
    return owners[before - 1][2] if before else None


def owner_at(case: CaseFile, at_ms: int) -> Case | None:
    """The owner of a case at `at_ms`."""
    return latest_owner(owners_of(case), at_ms)


def overdue_at(case: CaseFile, at_ms: int) -> Case | None:
    """The latest event of a case up to `at_ms` that has an overdue amount."""
    found = (event for event in case.events if event.occurred_at <= at_ms and event.overdue_minor is not None)
    return max(found, key=lambda event: (event.occurred_at, event.event_id), default=None)


def first_contact(case: CaseFile, placed: Case | None, definitions: Definitions) -> Deadline | None:
    """The deadline for the first attempt; None where the case was not placed early enough in its delinquency."""
    if placed is None or placed.dpd is None or placed.dpd > definitions.first_contact_max_dpd:
        return None
    start_ms, end_ms = placed.occurred_at, placed.occurred_at + definitions.first_contact_ms
    return Deadline(placed, end_ms, next(_attempts(case, start_ms, end_ms), None))


def coverage(case: CaseFile, m1: Case | None, definitions: Definitions) -> Deadline | None:
    """The deadline for reaching an M1 case (1-30 days past due); None where it never was one."""
    if m1 is None:
        return None
    start_ms, end_ms = m1.occurred_at, m1.occurred_at + definitions.coverage_ms
    return Deadline(m1, end_ms, next(_reached(case, start_ms, end_ms), None))


def _attempts(case: CaseFile, start_ms: int, end_ms: int) -> Iterator[Fact]:
    yield from (call for call in case.calls if start_ms <= call.occurred_at < end_ms and is_attempt(call))
    yield from (
        each for each in case.messages if start_ms <= each.occurred_at < end_ms and each.direction == "outbound"
    )
    yield from (visit for visit in case.visits if start_ms <= visit.occurred_at < end_ms)


def _reached(case: CaseFile, start_ms: int, end_ms: int) -> Iterator[Fact]:
    yield from (call for call in case.calls if start_ms <= call.occurred_at < end_ms and call.outcome == "human")
    yield from (visit for visit in case.visits if start_ms <= visit.occurred_at < end_ms and visit.met_debtor)


def emit_case(case: CaseFile, definitions: Definitions, emit: Emit) -> None:
    """Emits what the case events of a case contribute, deadlines included."""
    placed, closed, m1 = milestones(case)
    if placed is not None:
        credit = own_credit(placed)
        emit(credit, "cases_placed", placed.occurred_at, 1, placed)
        if placed.overdue_minor:
            name = column("placed_minor", placed.currency)
            emit(credit, name, placed.occurred_at, placed.overdue_minor, placed)
    _emit_deadline(first_contact(case, placed, definitions), "first_contacts_due", "first_contacts_met", emit)
    _emit_deadline(coverage(case, m1, definitions), "m1_due", "m1_covered", emit)
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
