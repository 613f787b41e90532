"""What a mess does to a stream, and what it may not do."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from stream.facts.decode import Rejection
from stream.facts.fact import Fact
from stream.facts.identity import expected_key, own_id, same_content
from stream.simulate.mess import Item, Mess, spoil
from stream.simulate.route import Event
from stream.simulate.stamp import MINUTE_MS
from tests.simulate.days import read, world

CLEAN = world(rate=3.0)


def spoiled(mess: Mess, seed: int = 1) -> list[Item]:
    return list(spoil(CLEAN, mess, seed))


def texts(items: list[Item] | list[tuple[int, Event]]) -> Counter[bytes]:
    return Counter(event if isinstance(event, bytes) else orjson.dumps(event) for _, event in items)


def additions(mess: Mess) -> list[Event | bytes]:
    """What came on top; the clean stream must still be there, whole."""
    clean = texts(CLEAN)
    messy = spoiled(mess)
    assert not clean - texts(messy)
    return [event for _, event in messy if (event if isinstance(event, bytes) else orjson.dumps(event)) not in clean]


def fact(event: Event | bytes) -> Fact:
    read_fact = read(event)
    assert not isinstance(read_fact, Rejection), (read_fact, event)
    return read_fact


def test_no_mess_changes_nothing() -> None:
    assert spoiled(Mess()) == CLEAN


def test_one_seed_makes_the_same_mess() -> None:
    everything = Mess(0.1, 0.1, MINUTE_MS, 0.1, 0.1, 0.1, 0.1)
    assert spoiled(everything) == spoiled(everything)
    assert spoiled(everything) != spoiled(everything, seed=2)


def test_instants_never_go_back_whatever_the_mess() -> None:
    instants = [at for at, _ in spoiled(Mess(0.1, 0.3, MINUTE_MS, 0.1, 0.1, 0.1, 0.1))]
    assert instants == sorted(instants)


def test_duplicates_are_the_same_events_again() -> None:
    messy = texts(spoiled(Mess(duplicates=0.2)))
    assert set(messy) == set(texts(CLEAN))
    assert messy.total() == pytest.approx(1.2 * len(CLEAN), rel=0.03)


def test_late_events_are_the_same_ones_in_another_order_late_by_no_more_than_allowed() -> None:
    messy = spoiled(Mess(late=0.3, late_by_ms=5 * MINUTE_MS))
    assert texts(messy) == texts(CLEAN)
    due = {event["event_id"]: at for at, event in CLEAN}
    delays = [at - due[event["event_id"]] for at, event in messy if not isinstance(event, bytes)]
    assert min(delays) == 0
    assert 4 * MINUTE_MS < max(delays) <= 5 * MINUTE_MS
    assert sum(delay > 0 for delay in delays) == pytest.approx(0.3 * len(CLEAN), rel=0.05)


def test_corrections_are_second_versions_of_conversations() -> None:
    first = {event["call_id"]: fact(event) for _, event in CLEAN if event["type"] == "call"}
    corrections = [fact(event) for event in additions(Mess(corrections=0.5))]
    assert len(corrections) > 50
    for correction in corrections:
        corrected = first[own_id(correction)]
        assert (correction.version, corrected.version) == (2, 1)
        assert expected_key(correction) == expected_key(corrected)


def test_conflicts_state_a_fact_of_the_stream_otherwise() -> None:
    clean = {(expected_key(f), type(f), own_id(f), f.version): f for f in (fact(event) for _, event in CLEAN)}
    conflicts = [fact(event) for event in additions(Mess(conflicts=0.2))]
    assert len(conflicts) > 1_000
    order = Counter[str]()
    for conflict in conflicts:
        counted = clean[expected_key(conflict), type(conflict), own_id(conflict), conflict.version]
        assert not same_content(conflict, counted)
        smaller = conflict.event_id < counted.event_id
        order["first" if smaller else "second" if conflict.event_id > counted.event_id else "same id"] += 1
    assert min(order.values()) > 100
    assert len(order) == 3


@pytest.mark.parametrize("reason", ["malformed", "invalid"])
def test_garbage_is_refused_for_the_reason_it_was_made_for(reason: str) -> None:
    mess: dict[str, Any] = {reason: 0.3}
    garbage = [read(event) for event in additions(Mess(**mess))]
    assert len(garbage) > 1_000
    assert {type(rejection) for rejection in garbage} == {Rejection}
    assert {rejection.reason for rejection in garbage if isinstance(rejection, Rejection)} == {reason}


def test_garbage_keeps_to_its_line() -> None:
    assert all(b"\n" not in event for event in additions(Mess(malformed=0.3)) if isinstance(event, bytes))


@pytest.mark.parametrize("wrong", [{"duplicates": 1.1}, {"late": -0.1}, {"late_by_ms": 0}])
def test_a_share_outside_0_to_1_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Mess(**wrong)
