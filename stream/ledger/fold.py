"""The fold: all linked contributions of the cases of a key, from nothing but its facts."""

from __future__ import annotations

from collections.abc import Iterable

from stream.facts.fact import Call, Case, Fact
from stream.ledger.calls import reaches_debtor
from stream.ledger.cases import emit_case
from stream.ledger.complaints import emit_complaint
from stream.ledger.contribution import Emit
from stream.ledger.definitions import Definitions
from stream.ledger.legal import emit_legal
from stream.ledger.links import CaseFile, Links
from stream.ledger.payments import emit_money, emit_orphan
from stream.ledger.promises import MidnightMs
from stream.ledger.visits import emit_visited

EVERYTHING = frozenset({"deadlines", "money", "complaints", "visits", "legal"})
"""The parts of the fold."""

_TOUCHED: dict[str, frozenset[str]] = {
    "call": frozenset({"deadlines", "complaints"}),
    "message": frozenset({"deadlines"}),
    "visit": frozenset({"deadlines", "visits"}),
    "case": frozenset({"deadlines", "money", "complaints", "visits"}),
    "complaint": frozenset({"complaints"}),
    "legal_step": frozenset({"legal"}),
} | dict.fromkeys(("payment", "payment_reversal", "promise", "promise_cancelled"), frozenset({"money"}))


def parts_touched(fact: Fact) -> frozenset[str]:
    """The parts of the fold that may say something else when a fact comes or goes."""
    parts = _TOUCHED.get(fact.TYPE, frozenset())
    if isinstance(fact, Case) and fact.change == "assigned":
        return parts - {"deadlines"}
    return parts | {"money"} if isinstance(fact, Call) and reaches_debtor(fact) else parts


def emit_linked(
    links: Links,
    case_ids: Iterable[str | None],
    definitions: Definitions,
    midnight_ms: MidnightMs,
    emit: Emit,
    parts: frozenset[str] = EVERYTHING,
) -> None:
    """Emits every contribution of the given cases that depends on more than one fact; of the given parts of the fold.

    None stands for what has no case. What a fact contributes by itself is `own.emit_own`; the time between agents'
    states is `states.emit_span`.
    """
    wanted = set(case_ids)
    for case_id in wanted:
        case = links.cases.get(case_id)
        if case is not None:
            if "complaints" in parts:
                for complaint in case.complaints:
                    emit_complaint(complaint, links, definitions, emit)
            if case_id is not None:
                _emit_one(links, case_id, case, definitions, midnight_ms, emit, parts)
    if "money" in parts:
        _emit_orphans(links, wanted, emit)


def _emit_orphans(links: Links, wanted: set[str | None], emit: Emit) -> None:
    for payment_id, reversals in links.reversals.items():
        if payment_id not in links.payments:
            for reversal in reversals:
                if reversal.case_id in wanted:
                    emit_orphan(reversal, emit)


def _emit_one(
    links: Links,
    case_id: str,
    case: CaseFile,
    definitions: Definitions,
    midnight_ms: MidnightMs,
    emit: Emit,
    parts: frozenset[str],
) -> None:
    if case.events and "deadlines" in parts:
        emit_case(case, definitions, emit)
    if (case.promises or case.payments) and "money" in parts:
        emit_money(links, case_id, definitions, midnight_ms, emit)
    if case.visits and case.events and "visits" in parts:
        emit_visited(case, emit)
    if case.legal_steps and "legal" in parts:
        emit_legal(case.legal_steps, links, midnight_ms, emit)
