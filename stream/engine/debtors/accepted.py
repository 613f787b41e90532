"""What the counters of payments, complaints and corrections count: facts as they are accepted, by the team that is
credited then. Later facts may credit another team; a counter does not fall."""

from __future__ import annotations

from typing import NamedTuple

from stream.facts.fact import Complaint, Fact, Payment
from stream.ledger.difference import Difference
from stream.windows.measures import UNASSIGNED

Counts = dict["Counted", int]


class Counted(NamedTuple):
    """What is counted: `payments`, `recovered_minor` (of a currency), `complaints` or `corrections`."""

    what: str
    site: str
    team: str
    currency: str = ""


class AcceptedFacts:
    """Counts since the last `take`. Calls and promises say their own team: who commits them counts them."""

    def __init__(self) -> None:
        self._counts: Counts = {}

    def alone(self, fact: Fact) -> None:
        """A new fact that contributes nothing by itself and is linked to no other."""
        self._count(fact, fact.team_id or UNASSIGNED)

    def linked(self, fact: Fact, change: Difference) -> None:
        """A new fact, and what it changed."""
        kind = type(fact)
        if kind is Payment:
            self._count(fact, _credited(change, "payments") or fact.team_id or UNASSIGNED)
        elif kind is Complaint:
            self._count(fact, _credited(change, "complaints") or fact.team_id or UNASSIGNED)

    def corrected(self, fact: Fact) -> None:
        """A fact that was known has another content from now on; `fact` is what counts."""
        self._add(Counted("corrections", fact.site_id or "", fact.team_id or UNASSIGNED), 1)

    def _count(self, fact: Fact, team: str) -> None:
        if fact.void:
            return
        site = fact.site_id or ""
        if isinstance(fact, Payment):
            self._add(Counted("payments", site, team), 1)
            self._add(Counted("recovered_minor", site, team, fact.currency), fact.amount_minor)
        elif isinstance(fact, Complaint):
            self._add(Counted("complaints", site, team), 1)

    def _add(self, what: Counted, amount: int) -> None:
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
