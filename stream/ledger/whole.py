"""The whole fold of a key at once: the definition that the differences of the debtor stage must add up to."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from stream.facts.fact import AgentState, Fact
from stream.ledger.contribution import Emit
from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.definitions import Definitions
from stream.ledger.fold import emit_linked
from stream.ledger.kinds import MidnightMs
from stream.ledger.own import emit_own
from stream.ledger.states import Bounds, emit_span
from stream.ledger.store.held_facts import FactList
from stream.windows.shifts import Shifts


def emit_whole(
    facts: Iterable[Fact],
    definitions: Definitions,
    shifts: Shifts,
    midnight_ms: MidnightMs,
    grain_ms: int,
    emit: Emit,
) -> None:
    """Emits every contribution of the facts of one key, each with the facts that decided it."""
    counting = [fact for fact in facts if not fact.void]
    for fact in counting:
        emit_own(fact, definitions, emit)
    index = DebtorIndex(FactList(counting), definitions, midnight_ms, reasons=True)
    index.take_in_all()
    emit_linked(index, emit)
    bounds = Bounds(definitions, shifts)
    for state, following in state_spans(counting):
        emit_span(state, following, bounds, grain_ms, emit)


def state_spans(facts: Iterable[Fact]) -> Iterable[tuple[AgentState, AgentState | None]]:
    """The agent states among the facts in the order of time, each with the one that follows it; None after the last."""
    states = [fact for fact in facts if isinstance(fact, AgentState)]
    states.sort(key=lambda state: (state.occurred_at, state.event_id))
    return zip_longest(states, states[1:])
