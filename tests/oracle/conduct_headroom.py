"""What a dialler is told before the dial (conduct, section 5): each rule asked about one supposed call.

`allowed_from` is found by asking again at every later instant at which an answer can change, in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.oracle.conduct import clock, persons_of
from tests.oracle.conduct_kinds import breaches, counted_in
from tests.oracle.conduct_moments import edges_of_day
from tests.oracle.conduct_person import ASKED, Person, Scope, person_of, zone_names
from tests.oracle.conduct_rules import Conduct, Rule, conduct_of
from tests.oracle.config import DAY_MS, Config, minutes_of_day
from tests.oracle.contribution import site_of
from tests.oracle.identity import utc
from tests.oracle.reading import Event

Record = dict[str, Any]
ASKABLE = ("frequency", "spacing", "hours", "quiet", "restricted")
REACH_MS = 60 * DAY_MS


@dataclass(frozen=True)
class Asked:
    """A question, with what it leaves open filled in as of its instant."""

    person: Person
    conduct: Conduct
    at_ms: int
    site: str
    case: str | None
    number: str | None
    cases: tuple[str, ...]
    numbers: tuple[str, ...]

    def rules(self) -> list[Rule]:
        return [rule for rule in self.conduct.at(self.site) if rule.kind in ASKABLE]

    def scopes(self, rule: Rule) -> list[Scope]:
        """The entries of a rule: (case, number), null where there is none."""
        if rule.kind in ("quiet", "restricted"):
            return [(case, number) for case in self.cases or (None,) for number in self.numbers or (None,)]
        if rule.per == "case":
            return [(case, None) for case in self.cases]
        if rule.per == "number":
            return [(None, number) for number in self.numbers]
        return [(None, None)]

    def call(self, rule: Rule | None, scope: Scope, at_ms: int) -> Event:
        """The supposed call: a human one with party right, recorded, and long enough; or one that nobody answers."""
        case, number = scope[0] or self.case, scope[1] or self.number
        unanswered = rule is not None and rule.says.get("counts") == "unanswered_attempts"
        return {
            "type": "call",
            "event_id": ASKED,
            "call_id": ASKED,
            ASKED: True,
            "occurred_at": at_ms,
            "direction": "outbound",
            "outcome": "no_answer" if unanswered else "human",
            "party": "right",
            "recorded": True,
            "effective_ms": 2**53,
            "site_id": self.site,
            **({} if case is None else {"case_id": case}),
            **({} if number is None else {"number_id": number}),
        }

    def listed(self, at_ms: int) -> list[tuple[Rule, Scope]]:
        """Rule and scope of every entry at an instant, sorted."""
        found = [
            (rule, scope)
            for rule in self.rules()
            for scope in self.scopes(rule)
            if rule.judges(self.person.zone_at(at_ms, self.call(rule, scope, at_ms))[0], at_ms)
        ]
        return sorted(found, key=lambda entry: (entry[0].rule, entry[1][0] or "", entry[1][1] or ""))

    def allows(self, rule: Rule, scope: Scope, at_ms: int) -> bool:
        call = self.call(rule, scope, at_ms)
        return not breaches(rule, self.person.with_call(call), call)

    def allows_all(self, at_ms: int) -> bool:
        return all(self.allows(rule, scope, at_ms) for rule, scope in self.listed(at_ms))

    def versions_allow(self, name: str, scope: Scope, at_ms: int) -> bool:
        """An entry at a later second, by whichever version of its rule is then in force."""
        return all(self.allows(rule, scope, at_ms) for rule in self.rules() if rule.rule == name)

    def count(self, rule: Rule, scope: Scope) -> int:
        """What is counted at the instant without the call."""
        call = self.call(rule, scope, self.at_ms)
        told = self.person.with_call(call)
        return len([fact for fact in counted_in(rule, told, call) if ASKED not in fact])

    def entry(self, rule: Rule, scope: Scope) -> Record:
        counted = self.count(rule, scope) if rule.kind == "frequency" else None
        limit = rule.says["limit"] if rule.kind == "frequency" else None
        allowed = self.allows(rule, scope, self.at_ms)
        return {
            "rule": rule.rule,
            "case": scope[0],
            "number": scope[1],
            "allowed": allowed,
            "count": counted,
            "limit": limit,
            "headroom": None if counted is None or limit is None else max(0, limit - counted),
            "allowed_from": self.first([allowed], lambda at_ms: self.versions_allow(rule.rule, scope, at_ms)),
        }

    def first(self, allowed_now: list[bool], allows: Any) -> str | None:
        """T where it allows at T, else the first whole second after T at which it does."""
        if all(allowed_now):
            return utc(self.at_ms)
        return next((utc(at_ms) for at_ms in self.instants() if allows(at_ms)), None)

    def instants(self) -> list[int]:
        """Every whole second after T and within 60 days at which an answer may be another than the second before."""
        changes = set(self.changes_by_facts()) | set(self.changes_by_clocks())
        seconds = {second for ms in changes for second in (-(-ms // 1000) * 1000, (ms // 1000 + 1) * 1000)}
        return sorted(at_ms for at_ms in seconds if self.at_ms < at_ms <= self.at_ms + REACH_MS)

    def changes_by_facts(self) -> Iterator[int]:
        """Facts, the ends of the windows and pauses that they begin, and the edges of restrictions."""
        spans = {0}
        for rule in self.rules():
            days = (rule.says.get("days"), rule.says["consent_days"], rule.says.get("window", {}).get("days"))
            spans |= {n * DAY_MS for n in days if n is not None}
        yield self.at_ms
        for fact in self.person.facts:
            for name in ("occurred_at", "from", "until"):
                if name in fact:
                    yield from (fact[name] + span for span in spans)

    def changes_by_clocks(self) -> Iterator[int]:
        """Midnights and the ends of hours, wherever the debtor may live, and clock changes there."""
        minutes = {0}
        for rule in self.rules():
            if rule.kind == "hours":
                minutes |= {minutes_of_day(rule.says["from"]), minutes_of_day(rule.says["until"]) % 1440}
        for wish in self.person.all("restriction"):
            minutes |= {minutes_of_day(text) for text in wish.get("hours", ())}
        told = {event.get("debtor_zone") for event in self.person.all("case")} & zone_names()
        first = datetime.fromtimestamp(self.at_ms // 1000, UTC).date() - timedelta(days=2)
        for zone_name in {self.person.config.site(self.site).zone, *(str(name) for name in told)}:
            for day in (first + timedelta(days=n) for n in range(REACH_MS // DAY_MS + 5)):
                yield from edges_of_day(zone_name, day, tuple(sorted(minutes)))


def latest(events: Iterable[Event]) -> Event | None:
    return max(events, key=lambda event: (event["occurred_at"], event["event_id"]), default=None)


def asked(
    facts: Iterable[Event],
    config: Config,
    debtor: str,
    at_ms: int,
    case: str | None = None,
    number: str | None = None,
    site: str | None = None,
) -> Asked:
    """The question with its site, cases and numbers, which are those as of T."""
    person = persons_of(facts, config).get(debtor, person_of([], config))
    told = [event for event in person.all("case") if event["occurred_at"] <= at_ms]
    last = latest(told)
    if site is None:
        site = "main" if last is None else site_of(last)
    names = sorted({event["case_id"] for event in told})
    ends = {name: latest(event for event in told if event["case_id"] == name) for name in names}
    still_open = [name for name, event in ends.items() if event is not None and event["change"] != "closed"]
    seen = {
        call["number_id"]
        for call in person.all("call")
        if "number_id" in call and at_ms - 7 * DAY_MS < call["occurred_at"] <= at_ms
    }
    cases = tuple(still_open) if case is None else (case,)
    numbers = tuple(sorted(seen)) if number is None else (number,)
    return Asked(person, conduct_of(config), at_ms, site, case, number, cases, numbers)


def headroom(question: Asked, debtor: str, known_until_ms: int | None) -> Record:
    """The answer; `known_until_ms` is the greatest `occurred_at` of the events read."""
    at_ms = question.at_ms
    rules = [question.entry(rule, scope) for rule, scope in question.listed(at_ms)]
    allowed = [bool(entry["allowed"]) for entry in rules]
    lives_in, assumed = question.person.zone_at(at_ms, question.call(None, (None, None), at_ms))
    return {
        "debtor": debtor,
        "at": utc(at_ms),
        "allowed": all(allowed),
        "allowed_from": question.first(allowed, question.allows_all),
        "known_until": None if known_until_ms is None else utc(known_until_ms),
        "local_time": clock(lives_in, at_ms),
        "zone": lives_in,
        "zone_assumed": assumed,
        "rules": rules,
    }
