"""What facts of each type add by themselves (definitions 3): the functions that `kinds.py` names. Calls: `calls.py`."""

from __future__ import annotations

from functools import cache

from stream.facts.fact import BotSession, Fact, Message, Promise, QualityReview, Survey, Visit
from stream.ledger.definitions import Definitions
from stream.windows.measures import column

Columns = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]
"""Columns that get 1, and (column, amount) pairs."""


def no_columns(_fact: Fact, _: Definitions) -> Columns:
    """A type whose contributions are all linked to other facts, or that has none."""
    return (), ()


def promise_columns(promise: Promise, _: Definitions) -> Columns:
    """A promise, and what it promises."""
    ones = ("promises", "plans") if len(promise.instalments) > 1 else ("promises",)
    promised_minor = sum(part.amount_minor for part in promise.instalments)
    return ones, ((column("promised_minor", promise.currency), promised_minor),)


def visit_columns(visit: Visit, _: Definitions) -> Columns:
    """A visit."""
    return (("visits", "visits_met") if visit.met_debtor else ("visits",)), ()


def message_columns(message: Message, _: Definitions) -> Columns:
    """A message that was sent; one that came in counts nothing."""
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


def review_columns(review: QualityReview, _: Definitions) -> Columns:
    """A reviewed conversation."""
    ones = ("reviews", "reviews_passed") if review.passed else ("reviews",)
    if review.score is None:
        return ones, ()
    return (*ones, "reviews_scored"), (("review_points", review.score),)


def survey_columns(survey: Survey, _: Definitions) -> Columns:
    """An answered survey."""
    return (("surveys", "surveys_satisfied") if survey.score >= 4 else ("surveys",)), ()


def bot_columns(session: BotSession, _: Definitions) -> Columns:
    """A conversation that a bot led."""
    names = ["bot_sessions"]
    if session.mandate_signed:
        names.append("bot_mandates")
    if session.handed_over and session.handover_correct is not None:
        names.append("bot_handovers_judged")
        if session.handover_correct:
            names.append("bot_handovers_correct")
    return tuple(names), ()
