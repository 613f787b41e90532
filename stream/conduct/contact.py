"""What rules call a contact, an attempt and a conversation (conduct 2), and the order of facts."""

from __future__ import annotations

from typing import NamedTuple

from stream.conduct.rule import Frequency
from stream.facts.fact import DEFAULT_SITE, Call, Fact, Message, Visit

LAST = "\U0010ffff"
"""A type that comes after all others: that of a call which is only asked about."""

NOT_CONNECTED = frozenset({"busy", "invalid_number", "failed"})
ANSWERED = frozenset({"human", "abandoned"})


class Contact(NamedTuple):
    """A contact as rules see it: an outbound call or message, or a visit. Inbound calls are here, too, since a
    conversation in them matters; then `outbound` is false.

    Contacts compare in the order of facts: by instant, type and own id, which are unique among a debtor's. `fact` None:
    a call that is only asked about.
    """

    at_ms: int
    type: str
    id: str
    channel: str
    case: str | None
    number: str | None
    site: str
    outbound: bool
    fact: Call | Message | Visit | None


def contact_of(fact: Fact) -> Contact | None:
    """A fact as a contact or an inbound call; None if it is neither, void, a later leg, or without a debtor."""
    if fact.void or fact.debtor_id is None:
        return None
    at_ms, site = fact.occurred_at, fact.site_id or DEFAULT_SITE
    if isinstance(fact, Call):
        if fact.transferred_from is not None:
            return None
        outbound = fact.direction == "outbound"
        return Contact(at_ms, "call", fact.call_id, "call", fact.case_id, fact.number_id, site, outbound, fact)
    if isinstance(fact, Message):
        if fact.direction != "outbound":
            return None
        return Contact(
            at_ms, "message", fact.message_id, fact.channel, fact.case_id, fact.number_id, site, True, fact
        )  # fmt: skip
    if isinstance(fact, Visit):
        return Contact(at_ms, "visit", fact.visit_id, "visit", fact.case_id, None, site, True, fact)
    return None


def asked(at_ms: int, case: str | None, number: str | None, site: str) -> Contact:
    """An outbound call that is asked about: it comes after every fact of its instant."""
    return Contact(at_ms, LAST, "", "call", case, number, site, True, None)


def is_conversation(contact: Contact) -> bool:
    """Whether a human call, in either direction, was with the debtor as far as is known: not with a third party."""
    call = contact.fact
    return isinstance(call, Call) and call.outcome == "human" and call.party != "third"


def is_connected(contact: Contact) -> bool:
    """Whether a contact is an outbound call that got through to the number that was dialled."""
    if contact.fact is None:
        return True
    call = contact.fact
    return contact.outbound and isinstance(call, Call) and call.outcome not in NOT_CONNECTED


def is_counted(contact: Contact, of: Frequency) -> bool:
    """Whether a rule counts such a contact, consent aside; a call that is asked about is whatever would be counted."""
    if not contact.outbound or contact.channel not in of.channels:
        return False
    if of.counts == "contacts" or contact.fact is None:
        return True
    call = contact.fact
    if not isinstance(call, Call):
        return False
    if of.counts == "attempts":
        return True
    if of.counts == "connected_attempts":
        return call.outcome not in NOT_CONNECTED
    if of.counts == "unanswered_attempts":
        return call.outcome not in ANSWERED
    lasted_ms = (call.talk_ms or 0) if call.effective_ms is None else call.effective_ms
    return is_conversation(contact) and lasted_ms >= of.effective_ms
