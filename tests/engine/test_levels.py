"""Queues and segments: a row for who has one, no row for who has none, and a segment that is corrected moves it."""

from __future__ import annotations

from typing import Any

from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.ledger.definitions import Definitions, FactLimits
from stream.windows.plan import WindowPlan
from tests.engine.deltas import rows_of
from tests.facts.events import wire

Sums = dict[tuple[str, str], int]


def stage(*watched: str) -> DebtorStage:
    return DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0, frozenset(watched))


def told(one: DebtorStage, kind: str, **fields: Any) -> Sums:
    """(entity's text, column) -> what one more event adds."""
    fact = decode(wire(kind, agent_id="a-1", team_id="t-1", **fields))
    assert not isinstance(fact, Rejection), fact
    assert one.apply(fact).kind in ("accepted", "superseded")  # of a second version the first is
    sums: Sums = {}
    for key, value in one.take().deltas:
        for _, amounts in rows_of(value):
            for column, amount in amounts.items():
                sums[key.decode(), column] = sums.get((key.decode(), column), 0) + amount
    return sums


def entities(sums: Sums) -> set[str]:
    return {text for text, _ in sums}


PEOPLE = {"main|agent|a-1", "main|team|t-1", "main|site|main"}


def test_what_names_neither_queue_nor_segment_has_no_more_rows_than_before() -> None:
    assert entities(told(stage(), "call")) == PEOPLE


def test_a_call_counts_for_its_queue_and_its_segment_what_it_counts_for_its_agent() -> None:
    sums = told(stage(), "call", queue_id="q-1", segment_id="m1")
    assert entities(sums) == PEOPLE | {"main|queue|q-1", "main|segment|m1"}
    of_agent = {column: amount for (text, column), amount in sums.items() if text == "main|agent|a-1"}
    for text in ("main|queue|q-1", "main|segment|m1"):
        assert {column: amount for (found, column), amount in sums.items() if found == text} == of_agent


def test_nothing_but_calls_counts_for_a_queue_and_states_count_for_no_segment() -> None:
    one = stage()
    assert "main|segment|m1" in entities(told(one, "message", event_id="e-2", queue_id="q-1", segment_id="m1"))
    state = told(one, "agent_state", event_id="e-3", state="available", segment_id="m1", debtor_id=None, case_id=None)
    later = {"occurred_at": "2026-11-02T03:00:00Z", "debtor_id": None, "case_id": None}
    state |= told(one, "agent_state", event_id="e-4", state="logged_out", segment_id="m1", **later)
    assert entities(state) <= PEOPLE


def test_a_corrected_segment_takes_from_the_one_and_gives_to_the_other_and_changes_nobody_else() -> None:
    one = stage("promises")
    told(one, "promise", segment_id="m1")
    moved = told(one, "promise", event_id="e-2", version=2, segment_id="m2")
    assert entities(moved) == {"main|segment|m1", "main|segment|m2"}
    assert moved["main|segment|m1", "promises"] == -1
    assert moved["main|segment|m2", "promises"] == 1


def test_a_reversal_counts_in_the_segment_of_its_payment_and_in_its_own_while_that_is_unknown() -> None:
    one = stage()
    first = told(one, "payment_reversal", event_id="e-2", payment_id="p-9", segment_id="late")
    assert entities(first) == {
        "main|segment|late", "main|agent|unassigned", "main|team|unassigned", "main|site|main"
    }  # fmt: skip
    column = next(name for _, name in first if name.startswith("reversed_minor"))
    then = told(one, "payment", payment_id="p-9", segment_id="m1")
    amount = first["main|segment|late", column]
    assert (then["main|segment|late", column], then["main|segment|m1", column]) == (-amount, amount)
