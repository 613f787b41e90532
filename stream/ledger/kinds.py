"""The event kinds of the ledger: one row each with all that the ledger must know of a kind beside its fields.

The other modules read these rows, and a kind that nothing depends on needs no line anywhere else in the ledger but its
places at rest (`store/places.py`). A kind without a row, a row without a trait, and a kind that misses in a table of
handlers end the import with a sentence that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from stream.facts import fact as facts
from stream.facts.fact import Fact
from stream.ledger.calls import call_columns, counted_ms
from stream.ledger.definitions import Definitions, MidnightMs
from stream.windows.measures import column

Columns = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]
"""Columns that get 1, and (column, amount) pairs."""

Relation = Literal["alone", "decides", "linked", "timeline"]
"""What connects a kind with a debtor's other facts.

alone     Nothing: it contributes by itself, and no other fact asks for it.
decides   It may decide what linked facts contribute.
linked    What it contributes depends on other facts, or comes later than itself.
timeline  An agent's states: each lasts until the next (`state_timeline.py`); they are in no debtor's dossier.
"""


class KindTraits(NamedTuple):
    """What the ledger must know of a kind. No trait has a default: each is decided when a kind is added."""

    kind: type[Fact]
    relation: Relation
    columns: Callable[[Any, Definitions], Columns] | None
    """What a fact adds by itself, for its own agent, team, site and segment; None: nothing."""
    last_ms: Callable[[Any, Definitions, MidnightMs], int]
    """The last instant at which a fact contributes, or decides that another does. It is kept until then."""
    waits_for_case: bool
    """Whether a fact that has a case is kept until that is closed."""
    moves_reach: bool
    """Whether a fact of a case sets or meets deadlines, or waits for a call (`reach.py`)."""


def _at_ms(fact: Fact, _definitions: Definitions, _midnight_ms: MidnightMs) -> int:
    return fact.occurred_at


def _call_ms(call: facts.Call, definitions: Definitions, _: MidnightMs) -> int:
    return counted_ms(call, definitions)


def _promise(promise: facts.Promise, _: Definitions) -> Columns:
    ones = ("promises", "plans") if len(promise.instalments) > 1 else ("promises",)
    promised_minor = sum(part.amount_minor for part in promise.instalments)
    return ones, ((column("promised_minor", promise.currency), promised_minor),)


def _promise_ms(promise: facts.Promise, definitions: Definitions, midnight_ms: MidnightMs) -> int:
    grace, site = definitions.promise_grace_days + 1, str(promise.site_id)
    return max(promise.occurred_at, *(midnight_ms(site, part.due_on, grace) for part in promise.instalments))


def _complaint_ms(complaint: facts.Complaint, definitions: Definitions, _: MidnightMs) -> int:
    return max(complaint.occurred_at, complaint.received_at + definitions.complaint_deadline_ms)


def _case_ms(event: facts.Case, definitions: Definitions, _: MidnightMs) -> int:
    return event.occurred_at + definitions.case_span_ms


def _step_ms(step: facts.LegalStep, _: Definitions, midnight_ms: MidnightMs) -> int:
    return max(step.occurred_at, midnight_ms(str(step.site_id), step.due_on, 1))


def _restriction_ms(restriction: facts.Restriction, _definitions: Definitions, _midnight_ms: MidnightMs) -> int:
    return max(restriction.occurred_at, restriction.until or 0)


def _visit(visit: facts.Visit, _: Definitions) -> Columns:
    return (("visits", "visits_met") if visit.met_debtor else ("visits",)), ()


def _message(message: facts.Message, _: Definitions) -> Columns:
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


def _review(review: facts.QualityReview, _: Definitions) -> Columns:
    ones = ("reviews", "reviews_passed") if review.passed else ("reviews",)
    if review.score is None:
        return ones, ()
    return (*ones, "reviews_scored"), (("review_points", review.score),)


def _survey(survey: facts.Survey, _: Definitions) -> Columns:
    return (("surveys", "surveys_satisfied") if survey.score >= 4 else ("surveys",)), ()


def _bot(session: facts.BotSession, _: Definitions) -> Columns:
    names = ["bot_sessions"]
    if session.mandate_signed:
        names.append("bot_mandates")
    if session.handed_over and session.handover_correct is not None:
        names.append("bot_handovers_judged")
        if session.handover_correct:
            names.append("bot_handovers_correct")
    return tuple(names), ()


ROWS = (
    # kind, relation, columns, last_ms, waits_for_case, moves_reach
    KindTraits(facts.Call, "decides", call_columns, _call_ms, False, True),
    KindTraits(facts.Payment, "linked", None, _at_ms, True, False),
    KindTraits(facts.PaymentReversal, "linked", None, _at_ms, True, False),
    KindTraits(facts.Promise, "linked", _promise, _promise_ms, True, False),
    KindTraits(facts.PromiseCancelled, "decides", None, _at_ms, True, False),
    KindTraits(facts.Complaint, "linked", None, _complaint_ms, True, True),
    KindTraits(facts.Case, "linked", None, _case_ms, True, True),
    KindTraits(facts.Restriction, "alone", None, _restriction_ms, False, False),
    KindTraits(facts.Visit, "decides", _visit, _at_ms, True, True),
    KindTraits(facts.Message, "decides", _message, _at_ms, False, True),
    KindTraits(facts.QualityReview, "alone", _review, _at_ms, False, False),
    KindTraits(facts.AgentState, "timeline", None, _at_ms, False, False),
    KindTraits(facts.Survey, "alone", _survey, _at_ms, False, False),
    KindTraits(facts.BotSession, "alone", _bot, _at_ms, False, False),
    KindTraits(facts.LegalStep, "linked", None, _step_ms, True, False),
    KindTraits(facts.Measurement, "alone", None, _at_ms, False, False),
)


def by_letter(rows: Collection[KindTraits]) -> Mapping[str, KindTraits]:
    """The rows by the letter of their kind. Raises RuntimeError where a kind has no row, or two, or a letter is taken
    twice."""
    found: dict[str, KindTraits] = {}
    for row in rows:
        taken = found.setdefault(row.kind.LETTER, row)
        if taken is not row:
            raise RuntimeError(
                f"stream/ledger/kinds.py: {row.kind.TYPE} and {taken.kind.TYPE} have the letter {row.kind.LETTER}"
            )
    for kind in facts.KINDS:
        if kind.LETTER not in found or found[kind.LETTER].kind is not kind:
            raise RuntimeError(f"stream/ledger/kinds.py: the event kind {kind.TYPE} has no row")
    return found


TRAITS = by_letter(ROWS)
"""By letter."""


def last_instant_ms(fact: Fact, definitions: Definitions, midnight_ms: MidnightMs) -> int:
    """The last instant at which a fact contributes, or decides that another does."""
    return TRAITS[fact.LETTER].last_ms(fact, definitions, midnight_ms)


def related(*relations: Relation) -> frozenset[type[Fact]]:
    """The kinds that have one of these relations."""
    return frozenset(row.kind for row in ROWS if row.relation in relations)


def check_handlers(table: str, letters: Collection[str]) -> None:
    """Raises RuntimeError unless a table of handlers has exactly the kinds that decide something or are linked."""
    for kind in facts.KINDS:
        wanted = TRAITS[kind.LETTER].relation in ("decides", "linked")
        if wanted != (kind.LETTER in letters):
            relation = TRAITS[kind.LETTER].relation
            raise RuntimeError(
                f"{table} {'lacks' if wanted else 'has'} the event kind {kind.TYPE}, "
                f"whose relation in stream/ledger/kinds.py is {relation!r}"
            )
