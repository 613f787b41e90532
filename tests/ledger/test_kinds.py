"""Laws of the table of event kinds: all that knows kinds one by one knows the same ones."""

from __future__ import annotations

import orjson
import pytest

from stream.facts import fact as facts
from stream.facts.decode import Rejection, decode
from stream.facts.fact import TOPICS
from stream.facts.identity import expected_key
from stream.kafka.names import INBOUND
from stream.ledger import debtor_index, difference
from stream.ledger.kinds import KINDS
from stream.replay.routing import group_of
from stream.simulate import route
from tests.facts.events import SAMPLES, event


def test_every_part_knows_the_same_types() -> None:
    indexed = {letter for letter, kind in KINDS.items() if kind.role in ("linked", "attempt")}
    assert set(debtor_index._INDEXED) == set(difference._COMING) == indexed
    assert {kind.TYPE for kind in facts.KINDS} == set(SAMPLES) == set(route.TYPES)
    assert len(KINDS) == len({kind.TYPE for kind in facts.KINDS})
    assert INBOUND == TOPICS == ("calls", "payments", "complaints", "cases", "activity")


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("ids", [{}, {"debtor_id": None, "case_id": None}, {"agent_id": "a-7"}])
def test_the_simulator_and_the_routing_of_replay_use_the_key_that_is_expected(
    kind: str, ids: dict[str, str | None]
) -> None:
    for debtor in ({}, {"debtor_id": None, "case_id": None}):
        said = {**event(kind), **ids, **debtor}
        fact = decode(orjson.dumps(said))
        if isinstance(fact, Rejection):  # of most kinds an event has a debtor
            assert debtor or "debtor_id" in ids
            assert "debtor_id" in fact.detail or "case_id" in fact.detail
            continue
        key = expected_key(fact)
        assert route.key_of(said) == key
        keyed = orjson.dumps({"type": "survey", "agent_id": key})
        assert group_of(orjson.dumps(said), 9_973) == group_of(keyed, 9_973)
        assert route.topic_of(kind) == f"collections.{fact.TOPIC}.v1"
