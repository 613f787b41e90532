"""A debtor whose contacts come one after the other, as they mostly do: what is kept to judge the next (ADR 0068).

What cannot be followed (a contact before another, a consent, a second zone) is said, and all is judged at once again.
"""

from __future__ import annotations

from collections.abc import Iterable

from stream.conduct.counts import Detail, Noted, note_alone, start_ms
from stream.conduct.seen import Seen, seen
from stream.conduct.sheet import (
    FIRST_MS,
    MOST_NEAR,
    Check,
    RuleSheet,
    RuleSheets,
)
from stream.conduct.standing import ConductStanding
from stream.facts.fact import Case, Fact, Restriction
from stream.facts.zones import is_zone

INSTANT_BYTES = 6

WHOLE, UNTOUCHED, CALM, JUDGED = range(4)
"""What becomes of a fact: all facts must be judged; no rule asks for it; it breaks no rule and every standing stays
clear; what it breaks, and where the debtor stands then, is to be found."""

_NONE: tuple[Restriction, ...] = ()


class Running:
    """One debtor, in one zone (None: that of the site) from `zone_ms` on, without a consent.

    `last_ms`: the latest contact or conversation; `talk_ms`: the latest conversation. `stands`: whether any standing
    may not be clear. `near`, `talked`: the last instants of outbound contacts, and of outbound conversations, six bytes
    each: enough to see that no rule can be near. `detail` is made of the dossier when a rule may be touched. `whole`:
    cannot be followed.
    """

    def __init__(self) -> None:
        self.last_ms: int = 0
        self.zone: str | None = None
        self.zone_ms: int = 0
        self.talk_ms: int = 0
        self.near: bytes = b""
        self.talked: bytes = b""
        self.stands: bool = False
        self.whole: bool = False
        self.restrictions: list[Restriction] | None = None
        self.detail: Detail | None = None

    def can_come(self, contact: Seen) -> bool:
        """Whether a contact comes after all others, in the debtor's zone."""
        at_ms = contact.at_ms
        return not self.whole and at_ms > self.last_ms and at_ms >= self.zone_ms and at_ms >= FIRST_MS

    def is_apart(self, contact: Seen, sheet: RuleSheet) -> bool:
        """Whether an outbound contact leaves every standing clear for certain, and breaks at most what `by_itself` asks
        of it alone."""
        if self.stands or (sheet.restricts and self.restrictions is not None):
            return False
        if contact.human and contact.third and sheet.asks_third:
            return False
        if contact.connected and self.talk_ms > 0 and contact.at_ms < self.talk_ms + sheet.pause_ms:
            return False
        for check in sheet.frequencies:  # noqa: SIM110  a generator costs more than all rules
            if self._may_be_near(check, contact, sheet):
                return False
        return True

    def _may_be_near(self, check: Check, contact: Seen, sheet: RuleSheet) -> bool:
        """Whether with this contact so many may be counted that the standing is not clear."""
        needed = min(check.limit - 2, MOST_NEAR)
        if needed <= 0:  # with the first one that is counted
            return check.counting is not None and contact.is_counted(check.counting)
        if check.conversations and not contact.is_talk():
            return False
        known = self.talked if check.conversations else self.near
        place = len(known) - needed * INSTANT_BYTES
        if place < 0:
            return False
        known_ms = int.from_bytes(known[place : place + INSTANT_BYTES], "big")
        return known_ms >= start_ms(check, sheet, contact.at_ms)

    def take_in(self, contact: Seen, sheets: RuleSheets) -> None:
        """A contact that is calm has come."""
        self._remember(contact, sheets)
        if self.detail is not None:
            self.detail.add(contact, sheets)

    def judge(self, debtor: str, contact: Seen, sheets: RuleSheets, noted: Noted) -> None:
        """A contact that may touch a rule has come; `detail` is there, or it is apart. What it breaks is noted."""
        self._remember(contact, sheets)
        detail = self.detail
        if not contact.outbound:
            if detail is not None:
                detail.add(contact, sheets)
            return
        sheet = sheets.at(contact.site, self.zone, contact.at_ms)
        if detail is None:
            note_alone(debtor, contact, sheet, self.zone is None, noted)
            return
        detail.judge(debtor, contact, sheet, self.zone is None, self.restrictions or _NONE, sheets, noted)
        if noted.stood:
            self.stands = True

    def follow(self, debtor: str, contacts: Iterable[Seen], sheets: RuleSheets, noted: Noted) -> list[ConductStanding]:
        """Takes in contacts that have come already, in their order, each in the zone of its time; the standings that
        have changed."""
        zone = self.zone
        if self.detail is None:
            self.detail = Detail(sheets)
        for contact in contacts:
            self.zone = zone if contact.at_ms >= self.zone_ms else None
            self.judge(debtor, contact, sheets, noted)
        self.zone = zone
        return self.settle(debtor, sheets, noted)

    def copied(self, sheets: RuleSheets) -> Running:
        """Another that can be followed by itself."""
        found = Running()
        found.last_ms, found.zone, found.zone_ms, found.talk_ms = self.last_ms, self.zone, self.zone_ms, self.talk_ms
        found.near, found.talked, found.stands, found.whole = self.near, self.talked, self.stands, self.whole
        found.restrictions = self.restrictions
        found.detail = None if self.detail is None else self.detail.copied(sheets)
        return found

    def stands_as(self, other: Running) -> None:
        """What was said of the debtor's standings is what the other one found."""
        assert self.detail is not None
        assert other.detail is not None
        self.detail.standings = dict(other.detail.standings)

    def _remember(self, contact: Seen, sheets: RuleSheets) -> None:
        at_ms, talk = contact.at_ms, contact.is_talk()
        self.last_ms = at_ms
        if talk:
            self.talk_ms = at_ms
        if contact.outbound:
            if sheets.nearest:
                self.near = _with(self.near, at_ms, sheets.nearest)
            if talk and sheets.talked:
                self.talked = _with(self.talked, at_ms, sheets.talked)

    def settle(self, debtor: str, sheets: RuleSheets, noted: Noted) -> list[ConductStanding]:
        """At a commit: the standings that have changed since the last one."""
        if self.detail is None:
            return []
        changed = self.detail.settle(debtor, sheets, noted)
        self.stands = len(self.detail.standings) > 0
        return changed


def _with(instants: bytes, at_ms: int, most: int) -> bytes:
    """The last so many instants."""
    if len(instants) >= most * INSTANT_BYTES:
        instants = instants[INSTANT_BYTES:]
    return instants + at_ms.to_bytes(INSTANT_BYTES, "big")


SeenContacts = list[Seen]
"""Contacts and inbound conversations, in the order of facts."""


def running_of(debtor: str, facts: Iterable[Fact], sheets: RuleSheets) -> Running:
    """A debtor as the facts have it; `whole` where they cannot be followed."""
    known = list(facts)
    contacts = contacts_of(known)
    found = begun_with(known, contacts)
    if not found.whole:
        found.follow(debtor, contacts, sheets, Noted(tells=False))
        if zone_moved(found):
            found.whole, found.detail = True, None
    return found


def contacts_of(facts: Iterable[Fact]) -> SeenContacts:
    """The contacts among some facts."""
    found: list[tuple[int, str, str, Seen]] = []
    for fact in facts:
        contact = seen(fact)
        if contact is not None:
            found.append((contact.at_ms, contact.type, contact.id, contact))
    found.sort(key=_order)
    return [each for _, _, _, each in found]


def begun_with(facts: Iterable[Fact], contacts: SeenContacts) -> Running:
    """A debtor with the restrictions and the zone of some facts, whose `contacts` are still to be followed."""
    found = Running()
    for fact in facts:
        if fact.void or fact.debtor_id is None:
            continue
        if isinstance(fact, Case):
            _read_zone(found, fact)
        elif isinstance(fact, Restriction):
            found.whole = found.whole or fact.kind == "consent"
            take_restriction(found, fact)
    if contacts and contacts[0].at_ms < FIRST_MS:
        found.whole = True
    return found


def _read_zone(found: Running, step: Case) -> None:
    zone = step.debtor_zone
    if zone is None or not is_zone(zone):
        return
    if found.zone is None:
        found.zone, found.zone_ms = zone, step.occurred_at
    elif found.zone != zone:
        found.whole = True
    else:
        found.zone_ms = min(found.zone_ms, step.occurred_at)


def _order(contact: tuple[int, str, str, Seen]) -> tuple[int, str, str]:
    return contact[0], contact[1], contact[2]


def zone_moved(running: Running) -> bool:
    """Whether any standing is of before the debtor was known to live in his zone: when it ends depends on the move."""
    detail, zone_ms = running.detail, running.zone_ms
    if running.zone is None or detail is None:
        return False
    for each in detail.standings.values():  # noqa: SIM110  a generator costs more
        if each.at_ms < zone_ms:
            return True
    return False


def may_move(running: Running, step: Case) -> bool:
    """Whether a new case event may change what was found of the debtor, or cannot be followed."""
    zone = step.debtor_zone
    if zone is None or not is_zone(zone):
        return False
    if running.whole:
        return True
    if running.zone is not None:
        return running.zone != zone or step.occurred_at < running.zone_ms
    return running.stands or step.occurred_at <= running.last_ms


def take_zone(running: Running, step: Case) -> None:
    """A case event has come that changes nothing that was found: from here on the debtor lives where it says."""
    zone = step.debtor_zone
    if running.zone is None and zone is not None and is_zone(zone):
        running.zone, running.zone_ms = zone, step.occurred_at


def may_restrict(running: Running, restriction: Restriction) -> bool:
    """Whether a new restriction may change what was found of the debtor, or cannot be followed."""
    return running.whole or restriction.kind == "consent" or restriction.from_ <= running.last_ms


def take_restriction(running: Running, restriction: Restriction) -> None:
    """A restriction has come, of later contacts alone."""
    if running.restrictions is None:
        running.restrictions = []
    running.restrictions.append(restriction)
