"""Which new facts change nothing but their own counts: most do not, and need no look at the others of their debtor."""

from __future__ import annotations

from typing import cast

from stream.facts.fact import Call, Fact, Message
from stream.ledger.calls import is_attempt, reaches_debtor
from stream.ledger.kinds import KINDS
from stream.ledger.store import dossier as dossiers
from stream.ledger.store.dossier import Dossier

_ALONE: frozenset[type[Fact]] = frozenset(kind.struct for kind in KINDS.values() if kind.role == "alone")
"""Types that nothing else depends on."""


def stands_alone(fact: Fact, dossier: Dossier | None) -> bool:
    """Whether a new fact changes nothing but its own counts."""
    kind = type(fact)
    if dossier is None:
        return kind is Call or kind is Message or kind in _ALONE
    if kind is Call:
        if dossiers.is_calm(dossier):
            return True
        call = cast("Call", fact)
        human = call.outcome == "human"
        return not dossiers.call_matters(
            dossier, call.occurred_at, is_attempt(call), human, human and reaches_debtor(call)
        )
    if kind is Message:
        message = cast("Message", fact)
        return not dossiers.call_matters(dossier, message.occurred_at, message.direction == "outbound", False, False)
    return kind in _ALONE and not dossiers.always_matters(dossier)
