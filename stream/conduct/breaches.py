"""All breaches of one debtor's facts (conduct 2 and 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stream.conduct.breach import Breach
from stream.conduct.contact import Contact
from stream.conduct.history import History
from stream.conduct.judging import Counted, Moment, found_by, is_judged
from stream.conduct.local_time import wall
from stream.conduct.rule import DAY_MS, ComplaintDeadline, ConductRule, Frequency
from stream.facts.fact import DEFAULT_SITE, Complaint
from stream.ledger.contribution import Credit, own_credit

MOST_COUNTED = 20
"""How many ids a record names of what was counted: the last ones."""

CreditOf = Callable[[Complaint], Credit]
"""Whom a complaint is credited to."""


def breaches(history: History, credit_of: CreditOf) -> list[Breach]:
    """Every breach of a debtor's facts, sorted by `Breach.order`; those of deadlines that lie in the future, too."""
    found = [breach for contact in history.contacts for breach in breaches_of(history, contact)]
    found += _of_complaints(history, credit_of)
    return sorted(found, key=lambda breach: breach.order)


def breaches_of(history: History, contact: Contact) -> list[Breach]:
    """The breaches that one outbound contact of the history is, in no particular order."""
    rules = history.rulebook.at(contact.site)
    if not rules:
        return []
    moment = Moment(history, contact)
    found = []
    for rule in rules:
        if is_judged(rule, moment.zone, moment.at_ms):
            counted = found_by(history, rule, moment)
            if counted is not None:
                found.append(_breach(history, rule, moment, counted))
    return found


def _breach(history: History, rule: ConductRule, moment: Moment, found: Counted) -> Breach:
    contact, of = moment.contact, rule.parameters
    assert contact.fact is not None
    per = getattr(of, "per", "debtor")
    count, limit, counted = None, None, None
    if isinstance(of, Frequency):
        count, limit = found.count, of.limit
        counted = tuple(each.id for each in found.contacts[max(found.start, found.end - MOST_COUNTED) : found.end])
    return Breach(
        rule.name, rule.pack, history.debtor,
        contact.case if per == "case" else None, contact.number if per == "number" else None,
        contact.type, contact.id, contact.at_ms, count, limit, counted,
        time_text(moment.zone, contact.at_ms), moment.zone, moment.assumed, own_credit(contact.fact),
    )  # fmt: skip


def time_text(zone: str, at_ms: int) -> str:
    """The local time to the second, cut: `09:00:00`."""
    return wall(zone, at_ms).strftime("%H:%M:%S")


def _of_complaints(history: History, credit_of: CreditOf) -> Iterator[Breach]:
    for complaint in history.complaints:
        site = complaint.site_id or DEFAULT_SITE
        for rule in history.rulebook.at(site):
            of = rule.parameters
            if isinstance(of, ComplaintDeadline):
                zone, _ = history.zone_at(complaint.case_id, complaint.received_at, site)
                due_ms = complaint.received_at + of.days * DAY_MS
                in_time = complaint.closed_at is not None and complaint.closed_at < due_ms
                if not in_time and is_judged(rule, zone, complaint.received_at):
                    yield _overdue(history, rule, complaint, due_ms, credit_of(complaint))


def _overdue(history: History, rule: ConductRule, complaint: Complaint, due_ms: int, credit: Credit) -> Breach:
    zone, assumed = history.zone_at(complaint.case_id, due_ms, credit.site)
    return Breach(
        rule.name, rule.pack, history.debtor, None, None, "complaint", complaint.complaint_id, due_ms,
        None, None, None, time_text(zone, due_ms), zone, assumed, credit,
    )  # fmt: skip
