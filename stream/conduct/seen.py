"""A contact or an inbound conversation as it is followed: what rules ask of a fact, read once (conduct 2)."""

from __future__ import annotations

from stream.conduct.contact import ANSWERED, NOT_CONNECTED
from stream.conduct.sheet import ATTEMPTS, CASE, CONNECTED, CONTACTS, DEBTOR, UNANSWERED, Tally
from stream.facts.fact import DEFAULT_SITE, Call, Fact, Message, Visit
from stream.ledger.contribution import Credit, own_credit


class Seen:
    """A contact or an inbound conversation, as far as rules ask."""

    def __init__(self, fact: Call | Message | Visit) -> None:
        self.fact: Call | Message | Visit = fact
        self.at_ms: int = fact.occurred_at
        self.site: str = fact.site_id or DEFAULT_SITE
        self.type: str = fact.TYPE
        self.id: str = ""
        self.channel: str = "call"
        self.case: str | None = fact.case_id
        self.number: str | None = None
        self.outbound: bool = True
        self.is_call: bool = False
        self.human: bool = False
        self.third: bool = False
        self.connected: bool = False
        self.unanswered: bool = False
        self.recorded: bool = False
        self.lasted_ms: int = 0
        self._credit: Credit | None = None
        if isinstance(fact, Call):
            outcome = fact.outcome
            self.id, self.number = fact.call_id, fact.number_id
            self.outbound = fact.direction == "outbound"
            self.is_call = True
            self.human = outcome == "human"
            self.third = fact.party == "third"
            self.connected = self.outbound and outcome not in NOT_CONNECTED
            self.unanswered = outcome not in ANSWERED
            self.recorded = fact.recorded is True
            self.lasted_ms = (fact.talk_ms or 0) if fact.effective_ms is None else fact.effective_ms
        elif isinstance(fact, Message):
            self.id, self.number, self.channel = fact.message_id, fact.number_id, fact.channel
        else:
            self.id, self.channel = fact.visit_id, "visit"

    def credit(self) -> Credit:
        """Whom its breaches are credited to."""
        found = self._credit
        if found is None:
            found = self._credit = own_credit(self.fact)
        return found

    def is_talk(self) -> bool:
        """Whether it is a conversation with the debtor, in either direction."""
        return self.human and not self.third

    def scope(self, per: int) -> str | None:
        """The case or number by which a rule counts apart, "" for a rule per debtor; None: in no scope."""
        if per == DEBTOR:
            return ""
        return self.case if per == CASE else self.number

    def is_counted(self, tally: Tally) -> bool:
        """Whether rules of a tally count it."""
        if not self.outbound or self.channel not in tally.channels:
            return False
        counts = tally.counts
        if counts == CONTACTS:
            return True
        if not self.is_call:
            return False
        if counts == ATTEMPTS:
            return True
        if counts == CONNECTED:
            return self.connected
        if counts == UNANSWERED:
            return self.unanswered
        return self.human and not self.third and self.lasted_ms >= tally.effective_ms


def seen(fact: Fact) -> Seen | None:
    """A fact as a contact or an inbound conversation; None: it exists for no rule as one."""
    if fact.void or fact.debtor_id is None:
        return None
    if isinstance(fact, Call):
        if fact.transferred_from is not None or (fact.direction != "outbound" and fact.outcome != "human"):
            return None
        return Seen(fact)
    if isinstance(fact, Message):
        return Seen(fact) if fact.direction == "outbound" else None
    return Seen(fact) if isinstance(fact, Visit) else None
