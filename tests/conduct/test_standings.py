"""Standings and the records of both kinds (conduct 3 and 4)."""

from __future__ import annotations

from typing import Any

import pytest

from stream.conduct.rule import Consent, Frequency, Hours
from stream.conduct.rulebook import Rulebook
from stream.conduct.standing import gone
from stream.facts.instant import instant_text
from tests.conduct.builders import ZONES, all_breaches, all_standings, book, consent, dial, lives, own, talk
from tests.worlds import events as e

WEEK = Frequency("attempts", "case", 3, 7)
DAYS = Frequency("attempts", "debtor", 3, 2, local=True)


def calls(count: int) -> list[e.Raw]:
    return [dial(f"2026-03-02T15:0{n}:00.250Z", f"k{n}", agent_id=f"a{n}", team_id="t1") for n in range(count)]


@pytest.mark.parametrize(
    ("count", "state", "headroom", "clears"),
    [
        (1, "clear", 2, None),
        (2, "near", 1, "2026-03-09T15:00:00.250Z"),
        (3, "reached", 0, "2026-03-09T15:00:00.250Z"),
        (4, "breached", 0, "2026-03-09T15:00:00.250Z"),
        (5, "breached", 0, "2026-03-09T15:01:00.250Z"),
    ],
)
def test_a_standing_is_that_of_the_latest_counted_contact(
    count: int, state: str, headroom: int, clears: str | None
) -> None:
    (standing,) = all_standings(WEEK, calls(count))
    assert standing.record("live", 9) == {
        "record": "standing",
        "rule": "own",
        "debtor": "d1",
        "case": "c1",
        "number": None,
        "state": state,
        "count": count,
        "limit": 3,
        "headroom": headroom,
        "at": f"2026-03-02T15:0{count - 1}:00.250Z",
        "clears_at": clears,
        "agent": f"a{count - 1}",
        "team": "t1",
        "site": "main",
        "revision": 9,
        "run": "live",
    }
    assert standing.key == "S|d1|own|c1"


def test_of_local_days_it_clears_at_the_midnight_that_ends_the_last_of_them() -> None:
    (standing,) = all_standings(DAYS, [dial("2026-03-07T15:00:00Z", "a"), dial("2026-03-07T16:00:00Z", "b")])
    assert standing.clears_at_ms is not None
    assert instant_text(standing.clears_at_ms) == "2026-03-09T05:00:00Z"  # over the night of the clock change


@pytest.mark.parametrize(
    ("moves", "clears"),
    [
        ("2026-03-08T00:00:00Z", "2026-03-09T00:00:00Z"),  # midnight in London, which comes first
        ("2026-03-09T04:59:59.999Z", "2026-03-09T04:59:59.999Z"),  # there the days are over already
        ("2026-03-09T05:00:00Z", "2026-03-09T05:00:00Z"),
    ],
)
def test_a_debtor_who_moves_ends_his_days_where_he_lives_then(moves: str, clears: str) -> None:
    raws = [dial("2026-03-07T15:00:00Z", "a"), dial("2026-03-07T16:00:00Z", "b"), lives(moves, "Europe/London")]
    (standing,) = all_standings(DAYS, raws)
    assert standing.clears_at_ms is not None
    assert instant_text(standing.clears_at_ms) == clears


def test_there_is_one_for_each_rule_and_scope_and_none_where_nothing_was_counted() -> None:
    per_number = own(Frequency("attempts", "number", 9, 7), name="per_number")
    raws = [dial("2026-03-02T15:00:00Z", "a"), dial("2026-03-02T15:01:00Z", "b", case_id="c2", number_id=None)]
    found = all_standings(book(per_number, WEEK, Hours(0, 1)), raws)
    assert [(each.rule, each.case, each.number) for each in found] == [
        ("own", "c1", None), ("own", "c2", None), ("per_number", None, "n1"),
    ]  # fmt: skip
    assert all_standings(WEEK, [dial("2026-03-02T15:00:00Z", "a", case_id=None)]) == []


def test_a_contact_at_a_site_without_the_rule_or_outside_its_dates_leaves_no_standing() -> None:
    there = Rulebook((own(WEEK),), {"two": ()}, ZONES)
    raws = [dial("2026-03-02T15:00:00Z", "a"), dial("2026-03-02T15:01:00Z", "b", site_id="two")]
    assert [each.count for each in all_standings(there, raws[:1])] == [1]
    assert all_standings(there, raws) == []
    assert all_standings(book(own(WEEK, "2026-03-03")), raws) == []


def test_what_is_gone_is_clear_and_counts_nothing() -> None:
    (standing,) = all_standings(WEEK, calls(4))
    record = gone(standing).record("live", 2)
    assert (record["state"], record["count"], record["headroom"], record["clears_at"]) == ("clear", 0, 3, None)
    assert record["at"] == standing.record("live", 1)["at"]


def test_covered_contacts_do_not_stand() -> None:
    of = Frequency("attempts", "case", 3, 7, consent=Consent())
    raws = [*calls(2), consent("2026-03-02T15:01:00Z")]
    assert [(each.count, each.credit.agent) for each in all_standings(of, raws)] == [(1, "a0")]


def test_the_record_of_a_breach_is_that_of_the_page() -> None:
    rule = own(Frequency("connected_attempts", "case", 7, 7), name="us_reg_f.calls_in_7_days")
    raws = [
        dial(f"2026-11-02T14:0{n}:00Z", f"k-{n}", debtor_id="d-7", case_id="c-7", agent_id="a-1", team_id="t-1")
        for n in range(7)
    ]
    last = dial("2026-11-02T15:00:00.999Z", "k-8", debtor_id="d-7", case_id="c-7", agent_id=None, team_id=None)
    (breach,) = all_breaches(book(rule), [*raws, last, lives("2026-01-01T00:00:00Z", "America/Chicago")])
    expected: dict[str, Any] = {
        "record": "breach",
        "rule": "us_reg_f.calls_in_7_days",
        "pack": None,
        "site": "main",
        "debtor": "d1",
        "case": "c-7",
        "number": None,
        "fact": {"type": "call", "id": "k-8"},
        "at": "2026-11-02T15:00:00.999Z",
        "count": 8,
        "limit": 7,
        "counted": [*(f"k-{n}" for n in range(7)), "k-8"],
        "local_time": "09:00:00",
        "zone": "America/Chicago",
        "zone_assumed": False,
        "agent": "unassigned",
        "team": "unassigned",
        "withdrawn": False,
        "revision": 3,
        "run": "live",
    }
    assert breach.record("live", 3) == expected
    assert [*breach.record("live", 3)] == [*expected]
    assert breach.record("live", 4, withdrawn=True) == expected | {"withdrawn": True, "revision": 4}
    assert breach.key == "B|d1|us_reg_f.calls_in_7_days|c-7|call|k-8"


def test_a_breach_without_a_scope_has_an_empty_one_in_its_key_and_is_credited_to_the_queue() -> None:
    call = talk("2026-03-02T06:00:00Z", "k", queue_id="q1", segment_id="s1", agent_id="a1", team_id="t1")
    (breach,) = all_breaches(Hours(480, 1260), [call])
    assert breach.key == "B|d1|own||call|k"
    assert (breach.case, breach.number, breach.count) == (None, None, None)
    assert breach.credit == ("main", "t1", "a1", "q1", "s1")
