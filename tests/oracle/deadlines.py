"""Semantics 3: what depends on the facts around it: complaints, cases, visits, legal steps, agent states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from tests.oracle.calendar import midnight_ending, shift_end_holding
from tests.oracle.config import DAY_MS, HOUR_MS, Config
from tests.oracle.contribution import Contribution, Credit, add, or_unassigned, own_credit, site_of
from tests.oracle.debtor import Debtor, in_time
from tests.oracle.reading import Event


def complaint_credit(complaint: Event, debtor: Debtor | None) -> Credit:
    """Its own agent; else the agent of its call; else the case owner when it was received; else unassigned."""
    if "agent_id" in complaint:
        return own_credit(complaint)
    if debtor is None:
        return Credit()
    for call in debtor.all("call"):
        if call["call_id"] == complaint.get("call_id") and "agent_id" in call:
            return own_credit(call)
    if "case_id" in complaint:
        return or_unassigned(debtor.owner(complaint["case_id"], complaint["received_at"]))
    return Credit()


def of_complaint(complaint: Event, debtor: Debtor | None, config: Config) -> Iterator[Contribution]:
    credit = complaint_credit(complaint, debtor)
    received = complaint["received_at"]
    due = received + config.complaint_deadline_days * DAY_MS
    found = [("complaints", received), ("complaints_due", due)]
    if complaint.get("upheld"):
        found.append(("complaints_upheld", received))
    if "closed_at" in complaint and complaint["closed_at"] < due:
        found.append(("complaints_in_time", due))
    for measure, at_ms in found:
        yield replace(add(complaint, measure, at_ms=at_ms), credit=credit)


def attempted(debtor: Debtor, case_id: str, start_ms: int, end_ms: int) -> bool:
    """Whether the case saw an outbound call that did not fail, an outbound message or a visit in [start, end)."""
    attempts = [
        *(c for c in debtor.all("call", case_id) if c["direction"] == "outbound" and c["outcome"] != "failed"),
        *(m for m in debtor.all("message", case_id) if m["direction"] == "outbound"),
        *debtor.all("visit", case_id),
    ]
    return any(start_ms <= attempt["occurred_at"] < end_ms for attempt in attempts)


def covered(debtor: Debtor, case_id: str, start_ms: int, end_ms: int) -> bool:
    """Whether the case saw a human call or a visit that met the debtor in [start, end)."""
    contacts = [
        *(c for c in debtor.all("call", case_id) if c["outcome"] == "human"),
        *(v for v in debtor.all("visit", case_id) if v["met_debtor"]),
    ]
    return any(start_ms <= contact["occurred_at"] < end_ms for contact in contacts)


def of_placing(debtor: Debtor, case_id: str, config: Config) -> Iterator[Contribution]:
    placed = debtor.first_case_event(case_id, lambda e: e["change"] == "placed")
    if placed is None:
        return
    yield add(placed, "cases_placed")
    if placed.get("overdue_minor"):
        yield add(placed, "placed_minor", placed["overdue_minor"], placed["currency"])
    if "dpd" in placed and placed["dpd"] <= config.first_contact_max_dpd:
        start = placed["occurred_at"]
        due = start + config.first_contact_hours * HOUR_MS
        yield add(placed, "first_contacts_due", at_ms=due)
        if attempted(debtor, case_id, start, due):
            yield add(placed, "first_contacts_met", at_ms=due)


def of_coverage(debtor: Debtor, case_id: str, config: Config) -> Iterator[Contribution]:
    entered = debtor.first_case_event(
        case_id, lambda e: e["change"] in ("placed", "stage") and "dpd" in e and 1 <= e["dpd"] <= 30
    )
    if entered is None:
        return
    start = entered["occurred_at"]
    due = start + config.coverage_days * DAY_MS
    yield add(entered, "m1_due", at_ms=due)
    if covered(debtor, case_id, start, due):
        yield add(entered, "m1_covered", at_ms=due)


def of_closing(debtor: Debtor, case_id: str) -> Iterator[Contribution]:
    closed = debtor.first_case_event(case_id, lambda e: e["change"] == "closed")
    if closed is None:
        return
    yield add(closed, "cases_closed")
    placed = debtor.first_case_event(case_id, lambda e: e["change"] == "placed")
    if placed is not None and placed["occurred_at"] <= closed["occurred_at"]:
        yield add(closed, "cases_cycled")
        yield add(closed, "cycle_ms", closed["occurred_at"] - placed["occurred_at"])


def of_visit_value(visit: Event, debtor: Debtor) -> Iterator[Contribution]:
    event = debtor.latest_case_event(visit["case_id"], visit["occurred_at"], lambda e: "overdue_minor" in e)
    if event is not None and event["overdue_minor"] > 0:
        yield add(visit, "visited_minor", event["overdue_minor"], event["currency"])


def of_legal_step(step: Event, debtor: Debtor, config: Config) -> Iterator[Contribution]:
    if step["status"] != "due":
        return
    due = midnight_ending(config.site(site_of(step)).zone, step["due_on"])
    done = [d for d in debtor.all("legal_step") if d["status"] == "done" and d["step_id"] == step["step_id"]]
    yield add(step, "legal_due", at_ms=due)
    if any(d["occurred_at"] < due for d in done):
        yield add(step, "legal_done", at_ms=due)


STATE_MEASURES = {
    "logged_out": (),
    "available": ("signed_in_ms", "productive_ms"),
    "on_call": ("signed_in_ms", "productive_ms", "on_call_ms"),
    "wrap": ("signed_in_ms", "productive_ms", "on_call_ms"),
    "break": ("signed_in_ms", "break_ms"),
    "training": ("signed_in_ms",),
    "meeting": ("signed_in_ms",),
}


def of_states(states: Sequence[Event], config: Config) -> Iterator[Contribution]:
    """The states of one agent: each lasts until the next one or its bound, and an open one until its bound."""
    for state, following in pairwise([*sorted(states, key=in_time), None]):
        assert state is not None
        start = state["occurred_at"]
        ends = [start + config.open_state_max_ms]
        if following is not None:
            ends.append(following["occurred_at"])
        if config.open_state_ends_with_shift:
            shift_end = shift_end_holding(config.site(site_of(state)), start)
            ends += [] if shift_end is None else [shift_end]
        end = min(ends)
        if end > start:
            for measure in STATE_MEASURES[state["state"]]:
                yield Contribution(site_of(state), own_credit(state), measure, None, start, end - start, end)
