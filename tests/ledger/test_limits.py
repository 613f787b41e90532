"""How much the ledger takes, and what a fact costs (live 3)."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest

from stream import ledger
from stream.engine.stage1 import Stage1
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.ledger.definitions import Definitions, Limits
from stream.windows.plan import WindowPlan
from tests.facts.events import event

ROOM = Path(ledger.__file__).parent


def of(kind: str, number: int, **fields: Any) -> Fact:
    identity = {"payment": "payment_id", "agent_state": "event_id"}[kind]
    fact = decode(orjson.dumps(event(kind, **({"event_id": f"e-{number}", identity: f"e-{number}"} | fields))))
    assert not isinstance(fact, Rejection)
    return fact


def paid(number: int, case: str) -> Fact:
    return of("payment", number, debtor_id="d-1", case_id=case)


def state(number: int, agent: str) -> Fact:
    at = f"2026-11-02T0{number}:00:00Z"
    return of("agent_state", number, debtor_id=None, case_id=None, agent_id=agent, occurred_at=at)


def stage(**limits: int) -> Stage1:
    return Stage1(Definitions(), WindowPlan(), Limits(**limits), 0)


def test_a_hundred_thousand_facts_are_kept_of_a_case_and_of_a_key() -> None:
    assert Limits() == Limits(facts_per_case=100_000, facts_per_debtor=100_000)


@pytest.mark.parametrize(
    ("limits", "facts", "fits", "why"),
    [
        ({"facts_per_case": 2}, [paid(n, "c-1") for n in range(3)], paid(9, "c-2"), "the case has 2 facts"),
        ({"facts_per_debtor": 2}, [paid(n, f"c-{n}") for n in range(3)], None, "the debtor has 2 facts"),
        (
            {"facts_per_debtor": 2},
            [state(n, "a-1") for n in range(3)],
            state(9, "a-2"),
            "the agent has 2 states",
        ),
    ],
    ids=["case", "debtor", "agent"],
)
def test_what_is_beyond_a_limit_is_refused_by_name_and_what_is_known_stays_known(
    limits: dict[str, int], facts: list[Fact], fits: Fact | None, why: str
) -> None:
    one = stage(**limits)
    verdicts = [one.apply(fact) for fact in facts]
    assert [verdict.kind for verdict in verdicts] == ["accepted", "accepted", "limit"]
    assert verdicts[-1].detail.startswith(why)
    assert one.apply(facts[0]).kind == "duplicate"
    if fits is not None:
        assert one.apply(fits).kind == "accepted"


def steps(one: Stage1, fact: Fact) -> int:
    """How many lines of the ledger's own code a fact takes."""
    lines = 0

    def trace(frame: FrameType, what: str, _: Any) -> Any:
        nonlocal lines
        if Path(frame.f_code.co_filename).parent != ROOM:
            return None
        lines += what == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert one.apply(fact).kind == "accepted"
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.interpreted  # compiled functions cannot be traced
def test_what_a_fact_costs_follows_its_own_case_not_the_others_of_the_debtor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.ledger.desk.LARGE_BYTES", 0)  # as a dossier is kept that is large
    costs = []
    for others in (3, 300):
        one = stage()
        for number in range(others):
            one.apply(paid(number, f"c-{number}"))
        one.apply(paid(1_000, "c-new"))
        costs.append(steps(one, paid(1_001, "c-new")))
    assert costs[0] > 10
    assert costs[1] <= costs[0] + 10
