"""Contributions of a fact that depend on nothing but itself (definitions 3)."""

from __future__ import annotations

from stream.facts.fact import Call, Fact
from stream.ledger.calls import counted_ms
from stream.ledger.columns import Columns
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import Definitions
from stream.ledger.kinds import KINDS

_COLUMNS = {letter: kind.columns for letter, kind in KINDS.items()}


def own_columns(fact: Fact, definitions: Definitions) -> Columns:
    """What a fact adds at `own_instant_ms`, for its own agent, team and site, queue and segment.

    Both are empty for types whose contributions are all linked to other facts, and for a fact that is void.
    """
    return ((), ()) if fact.void else _COLUMNS[fact.LETTER](fact, definitions)


def own_instant_ms(fact: Fact, definitions: Definitions) -> int:
    """The instant of what a fact adds by itself: its `occurred_at`, but for a call that counts at its end."""
    return counted_ms(fact, definitions) if isinstance(fact, Call) else fact.occurred_at


def emit_own(fact: Fact, definitions: Definitions, emit: Emit) -> None:
    """Emits what `own_columns` says."""
    ones, amounts = own_columns(fact, definitions)
    if not ones:
        return
    credit, at_ms = own_credit(fact), own_instant_ms(fact, definitions)
    for name in ones:
        emit(credit, name, at_ms, 1, fact)
    for name, amount in amounts:
        emit(credit, name, at_ms, amount, fact)
