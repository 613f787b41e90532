"""How near a debtor is to the limit of each frequency rule, and its record on `collections.conduct.v1` (conduct 4)."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from stream.conduct.contact import Contact
from stream.conduct.history import History, scope_of
from stream.conduct.judging import Counted, Moment, is_judged, window_of
from stream.conduct.local_time import local_day, midnight_ms
from stream.conduct.rule import DAY_MS, ConductRule, Frequency
from stream.facts.instant import instant_text
from stream.ledger.contribution import Credit, own_credit

State = Literal["clear", "near", "reached", "breached"]


class ConductStanding(Struct, frozen=True, gc=False):
    """Where one debtor stands with one rule in one scope, at the time of the latest contact that was counted.

    `clears_at_ms`: the first instant at which, without new facts, the state is lower; None where it is clear.
    """

    rule: str
    debtor: str
    case: str | None
    number: str | None
    state: State
    count: int
    limit: int
    at_ms: int
    clears_at_ms: int | None
    credit: Credit

    @property
    def key(self) -> str:
        """The record's key."""
        return f"S|{self.debtor}|{self.rule}|{self.case or self.number or ''}"

    def record(self, run: str, revision: int) -> dict[str, Any]:
        """The record's value."""
        return {
            "record": "standing",
            "rule": self.rule,
            "debtor": self.debtor,
            "case": self.case,
            "number": self.number,
            "state": self.state,
            "count": self.count,
            "limit": self.limit,
            "headroom": max(0, self.limit - self.count),
            "at": instant_text(self.at_ms),
            "clears_at": None if self.clears_at_ms is None else instant_text(self.clears_at_ms),
            "agent": self.credit.agent,
            "team": self.credit.team,
            "site": self.credit.site,
            "revision": revision,
            "run": run,
        }


def gone(standing: ConductStanding) -> ConductStanding:
    """What a standing becomes where nothing is counted any more, or the rule is gone."""
    return replace(standing, state="clear", count=0, clears_at_ms=None)


def standings(history: History) -> list[ConductStanding]:
    """The standing with each rule in each scope in which the latest counted contact is judged by it, in the order of
    (rule, case, number). What is not listed has none."""
    found: list[ConductStanding] = []
    for rule in history.rulebook.rules:
        if isinstance(rule.parameters, Frequency):
            for contacts in history.counted(rule.parameters).values():
                standing = standing_of(history, rule, contacts[-1])
                if standing is not None:
                    found.append(standing)
    return sorted(found, key=lambda each: (each.rule, each.case or "", each.number or ""))


def standing_of(history: History, rule: ConductRule, latest: Contact) -> ConductStanding | None:
    """The standing at a counted contact, by the rules of its site; None where it is not judged by this rule."""
    of = rule.parameters
    assert isinstance(of, Frequency)
    moment = Moment(history, latest)
    if rule not in history.rulebook.at(latest.site) or not is_judged(rule, moment.zone, moment.at_ms):
        return None
    assert latest.fact is not None
    counted = window_of(history, of, moment)
    scope = scope_of(latest, of.per)
    state = state_of(counted.count, of.limit)
    return ConductStanding(
        rule.name, history.debtor, scope if of.per == "case" else None, scope if of.per == "number" else None,
        state, counted.count, of.limit, moment.at_ms,
        None if state == "clear" else _clears_at_ms(history, of, moment, counted, state), own_credit(latest.fact),
    )  # fmt: skip


def state_of(count: int, limit: int) -> State:
    """How near a count is to a limit."""
    if count > limit:
        return "breached"
    if count == limit:
        return "reached"
    return "near" if count == limit - 1 else "clear"


def _clears_at_ms(history: History, of: Frequency, moment: Moment, counted: Counted, state: State) -> int:
    """When so many of the counted contacts have left the window that the state is lower.

    A debtor who is known to move by then ends local days in the zone where he lives then.
    """
    greatest = of.limit - {"breached": 0, "reached": 1, "near": 2}[state]
    last_to_leave = counted.contacts[counted.end - 1 - greatest]
    start_ms, zone = moment.at_ms, moment.zone
    while True:
        clears_ms = max(start_ms, leaves_ms(of, zone, last_to_leave))
        moves_ms = history.next_zone_ms(start_ms) if of.local else None
        if moves_ms is None or clears_ms < moves_ms:
            return clears_ms
        start_ms = moves_ms
        zone, _ = history.zone_at(moment.contact.case, start_ms, moment.contact.site)


def leaves_ms(of: Frequency, zone: str, contact: Contact) -> int:
    """The first instant at which a contact is no longer in the window of a rule."""
    if of.local:
        return midnight_ms(zone, local_day(zone, contact.at_ms), of.days)
    return contact.at_ms + of.days * DAY_MS
