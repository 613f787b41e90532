"""Of an event that lost to another of its identity only a hash is kept (live 3)."""

from __future__ import annotations

import orjson

from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.ledger.store import record
from tests.facts.events import event
from tests.ledger.test_laws import stage

HASH_BYTES, FRAME_BYTES = 8, 8


def payment(name: str, agent: str) -> Fact:
    fact = decode(orjson.dumps(event("payment", event_id=name, agent_id=agent)))
    assert not isinstance(fact, Rejection)
    return fact


def restored(state: list[tuple[bytes, bytes | None]]) -> DebtorStage:
    one = stage()
    for key, value in state:
        one.restore(key, value)
    return one


def test_the_loser_of_a_conflict_is_remembered_by_a_hash_whichever_came_first() -> None:
    wins, loses = payment("e-1", "a-winner"), payment("e-2", "a-loser" * 10)
    plain = len(record.encode(wins))
    for first, second in ((wins, loses), (loses, wins)):
        one = stage()
        assert one.apply(first).kind == "accepted"
        assert one.apply(second).kind == "conflict"
        state = one.take().state
        _, value = state[-1]
        assert value is not None
        assert b"a-loser" not in value
        assert len(value) <= plain + HASH_BYTES + FRAME_BYTES
        for ledger in (one, restored(state)):  # a redelivery of either is known for what it is
            assert [ledger.apply(each).kind for each in (wins, loses)] == ["duplicate", "duplicate"]
