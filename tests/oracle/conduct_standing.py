"""How a debtor stands under each rule of kind frequency (conduct, section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from tests.oracle.conduct import Record, persons_of
from tests.oracle.conduct_kinds import counted_in, counts, window_of
from tests.oracle.conduct_moments import edges_of_day
from tests.oracle.conduct_person import Person, Scope, in_order, is_contact, local_date, scope_of, zone_names
from tests.oracle.conduct_rules import Rule, conduct_of
from tests.oracle.config import DAY_MS, Config
from tests.oracle.contribution import own_credit, site_of
from tests.oracle.identity import utc
from tests.oracle.reading import Event

STATES = ("clear", "near", "reached", "breached")


def state_of(count: int, limit: int) -> str:
    if count > limit:
        return "breached"
    return {limit: "reached", limit - 1: "near"}.get(count, "clear")


def standings(facts: Iterable[Event], config: Config, run: str) -> dict[str, Record]:
    """Key -> how a debtor stands under a frequency rule in a scope, without `revision`; at the latest counted fact.

    A scope whose latest counted fact is judged by no version of the rule has no standing.
    """
    conduct = conduct_of(config)
    found: dict[str, Record] = {}
    for debtor, person in persons_of(facts, config).items():
        for contact in filter(is_contact, person.facts):
            for rule in conduct.at(site_of(contact)):
                at_ms = contact["occurred_at"]
                lives_in = person.zone_at(at_ms, contact)[0]
                if rule.kind != "frequency" or not rule.judges(lives_in, at_ms) or not counts(rule, person, contact):
                    continue
                scope = scope_of(rule, contact)
                assert scope is not None
                later = [
                    fact
                    for fact in person.facts
                    if in_order(fact) > in_order(contact)
                    and scope_of(rule, fact) == scope
                    and counts(rule, person, fact)
                ]
                if not later:
                    case, number = scope
                    key = f"S|{debtor}|{rule.rule}|{case or number or ''}"
                    found[key] = standing(rule, person, scope, contact) | {"debtor": debtor, "run": run}
    return found


def standing(rule: Rule, person: Person, scope: Scope, contact: Event) -> Record:
    count, limit = len(counted_in(rule, person, contact)), rule.says["limit"]
    credit = own_credit(contact)
    return {
        "record": "standing",
        "rule": rule.rule,
        "case": scope[0],
        "number": scope[1],
        "state": state_of(count, limit),
        "count": count,
        "limit": limit,
        "headroom": max(0, limit - count),
        "at": utc(contact["occurred_at"]),
        "clears_at": clears_at(rule, person, contact, scope),
        "agent": credit.agent,
        "team": credit.team,
        "site": site_of(contact),
    }


def clears_at(rule: Rule, person: Person, contact: Event, scope: Scope) -> str | None:
    """The first instant after the latest counted fact at which the state is lower; None for clear."""
    counted = [fact for fact in person.facts if scope_of(rule, fact) == scope and counts(rule, person, fact)]
    limit = rule.says["limit"]

    def rank(at_ms: int) -> int:
        start_ms, beyond_ms = window_of(rule, person.zone_at(at_ms, contact)[0], at_ms)
        count = len([fact for fact in counted if start_ms <= fact["occurred_at"] < beyond_ms])
        return STATES.index(state_of(count, limit))

    now = rank(contact["occurred_at"])
    if now == 0:
        return None
    later = sorted(at_ms for at_ms in turns(rule, person, contact, counted) if at_ms > contact["occurred_at"])
    return next(utc(at_ms) for at_ms in later if rank(at_ms) < now)


def turns(rule: Rule, person: Person, contact: Event, counted: list[Event]) -> Iterator[int]:
    """Every instant at which a window may lose a fact: its length after each; midnights, and moves of the debtor."""
    days = rule.says["window"]["days"]
    yield from (fact["occurred_at"] + days * DAY_MS for fact in counted)
    told = {event.get("debtor_zone") for event in person.all("case")} & zone_names()
    for zone_name in {person.config.site(site_of(contact)).zone, *(str(name) for name in told)}:
        first = local_date(zone_name, contact["occurred_at"])
        for day in (first + timedelta(days=n) for n in range(-1, days + 4)):
            yield from edges_of_day(zone_name, day, (0,))
    yield from (event["occurred_at"] for event in person.all("case"))
