"""How much the ledger takes, and what a fact costs (live 3)."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest

from stream import ledger
from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_text
from stream.ledger.definitions import Definitions, FactLimits
from stream.ledger.state_timeline import StateTimeline, as_state
from stream.windows.plan import WindowPlan
from tests.facts.events import event

START_MS = 1_793_577_600_000
HOUR_MS = 3_600_000
ROOM = Path(ledger.__file__).parent


def of(kind: str, number: int, **fields: Any) -> Fact:
    identity = {"payment": "payment_id", "agent_state": "event_id"}[kind]
    fact = decode(orjson.dumps(event(kind, **({"event_id": f"e-{number}", identity: f"e-{number}"} | fields))))
    assert not isinstance(fact, Rejection)
    return fact


def paid(number: int, case: str) -> Fact:
    return of("payment", number, debtor_id="d-1", case_id=case)


def state(number: int, agent: str) -> Fact:
    at, said = f"2026-11-02T0{number}:00:00Z", ("available", "break")[number % 2]
    return of("agent_state", number, debtor_id=None, case_id=None, agent_id=agent, occurred_at=at, state=said)


def stage(**limits: int) -> DebtorStage:
    return DebtorStage(Definitions(), WindowPlan(), FactLimits(**limits), 0)


def test_a_hundred_thousand_facts_are_kept_of_a_case_and_of_a_key() -> None:
    assert FactLimits() == FactLimits(facts_per_case=100_000, facts_per_debtor=100_000)


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


def test_a_state_that_repeats_the_one_before_it_is_known_and_does_not_bring_the_limit_near() -> None:
    """A system that sends one a minute would reach it within weeks, and the agent's occupancy stand still."""
    one = stage(facts_per_debtor=10)
    facts = [
        of("agent_state", number, debtor_id=None, case_id=None, agent_id="a-1", state="available", reason=None,
           occurred_at=instant_text(START_MS + number * 60_000))
        for number in range(150)
    ]  # fmt: skip
    assert {one.apply(fact).kind for fact in facts} == {"accepted"}
    assert {one.apply(fact).kind for fact in facts} == {"duplicate"}
    late = of("agent_state", 1_000, debtor_id=None, case_id=None, agent_id="a-1", state="break",
              occurred_at=instant_text(START_MS + 90_001))  # fmt: skip
    assert one.apply(late).kind == "accepted"
    (chain,) = one._timelines.values()
    assert (len(chain), chain.weight()) == (151, 151 - 148 + 148 // 20)


def test_a_repeated_state_takes_little_more_than_its_id() -> None:
    states = [
        of("agent_state", number, debtor_id=None, case_id=None, agent_id="a-1", state="available",
           event_id=f"e-{number:030}", occurred_at=instant_text(START_MS + number * 60_000))
        for number in range(5_000)
    ]  # fmt: skip
    chain = StateTimeline()
    tracemalloc.start()
    for each in states:
        chain.put(as_state(each))
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(chain) == len(states)
    assert held_bytes / len(states) < len(f"e-{0:030}") + 45


def steps(one: DebtorStage, fact: Fact, kind: str = "accepted") -> int:
    """How many lines of the ledger's own code a fact takes, of which this becomes."""
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
        assert one.apply(fact).kind == kind
    finally:
        sys.settrace(before)
    return lines


NEW: dict[str, dict[str, Any]] = {
    "call": {"call_id": "n-1"},
    "payment": {"payment_id": "n-1"},
    "payment_reversal": {"payment_id": "e-7"},
    "promise": {"promise_id": "n-1"},
    "promise_cancelled": {"promise_id": "e-7"},
    "complaint": {"complaint_id": "n-1", "agent_id": None, "call_id": None},
    "case": {"change": "stage"},
    "visit": {"visit_id": "n-1"},
    "message": {"message_id": "n-1"},
    "legal_step": {"step_id": "n-1"},
}
"""What one more fact of each type that is linked to others names."""


def linked(kind: str, number: int, hour: int, **fields: Any) -> Fact:
    own = {"payment": "payment_id", "promise": "promise_id", "complaint": "complaint_id", "visit": "visit_id"}
    named = {own[kind]: f"e-{number}"} if kind in own else {"call_id": f"e-{number}"} if kind == "call" else {}
    at = instant_text(START_MS + hour * HOUR_MS)
    common = {"event_id": f"e-{number}", "occurred_at": at, "debtor_id": "d-1", "case_id": "c-1", "agent_id": "a-1"}
    fact = decode(orjson.dumps(event(kind, **(common | named | fields))))
    assert not isinstance(fact, Rejection), fact
    return fact


def long_case(kind: str, others: int) -> DebtorStage:
    """A case with a fact of each linked type every hour or so, and of one type many more."""
    one = stage()
    for number in range(others):
        one.apply(linked(kind, number, number))
    one.apply(linked("case", 1_000_000, 0, change="placed"))
    for number, each in enumerate(("promise", "payment", "call", "complaint", "visit"), 1_000_001):
        one.apply(linked(each, number, 3))
    return one


@pytest.mark.interpreted  # compiled functions cannot be traced
@pytest.mark.parametrize("kind", ["payment", "call", "complaint", "promise", "visit", "case"])
@pytest.mark.parametrize("come", list(NEW))
@pytest.mark.parametrize("hour", [5, 10_000], ids=["in the middle", "at the end"])
def test_what_a_fact_costs_does_not_follow_the_number_of_facts_of_its_case(
    kind: str, come: str, hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor do its redelivery, an event that conflicts with it, and the event that wins over it."""
    monkeypatch.setattr("stream.ledger.store.dossier.LARGE_BYTES", 0)
    costs = []
    for others in (200, 1_500):
        one = long_case(kind, others)
        fact = linked(come, 2_000_000, hour, **NEW[come])
        cost = [steps(one, fact, "accepted"), steps(one, fact, "duplicate")]
        if come not in ("case", "payment_reversal"):
            other = {"team_id": "t-other"} | NEW[come]
            cost.append(steps(one, linked(come, 3_000_000, hour, **other), "conflict"))
            cost.append(steps(one, linked(come, 1_500_000, hour, **other), "conflict"))
        costs.append(cost)
    assert costs[0][0] > 10
    for few, many in zip(*costs, strict=True):
        assert many <= 2 * few + 250


@pytest.mark.interpreted
def test_what_a_fact_costs_follows_its_own_case_not_the_others_of_the_debtor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.ledger.store.dossier.LARGE_BYTES", 0)
    costs = []
    for others in (3, 300):
        one = stage()
        for number in range(others):
            one.apply(paid(number, f"c-{number}"))
        one.apply(paid(1_000, "c-new"))
        costs.append(steps(one, paid(1_001, "c-new")))
    assert costs[0] > 10
    assert costs[1] <= costs[0] + 10
