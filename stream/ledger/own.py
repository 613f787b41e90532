"""Contributions of a fact that depend on nothing but itself (semantics 3)."""

from __future__ import annotations

from stream.facts.fact import BotSession, Call, Fact, Message, Promise, QualityReview, Survey, Visit
from stream.ledger.calls import call_columns
from stream.ledger.contribution import Emit, own_credit
from stream.ledger.definitions import Definitions
from stream.windows.measures import column


def own_columns(fact: Fact, definitions: Definitions) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """What a fact adds at its `occurred_at`, for its own agent, team and site.

    Two tuples: columns that get 1, and (column, amount) pairs. Both are empty for types whose contributions are all
    linked to other facts.
    """
    match fact:
        case Call():
            return call_columns(fact, definitions)
        case Promise():
            ones = ("promises", "plans") if len(fact.instalments) > 1 else ("promises",)
            promised_minor = sum(part.amount_minor for part in fact.instalments)
            return ones, ((column("promised_minor", fact.currency), promised_minor),)
        case Visit():
            return (("visits", "visits_met") if fact.met_debtor else ("visits",)), ()
        case Message(direction="outbound"):
            return (("messages", "letters") if fact.channel == "letter" else ("messages",)), ()
        case QualityReview():
            return (("reviews", "reviews_passed") if fact.passed else ("reviews",)), ()
        case Survey():
            return (("surveys", "surveys_satisfied") if fact.score >= 4 else ("surveys",)), ()
        case BotSession():
            return _bot(fact), ()
        case _:
            return (), ()


def _bot(session: BotSession) -> tuple[str, ...]:
    names = ["bot_sessions"]
    if session.mandate_signed:
        names.append("bot_mandates")
    if session.handed_over and session.handover_correct is not None:
        names.append("bot_handovers_judged")
        if session.handover_correct:
            names.append("bot_handovers_correct")
    return tuple(names)


def emit_own(fact: Fact, definitions: Definitions, emit: Emit) -> None:
    """Emits what `own_columns` says."""
    ones, amounts = own_columns(fact, definitions)
    credit = own_credit(fact)
    for name in ones:
        emit(credit, name, fact.occurred_at, 1, fact)
    for name, amount in amounts:
        emit(credit, name, fact.occurred_at, amount, fact)
