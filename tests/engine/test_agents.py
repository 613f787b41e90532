"""Laws of what is said of agents (contract 2, `collections.agents.v1`): the latest state at each site, whatever the
order in which the states come, and nothing twice."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.generate import documents
from stream.engine.debtors.agents import AgentNow, agent_record
from stream.engine.debtors.stage import DebtorStage
from stream.engine.entities.outputs import AgentRecord
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_ms
from stream.ledger import state_timeline
from stream.ledger.definitions import Definitions, FactLimits
from stream.ledger.forgetting import LONGEST_WINDOW_MS
from stream.windows.plan import WindowPlan
from tests.effort import examples
from tests.facts.events import wire
from tests.oracle.agents import agent_records
from tests.oracle.reading import Rejected, read_event

DAY_MS = 86_400_000
NOON = "2026-11-02T12:00:00Z"
NOON_MS = instant_ms(NOON)


def state(event_id: str = "e-1", minute: int = 0, **fields: Any) -> bytes:
    """An agent's state `minute` minutes after noon, as bytes."""
    at = f"2026-11-02T{12 + minute // 60}:{minute % 60:02}:00Z"
    own = {"event_id": event_id, "occurred_at": at, "debtor_id": None, "case_id": None, **fields}
    return wire("agent_state", **{name: value for name, value in own.items() if value is not None})


def fact(event: bytes) -> Fact:
    read = decode(event)
    assert not isinstance(read, Rejection), read
    return read


def stage() -> DebtorStage:
    return DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0)


class Topic:
    """What readers of the topic hold: the record of the highest revision of each key."""

    def __init__(self) -> None:
        self.latest: dict[str, dict[str, Any]] = {}
        self.revision = 0

    def hears(self, said: list[AgentNow]) -> None:
        self.revision += 1
        for now in said:
            key, value = agent_record(now, self.revision, "live")
            record = orjson.loads(AgentRecord.model_validate_json(value).model_dump_json())
            assert record == orjson.loads(value)
            del record["revision"], record["run"]
            # That nothing is left may be said again: the ledger does not keep that it was.
            assert record["state"] is None or record != self.latest.get(key.decode()), "the same is said twice"
            self.latest[key.decode()] = record


def expected(events: list[bytes]) -> dict[str, dict[str, Any]]:
    """The oracle's records of these events."""
    read = [read_event(event) for event in events]
    return agent_records([each for each in read if not isinstance(each, Rejected)])


states = st.builds(
    state,
    event_id=st.sampled_from([f"e-{n}" for n in range(9)]),
    minute=st.integers(0, 6),
    agent_id=st.sampled_from(["a-1", "a-1", "ü"]),
    site_id=st.sampled_from(["main", None, "east"]),
    team_id=st.sampled_from(["t-1", None]),
    state=st.sampled_from(["available", "on_call", "break", "logged_out"]),
    reason=st.sampled_from([None, "lunch"]),
    version=st.sampled_from([None, 1, 2, 3]),
    void=st.sampled_from([None, None, None, True]),
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.tuples(states, st.booleans()), max_size=25), st.booleans(), st.integers(0, 25))
def test_the_topic_says_the_latest_state_that_counts_at_each_site_in_whatever_order_and_steps_they_come(
    steps: list[tuple[bytes, bool]], small_blocks: bool, restarts_at: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if small_blocks:
            patch.setattr(state_timeline, "MOST", 2)
        one, topic, ledger = stage(), Topic(), dict[bytes, bytes | None]()
        for at, (event, commits) in enumerate(steps):
            one.apply(fact(event))
            if commits or at == restarts_at:
                changes = one.take()
                ledger.update(changes.state)
                topic.hears(changes.agents)
            if at == restarts_at:
                one = restored(ledger)
                assert one.take().agents == []
        topic.hears(one.take().agents)
    wanted = expected([event for event, _ in steps])
    assert {key: topic.latest[key] for key in wanted} == wanted
    # An event that a later version moved to another site leaves nothing where it was.
    assert {topic.latest[key]["state"] for key in topic.latest.keys() - wanted.keys()} <= {None}


def restored(ledger: dict[bytes, bytes | None]) -> DebtorStage:
    one = stage()
    for key, value in ledger.items():
        one.restore(key, value)
    return one


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(states, max_size=20))
def test_a_ledger_that_is_to_say_everything_says_what_the_oracle_reads_in_it(events: list[bytes]) -> None:
    one = stage()
    for event in events:
        one.apply(fact(event))
    anew = restored(dict(one.take().state))
    anew.say_all_agents()
    topic = Topic()
    topic.hears(anew.take().agents)
    assert topic.latest == expected(events)
    assert anew.take().agents == []


def said_of(one: DebtorStage) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(now.site, now.state, now.team, now.reason) for now in one.take().agents]


def test_states_that_follow_come_late_are_corrected_or_taken_back_each_say_what_is_now() -> None:
    one = stage()
    one.apply(fact(state("e-1", 0, team_id="t-1")))
    one.apply(fact(state("e-2", 10, state="break", reason="lunch")))
    assert said_of(one) == [("main", "break", None, "lunch")]
    one.apply(fact(state("e-3", 5, state="on_call")))  # late
    one.apply(fact(state("e-2", 10, state="break", reason="lunch")))  # once more
    assert said_of(one) == []
    one.apply(fact(state("e-2", 10, state="meeting", version=2)))
    assert said_of(one) == [("main", "meeting", None, None)]
    one.apply(fact(state("e-2", 10, state="meeting", version=3, void=True)))
    assert said_of(one) == [("main", "on_call", None, None)]
    for event_id, minute in (("e-3", 5), ("e-1", 0)):
        one.apply(fact(state(event_id, minute, version=2, void=True)))
    assert one.take().agents == [AgentNow("main", "a-1")]


def test_an_agent_at_two_sites_has_a_state_at_each_and_one_that_leaves_says_nothing_of_the_other() -> None:
    one = stage()
    one.apply(fact(state("e-1", 0)))
    one.apply(fact(state("e-2", 10, site_id="east", state="on_call")))
    assert said_of(one) == [("east", "on_call", None, None), ("main", "available", None, None)]
    one.apply(fact(state("e-3", 20, site_id="east", state="logged_out")))
    assert said_of(one) == [("east", "logged_out", None, None)]
    one.apply(fact(state("e-1", 0, site_id="north", version=2)))  # it was at another site
    assert said_of(one) == [("main", None, None, None), ("north", "available", None, None)]


def test_a_state_that_the_horizon_forgets_says_nothing() -> None:
    one = stage()
    one.apply(fact(state("e-1", 0, site_id="east")))
    one.apply(fact(state("e-2", 1)))
    one.apply(fact(state("e-3", 2, version=2, void=True)))
    one.take()
    assert one.forget(NOON_MS + LONGEST_WINDOW_MS + DAY_MS) == 2
    assert one.take().agents == []
    one.say_all_agents()
    assert [now.site for now in one.take().agents] == ["main"]


def test_what_is_pending_counts_the_agents_of_whom_something_is_to_be_said() -> None:
    one, other = stage(), stage()
    for each, events in ((one, [state("e-1")]), (other, [state("e-1"), state("e-2", 1, agent_id="a-2")])):
        for event in events:
            each.apply(fact(event))
    assert other.pending > one.pending
    for each in (one, other):
        each.take()
        assert each.pending == 0


def test_the_record_is_that_of_the_contract_and_has_a_schema() -> None:
    now = AgentNow("main", "a-1", "t-1", "break", "lunch", NOON_MS)
    key, value = agent_record(now, 7, "live")
    assert key == b"main|a-1"
    assert orjson.loads(value) == {
        "site": "main", "agent": "a-1", "team": "t-1", "state": "break", "reason": "lunch", "since": NOON,
        "revision": 7, "run": "live",
    }  # fmt: skip
    schema = dict(documents())["agent.json"]
    assert set(schema["required"]) == set(schema["properties"]) == set(orjson.loads(value))
    AgentRecord.model_validate_json(value)
