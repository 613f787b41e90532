"""What each kind of rule says of one contact (conduct 2): the table of kinds as functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stream.conduct.contact import Contact, is_connected
from stream.conduct.history import Contacts, History, before, from_ms_on, scope_of, up_to
from stream.conduct.local_time import MINUTE_MS, local_day, midnight_ms, time_of_day_ms, wall
from stream.conduct.rule import (
    DAY_MS,
    ConductRule,
    Frequency,
    Hours,
    Quiet,
    Recorded,
    Restricted,
    Spacing,
    ThirdParty,
)
from stream.facts.fact import Call, Restriction

QUIET_KINDS = frozenset({"quiet_hours"})


class Moment:
    """A contact with the debtor's zone at its time, in which it is judged."""

    __slots__ = ("_time_of_day_ms", "assumed", "at_ms", "contact", "zone")

    def __init__(self, history: History, contact: Contact) -> None:
        self.contact = contact
        self.at_ms = contact.at_ms
        self.zone, self.assumed = history.zone_at(contact.case, contact.at_ms, contact.site)
        self._time_of_day_ms = -1

    @property
    def time_of_day_ms(self) -> int:
        """The local time, as ms since 00:00 on the wall."""
        if self._time_of_day_ms < 0:
            self._time_of_day_ms = time_of_day_ms(wall(self.zone, self.at_ms))
        return self._time_of_day_ms


@dataclass(frozen=True, slots=True)
class Counted:
    """What a frequency rule counts in a contact's window: a stretch of the contacts that it counts in the scope. The
    contact itself is among them, unless it is only asked about."""

    contacts: Contacts
    start: int
    end: int

    @property
    def count(self) -> int:
        """How many they are."""
        return self.end - self.start


def is_judged(rule: ConductRule, zone: str, at_ms: int) -> bool:
    """Whether a rule judges what happens at an instant in a zone: its dates are local days there."""
    begins, ends = rule.effective_from, rule.effective_until
    if begins is not None and at_ms < midnight_ms(zone, begins):
        return False
    return ends is None or at_ms < midnight_ms(zone, ends)


def window_of(history: History, of: Frequency, moment: Moment) -> Counted:
    """What a rule counts in the window that ends with a contact, in its scope."""
    scope = scope_of(moment.contact, of.per)
    contacts = [] if scope is None else history.counted(of).get(scope, [])
    return _window(contacts, of, moment, up_to(contacts, moment.contact))


def _window(contacts: Contacts, of: Frequency, moment: Moment, end: int) -> Counted:
    if of.local:
        start_ms = midnight_ms(moment.zone, local_day(moment.zone, moment.at_ms), 1 - of.days)
    else:
        start_ms = moment.at_ms - of.days * DAY_MS + 1
    return Counted(contacts, min(from_ms_on(contacts, start_ms), end), end)


def _frequency(history: History, rule: ConductRule, moment: Moment) -> Counted | None:
    of = rule.parameters
    assert isinstance(of, Frequency)
    scope = scope_of(moment.contact, of.per)
    contacts = history.counted(of).get(scope) if scope is not None else None
    if contacts is None or len(contacts) <= of.limit:  # mostly
        return None
    end = up_to(contacts, moment.contact)
    if end <= of.limit or contacts[end - 1] != moment.contact:
        return None
    counted = _window(contacts, of, moment, end)
    return counted if counted.count > of.limit else None


def last_opening(history: History, of: Spacing, contact: Contact) -> Contact | None:
    """The latest conversation before a contact, in its scope, after which the rule asks for a pause."""
    scope = scope_of(contact, of.per)
    if scope is None:
        return None
    opening = history.opening(of).get(scope, [])
    at = before(opening, contact)
    return opening[at - 1] if at else None


def pause_ends_ms(of: Spacing, conversation: Contact, zone: str) -> int:
    """The first instant at which the pause after a conversation is over, in the zone of the contact that is judged."""
    if of.local:
        return midnight_ms(zone, local_day(zone, conversation.at_ms), of.days)
    return conversation.at_ms + of.days * DAY_MS


def breaks_pause(history: History, of: Spacing, moment: Moment) -> bool:
    """Whether a contact is a connected attempt within the pause after a conversation."""
    contact = moment.contact
    if not is_connected(contact):
        return False
    opening = last_opening(history, of, contact)
    if opening is None or moment.at_ms >= pause_ends_ms(of, opening, moment.zone):
        return False
    return not history.covered(contact, of.consent, of.per)


def outside_hours(history: History, of: Hours, moment: Moment) -> bool:
    """Whether a contact is outside the hours, and no consent covers it."""
    if moment.contact.channel not in of.channels:
        return False
    if of.from_minute * MINUTE_MS <= moment.time_of_day_ms < of.until_minute * MINUTE_MS:
        return False
    return not history.covered(moment.contact, of.consent)


def quiet_one(history: History, of: Quiet, moment: Moment) -> Restriction | None:
    """A quiet_hours restriction in force that holds the contact's local time."""
    if moment.contact.channel not in of.channels:
        return None
    for each in history.in_force(moment.contact, QUIET_KINDS):
        if each.hours is None or holds(each.hours, moment.time_of_day_ms):
            return each
    return None


def holds(hours: tuple[str, str], time_of_day: int) -> bool:
    """Whether [first, second) holds a local time; it may cross midnight, and equal ends are the whole day."""
    first, second = (minute_of(text) * MINUTE_MS for text in hours)
    if first < second:
        return first <= time_of_day < second
    return first == second or time_of_day >= first or time_of_day < second


def minute_of(text: str) -> int:
    """Minutes since 00:00 of `HH:MM`."""
    return int(text[:2]) * 60 + int(text[3:5])


def restricting_one(history: History, of: Restricted, contact: Contact) -> Restriction | None:
    """A restriction of the rule's kinds that concerns a contact and is in force at its time."""
    if contact.channel not in of.channels:
        return None
    return next(iter(history.in_force(contact, of.kinds)), None)


def _third_party(history: History, of: ThirdParty, contact: Contact) -> bool:
    call = contact.fact
    if not (isinstance(call, Call) and call.outcome == "human" and call.party == "third"):
        return False
    start_ms = contact.at_ms - of.days * DAY_MS
    talks = history.talks
    if from_ms_on(talks, start_ms) < from_ms_on(talks, contact.at_ms):
        return True
    return len(_tried(history, of, contact)) < of.attempts


def _tried(history: History, of: ThirdParty, contact: Contact) -> Contacts:
    """The attempts to reach the debtor in the days before a contact."""
    contacts, start_ms = history.contacts, contact.at_ms - of.days * DAY_MS
    before_it = contacts[from_ms_on(contacts, start_ms) : from_ms_on(contacts, contact.at_ms)]
    return [each for each in before_it if isinstance(each.fact, Call) and each.fact.party != "third"]


def reached_before(history: History, of: ThirdParty, contact: Contact) -> Contacts:
    """The conversations with the debtor, and the attempts to have one, in the days before a contact, in their order."""
    talks, start_ms = history.talks, contact.at_ms - of.days * DAY_MS
    spoken = talks[from_ms_on(talks, start_ms) : from_ms_on(talks, contact.at_ms)]
    return sorted(spoken + [each for each in _tried(history, of, contact) if each not in spoken])


def _unrecorded(contact: Contact) -> bool:
    call = contact.fact
    return isinstance(call, Call) and call.outcome == "human" and call.recorded is not True


NOT_COUNTED = Counted([], 0, 0)
"""What a rule that counts nothing found."""

_JUDGES: dict[type[Any], Callable[[History, Any, Moment], bool]] = {
    Spacing: breaks_pause,
    Hours: outside_hours,
    Quiet: lambda history, of, moment: quiet_one(history, of, moment) is not None,
    Restricted: lambda history, of, moment: restricting_one(history, of, moment.contact) is not None,
    ThirdParty: lambda history, of, moment: _third_party(history, of, moment.contact),
    Recorded: lambda _history, _of, moment: _unrecorded(moment.contact),
}
"""What a kind says of an outbound contact that its rule judges; frequency counts, and a deadline is of complaints."""


def found_by(history: History, rule: ConductRule, moment: Moment) -> Counted | None:
    """What a rule finds against a contact within its dates; None: nothing. A rule that counts finds what it counted."""
    if isinstance(rule.parameters, Frequency):
        return _frequency(history, rule, moment)
    judge = _JUDGES.get(type(rule.parameters))
    return NOT_COUNTED if judge is not None and judge(history, rule.parameters, moment) else None
