"""Contributions of whole keys, added up in the shortest panes that some window needs (replay without rules)."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest

from stream.engine.entities.publication import NO_END_MS
from stream.facts.fact import AgentState, Fact
from stream.ledger.contribution import Credit, own_credit, queue_of
from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.definitions import Definitions
from stream.ledger.fold import emit_linked
from stream.ledger.kinds import KINDS
from stream.ledger.own import own_columns, own_instant_ms
from stream.ledger.states import Bounds, columns_of, pieces, span_end_ms
from stream.ledger.store.held_facts import FactList
from stream.windows.calendar import local_midnight_ms
from stream.windows.measures import UNASSIGNED
from stream.windows.plan import WindowPlan
from stream.windows.shifts import Shifts
from stream.windows.sums import Sums

_LINKED = frozenset(kind.struct for kind in KINDS.values() if kind.begins)
"""Types without which nothing of a key depends on more than one fact; what depends on states aside."""

_STATES = {AgentState}

Cell = tuple[str, str, str, int]
"""Site, team, agent and number of a pane."""

Owner = tuple[str, str, str]
"""Site, level and id of a queue or a segment."""

Panes = dict[int, Sums]
"""Number of a pane (instant // its length) -> sums."""


def spans(facts: Iterable[Fact]) -> Iterable[tuple[AgentState, AgentState | None]]:
    """Each of an agent's states with the one that follows it."""
    states = [fact for fact in facts if isinstance(fact, AgentState)]
    states.sort(key=lambda state: (state.occurred_at, state.event_id))
    return zip_longest(states, states[1:])


Later = tuple[bool, tuple[str, str, str], int, tuple[str, ...], int, int]
"""What counts behind the cut: whether it is a person's, whose it is (site, team and agent; or an `Owner`), when, the
columns, and the amount; or for a stretch of time that begins then, 0 and its length in ms."""


def _owners(credit: Credit) -> Iterator[Owner]:
    """The queue and the segment of a credit."""
    if credit.queue is not None:
        yield credit.site, "queue", credit.queue
    if credit.segment is not None:
        yield credit.site, "segment", credit.segment


class PaneSums:
    """Sums by credit, pane and column, of what counts before `cut_ms`; what counts later is kept one by one.

    Panes are long, and an end of the replay may lie within one.
    """

    def __init__(self, definitions: Definitions, plan: WindowPlan, cut_ms: int = NO_END_MS) -> None:
        self._cut_ms = cut_ms
        self._later: list[Later] = []
        self._definitions = definitions
        self._plan = plan
        self._bounds = Bounds(definitions, Shifts(plan))
        self._pane_ms = plan.grain_ms
        # Whole combinations of columns, counted at the end: a call counts 1 in six, and there are few combinations.
        self._ones: dict[Cell, list[tuple[str, ...]]] = {}
        self._spans: dict[tuple[str, str, str, int, tuple[str, ...]], int] = {}
        self._sums: dict[Cell, Sums] = {}
        self._others: dict[Owner, Panes] = {}

    def fold(self, facts: Collection[Fact]) -> None:
        """Adds all that the facts of one key contribute."""
        facts = [fact for fact in facts if not fact.void]
        kinds = {type(fact) for fact in facts}
        if kinds == _STATES:
            self._fold_states(facts)
            return
        self._fold_own(facts)
        if not _LINKED.isdisjoint(kinds):
            links = DebtorIndex(FactList(facts), self._definitions, self._midnight_ms)
            links.take_in_all()
            emit_linked(links, self)
        if AgentState in kinds:
            self._fold_states(facts)

    def _fold_own(self, facts: Collection[Fact]) -> None:
        cells, pane_ms, definitions = self._ones, self._pane_ms, self._definitions
        for fact in facts:
            ones, amounts = own_columns(fact, definitions)
            if ones:
                at_ms = own_instant_ms(fact, definitions)
                if at_ms >= self._cut_ms:
                    for name, amount in (*((name, 1) for name in ones), *amounts):
                        self(own_credit(fact), name, at_ms, amount)
                    continue
                pane = at_ms // pane_ms
                cell = (fact.site_id or "", fact.team_id or UNASSIGNED, fact.agent_id or UNASSIGNED, pane)
                held = cells.get(cell)
                if held is None:
                    cells[cell] = [ones]
                else:
                    held.append(ones)
                if amounts:
                    sums = self._cell(cell)
                    for name, amount in amounts:
                        sums[name] = sums.get(name, 0) + amount
                if fact.segment_id is not None or queue_of(fact) is not None:
                    for sums in self._beside(own_credit(fact), pane):
                        for name in ones:
                            sums[name] = sums.get(name, 0) + 1
                        for name, amount in amounts:
                            sums[name] = sums.get(name, 0) + amount

    def __call__(self, credit: Credit, column: str, instant_ms: int, amount: int, *_because: Fact) -> None:
        """Takes one contribution (the `Emit` protocol)."""
        site, team, agent, queue, segment = credit
        if instant_ms >= self._cut_ms:
            self._later.append((True, (site, team, agent), instant_ms, (column,), amount, 0))
            self._later += [(False, owner, instant_ms, (column,), amount, 0) for owner in _owners(credit)]
            return
        pane = instant_ms // self._pane_ms
        sums = self._cell((site, team, agent, pane))
        sums[column] = sums.get(column, 0) + amount
        if queue is not None or segment is not None:
            for other in self._beside(credit, pane):
                other[column] = other.get(column, 0) + amount

    def take_later(self) -> list[Later]:
        """What counts at `cut_ms` or after it, in no order."""
        found, self._later = self._later, []
        return found

    def take_others(self) -> dict[Owner, Panes]:
        """The panes of queues and segments, which have none afterwards."""
        found, self._others = self._others, {}
        return found

    def take(self) -> dict[tuple[str, str, str], Panes]:
        """(site, team, agent) -> panes; these cells are empty afterwards."""
        found: dict[tuple[str, str, str], Panes] = {}
        for (site, team, agent, pane), sums in self._sums.items():
            found.setdefault((site, team, agent), {})[pane] = sums
        for (site, team, agent, pane), combinations in self._ones.items():
            held = found.setdefault((site, team, agent), {}).setdefault(pane, {})
            for names, count in Counter(combinations).items():
                for name in names:
                    held[name] = held.get(name, 0) + count
        for (site, team, agent, pane, names), length_ms in self._spans.items():
            held = found.setdefault((site, team, agent), {}).setdefault(pane, {})
            for name in names:
                held[name] = held.get(name, 0) + length_ms
        self._ones, self._spans, self._sums = {}, {}, {}
        return found

    def _beside(self, credit: Credit, pane: int) -> Iterator[Sums]:
        """What the queue and the segment of a credit hold in a pane."""
        for owner in _owners(credit):
            yield self._others.setdefault(owner, {}).setdefault(pane, {})

    def _cell(self, cell: Cell) -> Sums:
        sums = self._sums.get(cell)
        if sums is None:
            sums = self._sums[cell] = {}
        return sums

    def _fold_states(self, facts: Iterable[Fact]) -> None:
        spans_ms, pane_ms = self._spans, self._pane_ms
        for state, following in spans(facts):
            columns = columns_of(state)
            if columns:
                start_ms, end_ms = state.occurred_at, span_end_ms(state, following, self._bounds)
                credit = state.site_id or "", state.team_id or UNASSIGNED, state.agent_id
                if end_ms > self._cut_ms:
                    later_ms = max(start_ms, self._cut_ms)
                    self._later.append((True, credit, later_ms, columns, 0, end_ms - later_ms))
                    end_ms = min(end_ms, self._cut_ms)
                    if start_ms >= end_ms:
                        continue
                within = end_ms <= (start_ms // pane_ms + 1) * pane_ms  # nearly always
                cut = ((start_ms, end_ms - start_ms),) if within else pieces(start_ms, end_ms, pane_ms)
                for at_ms, length_ms in cut:
                    at = (*credit, at_ms // pane_ms, columns)
                    spans_ms[at] = spans_ms.get(at, 0) + length_ms

    def _midnight_ms(self, site: str, day: str, days: int) -> int:
        return local_midnight_ms(self._plan.clock(site).zone, day, days)
