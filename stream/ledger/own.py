"""Contributions of a fact that depend on nothing but itself (semantics 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream.facts.fact import BotSession, Call, Fact, Message, Promise, QualityReview, Survey, Visit
from stream.ledger.calls import call_columns
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import Definitions
from stream.windows.measures import column

Columns = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]
"""Columns that get 1, and (column, amount) pairs."""


def own_columns(fact: Fact, definitions: Definitions) -> Columns:
    """What a fact adds at its `occurred_at`, for its own agent, team and site.

    Both are empty for types whose contributions are all
    linked to other facts.
    """
    found = _COLUMNS.get(fact.LETTER)
    return found(fact, definitions) if found is not None else ((), ())


def _promise(promise: Promise, _: Definitions) -> Columns:
    ones = ("promises", "plans") if len(promise.instalments) > 1 else ("promises",)
    promised_minor = sum(part.amount_minor for part in promise.instalments)
    return ones, ((column("promised_minor", promise.currency), promised_minor),)


def _visit(visit: Visit, _: Definitions) -> Columns:
    return (("visits", "visits_met") if visit.met_debtor else ("visits",)), ()


def _message(message: Message, _: Definitions) -> Columns:
    if message.direction != "outbound":
        return (), ()
    return (("messages", "letters") if message.channel == "letter" else ("messages",)), ()


def _review(review: QualityReview, _: Definitions) -> Columns:
    return (("reviews", "reviews_passed") if review.passed else ("reviews",)), ()


def _survey(survey: Survey, _: Definitions) -> Columns:
    return (("surveys", "surveys_satisfied") if survey.score >= 4 else ("surveys",)), ()


def _bot(session: BotSession, _: Definitions) -> Columns:
    names = ["bot_sessions"]
    if session.mandate_signed:
        names.append("bot_mandates")
    if session.handed_over and session.handover_correct is not None:
        names.append("bot_handovers_judged")
        if session.handover_correct:
            names.append("bot_handovers_correct")
    return tuple(names), ()


_COLUMNS: dict[str, Callable[[Any, Definitions], Columns]] = {
    Call.LETTER: call_columns,
    Promise.LETTER: _promise,
    Visit.LETTER: _visit,
    Message.LETTER: _message,
    QualityReview.LETTER: _review,
    Survey.LETTER: _survey,
    BotSession.LETTER: _bot,
}


def emit_own(fact: Fact, definitions: Definitions, emit: Emit) -> None:
    """Emits what `own_columns` says."""
    ones, amounts = own_columns(fact, definitions)
    credit = own_credit(fact)
    for name in ones:
        emit(credit, name, fact.occurred_at, 1, fact)
    for name, amount in amounts:
        emit(credit, name, fact.occurred_at, amount, fact)
