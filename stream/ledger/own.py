"""Contributions of a fact that depend on nothing but itself (definitions 3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from stream.facts.fact import BotSession, Call, Fact, Message, Promise, QualityReview, Survey, Visit
from stream.ledger.calls import call_columns, counted_ms
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import Definitions
from stream.windows.measures import column

Columns = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]
"""Columns that get 1, and (column, amount) pairs."""


def own_columns(fact: Fact, definitions: Definitions) -> Columns:
    """What a fact adds at `own_instant_ms`, for its own agent, team and site, queue and segment.

    Both are empty for types whose contributions are all linked to other facts, and for a fact that is void.
    """
    found = _COLUMNS.get(fact.LETTER)
    return found(fact, definitions) if found is not None and not fact.void else ((), ())


def own_instant_ms(fact: Fact, definitions: Definitions) -> int:
    """The instant of what a fact adds by itself: its `occurred_at`, but for a call that counts at its end."""
    return counted_ms(fact, definitions) if isinstance(fact, Call) else fact.occurred_at


def _promise(promise: Promise, _: Definitions) -> Columns:
    ones = ("promises", "plans") if len(promise.instalments) > 1 else ("promises",)
    promised_minor = sum(part.amount_minor for part in promise.instalments)
    return ones, ((column("promised_minor", promise.currency), promised_minor),)


def _visit(visit: Visit, _: Definitions) -> Columns:
    return (("visits", "visits_met") if visit.met_debtor else ("visits",)), ()


def _message(message: Message, _: Definitions) -> Columns:
    if message.direction != "outbound":
        return (), ()
    return _messages(message.channel == "letter", message.delivered), ()


@cache
def _messages(letter: bool, delivered: bool | None) -> tuple[str, ...]:
    names = ["messages"]
    if letter:
        names.append("letters")
    if delivered is not None:
        names.append("messages_judged")
        if delivered:
            names.append("messages_delivered")
    return tuple(names)


def _review(review: QualityReview, _: Definitions) -> Columns:
    ones = ("reviews", "reviews_passed") if review.passed else ("reviews",)
    if review.score is None:
        return ones, ()
    return (*ones, "reviews_scored"), (("review_points", review.score),)


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
    if not ones:
        return
    credit, at_ms = own_credit(fact), own_instant_ms(fact, definitions)
    for name in ones:
        emit(credit, name, at_ms, 1, fact)
    for name, amount in amounts:
        emit(credit, name, at_ms, amount, fact)
