"""Contributions of whole keys, added up by entity and pane, for a replay that folds each key at once."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

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
from stream.ledger.whole import state_spans
from stream.windows.calendar import day_begins
from stream.windows.measures import UNASSIGNED
from stream.windows.plan import WindowPlan
from stream.windows.shifts import Shifts
from stream.windows.sums import Sums

_LINKED = frozenset(kind.struct for kind in KINDS.values() if kind.begins)
"""Types of linked facts: without them only agent states make contributions depend on more than one fact."""

_STATES = {AgentState}

AgentPane = tuple[str, str, str, int]
"""Site, team and agent, and the pane (instant // its length)."""

Owner = tuple[str, str, str]
"""Site, level and id of a queue or a segment."""

Panes = dict[int, Sums]
"""Pane (instant // its length) -> sums."""


Later = tuple[bool, tuple[str, str, str], int, tuple[str, ...], int, int]
"""What counts at the cut or after it: whether it is an agent's, whose it is ((site, team, agent), or an `Owner`), the
instant, the columns, the amount and 0; for a span of time that begins at the instant, 0 and its length in ms."""


def _owners(credit: Credit) -> Iterator[Owner]:
    """The queue and the segment of a credit."""
    if credit.queue is not None:
        yield credit.site, "queue", credit.queue
    if credit.segment is not None:
        yield credit.site, "segment", credit.segment


class PaneSums:
    """Sums by entity, pane and column of what counts before `cut_ms`, where the replay ends.

    What counts later is kept one by one: another group may know of a later event, so that it counts after all. Panes
    are long, and the end of a replay may lie within one.
    """

    def __init__(self, definitions: Definitions, plan: WindowPlan, cut_ms: int = NO_END_MS) -> None:
        self._cut_ms = cut_ms
        self._later: list[Later] = []
        self._definitions = definitions
        self._midnight_ms = day_begins(plan)
        self._bounds = Bounds(definitions, Shifts(plan))
        self._pane_ms = plan.grain_ms
        # Combinations of columns that get 1 each, counted at the end: a call counts in six, and combinations are few.
        self._ones: dict[AgentPane, list[tuple[str, ...]]] = {}
        self._spans: dict[tuple[str, str, str, int, tuple[str, ...]], int] = {}
        self._sums: dict[AgentPane, Sums] = {}
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
            index = DebtorIndex(FactList(facts), self._definitions, self._midnight_ms)
            index.take_in_all()
            emit_linked(index, self)
        if AgentState in kinds:
            self._fold_states(facts)

    def _fold_own(self, facts: Collection[Fact]) -> None:
        ones_of, pane_ms, definitions = self._ones, self._pane_ms, self._definitions
        for fact in facts:
            ones, amounts = own_columns(fact, definitions)
            if ones:
                at_ms = own_instant_ms(fact, definitions)
                if at_ms >= self._cut_ms:
                    for name, amount in (*((name, 1) for name in ones), *amounts):
                        self(own_credit(fact), name, at_ms, amount)
                    continue
                pane = at_ms // pane_ms
                place = (fact.site_id or "", fact.team_id or UNASSIGNED, fact.agent_id or UNASSIGNED, pane)
                held = ones_of.get(place)
                if held is None:
                    ones_of[place] = [ones]
                else:
                    held.append(ones)
                if amounts:
                    sums = self._sums_of(place)
                    for name, amount in amounts:
                        sums[name] = sums.get(name, 0) + amount
                if fact.segment_id is not None or queue_of(fact) is not None:
                    for sums in self._sums_of_owners(own_credit(fact), pane):
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
        sums = self._sums_of((site, team, agent, pane))
        sums[column] = sums.get(column, 0) + amount
        if queue is not None or segment is not None:
            for other in self._sums_of_owners(credit, pane):
                other[column] = other.get(column, 0) + amount

    def take_later(self) -> list[Later]:
        """What counts at `cut_ms` or after it, in no particular order; kept no more afterwards."""
        found, self._later = self._later, []
        return found

    def take_others(self) -> dict[Owner, Panes]:
        """The panes of queues and segments, which are empty afterwards."""
        found, self._others = self._others, {}
        return found

    def take(self) -> dict[tuple[str, str, str], Panes]:
        """The panes by (site, team, agent), which are empty afterwards."""
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

    def _sums_of_owners(self, credit: Credit, pane: int) -> Iterator[Sums]:
        """The sums in a pane of the queue and the segment of a credit, as far as it has them."""
        for owner in _owners(credit):
            yield self._others.setdefault(owner, {}).setdefault(pane, {})

    def _sums_of(self, place: AgentPane) -> Sums:
        sums = self._sums.get(place)
        if sums is None:
            sums = self._sums[place] = {}
        return sums

    def _fold_states(self, facts: Iterable[Fact]) -> None:
        spans_ms, pane_ms = self._spans, self._pane_ms
        for state, following in state_spans(facts):
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
