"""What the conduct rules know of one debtor: facts, scopes, zones, restrictions, consents (conduct, section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources

from tests.oracle.calendar import midnight, zone
from tests.oracle.conduct_rules import Rule
from tests.oracle.config import DAY_MS, Config
from tests.oracle.contribution import site_of
from tests.oracle.identity import is_void, own_id
from tests.oracle.reading import Event

Scope = tuple[str | None, str | None]
"""The case or the number that a rule counts within; both None where it is the debtor, or the rule has no scope."""
ASKED = "asked"
"""Marks the call that a dialler asks about: it comes after every fact of its instant."""


@cache
def zone_names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


def in_order(fact: Event) -> tuple[int, bool, str, str]:
    """The order of facts: (t, type, own id)."""
    return fact["occurred_at"], ASKED in fact, fact["type"], own_id(fact)


def is_contact(fact: Event) -> bool:
    """An outbound call, an outbound message, a visit."""
    if fact["type"] in ("call", "message"):
        return bool(fact["direction"] == "outbound")
    return bool(fact["type"] == "visit")


def is_attempt(fact: Event) -> bool:
    return is_contact(fact) and fact["type"] == "call"


def is_conversation(fact: Event) -> bool:
    """A human call in either direction whose party is not third."""
    return fact["type"] == "call" and fact["outcome"] == "human" and fact.get("party") != "third"


def lasted_ms(call: Event) -> int:
    return int(call["effective_ms"] if "effective_ms" in call else call.get("talk_ms", 0))


def channel_of(contact: Event) -> str:
    return str(contact["channel"] if contact["type"] == "message" else contact["type"])


def scope_of(rule: Rule, fact: Event) -> Scope | None:
    """The scope that a fact is in; None: it has no case (or number), so it is in none."""
    if rule.per == "case":
        return (fact["case_id"], None) if "case_id" in fact else None
    if rule.per == "number":
        return (None, fact["number_id"]) if "number_id" in fact else None
    return None, None


def local_ms(zone_name: str, at_ms: int) -> int:
    """The time of day there, in ms after 00:00 by the clock on the wall."""
    local = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone(zone_name))
    return (local.hour * 3600 + local.minute * 60 + local.second) * 1000 + at_ms % 1000


@cache
def local_date(zone_name: str, at_ms: int) -> date:
    """The day [midnight, next midnight) that holds an instant (where midnight comes twice, from the first on)."""
    day = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone(zone_name)).date()
    near = [day + timedelta(days=n) for n in (-2, -1, 0, 1, 2)]
    return max(d for d in near if midnight(zone_name, d) <= at_ms)


@dataclass(frozen=True)
class Person:
    """All facts with one debtor_id that exist for a rule, in their order; `told`: later legs of calls, too."""

    facts: tuple[Event, ...]
    told: tuple[Event, ...]
    config: Config

    def with_call(self, call: Event) -> Person:
        return person_of([*self.told, call], self.config)

    def all(self, kind: str) -> list[Event]:
        return [fact for fact in self.facts if fact["type"] == kind]

    def zone_at(self, at_ms: int, fact: Event) -> tuple[str, bool]:
        """Where the debtor of a contact (or complaint) lives at an instant, and whether that is assumed of its site."""
        told = [
            event
            for event in self.all("case")
            if event["occurred_at"] <= at_ms and event.get("debtor_zone") in zone_names()
        ]
        of_own_case = [event for event in told if event["case_id"] == fact.get("case_id")]
        if told:
            latest = max(of_own_case or told, key=lambda event: (event["occurred_at"], event["event_id"]))
            return latest["debtor_zone"], False
        return self.config.site(site_of(fact)).zone, True

    def restrictions(self, kinds: Iterable[str], contact: Event) -> list[Event]:
        """Those of the kinds that concern a contact and are in force at its time."""
        at_ms = contact["occurred_at"]
        return [
            restriction
            for restriction in self.all("restriction")
            if restriction["kind"] in kinds
            and restriction["from"] <= at_ms < restriction.get("until", at_ms + 1)
            and restriction.get("case_id") in (None, contact.get("case_id"))
            and restriction.get("number_id") in (None, contact.get("number_id"))
        ]

    def covered(self, rule: Rule, contact: Event) -> bool:
        """Whether the rule asks for consent, and a consent covers the contact; never so for an inbound call."""
        if not rule.says["consent"] or not is_contact(contact):
            return False
        return any(self.covers(rule, given, contact) for given in self.restrictions(["consent"], contact))

    def covers(self, rule: Rule, given: Event, contact: Event) -> bool:
        """Whether a consent in force has neither grown old nor been used up by a conversation."""
        days = rule.says["consent_days"]
        if days is not None and contact["occurred_at"] >= given["from"] + days * DAY_MS:
            return False
        if rule.says["consent_ends"] != "conversation":
            return True
        return not any(
            is_conversation(fact)
            and in_order(fact) < in_order(contact)
            and fact["occurred_at"] > given["from"]
            and scope_of(rule, fact) == scope_of(rule, contact)
            for fact in self.facts
        )


def person_of(facts: Iterable[Event], config: Config) -> Person:
    """The debtor of these facts; void ones and later legs of a call exist for no rule."""
    told = [fact for fact in facts if not is_void(fact) and "occurred_at" in fact]
    existing = [fact for fact in told if "transferred_from" not in fact]
    return Person(tuple(sorted(existing, key=in_order)), tuple(told), config)
