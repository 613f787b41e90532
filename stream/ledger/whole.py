"""The whole fold of a key at once: the definition that the differences of stage 1 must add up to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from stream.facts.fact import AgentState, Fact
from stream.ledger.contribution import Emit
from stream.ledger.definitions import Definitions
from stream.ledger.fold import emit_linked
from stream.ledger.held import Sheet
from stream.ledger.links import Links, MidnightMs
from stream.ledger.own import emit_own
from stream.ledger.states import emit_span


def emit_whole(
    facts: Sequence[Fact], definitions: Definitions, midnight_ms: MidnightMs, grain_ms: int, emit: Emit
) -> None:
    """Emits every contribution of the facts of one key, each with the facts that decided it."""
    for fact in facts:
        emit_own(fact, definitions, emit)
    links = Links(Sheet(list(facts)), definitions, midnight_ms, reasons=True)
    links.take_in_all()
    emit_linked(links, emit)
    states = [fact for fact in facts if isinstance(fact, AgentState)]
    states.sort(key=lambda state: (state.occurred_at, state.event_id))
    for state, following in pairwise(states):
        emit_span(state, following, grain_ms, emit)
