"""Laws of how many agents, teams and sites a ledger takes on (contract 4, `limits`)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.engine.debtors.entity_limits import DAY_MS
from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.format import NewerFormatError
from stream.ledger.definitions import Definitions, FactLimits
from stream.settings import load
from stream.windows.plan import WindowPlan
from tests.facts.events import event

MONDAY_MS = 1_793_577_600_000
"""2026-11-02T00:00:00Z."""


def of(number: int, agent: str = "a-0", team: str = "t-0", site: str = "main", day: int = 0, **fields: Any) -> Fact:
    """A call to a debtor of its own."""
    at = f"2026-11-{2 + day:02}T09:00:00Z"
    fact = decode(orjson.dumps(event("call", call_id=f"c-{number}", event_id=f"e-{number}", debtor_id=f"d-{number}",
        agent_id=agent, team_id=team, site_id=site, occurred_at=at, ended_at=at, **fields)))  # fmt: skip
    assert not isinstance(fact, Rejection)
    return fact


def ledger(per_site: int = 100, total: int = 100) -> DebtorStage:
    return DebtorStage(Definitions(), WindowPlan(), FactLimits(entities_per_site=per_site, entities=total), 0)


def restored(former: DebtorStage, state: list[tuple[bytes, bytes | None]], **limits: int) -> DebtorStage:
    one = ledger(**limits)
    for key, value in state:
        one.restore(key, value)
    assert one.entities == former.entities
    return one


def test_an_event_of_one_agent_more_than_a_site_may_have_is_refused_and_known_ones_count_on() -> None:
    one = ledger(per_site=4)  # the site, a team, two agents
    assert one.apply(of(1, "a-1")).kind == one.apply(of(2, "a-2")).kind == "accepted"
    verdict = one.apply(of(3, "a-3"))
    assert verdict.kind == "limit"
    assert verdict.detail.startswith("its agent would be new, and site main has 4 agents, teams and the like")
    assert "limits.entities_per_site" in verdict.detail
    assert one.apply(of(4, "a-1", "t-1")).kind == "limit"
    assert one.apply(of(5, "a-2")).kind == "accepted"
    assert one.apply(of(3, "a-3", site="other")).kind == "accepted"
    keys = {key for key, _ in one.take().deltas}
    assert {b"main|agent|a-1", b"other|agent|a-3"} <= keys
    assert b"main|agent|a-3" not in keys


def test_all_sites_together_have_a_limit_of_their_own() -> None:
    one = ledger(total=6)
    assert one.apply(of(1, site="s-1")).kind == one.apply(of(2, site="s-2")).kind == "accepted"
    verdict = one.apply(of(3, site="s-3"))
    assert (verdict.kind, "limits.entities " in verdict.detail) == ("limit", True)
    assert one.entities == 6


def test_a_redelivered_event_is_a_duplicate_also_where_nobody_new_is_taken_on() -> None:
    one = ledger(per_site=3)
    assert [one.apply(of(1)).kind, one.apply(of(1)).kind, one.apply(of(2, "a-2")).kind] == [
        "accepted", "duplicate", "limit",
    ]  # fmt: skip


def test_what_is_refused_for_another_reason_makes_nobody_known() -> None:
    known = []
    for first, second in ((of(1), of(1, "a-9", talk_ms=7)), (of(1, "a-9", talk_ms=7), of(1))):
        one = ledger()
        one.apply(first)
        assert one.apply(second).kind == "conflict"
        known.append(one.entities)
        assert one.apply(of(2, "a-8"), MONDAY_MS + 30 * DAY_MS).kind == "too_late"
        assert one.entities == known[-1]
    assert sorted(known) == [
        3,
        4,
    ]  # the same content counts, whichever came first: one of the two agents is never known


def test_a_better_version_makes_its_agent_known_and_is_refused_beyond_the_limit() -> None:
    """So that nobody gets past the limits by corrections alone."""
    one = ledger(per_site=5)
    verdicts = [one.apply(of(1, f"a-{n}", version=n)).kind for n in range(1, 7)]
    assert verdicts == ["accepted", "superseded", "superseded", "limit", "limit", "limit"]
    assert one.entities == 5
    again = restored(one, one.take().state, per_site=5)
    assert again.apply(of(1, "a-9", version=9)).kind == "limit"
    assert again.apply(of(1, "a-1", version=9)).kind == "superseded"


def test_a_better_version_of_a_state_makes_its_team_known() -> None:
    def state(team: str, version: int) -> Fact:
        at = "2026-11-02T09:00:00Z"
        fact = decode(orjson.dumps(event("agent_state", team_id=team, site_id="main", occurred_at=at, version=version)))
        assert not isinstance(fact, Rejection)
        return fact

    one = ledger(per_site=4)
    verdicts = [one.apply(state(f"t-{n}", n)).kind for n in range(1, 4)]
    assert verdicts == ["accepted", "superseded", "limit"]


def test_an_entity_is_written_once_a_day_and_forgotten_when_its_last_fact_is() -> None:
    one = ledger(per_site=3)
    one.apply(of(1))
    one.apply(of(2))
    one.apply(of(3, day=1))
    written = [key for key, _ in one.take().state if key.startswith(b"|")]
    assert sorted(written) == sorted(2 * [b"|main|agent|a-0", b"|main|team|t-0", b"|main|site|main"])
    one.apply(of(4, day=0))
    assert not [key for key, _ in one.take().state if key.startswith(b"|")]
    one.forget(MONDAY_MS + DAY_MS)
    assert one.entities == 3
    one.forget(MONDAY_MS + 2 * DAY_MS)
    assert one.entities == 0
    gone = {key for key, value in one.take().state if value is None and key.startswith(b"|")}
    assert gone == set(written)
    assert one.apply(of(5, "a-5", "t-5", day=2)).kind == "accepted"


STEPS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 3), st.booleans()), max_size=40)


@given(STEPS)
def test_which_events_are_refused_does_not_depend_on_restarts(steps: list[tuple[int, int, int, bool]]) -> None:
    limits = {"per_site": 6, "total": 10}
    steady, crashing = ledger(**limits), ledger(**limits)
    state: list[tuple[bytes, bytes | None]] = []
    latest = 0
    for number, (agent, site, day, restart) in enumerate(steps):
        latest = max(latest, day)  # a watermark never goes back
        fact, frontier_ms = of(number, f"a-{agent}", f"t-{agent}", f"s-{site}", day), MONDAY_MS + (latest - 1) * DAY_MS
        assert steady.apply(fact, frontier_ms) == crashing.apply(fact, frontier_ms)
        for one in (steady, crashing):
            one.forget(frontier_ms)
        steady.take()
        state += crashing.take().state
        if restart:
            crashing = restored(crashing, state, **limits)
        assert steady.entities == crashing.entities <= 10


def test_a_record_of_a_newer_version_is_refused() -> None:
    with pytest.raises(NewerFormatError, match="entity record has format 9"):
        ledger().restore(b"|main|agent|a-1", b'{"f":9,"day":1}')


def test_a_replay_knows_no_such_limit_and_a_floor_does_not_meet_that_of_a_worker() -> None:
    settings = load(None, {})
    assert (settings.limits().entities_per_site, settings.limits().entities) == (0, 0)
    limits = settings.live_limits()
    assert limits.entities_per_site >= 2_000 * 4  # agents, those that have left, teams, queues, segments
    assert limits.entities >= 3 * limits.entities_per_site
    one = DebtorStage(Definitions(), WindowPlan(), settings.limits(), 0)
    for number in range(50):
        one.apply(of(number, f"a-{number}", f"t-{number}", f"s-{number}"))
    assert one.entities == 0
    assert not [key for key, _ in one.take().state if key.startswith(b"|")]
