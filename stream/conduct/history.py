"""A debtor's facts as conduct rules see them, sorted and indexed: what was counted, said, asked for and allowed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple, cast

from stream.conduct.contact import Contact, contact_of, is_conversation, is_counted
from stream.conduct.rule import DAY_MS, Consent, Frequency, Per, Spacing
from stream.conduct.rulebook import Rulebook
from stream.facts.fact import DEFAULT_SITE, Call, Case, Complaint, Fact, Restriction
from stream.facts.zones import is_zone

Contacts = list[Contact]
"""Contacts in the order of facts."""
ZoneEvents = list[tuple[int, str, str]]
"""(instant, event id, zone) of case events, in this order."""


class Step(NamedTuple):
    """A case event: they compare by instant and event id."""

    at_ms: int
    event_id: str
    case: str
    closes: bool
    site: str


class History:
    """What is known of one debtor. Facts that are void, later legs of calls, and facts of other types and of no debtor
    exist for no rule, and may be handed in."""

    def __init__(self, rulebook: Rulebook, debtor: str, facts: Iterable[Fact]) -> None:
        self.rulebook = rulebook
        self.debtor = debtor
        self.contacts: Contacts = []
        self.talks: Contacts = []
        """Conversations in either direction."""
        self.complaints: list[Complaint] = []
        self.restrictions: list[Restriction] = []
        """By (from, id)."""
        self.consents: list[Restriction] = []
        self.numbers: list[tuple[int, str]] = []
        """(instant, number) of calls in either direction."""
        self.steps: list[Step] = []
        self._zones: ZoneEvents = []
        self._zones_of_case: dict[str, ZoneEvents] = {}
        # By the identity of a rule's parameters, which the rulebook keeps: to hash them would cost more than the rest.
        self._counted: dict[int, dict[str, Contacts]] = {}
        self._opening: dict[int, dict[str, Contacts]] = {}
        self._talks_in: dict[Per, dict[str, Contacts]] = {}
        for fact in facts:
            if not fact.void and fact.debtor_id is not None:
                self._take(fact)
        self._sort()

    def _take(self, fact: Fact) -> None:
        contact = contact_of(fact)
        if contact is not None:
            if contact.outbound:
                self.contacts.append(contact)
            if is_conversation(contact):
                self.talks.append(contact)
            if isinstance(fact, Call) and fact.number_id is not None:
                self.numbers.append((fact.occurred_at, fact.number_id))
        elif isinstance(fact, Restriction):
            self.restrictions.append(fact)
            if fact.kind == "consent":
                self.consents.append(fact)
        elif isinstance(fact, Complaint):
            self.complaints.append(fact)
        elif isinstance(fact, Case):
            self._take_step(fact)

    def _take_step(self, step: Case) -> None:
        site, closes = step.site_id or DEFAULT_SITE, step.change == "closed"
        self.steps.append(Step(step.occurred_at, step.event_id, step.case_id, closes, site))
        if step.debtor_zone is not None and is_zone(step.debtor_zone):
            event = (step.occurred_at, step.event_id, step.debtor_zone)
            self._zones.append(event)
            self._zones_of_case.setdefault(step.case_id, []).append(event)

    def _sort(self) -> None:
        self.contacts.sort()
        self.talks.sort()
        self.numbers.sort()
        self.steps.sort()
        self._zones.sort()
        for events in self._zones_of_case.values():
            events.sort()
        for restrictions in (self.restrictions, self.consents):
            restrictions.sort(key=lambda each: (each.from_, each.restriction_id))
        self.complaints.sort(key=lambda each: (each.received_at, each.complaint_id))

    def is_last(self, contact: Contact) -> bool:
        """Whether no contact and no conversation follows this one in the order of facts."""
        return all(not row or row[-1] <= contact for row in (self.contacts, self.talks))

    def known_steps(self, at_ms: int) -> list[Step]:
        """The case events up to an instant."""
        return self.steps[: bisect_left(self.steps, Step(at_ms + 1, "", "", False, ""))]

    def numbers_in(self, start_ms: int, end_ms: int) -> list[str]:
        """The numbers of calls in (start, end], sorted."""
        start, end = bisect_left(self.numbers, (start_ms + 1, "")), bisect_left(self.numbers, (end_ms + 1, ""))
        return sorted({number for _, number in self.numbers[start:end]})

    def zone_at(self, case: str | None, at_ms: int, site: str) -> tuple[str, bool]:
        """The debtor's zone for what concerns a case (None: none) at a site, and whether it is assumed: the site's."""
        for events in (self._zones_of_case.get(case, []) if case is not None else [], self._zones):
            at = bisect_left(events, (at_ms + 1, "", ""))
            if at:
                return events[at - 1][2], False
        return self.rulebook.zone_of(site), True

    def zones(self) -> dict[str, int]:
        """The zones that case events name, each with the first instant at which one does."""
        found: dict[str, int] = {}
        for at_ms, _, zone in self._zones:
            found.setdefault(zone, at_ms)
        return found

    def next_zone_ms(self, at_ms: int) -> int | None:
        """When the next case event with a zone occurs, after an instant."""
        at = bisect_left(self._zones, (at_ms + 1, "", ""))
        return self._zones[at][0] if at < len(self._zones) else None

    def in_force(self, contact: Contact, kinds: frozenset[str]) -> Iterable[Restriction]:
        """The restrictions of these kinds that concern a contact and are in force at its time."""
        for each in self.restrictions:
            if each.from_ > contact.at_ms:
                return
            if each.kind in kinds and is_open(each, contact.at_ms) and concerns(each, contact):
                yield each

    def covered(self, contact: Contact, consent: Consent | None, per: Per = "debtor") -> bool:
        """Whether a consent covers a contact, under a rule with these parameters."""
        if consent is None or not self.consents or not contact.outbound:
            return False
        for each in self.consents:
            if each.from_ > contact.at_ms:
                return False
            if (
                is_open(each, contact.at_ms)
                and concerns(each, contact)
                and (consent.days is None or contact.at_ms < each.from_ + consent.days * DAY_MS)
                and not (consent.until_conversation and self._talked_since(each.from_, contact, per))
            ):
                return True
        return False

    def _talked_since(self, from_ms: int, contact: Contact, per: Per) -> bool:
        """Whether a conversation in the contact's scope, earlier than it, has a time after `from_ms`."""
        scope = scope_of(contact, per)
        if scope is None:
            return False
        if per not in self._talks_in:
            self._talks_in[per] = _by_scope(self.talks, per)
        talks = self._talks_in[per].get(scope, [])
        at = bisect_left(talks, contact)
        return at > 0 and talks[at - 1].at_ms > from_ms

    def next_consent_ms(self, contact: Contact) -> int | None:
        """When the next consent that concerns a contact comes into force, after its time."""
        return next(
            (each.from_ for each in self.consents if each.from_ > contact.at_ms and concerns(each, contact)), None
        )

    def counted(self, of: Frequency) -> dict[str, Contacts]:
        """What a rule counts, by scope."""
        found = self._counted.get(id(of))
        if found is None:
            counted = (
                each for each in self.contacts if is_counted(each, of) and not self.covered(each, of.consent, of.per)
            )
            found = self._counted[id(of)] = _by_scope(counted, of.per)
        return found

    def opening(self, of: Spacing) -> dict[str, Contacts]:
        """The conversations after which a rule asks for a pause, by scope: those that no consent covers."""
        found = self._opening.get(id(of))
        if found is None:
            opening = (each for each in self.talks if not self.covered(each, of.consent, of.per))
            found = self._opening[id(of)] = _by_scope(opening, of.per)
        return found


def scope_of(contact: Contact, per: Per) -> str | None:
    """The case or number by which a rule counts apart, "" for a rule per debtor; None: the contact is in no scope."""
    if per == "case":
        return contact.case
    return contact.number if per == "number" else ""


def is_open(restriction: Restriction, at_ms: int) -> bool:
    """Whether a restriction is in force at an instant."""
    return restriction.from_ <= at_ms and (restriction.until is None or at_ms < restriction.until)


def concerns(restriction: Restriction, contact: Contact) -> bool:
    """Whether a restriction is of the contact's case or of none, and of its number or of none."""
    return restriction.case_id in (None, contact.case) and restriction.number_id in (None, contact.number)


def before(contacts: Contacts, contact: Contact) -> int:
    """How many of them come before a contact in the order of facts."""
    return bisect_left(contacts, contact)


def up_to(contacts: Contacts, contact: Contact) -> int:
    """How many of them come before a contact, or are it."""
    return bisect_right(contacts, contact)


def from_ms_on(contacts: Contacts, start_ms: int) -> int:
    """How many of them have a time before `start_ms`."""
    return bisect_left(cast("list[tuple[object, ...]]", contacts), (start_ms,))


def _by_scope(contacts: Iterable[Contact], per: Per) -> dict[str, Contacts]:
    found: dict[str, Contacts] = {}
    for each in contacts:
        scope = scope_of(each, per)
        if scope is not None:
            found.setdefault(scope, []).append(each)
    return found
