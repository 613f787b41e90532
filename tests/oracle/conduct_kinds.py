"""What each kind of rule says of one contact: the table of conduct, section 2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.oracle.calendar import midnight
from tests.oracle.conduct_person import (
    Person,
    channel_of,
    in_order,
    is_attempt,
    is_contact,
    is_conversation,
    lasted_ms,
    local_date,
    local_ms,
    scope_of,
)
from tests.oracle.conduct_rules import Rule
from tests.oracle.config import DAY_MS, minutes_of_day
from tests.oracle.reading import Event

NOT_CONNECTED = ("busy", "invalid_number", "failed")
ANSWERED = ("human", "abandoned")
Breaches = Callable[[Rule, Person, Event], bool]


def is_of_kind(rule: Rule, fact: Event) -> bool:
    """Whether a fact is what the `counts` of a frequency rule names, in one of its channels."""
    if not is_contact(fact) or channel_of(fact) not in rule.says["channels"]:
        return False
    match rule.says["counts"]:
        case "contacts":
            return True
        case "attempts":
            return is_attempt(fact)
        case "connected_attempts":
            return is_attempt(fact) and fact["outcome"] not in NOT_CONNECTED
        case "unanswered_attempts":
            return is_attempt(fact) and fact["outcome"] not in ANSWERED
        case "conversations":
            return is_conversation(fact) and lasted_ms(fact) >= rule.says["effective_ms"]
    raise ValueError(rule.says["counts"])


def counts(rule: Rule, person: Person, fact: Event) -> bool:
    """Whether a frequency rule counts a fact: of its kind, in a scope, and not covered by a consent."""
    return is_of_kind(rule, fact) and scope_of(rule, fact) is not None and not person.covered(rule, fact)


def window_of(rule: Rule, zone: str, at_ms: int) -> tuple[int, int]:
    """The first instant of the window that ends with `at_ms`, and the first beyond it."""
    days = rule.says["window"]["days"]
    if rule.says["window"].get("local"):
        day = local_date(zone, at_ms)
        return midnight(zone, day - timedelta(days=days - 1)), midnight(zone, day + timedelta(days=1))
    return at_ms - days * DAY_MS + 1, at_ms + 1


def counted_in(rule: Rule, person: Person, contact: Event) -> list[Event]:
    """What the rule counts in the contact's scope and window, up to and including itself in the order."""
    at_ms = contact["occurred_at"]
    start_ms, beyond_ms = window_of(rule, person.zone_at(at_ms, contact)[0], at_ms)
    return [
        fact
        for fact in person.facts
        if start_ms <= fact["occurred_at"] < beyond_ms
        and in_order(fact) <= in_order(contact)
        and counts(rule, person, fact)
        and scope_of(rule, fact) == scope_of(rule, contact)
    ]


def frequency(rule: Rule, person: Person, contact: Event) -> bool:
    return counts(rule, person, contact) and len(counted_in(rule, person, contact)) > rule.says["limit"]


def closed_until(rule: Rule, zone: str, talked_ms: int) -> int:
    """The first instant at which a call may follow a conversation."""
    days = rule.says["days"]
    if rule.says["local"]:
        return midnight(zone, local_date(zone, talked_ms) + timedelta(days=days))
    return talked_ms + int(days) * DAY_MS


def spacing(rule: Rule, person: Person, contact: Event) -> bool:
    if not is_attempt(contact) or contact["outcome"] in NOT_CONNECTED or person.covered(rule, contact):
        return False
    at_ms = contact["occurred_at"]
    zone = person.zone_at(at_ms, contact)[0]
    return any(
        is_conversation(fact)
        and in_order(fact) < in_order(contact)
        and scope_of(rule, fact) == scope_of(rule, contact) is not None
        and at_ms < closed_until(rule, zone, fact["occurred_at"])
        and not person.covered(rule, fact)
        for fact in person.facts
    )


def minute_ms(text: str) -> int:
    return minutes_of_day(text) * 60_000


def hours(rule: Rule, person: Person, contact: Event) -> bool:
    if channel_of(contact) not in rule.says["channels"] or person.covered(rule, contact):
        return False
    at_ms = contact["occurred_at"]
    clock_ms = local_ms(person.zone_at(at_ms, contact)[0], at_ms)
    return not minute_ms(rule.says["from"]) <= clock_ms < minute_ms(rule.says["until"])


def holds(hours: list[str], clock_ms: int) -> bool:
    """Whether quiet hours hold a time of day. They may cross midnight; equal ends are the whole day."""
    first, second = (minute_ms(text) for text in hours)
    if first < second:
        return first <= clock_ms < second
    return clock_ms >= first or clock_ms < second


def quiet(rule: Rule, person: Person, contact: Event) -> bool:
    if channel_of(contact) not in rule.says["channels"]:
        return False
    at_ms = contact["occurred_at"]
    clock_ms = local_ms(person.zone_at(at_ms, contact)[0], at_ms)
    return any(holds(wish["hours"], clock_ms) for wish in person.restrictions(["quiet_hours"], contact))


def restricted(rule: Rule, person: Person, contact: Event) -> bool:
    in_channel = channel_of(contact) in rule.says["channels"]
    return in_channel and bool(person.restrictions(rule.says["kinds"], contact))


def third_party(rule: Rule, person: Person, contact: Event) -> bool:
    """With a third party, though the debtor was spoken to, or was not tried often enough, in the days before."""
    if not is_attempt(contact) or contact["outcome"] != "human" or contact.get("party") != "third":
        return False
    at_ms = contact["occurred_at"]
    before = [f for f in person.facts if at_ms - rule.says["days"] * DAY_MS <= f["occurred_at"] < at_ms]
    tried = [fact for fact in before if is_attempt(fact) and fact.get("party") != "third"]
    return any(is_conversation(fact) for fact in before) or len(tried) < rule.says["attempts"]


def recorded(rule: Rule, person: Person, contact: Event) -> bool:
    return is_attempt(contact) and contact["outcome"] == "human" and contact.get("recorded") is not True


BREACHES: dict[str, Breaches] = {
    "frequency": frequency,
    "spacing": spacing,
    "hours": hours,
    "quiet": quiet,
    "restricted": restricted,
    "third_party": third_party,
    "recorded": recorded,
}
"""Every kind that judges contacts; `deadline` judges complaints."""


def breaches(rule: Rule, person: Person, contact: Event) -> bool:
    """Whether the contact breaches the rule, within the rule's dates."""
    at_ms = contact["occurred_at"]
    if rule.kind == "deadline" or not rule.judges(person.zone_at(at_ms, contact)[0], at_ms):
        return False
    return BREACHES[rule.kind](rule, person, contact)


def overdue_at(rule: Rule, person: Person, complaint: Event) -> int | None:
    """The instant at which a `deadline` rule is breached by a complaint; None: never."""
    received_ms = complaint["received_at"]
    due_ms = received_ms + int(rule.says["days"]) * DAY_MS
    in_time = "closed_at" in complaint and complaint["closed_at"] < due_ms
    judged = rule.judges(person.zone_at(received_ms, complaint)[0], received_ms)
    return due_ms if judged and not in_time else None
