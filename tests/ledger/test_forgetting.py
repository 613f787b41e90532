"""What may be forgotten (live 3): nothing that could still change a number."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any

import orjson
import pytest

from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_text
from stream.ledger.definitions import Definitions, FactLimits
from stream.ledger.forgetting import LONGEST_WINDOW_MS
from stream.ledger.store import dossier
from stream.windows.plan import WindowPlan
from tests.engine.deltas import rows_of

START_MS = 1_700_006_400_000
DAY_MS = 86_400_000
HORIZON_MS = 30 * DAY_MS
PLAN = WindowPlan()


def fact(kind: str, day: float, number: object, /, **fields: Any) -> Fact:
    at_ms = START_MS + int(day * DAY_MS)
    event = {"type": kind, "event_id": f"e-{number}", "occurred_at": instant_text(at_ms), "debtor_id": "d-1"} | fields
    if kind == "call":
        event |= {"call_id": f"c-{number}", "ended_at": instant_text(at_ms + 60_000)}
        event = {"direction": "outbound", "outcome": "human", "party": "right"} | event
    read = decode(orjson.dumps(event))
    assert not isinstance(read, Rejection), read
    return read


def call(day: float, number: object, **fields: Any) -> Fact:
    return fact("call", day, number, **({"agent_id": "a-1", "case_id": "k-1"} | fields))


def ledger(*facts: Fact) -> DebtorStage:
    one = DebtorStage(Definitions(), PLAN, FactLimits(), 0)
    for each in facts:
        one.apply(each)
    one.take()
    return one


def left(one: DebtorStage, day: float) -> set[str]:
    """Event ids of what is left once the frontier has reached that day."""
    one.forget(START_MS + int(day * DAY_MS))
    return {each.event_id for key, blob in one._dossiers.items() for each in dossier.facts(key, blob)} | {
        state.event_id for chain in one._timelines.values() for state in chain.states()
    }


PLACED = fact("case", 0, "placed", case_id="k-1", change="placed", agent_id="a-1", dpd=3)
PAID = fact("payment", 3, "paid", case_id="k-1", payment_id="p-1", amount_minor=100, currency="CNY")
CLOSED = fact("case", 9, "closed", case_id="k-1", change="closed")
WINDOW_DAYS = LONGEST_WINDOW_MS / DAY_MS


def test_a_call_goes_when_the_windows_that_it_counts_in_can_change_no_more() -> None:
    one = ledger(call(0, 1, case_id=None), call(5, 2, case_id=None))
    assert left(one, WINDOW_DAYS) == {"e-1", "e-2"}
    assert left(one, WINDOW_DAYS + 1.1) == {"e-2"}


def test_a_case_stays_until_it_is_closed_and_then_goes_as_a_whole() -> None:
    assert left(ledger(PLACED, PAID), 1_000) == {"e-placed", "e-paid"}
    closed = ledger(PLACED, PAID, CLOSED, call(4, 1))
    span_days = Definitions().coverage_days
    assert left(closed, 9 + span_days + WINDOW_DAYS - 0.1) == {"e-placed", "e-paid", "e-closed", "e-1"}
    assert left(closed, 9 + span_days + WINDOW_DAYS + 1.1) == set()
    assert closed.keys() == 0


def test_a_call_that_a_payment_may_be_credited_to_stays_as_long_as_its_case() -> None:
    silent = call(2, 2, outcome="no_answer")
    assert left(ledger(PLACED, call(1, 1), silent, PAID), 1_000) == {"e-placed", "e-paid", "e-1"}


def test_what_met_the_deadline_of_an_open_case_stays() -> None:
    attempt, second = call(0.1, 1, outcome="no_answer"), call(0.2, 2, outcome="no_answer")
    assert left(ledger(PLACED, attempt, second), 1_000) == {"e-placed", "e-1"}


def test_a_call_stays_at_least_as_long_as_a_payment_may_be_credited_to_it() -> None:
    one = DebtorStage(Definitions(attribution_days=60), PLAN, FactLimits(), 0)
    one.apply(call(0, 1, case_id=None))
    assert left(one, WINDOW_DAYS + 1.1) == {"e-1"}
    assert left(one, 60) == {"e-1"}
    assert left(one, 61.1) == set()


def test_a_closed_case_stays_until_its_last_cut_off_has_passed() -> None:
    due = instant_text(START_MS + 200 * DAY_MS)[:10]
    part = {"due_on": due, "amount_minor": 100}
    promised = fact(
        "promise", 3, "o", case_id="k-1", promise_id="o-1", agent_id="a-1", currency="CNY", instalments=[part]
    )
    one = ledger(PLACED, promised, CLOSED)
    cut_off_days = 200 + Definitions().promise_grace_days
    assert left(one, cut_off_days + WINDOW_DAYS - 1) == {"e-placed", "e-o", "e-closed"}
    assert left(one, cut_off_days + WINDOW_DAYS + 3.1) == set()


def test_a_restriction_without_an_end_stays() -> None:
    kind = {"kind": "attorney", "from": instant_text(START_MS)}
    ever = fact("restriction", 0, "ever", restriction_id="r-1", **kind)
    once = fact("restriction", 0, "once", restriction_id="r-2", until=instant_text(START_MS + DAY_MS), **kind)
    assert left(ledger(ever, once), 1_000) == {"e-ever"}


def test_of_an_agents_states_the_last_one_that_may_count_in_an_open_window_stays() -> None:
    """A state that is taken back gives its time to the one before it, also to one long gone by then."""
    states = [fact("agent_state", day, day, agent_id="a-1", state="available") for day in range(5)]
    assert left(ledger(*states), 2.5 + WINDOW_DAYS) == {"e-2", "e-3", "e-4"}
    assert left(ledger(*states), 100) == {"e-4"}


def test_states_of_which_any_may_count_stay_and_a_redelivered_one_stays_known() -> None:
    states = [
        fact("agent_state", day, n, agent_id="a-1", debtor_id=None, state="available")
        for n, day in enumerate((2, 3, 4))
    ]
    for day, kept in ((0, {"e-0", "e-1", "e-2"}), (2.5, {"e-0", "e-1", "e-2"}), (3.5, {"e-1", "e-2"})):
        one = ledger(*states)
        assert left(one, day + WINDOW_DAYS) == kept
        assert one.apply(states[1]).kind == "duplicate"


def test_what_is_forgotten_leaves_a_tombstone_and_a_restored_ledger_knows_it_no_more() -> None:
    one, two = ledger(call(0, 1), call(50, 2)), ledger(call(0, 1), call(50, 2))
    left(one, 40)
    state = one.take().state
    assert [value for _, value in state] == [None]
    for key, value in state:
        two.restore(key, value)
    assert left(two, -1) == {"e-2"}


def lives(chance: random.Random) -> Iterator[Fact]:
    """Two years of a debtor: cases that come, are worked and closed, one after the other and side by side."""
    for number in range(12):
        case, begin, number_of = f"k-{number}", chance.uniform(0, 700), f"{number}-"
        common = {"case_id": case, "agent_id": chance.choice(["a-1", "a-2"])}
        yield fact("case", begin, number_of + "placed", change="placed", dpd=chance.choice([None, 5, 40]), **common)
        end = begin + chance.uniform(20, 90)
        for step in range(chance.randrange(12)):
            name, day = f"{number_of}{step}", chance.uniform(begin - 1, end)
            kind = chance.choice(["call", "call", "call", "payment", "promise", "message", "complaint", "visit"])
            choices: dict[str, dict[str, Any]] = {
                "call": {"outcome": chance.choice(["human", "no_answer"]), "version": chance.choice([1, 2])},
                "payment": {"payment_id": f"p-{name}", "amount_minor": 500, "currency": "CNY"},
                "promise": {"promise_id": f"o-{name}", "currency": "CNY", "instalments": [
                    {"due_on": instant_text(START_MS + int((day + 5) * DAY_MS))[:10], "amount_minor": 400}]},
                "message": {"message_id": f"m-{name}", "channel": "sms", "direction": "outbound"},
                "complaint": {"complaint_id": f"q-{name}", "status": "received", "call_id": f"c-{number_of}0",
                              "received_at": instant_text(START_MS + int(day * DAY_MS)), "agent_id": None},
                "visit": {"visit_id": f"v-{name}", "met_debtor": chance.random() < 0.5},
            }  # fmt: skip
            told = common | choices[kind]
            if kind == "payment" and chance.random() < 0.2:
                told = {**told, "case_id": None}
            yield fact(kind, day, name, **told)
            if chance.random() < 0.15:
                yield fact(kind, day + chance.uniform(0, 20), name, **{**told, "version": 3, "void": True})
            if kind == "payment" and chance.random() < 0.4:
                back = chance.uniform(day, end)
                yield fact("payment_reversal", back, f"{name}r", payment_id=f"p-{name}", amount_minor=200,
                           currency="CNY", case_id=case)  # fmt: skip
        yield fact("case", end, number_of + "closed", change="closed", **common)


Sums = dict[tuple[str, int, str], int]


def changes(facts: list[Fact], forget: bool) -> tuple[Sums, int]:
    """What a ledger says of windows that may still change, and how many facts it holds at the end."""
    one, sums = DebtorStage(Definitions(), PLAN, FactLimits(), 0), defaultdict[tuple[str, int, str], int](int)
    mark_ms = 0
    for each in facts:
        frontier_ms = mark_ms - HORIZON_MS if mark_ms else None
        one.apply(each, frontier_ms)
        mark_ms = max(mark_ms, each.occurred_at)
        if forget:
            one.forget(mark_ms - HORIZON_MS)
        for key, value in one.take().deltas:
            for (first, _, frontier_ms, length), columns in rows_of(value):
                if frontier_ms and first * PLAN.grain_ms + LONGEST_WINDOW_MS < frontier_ms:
                    continue  # every window that holds this instant ended before the frontier
                for grain, (column, amount) in product(range(first, first + length), columns.items()):
                    sums[key.decode(), grain, column] += amount
    held = sum(dossier.count(blob) for blob in one._dossiers.values())
    return {at: amount for at, amount in sums.items() if amount}, held


@pytest.mark.parametrize("seed", range(25))
def test_a_ledger_that_forgets_says_of_open_windows_what_one_says_that_never_does(seed: int) -> None:
    chance = random.Random(seed)
    # Facts arrive up to 25 days late, and some of them twice; within the horizon of 30 days that is.
    arrivals = [(each.occurred_at + chance.uniform(0, 25) * DAY_MS, each) for each in lives(chance)]
    arrivals += [(at_ms + 3 * DAY_MS, each) for at_ms, each in arrivals if chance.random() < 0.2]
    facts = [each for _, each in sorted(arrivals, key=lambda arrival: arrival[0])]
    kept, held = changes(facts, forget=False)
    forgot, fewer = changes(facts, forget=True)
    assert forgot == kept
    assert fewer < held / 2
