"""Pauses after conversations: their ends, what begins one, and what is a breach in one (conduct 2)."""

from __future__ import annotations

from typing import Any

import pytest

from stream.conduct.rule import Spacing
from tests.conduct.builders import dial, found, lives, talk

WEEK = Spacing("case", 7)
LOCAL_WEEK = Spacing("case", 7, local=True)


@pytest.mark.parametrize(("at", "expected"), [("2026-03-08T15:00:00.249Z", ["next"]), ("2026-03-08T15:00:00.250Z", [])])
def test_a_pause_of_days_ends_to_the_millisecond(at: str, expected: list[str]) -> None:
    assert found(WEEK, [talk("2026-03-01T15:00:00.250Z", "first"), dial(at, "next")]) == expected


@pytest.mark.parametrize(
    ("first", "at", "expected"),
    [
        # The day of the conversation, 1 March to its last millisecond, is the first of seven: 2 to 7 March are closed,
        # and 8 March, whose clock is put forward, is open from midnight on.
        ("2026-03-01T06:00:00Z", "2026-03-08T05:59:59.999Z", ["next"]),
        ("2026-03-01T06:00:00Z", "2026-03-08T06:00:00Z", []),
        ("2026-03-02T05:59:59.999Z", "2026-03-08T06:00:00Z", []),
        ("2026-03-02T06:00:00Z", "2026-03-08T06:00:00Z", ["next"]),
        ("2026-03-02T06:00:00Z", "2026-03-09T04:59:59.999Z", ["next"]),
        ("2026-03-02T06:00:00Z", "2026-03-09T05:00:00Z", []),
    ],
)
def test_a_pause_of_local_days_ends_at_local_midnight(first: str, at: str, expected: list[str]) -> None:
    assert found(LOCAL_WEEK, [talk(first, "first"), dial(at, "next")]) == expected


def test_a_pause_ends_at_the_midnight_of_where_the_debtor_lives_when_the_call_is_made() -> None:
    raws = [talk("2026-03-01T15:00:00Z", "first"), dial("2026-03-08T02:00:00Z", "next")]
    assert found(LOCAL_WEEK, raws) == ["next"]  # 20:00 of 7 March in Chicago
    assert found(LOCAL_WEEK, [*raws, lives("2026-03-05T00:00:00Z", "Europe/London")]) == []  # 8 March in London


@pytest.mark.parametrize(
    ("fields", "begins"),
    [
        ({}, True),
        ({"direction": "inbound"}, True),
        ({"party": "third"}, False),
        ({"party": None}, True),
        ({"party": "unknown"}, True),
        ({"outcome": "machine"}, False),
        ({"case_id": "c2"}, False),
        ({"case_id": None}, False),
        ({"transferred_from": "k0"}, False),
        ({"void": True}, False),
        ({"agent_id": None}, True),
    ],
)
def test_what_begins_a_pause(fields: dict[str, Any], begins: bool) -> None:
    raws = [talk("2026-03-01T15:00:00Z", "first", **fields), dial("2026-03-01T16:00:00Z", "next")]
    assert ("next" in found(WEEK, raws)) == begins


@pytest.mark.parametrize(
    ("fields", "breaches"),
    [
        ({}, True),
        ({"outcome": "human", "party": "third"}, True),
        ({"outcome": "busy"}, False),
        ({"outcome": "failed"}, False),
        ({"outcome": "invalid_number"}, False),
        ({"outcome": "abandoned"}, True),
        ({"direction": "inbound", "outcome": "human"}, False),
        ({"case_id": "c2"}, False),
    ],
)
def test_what_is_a_breach_in_a_pause(fields: dict[str, Any], breaches: bool) -> None:
    raws = [talk("2026-03-01T15:00:00Z", "first"), dial("2026-03-01T16:00:00Z", "next", **fields)]
    assert found(WEEK, raws) == (["next"] if breaches else [])


def test_of_one_instant_the_conversation_that_comes_first_in_the_order_closes_it_for_the_other() -> None:
    at = "2026-03-01T15:00:00Z"
    assert found(WEEK, [talk(at, "a"), dial(at, "b")]) == ["b"]
    assert found(WEEK, [talk(at, "b"), dial(at, "a")]) == []
    assert found(WEEK, [talk(at, "b")]) == []


def test_the_latest_conversation_decides() -> None:
    raws = [
        talk("2026-03-01T15:00:00Z", "a"),
        talk("2026-03-05T15:00:00Z", "b"),
        dial("2026-03-12T14:59:59.999Z", "c"),
        dial("2026-03-12T15:00:00Z", "d"),
    ]
    assert found(WEEK, raws) == ["b", "c"]


@pytest.mark.parametrize(("number", "expected"), [("n1", ["next"]), ("n2", [])])
def test_a_pause_per_number_is_of_the_number(number: str, expected: list[str]) -> None:
    raws = [talk("2026-03-01T15:00:00Z", "first", case_id="c9"), dial("2026-03-02T15:00:00Z", "next", number_id=number)]
    assert found(Spacing("number", 7), raws) == expected
    assert found(Spacing("debtor", 7), raws) == ["next"]
