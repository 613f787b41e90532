"""The event kinds of the ledger: one row each, from which the debtor stage, replay and forgetting read.

A kind that nothing depends on needs no other line in the ledger but its function of columns (`columns.py`) and its
places at rest (`store/places.py`). How the facts of other kinds find each other is in `debtor_index.py` and
`difference.py`. A kind without a row, a row that lacks a trait, and a table of handlers that lacks a kind each end the
import with a sentence that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from stream.facts import fact as facts
from stream.facts.fact import Fact
from stream.ledger.calls import call_columns, counted_ms
from stream.ledger.columns import (
    Columns,
    bot_columns,
    message_columns,
    no_columns,
    promise_columns,
    review_columns,
    survey_columns,
    visit_columns,
)
from stream.ledger.definitions import Definitions

MidnightMs = Callable[[str, str, int], int]
"""(site, date, days) -> the instant at which the local day `date` + `days` begins."""

Role = Literal["alone", "attempt", "linked", "state"]
"""How a fact stands to others.

alone    Nothing depends on it, and it depends on nothing.
attempt  Others may depend on it, it depends on none: a call, a message.
linked   It may depend on others.
state    An agent's state: only its neighbours in time matter (`state_timeline.py`).
"""


def occurred(fact: Fact, _: Definitions, __: MidnightMs) -> int:
    """The last instant of a fact that decides nothing after it occurred."""
    return fact.occurred_at


def _counted(call: facts.Call, definitions: Definitions, _: MidnightMs) -> int:
    return counted_ms(call, definitions)


def _last_due(promise: facts.Promise, definitions: Definitions, midnight_ms: MidnightMs) -> int:
    days, site = definitions.promise_grace_days + 1, str(promise.site_id)
    return max(promise.occurred_at, *(midnight_ms(site, part.due_on, days) for part in promise.instalments))


def _answer_due(complaint: facts.Complaint, definitions: Definitions, _: MidnightMs) -> int:
    return max(complaint.occurred_at, complaint.received_at + definitions.complaint_deadline_ms)


def _step_due(step: facts.LegalStep, _: Definitions, midnight_ms: MidnightMs) -> int:
    return max(step.occurred_at, midnight_ms(str(step.site_id), step.due_on, 1))


def _deadlines(event: facts.Case, definitions: Definitions, _: MidnightMs) -> int:
    return event.occurred_at + definitions.longest_span_ms


def _until(restriction: facts.Restriction, _: Definitions, __: MidnightMs) -> int:
    return max(restriction.occurred_at, restriction.until or 0)


def _has_end(restriction: facts.Restriction) -> bool:
    return restriction.until is not None


def always(_: Fact) -> bool:
    """That every fact of a kind ends by itself."""
    return True


class Kind(NamedTuple):
    """What the ledger must know of a kind. Each trait is decided when a kind is added: only `ends` has a default."""

    struct: type[Fact]
    role: Role
    columns: Callable[[Any, Definitions], Columns]
    """What a fact adds by itself."""
    last_ms: Callable[[Any, Definitions, MidnightMs], int]
    """The last instant at which a fact contributes, or decides that something does."""
    begins: bool
    """Whether something may be linked once such a fact is there."""
    waits: bool
    """Whether a fact sets or meets a deadline, or waits for a call."""
    ends: Callable[[Any], bool] = always
    """Whether a fact may be forgotten at all while its case is open, or without one."""


def alone(
    struct: type[Fact],
    columns: Callable[[Any, Definitions], Columns],
    last_ms: Callable[[Any, Definitions, MidnightMs], int],
    ends: Callable[[Any], bool] = always,
) -> Kind:
    """The row of a kind that nothing depends on and that depends on nothing."""
    return Kind(struct, "alone", columns, last_ms, False, False, ends)


ROWS = (
    Kind(facts.Call, "attempt", call_columns, _counted, begins=False, waits=True),
    Kind(facts.Message, "attempt", message_columns, occurred, begins=False, waits=True),
    Kind(facts.Visit, "linked", visit_columns, occurred, begins=False, waits=True),
    Kind(facts.Payment, "linked", no_columns, occurred, begins=True, waits=False),
    Kind(facts.PaymentReversal, "linked", no_columns, occurred, begins=True, waits=False),
    Kind(facts.Promise, "linked", promise_columns, _last_due, begins=True, waits=False),
    Kind(facts.PromiseCancelled, "linked", no_columns, occurred, begins=False, waits=False),
    Kind(facts.Complaint, "linked", no_columns, _answer_due, begins=True, waits=True),
    Kind(facts.Case, "linked", no_columns, _deadlines, begins=True, waits=True),
    Kind(facts.LegalStep, "linked", no_columns, _step_due, begins=True, waits=False),
    alone(facts.QualityReview, review_columns, occurred),
    alone(facts.Survey, survey_columns, occurred),
    alone(facts.BotSession, bot_columns, occurred),
    alone(facts.Restriction, no_columns, _until, _has_end),
    alone(facts.Measurement, no_columns, occurred),
    Kind(facts.AgentState, "state", no_columns, occurred, begins=False, waits=False),
)


def by_letter(rows: Sequence[Kind]) -> Mapping[str, Kind]:
    """The rows by the letter of their kind. Raises RuntimeError where a kind has no row, or a letter has two."""
    found: dict[str, Kind] = {}
    for row in rows:
        taken = found.setdefault(row.struct.LETTER, row)
        if taken is not row:
            both = f"{taken.struct.TYPE} and {row.struct.TYPE}"
            raise RuntimeError(f"stream/ledger/kinds.py: {both} have the letter {row.struct.LETTER}")
    for struct in facts.KINDS:
        if struct.LETTER not in found or found[struct.LETTER].struct is not struct:
            raise RuntimeError(f"stream/ledger/kinds.py: the event kind {struct.TYPE} has no row")
    return found


KINDS = by_letter(ROWS)
"""Letter -> what is done with that kind."""


def check_handlers(table: str, letters: Collection[str]) -> None:
    """Raises RuntimeError unless a table of handlers has exactly the kinds that depend on others, or others on them."""
    for row in ROWS:
        if (row.role in ("attempt", "linked")) != (row.struct.LETTER in letters):
            raise RuntimeError(
                f"{table} {'has' if row.struct.LETTER in letters else 'lacks'} the event kind {row.struct.TYPE}, "
                f"whose role in stream/ledger/kinds.py is {row.role}"
            )
