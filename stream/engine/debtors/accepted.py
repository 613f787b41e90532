"""What the counters of payments, complaints and corrections count: facts as they are accepted, by the team that is
credited then. Later facts may credit another team; a counter does not fall."""

from __future__ import annotations

from typing import NamedTuple

from stream.facts.fact import Complaint, Fact, Payment
from stream.ledger.difference import Difference
from stream.ledger.judge import Verdict
from stream.windows.measures import UNASSIGNED

Counts = dict["CountedFact", int]


class CountedFact(NamedTuple):
    """What is counted: `payments`, `recovered_minor` (of a currency), `complaints` or `corrections`."""

    what: str
    site: str
    team: str
    currency: str = ""


class AcceptedFacts:
    """Counts since the last `take`. Calls and promises say their own team: who commits them counts them."""

    def __init__(self) -> None:
        self._counts: Counts = {}

    def linked(self, fact: Fact, change: Difference) -> None:
        """A new fact, and what it changed."""
        kind = type(fact)
        if kind is Payment:
            self._count(fact, _credited(change, "payments") or fact.team_id or UNASSIGNED)
        elif kind is Complaint:
            self._count(fact, _credited(change, "complaints") or fact.team_id or UNASSIGNED)

    def replaced(self, fact: Fact, verdict: Verdict) -> None:
        """A fact took the place of one that was known. The same content said in another way corrects nothing."""
        if verdict.kind != "duplicate":
            self._add(CountedFact("corrections", fact.site_id or "", fact.team_id or UNASSIGNED), 1)

    def _count(self, fact: Fact, team: str) -> None:
        if fact.void:
            return
        site = fact.site_id or ""
        if isinstance(fact, Payment):
            self._add(CountedFact("payments", site, team), 1)
            self._add(CountedFact("recovered_minor", site, team, fact.currency), fact.amount_minor)
        elif isinstance(fact, Complaint):
            self._add(CountedFact("complaints", site, team), 1)

    def _add(self, what: CountedFact, amount: int) -> None:
        self._counts[what] = self._counts.get(what, 0) + amount

    def take(self) -> Counts:
        """What was counted; counting goes on from 0."""
        counts, self._counts = self._counts, {}
        return counts


def _credited(change: Difference, column: str) -> str:
    """The team that got most of a column; "" where nobody got any."""
    most, team = 0, ""
    for (credit, name, _), amount in change.items():
        if name == column and amount > most:
            most, team = amount, credit.team
    return team
