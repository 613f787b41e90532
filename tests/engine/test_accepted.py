"""What is counted of facts as they are accepted: each once, for the team that is credited then, and never less."""

from typing import Any

from stream.engine.debtors.accepted import CountedFact
from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.ledger.definitions import Definitions, FactLimits
from stream.windows.plan import WindowPlan
from tests.facts.events import wire


class Stage:
    """A debtor stage, and what it has counted."""

    def __init__(self) -> None:
        self.stage = DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0, frozenset())

    def told(self, kind: str, **fields: Any) -> dict[tuple[str, ...], int]:
        """What one more event counts: (what, team, currency if there is one) -> how much."""
        fact = decode(wire(kind, **fields))
        assert not isinstance(fact, Rejection), fact
        self.stage.apply(fact)
        counts = self.stage.accepted.take()
        assert {counted.site for counted in counts} <= {"main"}
        return {(c.what, c.team, *([c.currency] if c.currency else [])): n for c, n in counts.items()}


def paid(payment: str, amount_minor: int = 5_000, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": payment, "payment_id": payment, "occurred_at": "2026-11-03T02:00:00Z",
        "amount_minor": amount_minor, "currency": "CNY",
    } | fields  # fmt: skip


def test_a_payment_counts_for_the_team_that_is_credited() -> None:
    stage = Stage()
    spoken = {"outcome": "human", "party": "right", "agent_id": "a-1", "team_id": "t-1", "direction": "outbound"}
    assert stage.told("call", **spoken) == {}
    assert stage.told("payment", **paid("p-1")) == {("payments", "t-1"): 1, ("recovered_minor", "t-1", "CNY"): 5_000}


def test_a_payment_that_nobody_is_credited_with_is_unassigned() -> None:
    told = Stage().told("payment", **paid("p-1"))
    assert told == {("payments", "unassigned"): 1, ("recovered_minor", "unassigned", "CNY"): 5_000}


def test_a_fact_that_comes_again_counts_once_and_a_better_version_is_a_correction() -> None:
    stage = Stage()
    stage.told("payment", **paid("p-1"))
    assert stage.told("payment", **paid("p-1")) == {}
    assert stage.told("payment", **paid("p-1", 9_000, version=2)) == {("corrections", "unassigned"): 1}
    assert stage.told("payment", **paid("p-1", 7_000)) == {}
    assert stage.told("payment", **paid("p-1", version=3, void=True)) == {("corrections", "unassigned"): 1}


def test_a_state_that_is_told_anew_is_a_correction() -> None:
    stage = Stage()
    state = {"agent_id": "a-1", "team_id": "t-1", "debtor_id": None, "case_id": None, "event_id": "s-1"}
    assert stage.told("agent_state", state="available", **state) == {}
    assert stage.told("agent_state", state="break", version=2, **state) == {("corrections", "t-1"): 1}


def test_a_complaint_counts_for_its_team_and_a_void_fact_for_nobody() -> None:
    stage = Stage()
    assert stage.told("complaint", agent_id="a-1", team_id="t-1") == {("complaints", "t-1"): 1}
    assert stage.told("payment", **paid("p-9", void=True)) == {}


def test_a_payment_that_takes_another_one_from_a_team_counts_itself_alone() -> None:
    """Two payments of one instant, the second of which another promise decides: what moves is not counted again."""
    stage = Stage()
    spoken = {"outcome": "human", "party": "right", "direction": "outbound"}
    stage.told("call", call_id="k-1", event_id="k-1", agent_id="a-1", team_id="t-1", **spoken)
    stage.told("payment", **paid("p-1"))
    told = stage.told("payment", **paid("p-2", 800))
    assert told == {("payments", "t-1"): 1, ("recovered_minor", "t-1", "CNY"): 800}


def test_what_is_counted_is_given_out_once() -> None:
    stage = Stage()
    fact = decode(wire("complaint", team_id="t-1"))
    assert not isinstance(fact, Rejection)
    stage.stage.apply(fact)
    # Without an agent nobody is credited, as in the windows.
    assert stage.stage.accepted.take() == {CountedFact("complaints", "main", "unassigned"): 1}
    assert stage.stage.accepted.take() == {}
