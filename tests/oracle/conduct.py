"""Breaches of the conduct rules: their records and what they count (conduct, sections 3 and 7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.oracle.calendar import zone
from tests.oracle.conduct_kinds import breaches, counted_in, overdue_at
from tests.oracle.conduct_person import Person, Scope, is_contact, person_of, scope_of
from tests.oracle.conduct_rules import Conduct, Rule, conduct_of
from tests.oracle.config import Config
from tests.oracle.contribution import Contribution, Credit, own_credit, site_of
from tests.oracle.deadlines import complaint_credit
from tests.oracle.debtor import Debtor
from tests.oracle.identity import own_id, utc
from tests.oracle.reading import Event

Record = dict[str, Any]
MOST_IDS = 20


@dataclass(frozen=True)
class Breach:
    """One finding: which rule, in which scope, by which fact of which debtor, at which instant, credited to whom."""

    rule: Rule
    person: Person
    scope: Scope
    fact: Event
    at_ms: int
    credit: Credit

    def order(self) -> tuple[int, str, str, str, str, str, str]:
        """The order of conduct.jsonl."""
        case, number = self.scope
        whose = self.fact["debtor_id"]
        return self.at_ms, self.rule.rule, whose, case or "", number or "", self.fact["type"], own_id(self.fact)

    def record(self, run: str) -> Record:
        lives_in, assumed = self.person.zone_at(self.at_ms, self.fact)
        counted = counted_in(self.rule, self.person, self.fact) if self.rule.kind == "frequency" else None
        return {
            "record": "breach",
            "rule": self.rule.rule,
            "pack": self.rule.pack,
            "site": site_of(self.fact),
            "debtor": self.fact["debtor_id"],
            "case": self.scope[0],
            "number": self.scope[1],
            "fact": {"type": self.fact["type"], "id": own_id(self.fact)},
            "at": utc(self.at_ms),
            "count": None if counted is None else len(counted),
            "limit": None if counted is None else self.rule.says["limit"],
            "counted": None if counted is None else [own_id(fact) for fact in counted][-MOST_IDS:],
            "local_time": clock(lives_in, self.at_ms),
            "zone": lives_in,
            "zone_assumed": assumed,
            "agent": self.credit.agent,
            "team": self.credit.team,
            "withdrawn": False,
            "revision": 1,
            "run": run,
        }

    def contribution(self) -> Contribution:
        fact = self.fact
        queue = fact.get("queue_id") if fact["type"] == "call" else None
        segment = fact.get("segment_id")
        return Contribution(
            site_of(fact), self.credit, "conduct_breaches", None, self.at_ms, 1, queue=queue, segment=segment
        )


def clock(zone_name: str, at_ms: int) -> str:
    """The time of day there, cut to seconds."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone(zone_name)).strftime("%H:%M:%S")


def persons_of(facts: Iterable[Event], config: Config) -> dict[str, Person]:
    """Every debtor by name."""
    told: dict[str, list[Event]] = defaultdict(list)
    for fact in facts:
        if "debtor_id" in fact:
            told[fact["debtor_id"]].append(fact)
    return {debtor: person_of(of_debtor, config) for debtor, of_debtor in told.items()}


def breaches_of_contacts(person: Person, conduct: Conduct) -> Iterator[Breach]:
    """A contact is judged by the rules of its own site."""
    for contact in filter(is_contact, person.facts):
        for rule in conduct.at(site_of(contact)):
            if breaches(rule, person, contact):
                scope = scope_of(rule, contact)
                assert scope is not None
                yield Breach(rule, person, scope, contact, contact["occurred_at"], own_credit(contact))


def breaches_of_complaints(person: Person, conduct: Conduct) -> Iterator[Breach]:
    for complaint in person.all("complaint"):
        for rule in conduct.at(site_of(complaint)):
            at_ms = overdue_at(rule, person, complaint) if rule.kind == "deadline" else None
            if at_ms is not None:
                credit = complaint_credit(complaint, Debtor(person.told))
                yield Breach(rule, person, (None, None), complaint, at_ms, credit)


def breaches_of(facts: Iterable[Event], config: Config) -> list[Breach]:
    """Every breach of these facts (one per identity), in the order of conduct.jsonl."""
    conduct = conduct_of(config)
    found: list[Breach] = []
    for person in persons_of(facts, config).values():
        found += breaches_of_contacts(person, conduct)
        found += breaches_of_complaints(person, conduct)
    return sorted(found, key=Breach.order)


def conduct_records(facts: Iterable[Event], config: Config, run: str, as_of_ms: int | None = None) -> list[Record]:
    """conduct.jsonl as of an instant (None: of the end of all time)."""
    found = breaches_of(facts, config)
    return [breach.record(run) for breach in found if as_of_ms is None or breach.at_ms < as_of_ms]


def conduct_contributions(facts: Iterable[Event], config: Config) -> list[Contribution]:
    return [breach.contribution() for breach in breaches_of(facts, config)]
