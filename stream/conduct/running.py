"""A debtor whose contacts come one after the other, as they mostly do: what is kept to judge the next (ADR 0068).

What cannot be followed (a contact before another, a consent, a second zone) is said, and all is judged at once again.
"""

from __future__ import annotations

from collections.abc import Iterable

from stream.conduct.counts import Detail, Noted, is_outside, start_ms
from stream.conduct.rule import DAY_MS
from stream.conduct.seen import Seen, seen
from stream.conduct.sheet import (
    FIRST_MS,
    FREQUENCY,
    HOURS,
    MOST_NEAR,
    RECORDED,
    SPACING,
    THIRD_PARTY,
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

    def is_calm(self, contact: Seen, sheet: RuleSheet) -> bool:
        """Whether a contact breaks no rule for certain, and leaves every standing clear."""
        if not contact.outbound:
            return True
        if self.stands:
            return False
        for check in sheet.checks:  # noqa: SIM110  a generator costs more than all rules
            if self._may_touch(check, contact, sheet):
                return False
        return True

    def _may_touch(self, check: Check, contact: Seen, sheet: RuleSheet) -> bool:
        kind, at_ms = check.kind, contact.at_ms
        if kind == FREQUENCY:
            return self._may_be_near(check, contact, sheet)
        if kind == HOURS:
            return contact.channel in check.channels and is_outside(check, sheet, at_ms)
        if kind == SPACING:
            pause_ms = check.days_ms + (DAY_MS if check.local else 0)
            return contact.connected and self.talk_ms > 0 and at_ms < self.talk_ms + pause_ms
        if kind == THIRD_PARTY:
            return contact.human and contact.third
        if kind == RECORDED:
            return contact.human and not contact.recorded
        return self.restrictions is not None

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
        """A contact that may touch a rule has come; `detail` is there. What it breaks is noted."""
        self._remember(contact, sheets)
        assert self.detail is not None
        if not contact.outbound:
            self.detail.add(contact, sheets)
            return
        sheet = sheets.at(contact.site, self.zone, contact.at_ms)
        self.detail.judge(debtor, contact, sheet, self.zone is None, self.restrictions or _NONE, sheets, noted)
        if noted.stood:
            self.stands = True

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
        assert self.detail is not None
        changed = self.detail.settle(debtor, sheets, noted)
        self.stands = len(self.detail.standings) > 0
        return changed


def _with(instants: bytes, at_ms: int, most: int) -> bytes:
    """The last so many instants."""
    if len(instants) >= most * INSTANT_BYTES:
        instants = instants[INSTANT_BYTES:]
    return instants + at_ms.to_bytes(INSTANT_BYTES, "big")


def running_of(debtor: str, facts: Iterable[Fact], sheets: RuleSheets) -> Running:
    """A debtor as the facts have it; `whole` where they cannot be followed."""
    found = Running()
    contacts: list[tuple[int, str, str, Seen]] = []
    for fact in facts:
        if fact.void or fact.debtor_id is None:
            continue
        contact = seen(fact)
        if contact is not None:
            contacts.append((contact.at_ms, contact.type, contact.id, contact))
        elif isinstance(fact, Case):
            _read_zone(found, fact)
        elif isinstance(fact, Restriction):
            found.whole = found.whole or fact.kind == "consent"
            take_restriction(found, fact)
    contacts.sort(key=_order)
    if contacts and contacts[0][0] < FIRST_MS:
        found.whole = True
    if not found.whole:
        _read_contacts(debtor, found, contacts, sheets)
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


def _read_contacts(
    debtor: str, found: Running, contacts: Iterable[tuple[int, str, str, Seen]], sheets: RuleSheets
) -> None:
    """Takes in contacts that have come, without saying what they break."""
    noted, zone = Noted(), found.zone
    found.detail = Detail(sheets)
    for at_ms, _, _, contact in contacts:
        found.zone = zone if at_ms >= found.zone_ms else None
        found.judge(debtor, contact, sheets, noted)
    found.zone = zone
    found.settle(debtor, sheets, noted)
    if zone is not None and any(each.at_ms < found.zone_ms for each in found.detail.standings.values()):
        # Whether such a standing ends earlier depends on the move.
        found.whole, found.detail = True, None


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
