"""A debtor's facts, from raw events with defaults, under rules that are given by their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from stream.conduct.breach import Breach
from stream.conduct.breaches import breaches
from stream.conduct.headroom import Query, headroom
from stream.conduct.history import History
from stream.conduct.rule import ConductRule, Parameters
from stream.conduct.rulebook import Rulebook
from stream.conduct.standing import ConductStanding, standings
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_ms
from stream.ledger.contribution import nobody
from tests.worlds import events as e

ZONES = {"main": "America/Chicago", "two": "Europe/London"}


def own(of: Parameters, begins: str | None = None, ends: str | None = None, name: str = "own") -> ConductRule:
    """An own rule with these parameters; from the day `begins` on, before the day `ends`."""
    days = [None if day is None else date.fromisoformat(day) for day in (begins, ends)]
    return ConductRule(name, None, of, days[0], days[1])


def book(*rules: ConductRule | Parameters) -> Rulebook:
    """Rules for every site; parameters alone are an own rule."""
    return Rulebook(tuple(rule if isinstance(rule, ConductRule) else own(rule) for rule in rules), {}, ZONES)


def facts_of(raws: Sequence[e.Raw]) -> list[Fact]:
    found: list[Fact] = []
    for line in e.lines(raws):
        fact = decode(line)
        assert not isinstance(fact, Rejection), fact
        found.append(fact)
    return found


def history(rulebook: Rulebook | Parameters, raws: Sequence[e.Raw]) -> History:
    rulebook = rulebook if isinstance(rulebook, Rulebook) else book(rulebook)
    return History(rulebook, "d1", facts_of(raws))


def all_breaches(rulebook: Rulebook | Parameters, raws: Sequence[e.Raw]) -> list[Breach]:
    return breaches(history(rulebook, raws), nobody)


def found(rulebook: Rulebook | Parameters, raws: Sequence[e.Raw]) -> list[str]:
    """The own ids of the facts that are breaches, in order."""
    return [each.id for each in all_breaches(rulebook, raws)]


def all_standings(rulebook: Rulebook | Parameters, raws: Sequence[e.Raw]) -> list[ConductStanding]:
    return standings(history(rulebook, raws))


def asked(rulebook: Rulebook | Parameters, raws: Sequence[e.Raw], at: str, **more: Any) -> dict[str, Any]:
    return headroom(history(rulebook, raws), Query("d1", instant_ms(at), **more), None)


def dial(at: str, call_id: str, **fields: Any) -> e.Raw:
    """An outbound call on case c1 and number n1 that nobody answers."""
    return e.call(at, call_id, **({"outcome": "no_answer", "case_id": "c1", "number_id": "n1"} | fields))


def talk(at: str, call_id: str, **fields: Any) -> e.Raw:
    """An outbound conversation with the debtor."""
    return dial(at, call_id, **({"outcome": "human", "party": "right", "talk_ms": 60_000, "recorded": True} | fields))


def consent(start: str, until: str | None = None, **fields: Any) -> e.Raw:
    return limit("consent", start, until, **fields)


def limit(kind: str, start: str, until: str | None = None, **fields: Any) -> e.Raw:
    """A restriction in [start, until)."""
    base: dict[str, Any] = {"from": start, "until": until}
    name = str(fields.pop("restriction_id", f"r-{kind}"))
    return e.restriction("2020-01-01T00:00:00Z", name, kind, **(base | fields))


def lives(at: str, zone: str | None, event_id: str = "p", **fields: Any) -> e.Raw:
    """A case event that says where the debtor lives."""
    return e.case(at, "stage", event_id, **({"case_id": "c1", "debtor_zone": zone} | fields))
