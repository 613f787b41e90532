"""Contributions of whole keys, added up in the shortest panes that some window needs (replay without rules)."""

from collections.abc import Iterable
from itertools import pairwise

from stream.facts.fact import AgentState, Case, Complaint, Fact, LegalStep, Payment, PaymentReversal, Promise
from stream.ledger.contribution import Credit, own_credit
from stream.ledger.definitions import Definitions
from stream.ledger.fold import emit_linked
from stream.ledger.links import Links
from stream.ledger.own import own_columns
from stream.ledger.states import pieces, span
from stream.windows.calendar import local_midnight_ms
from stream.windows.measures import UNASSIGNED
from stream.windows.plan import WindowPlan
from stream.windows.sums import Sums

_LINKED = frozenset((Payment, PaymentReversal, Promise, Complaint, Case, LegalStep))
"""Types without which nothing of a key depends on more than one fact; what depends on states aside."""

Panes = dict[int, Sums]
"""Number of a pane (instant // its length) -> sums."""


def cases_of(links: Links) -> set[str | None]:
    """Every case that facts of a key name; None for what has no case."""
    return {None, *links.cases, *(reversal.case_id for each in links.reversals.values() for reversal in each)}


def spans(facts: Iterable[Fact]) -> Iterable[tuple[AgentState, AgentState]]:
    """Each of an agent's states with the one that follows it."""
    states = (fact for fact in facts if isinstance(fact, AgentState))
    return pairwise(sorted(states, key=lambda state: (state.occurred_at, state.event_id)))


class Cells:
    """Sums by credit, pane and column."""

    def __init__(self, definitions: Definitions, plan: WindowPlan) -> None:
        self._definitions = definitions
        self._plan = plan
        self._pane_ms = plan.grain_ms
        # What was added to whole combinations of columns alike: a call counts 1 in six, and there are few combinations.
        self._counts: dict[tuple[str, str, str, int, tuple[str, ...]], int] = {}
        self._sums: dict[tuple[str, str, str, int], Sums] = {}

    def fold(self, facts: Iterable[Fact]) -> None:
        """Adds all that the facts of one key contribute."""
        counts, pane_ms, definitions = self._counts, self._pane_ms, self._definitions
        kinds = set()
        for fact in facts:
            kinds.add(type(fact))
            ones, amounts = own_columns(fact, definitions)
            if ones:
                team, agent = fact.team_id or UNASSIGNED, fact.agent_id or UNASSIGNED
                pane = fact.occurred_at // pane_ms
                at = (fact.site_id, team, agent, pane, ones)
                counts[at] = counts.get(at, 0) + 1  # type: ignore[arg-type,index]  # a fact has a site
                if amounts:
                    sums = self._cell(fact.site_id or "", team, agent, pane)
                    for name, amount in amounts:
                        sums[name] = sums.get(name, 0) + amount
        if not _LINKED.isdisjoint(kinds):
            links = Links(facts)
            emit_linked(links, cases_of(links), definitions, self._midnight_ms, self)
        if AgentState in kinds:
            self._fold_states(facts)

    def __call__(self, credit: Credit, column: str, instant_ms: int, amount: int, *_because: Fact) -> None:
        """Takes one contribution (the `Emit` protocol)."""
        sums = self._cell(*credit, instant_ms // self._pane_ms)
        sums[column] = sums.get(column, 0) + amount

    def take(self) -> dict[tuple[str, str, str], Panes]:
        """Credit -> panes; the cells are empty afterwards."""
        found: dict[tuple[str, str, str], Panes] = {}
        for (site, team, agent, pane), sums in self._sums.items():
            found.setdefault((site, team, agent), {})[pane] = sums
        for (site, team, agent, pane, names), amount in self._counts.items():
            panes = found.setdefault((site, team, agent), {})
            held = panes.get(pane)
            if held is None:
                panes[pane] = dict.fromkeys(names, amount)
            else:
                for name in names:
                    held[name] = held.get(name, 0) + amount
        self._counts, self._sums = {}, {}
        return found

    def _cell(self, site: str, team: str, agent: str, pane: int) -> Sums:
        at = (site, team, agent, pane)
        sums = self._sums.get(at)
        if sums is None:
            sums = self._sums[at] = {}
        return sums

    def _fold_states(self, facts: Iterable[Fact]) -> None:
        counts, pane_ms = self._counts, self._pane_ms
        for state, following in spans(facts):
            columns, end_ms = span(state, following)
            if columns:
                credit = own_credit(state)
                for start_ms, length_ms in pieces(state.occurred_at, end_ms, pane_ms):
                    at = (*credit, start_ms // pane_ms, columns)
                    counts[at] = counts.get(at, 0) + length_ms

    def _midnight_ms(self, site: str, day: str, days: int) -> int:
        return local_midnight_ms(self._plan.clock(site).zone, day, days)
