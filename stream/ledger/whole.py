"""The whole fold of a key at once: the definition that the differences of stage 1 must add up to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from stream.facts.fact import AgentState, Fact
from stream.ledger.contribution import Emit
from stream.ledger.definitions import Definitions
from stream.ledger.fold import emit_linked
from stream.ledger.links import Links
from stream.ledger.own import emit_own
from stream.ledger.promises import MidnightMs
from stream.ledger.states import emit_span


def emit_whole(
    facts: Sequence[Fact], definitions: Definitions, midnight_ms: MidnightMs, grain_ms: int, emit: Emit
) -> None:
    """Emits every contribution of the facts of one key, each with the facts that decided it."""
    links = Links(facts)
    reversed_cases = {each.case_id for reversals in links.reversals.values() for each in reversals}
    for fact in facts:
        emit_own(fact, definitions, emit)
    emit_linked(links, {*links.cases, *reversed_cases}, definitions, midnight_ms, emit)
    states = [fact for fact in facts if isinstance(fact, AgentState)]
    states.sort(key=lambda state: (state.occurred_at, state.event_id))
    for state, following in pairwise(states):
        emit_span(state, following, grain_ms, emit)
