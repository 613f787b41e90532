"""What the ledger does with the facts of each type: one row each, from which stage 1, replay and forgetting read.

A type without a row is an error when this is imported. How the facts of `linked` types find each other is in `links.py`
and `difference.py`; tests/ledger/test_kinds.py holds those to this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
"""How a fact stands to others. alone: nothing depends on it, and it on nothing. attempt: others may depend on it, it on
none (a call, a message). linked: it may depend on others. state: only its neighbours in time matter (`chain.py`)."""


def occurred(fact: Fact, _: Definitions, __: MidnightMs) -> int:
    """Of a fact that decides nothing after it occurred."""
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
    """Of a type whose facts end by themselves."""
    return True


class Kind(NamedTuple):
    """One type. `columns`: what a fact adds by itself. `last_ms`: the last instant at which it contributes, or decides
    that something does. `begins`: whether something may be linked once such a fact is there. `waits`: whether it sets
    or meets a deadline, or waits for a call. `ends`: whether a fact may be forgotten at all while its case is open, or
    without one.
    """

    struct: type[Fact]
    role: Role
    columns: Callable[[Any, Definitions], Columns] = no_columns
    last_ms: Callable[[Any, Definitions, MidnightMs], int] = occurred
    begins: bool = False
    waits: bool = False
    ends: Callable[[Any], bool] = always


KINDS: Mapping[str, Kind] = {
    kind.struct.LETTER: kind
    for kind in (
        Kind(facts.Call, "attempt", call_columns, _counted, waits=True),
        Kind(facts.Message, "attempt", message_columns, waits=True),
        Kind(facts.Visit, "linked", visit_columns, waits=True),
        Kind(facts.Payment, "linked", begins=True),
        Kind(facts.PaymentReversal, "linked", begins=True),
        Kind(facts.Promise, "linked", promise_columns, _last_due, begins=True),
        Kind(facts.PromiseCancelled, "linked"),
        Kind(facts.Complaint, "linked", no_columns, _answer_due, begins=True, waits=True),
        Kind(facts.Case, "linked", no_columns, _deadlines, begins=True, waits=True),
        Kind(facts.LegalStep, "linked", no_columns, _step_due, begins=True),
        Kind(facts.QualityReview, "alone", review_columns),
        Kind(facts.Survey, "alone", survey_columns),
        Kind(facts.BotSession, "alone", bot_columns),
        Kind(facts.Restriction, "alone", no_columns, _until, ends=_has_end),
        Kind(facts.Measurement, "alone"),
        Kind(facts.AgentState, "state"),
    )
}
"""Letter -> what is done with that type."""

_lacking = {kind.LETTER for kind in facts.KINDS} ^ {*KINDS}
if _lacking:
    raise AssertionError(f"stream/ledger/kinds.py and stream/facts/fact.py differ in the types {sorted(_lacking)}")
