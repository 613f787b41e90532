"""Rules that count: each edge of the window, one event and one millisecond on either side (conduct 2)."""

from __future__ import annotations

from typing import Any

import pytest

from stream.conduct.rule import Frequency
from tests.conduct.builders import all_breaches, dial, found, lives, talk
from tests.worlds import events as e

SEVEN = Frequency("attempts", "case", 7, 7)
ONE_A_DAY = Frequency("attempts", "debtor", 1, 1, local=True)


def week(last: str, count: int = 7) -> list[e.Raw]:
    return [*(dial(f"2026-03-01T15:0{n}:00.500Z", f"k{n}") for n in range(count)), dial(last, "last")]


@pytest.mark.parametrize(
    ("raws", "expected"),
    [
        (week("2026-03-02T15:00:00Z", 6), []),  # the seventh
        (week("2026-03-02T15:00:00Z", 7), ["last"]),  # the eighth
        (week("2026-03-02T15:00:00Z", 8), ["k7", "last"]),
        (
            week("2026-03-08T15:00:00.499Z"),
            ["last"],
        ),  # the first is a millisecond under 7 x 24 h old, over a clock change
        (week("2026-03-08T15:00:00.500Z"), []),  # and now exactly that old
    ],
)
def test_more_than_the_limit_within_so_many_times_24_hours_is_a_breach(raws: list[e.Raw], expected: list[str]) -> None:
    assert found(SEVEN, raws) == expected


def test_of_one_instant_the_greater_id_comes_later_and_a_call_before_a_message() -> None:
    at = "2026-03-02T15:00:00Z"
    raws = [dial(at, "k2"), dial(at, "k10"), e.message(at, "a", direction="outbound", channel="sms", debtor_id="d1")]
    assert found(Frequency("contacts", "debtor", 1, 1), raws) == ["k2", "a"]
    assert found(Frequency("contacts", "debtor", 2, 1), raws) == ["a"]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("2026-03-02T05:59:59.999Z", ["second"]),  # 23:59:59.999 of 1 March in Chicago
        ("2026-03-02T06:00:00Z", []),  # 00:00 of 2 March
    ],
)
def test_local_days_end_at_local_midnight(second: str, expected: list[str]) -> None:
    assert found(ONE_A_DAY, [dial("2026-03-01T06:00:00Z", "first"), dial(second, "second")]) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2026-03-08T05:59:59.999Z", "2026-03-09T04:59:59.999Z", []),
        ("2026-03-08T06:00:00Z", "2026-03-09T04:59:59.999Z", ["second"]),  # the day of 23 hours
        ("2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z", []),
        ("2026-11-01T05:00:00Z", "2026-11-02T05:59:59.999Z", ["second"]),  # and of 25
        ("2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z", []),
    ],
)
def test_a_local_day_has_23_or_25_hours_where_the_clock_changes(first: str, second: str, expected: list[str]) -> None:
    assert found(ONE_A_DAY, [dial(first, "first"), dial(second, "second")]) == expected


@pytest.mark.parametrize(("day", "expected"), [("03", ["last"]), ("04", [])])
def test_three_local_days_are_that_of_the_contact_and_the_two_before(day: str, expected: list[str]) -> None:
    raws = [dial("2026-03-01T06:00:00Z", "first"), dial(f"2026-03-{day}T23:00:00Z", "last")]
    assert found(Frequency("attempts", "debtor", 1, 3, local=True), raws) == expected


def test_local_days_are_those_of_the_zone_at_the_contact_that_is_judged() -> None:
    moves = [lives("2026-03-01T00:00:00Z", "Asia/Tokyo", "p1"), lives("2026-03-01T16:00:00Z", "Europe/London", "p2")]
    raws = [dial("2026-03-01T14:00:00Z", "first"), dial("2026-03-01T15:30:00Z", "second")]
    assert found(ONE_A_DAY, [*moves, *raws]) == []  # 23:00 and, the next day, 00:30 in Tokyo
    assert found(ONE_A_DAY, [*moves, raws[0], dial("2026-03-01T16:30:00Z", "third")]) == ["third"]  # one day in London


OUTCOMES = ("human", "machine", "no_answer", "busy", "invalid_number", "abandoned", "failed", "callback")


@pytest.mark.parametrize(
    ("counts", "counted"),
    [
        ("attempts", OUTCOMES),
        ("connected_attempts", ("human", "machine", "no_answer", "abandoned", "callback")),
        ("unanswered_attempts", ("machine", "no_answer", "busy", "invalid_number", "failed", "callback")),
        ("conversations", ("human",)),
        ("contacts", OUTCOMES),
    ],
)
def test_each_word_counts_its_outcomes(counts: Any, counted: tuple[str, ...]) -> None:
    of = Frequency(counts, "debtor", 0, 1)
    assert [each for each in OUTCOMES if found(of, [dial("2026-03-01T15:00:00Z", "k", outcome=each)])] == [*counted]


@pytest.mark.parametrize(
    ("fields", "counted"),
    [
        ({"talk_ms": 9_999}, False),
        ({"talk_ms": 10_000}, True),
        ({"talk_ms": 20_000, "effective_ms": 9_999}, False),
        ({"talk_ms": 0, "effective_ms": 10_000}, True),
        ({"talk_ms": None}, False),
        ({"talk_ms": 10_000, "party": "third"}, False),
        ({"talk_ms": 10_000, "party": None}, True),
        ({"talk_ms": 10_000, "direction": "inbound"}, False),
    ],
)
def test_a_conversation_counts_if_it_is_outbound_with_the_debtor_and_long_enough(
    fields: dict[str, Any], counted: bool
) -> None:
    of = Frequency("conversations", "debtor", 0, 1, effective_ms=10_000)
    assert bool(found(of, [talk("2026-03-01T15:00:00Z", "k", **fields)])) == counted


def test_channels_limit_what_is_counted() -> None:
    at = "2026-03-01T15:00:00Z"
    raws = [
        dial(at, "k"),
        *(e.message(at, f"m-{c}", channel=c, direction="outbound", debtor_id="d1") for c in ("sms", "email", "letter")),
        e.message(at, "m-in", channel="sms", direction="inbound", debtor_id="d1"),
        e.visit(at, "v", debtor_id="d1", case_id="c1"),
    ]
    assert found(Frequency("contacts", "debtor", 0, 1), raws) == ["k", "m-email", "m-letter", "m-sms", "v"]
    assert found(Frequency("contacts", "debtor", 0, 1, channels=frozenset({"sms", "visit"})), raws) == ["m-sms", "v"]
    assert found(Frequency("attempts", "debtor", 0, 1, channels=frozenset({"sms"})), raws) == []


@pytest.mark.parametrize(("per", "expected"), [("debtor", ["b", "c", "d"]), ("case", ["d"]), ("number", ["b"])])
def test_scopes_count_apart_and_what_names_none_is_in_none(per: Any, expected: list[str]) -> None:
    raws = [
        dial("2026-03-01T15:00:00Z", "a"),
        dial("2026-03-01T15:01:00Z", "b", case_id=None),
        dial("2026-03-01T15:02:00Z", "c", case_id=None, number_id=None),
        dial("2026-03-01T15:03:00Z", "d", number_id="n2"),
    ]
    assert found(Frequency("attempts", per, 1, 1), raws) == expected


@pytest.mark.parametrize(
    "fields",
    [{"transferred_from": "k0"}, {"void": True}, {"debtor_id": None, "case_id": None}, {"direction": "inbound"}],
)
def test_what_no_rule_knows_of_is_neither_counted_nor_judged(fields: dict[str, Any]) -> None:
    raws = [dial("2026-03-01T15:00:00Z", "a", **fields), dial("2026-03-01T15:01:00Z", "b")]
    assert found(Frequency("attempts", "debtor", 1, 1), raws) == []
    assert found(Frequency("attempts", "debtor", 0, 1), raws) == ["b"]


def test_a_breach_names_the_last_twenty_that_were_counted_and_its_scope() -> None:
    raws = [dial(f"2026-03-01T15:{n:02}:00Z", f"k{n:02}") for n in range(23)]
    last = all_breaches(Frequency("attempts", "case", 7, 7), raws)[-1]
    assert (last.count, last.limit, last.case, last.number) == (23, 7, "c1", None)
    assert last.counted == tuple(f"k{n:02}" for n in range(3, 23))


@pytest.mark.parametrize("fields", [{"agent_id": None}, {"agent_id": "bot-7", "team_id": None}, {"outcome": "failed"}])
def test_a_contact_counts_by_whomever_it_was_made_and_however_it_ended(fields: dict[str, Any]) -> None:
    raws = [dial("2026-03-01T15:00:00Z", "a", **fields), dial("2026-03-01T15:01:00Z", "b", **fields)]
    assert found(Frequency("contacts", "case", 1, 1), raws) == ["b"]


def test_a_closed_case_stays_under_its_rules() -> None:
    raws = [
        dial("2026-03-01T15:00:00Z", "a"),
        e.case("2026-03-01T15:00:30Z", "closed", "p1", case_id="c1"),
        dial("2026-03-01T15:01:00Z", "b"),
    ]
    assert found(Frequency("attempts", "case", 1, 1), raws) == ["b"]
