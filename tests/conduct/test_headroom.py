"""Headroom: what a dialler is told (conduct 5)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from stream.conduct.rule import Consent, Frequency, Hours, Quiet, Recorded, Restricted, Spacing, ThirdParty
from stream.conduct.rulebook import Rulebook
from stream.facts.instant import instant_ms, instant_text
from tests.conduct.builders import ZONES, asked, book, consent, dial, limit, lives, own, talk
from tests.worlds import events as e

WEEK = Frequency("connected_attempts", "case", 7, 7)
DAY = Hours(8 * 60, 21 * 60)
NOON = "2026-03-02T18:00:00Z"
PLACED = lives("2026-03-01T00:00:00Z", None)
SEVEN = [dial(f"2026-03-02T15:0{n}:00.250Z", f"k{n}") for n in range(7)]


def told(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(r["rule"], r["case"], r["number"], r["allowed"], r["allowed_from"]) for r in answer["rules"]]


def test_an_answer_is_that_of_the_page() -> None:
    assert asked(WEEK, [PLACED, *SEVEN], NOON) == {
        "debtor": "d1",
        "at": "2026-03-02T18:00:00Z",
        "allowed": False,
        "allowed_from": "2026-03-09T15:00:01Z",
        "known_until": None,
        "local_time": "12:00:00",
        "zone": "America/Chicago",
        "zone_assumed": True,
        "rules": [
            {
                "rule": "own",
                "case": "c1",
                "number": None,
                "allowed": False,
                "count": 7,
                "limit": 7,
                "headroom": 0,
                "allowed_from": "2026-03-09T15:00:01Z",
            }
        ],
    }


@pytest.mark.parametrize(
    ("raws", "allowed", "count"),
    [(SEVEN[:6], True, 6), (SEVEN, False, 7), ([*SEVEN[:6], dial(NOON, "now")], False, 7)],
)
def test_the_call_comes_after_every_fact_of_its_instant(raws: list[e.Raw], allowed: bool, count: int) -> None:
    answer = asked(WEEK, [PLACED, *raws], NOON)
    assert (answer["allowed"], answer["rules"][0]["count"]) == (allowed, count)


@pytest.mark.parametrize(
    ("at", "allowed_from"),
    [
        ("2026-03-09T15:00:00.249Z", "2026-03-09T15:00:01Z"),
        ("2026-03-09T15:00:00.250Z", "2026-03-09T15:00:00.250Z"),  # T itself, not a whole second
        ("2026-03-09T15:00:00Z", "2026-03-09T15:00:01Z"),
    ],
)
def test_allowed_from_is_the_instant_asked_about_or_a_whole_second_after_it(at: str, allowed_from: str) -> None:
    assert asked(WEEK, [PLACED, *SEVEN], at)["allowed_from"] == allowed_from


def test_later_facts_count_when_their_time_has_come() -> None:
    future = [dial("2026-03-09T14:00:00Z", "later"), dial("2026-03-09T14:30:00Z", "latest")]
    assert asked(WEEK, [PLACED, *SEVEN, *future], NOON)["allowed_from"] == "2026-03-09T15:02:01Z"


@pytest.mark.parametrize(
    ("of", "allowed"),
    [
        (Frequency("unanswered_attempts", "debtor", 0, 1), False),
        (Frequency("conversations", "debtor", 0, 1, effective_ms=10**12), False),
        (Frequency("attempts", "debtor", 0, 1), False),
        (Frequency("contacts", "debtor", 0, 1), False),
        (Frequency("contacts", "debtor", 0, 1, channels=frozenset({"sms"})), True),
        (Hours(0, 1, frozenset({"sms"})), True),
    ],
)
def test_the_call_is_whatever_a_rule_counts_and_a_call(of: Any, allowed: bool) -> None:
    answer = asked(of, [], NOON)
    assert answer["allowed"] == allowed
    assert answer["allowed_from"] == (NOON if allowed else None)


def test_which_entries_there_are() -> None:
    rules = [
        own(Frequency("attempts", "case", 9, 7), name="a_case"),
        own(Spacing("number", 7), name="b_number"),
        own(DAY, name="c_hours"),
        own(Quiet(), name="d_quiet"),
        own(Restricted(frozenset({"attorney"})), name="e_restricted"),
        own(Frequency("attempts", "debtor", 9, 7), name="f_debtor"),
        own(Recorded(), name="g_recorded"),
        own(ThirdParty(), name="h_third"),
    ]
    cases = [
        lives("2026-03-01T00:00:00Z", None, "p1"),
        lives("2026-03-01T00:00:00Z", None, "p2", case_id="c2"),
        e.case("2026-03-01T01:00:00Z", "closed", "p3", case_id="c3"),
        e.case("2026-03-01T02:00:00Z", "stage", "p4", case_id="c3"),  # open again
        e.case(NOON, "closed", "p5", case_id="c2"),
        e.case("2026-03-02T18:00:00.001Z", "closed", "p6", case_id="c1"),  # not yet
    ]
    calls = [
        dial("2026-02-23T18:00:00Z", "k1", number_id="old"),  # exactly 7 x 24 h ago
        dial("2026-02-23T18:00:00.001Z", "k2", number_id="n2"),
        e.call(NOON, "k3", direction="inbound", number_id="n1", outcome="abandoned"),
        dial(NOON, "k4", number_id="n3", transferred_from="k3"),
        dial("2026-03-02T18:00:00.001Z", "k5", number_id="n4"),
    ]
    pairs = [("c1", "n1"), ("c1", "n2"), ("c3", "n1"), ("c3", "n2")]
    found = [entry[:3] for entry in told(asked(book(*rules), [*cases, *calls], NOON))]
    assert found == [
        *(("a_case", case, None) for case in ("c1", "c3")),
        *(("b_number", None, number) for number in ("n1", "n2")),
        ("c_hours", None, None),
        *(("d_quiet", *pair) for pair in pairs),
        *(("e_restricted", *pair) for pair in pairs),
        ("f_debtor", None, None),
    ]
    given = asked(book(*rules), [*cases, *calls], NOON, case="c9", number="n9")
    assert [entry[:3] for entry in told(given)] == [
        ("a_case", "c9", None), ("b_number", None, "n9"), ("c_hours", None, None), ("d_quiet", "c9", "n9"),
        ("e_restricted", "c9", "n9"), ("f_debtor", None, None),
    ]  # fmt: skip
    unknown = asked(book(*rules), [], NOON)
    assert [entry[:3] for entry in told(unknown)] == [
        ("c_hours", None, None), ("d_quiet", None, None), ("e_restricted", None, None), ("f_debtor", None, None),
    ]  # fmt: skip
    assert unknown["allowed"]


def test_an_entry_is_judged_on_its_own_case_and_number_and_else_on_those_given() -> None:
    at = "2026-03-02T06:00:00Z"  # night
    night = Hours(8 * 60, 21 * 60, consent=Consent())
    of_case = consent("2026-01-01T00:00:00Z", case_id="c1")
    assert not asked(night, [PLACED, of_case], at)["allowed"]  # hours have no case of their own
    assert asked(night, [PLACED, of_case], at, case="c1")["allowed"]
    wrong = limit("wrong_number", "2026-01-01T00:00:00Z", number_id="n1")
    raws = [PLACED, wrong, dial("2026-03-02T05:00:00Z", "k"), dial("2026-03-02T05:00:00Z", "m", number_id="n2")]
    answer = asked(Restricted(frozenset({"wrong_number"})), raws, at)
    assert told(answer) == [("own", "c1", "n1", False, None), ("own", "c1", "n2", True, at)]
    assert answer["allowed_from"] is None  # every entry must allow


@pytest.mark.parametrize(
    ("fields", "site"), [({"site": "two"}, "two"), ({}, "berlin"), ({"at": "2026-02-28T00:00:00Z"}, "main")]
)
def test_the_site_is_the_one_given_or_of_the_latest_case_event_or_main(fields: dict[str, Any], site: str) -> None:
    rules = {"main": "m", "two": "t", "berlin": "b"}
    rulebook = Rulebook((), {name: (own(DAY, name=rule),) for name, rule in rules.items()}, ZONES)
    raws = [
        PLACED,
        lives("2026-03-01T00:00:00Z", None, "q", site_id="berlin"),
        lives("2026-05-01T00:00:00Z", None, "x"),
    ]
    answer = asked(rulebook, raws, fields.pop("at", NOON), **fields)
    assert [entry["rule"] for entry in answer["rules"]] == [rules[site]]


def test_a_site_that_is_not_configured_is_in_utc_and_has_the_rules_of_every_site() -> None:
    answer = asked(DAY, [], "2026-03-02T09:00:00Z", site="nowhere")
    assert (answer["zone"], answer["local_time"], answer["allowed"]) == ("UTC", "09:00:00", True)
    assert answer["rules"] != []


@pytest.mark.parametrize(
    ("of", "raws", "at", "allowed_from"),
    [
        (DAY, [], "2026-03-03T03:00:00Z", "2026-03-03T14:00:00Z"),
        (DAY, [], "2026-03-08T07:00:00Z", "2026-03-08T13:00:00Z"),  # the night of the clock change
        (Hours(150, 180), [], "2026-03-08T07:00:00Z", "2026-03-09T07:30:00Z"),  # 02:30 does not exist on 8 March
        (Hours(150, 240), [], "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"),  # but 03:00 does, when it is put forward
        (Hours(60, 90), [], "2026-11-01T06:45:00Z", "2026-11-01T07:00:00Z"),  # 01:00 comes twice
        (Hours(0, 1440), [], "2026-03-03T03:00:00Z", "2026-03-03T03:00:00Z"),
        (Spacing("debtor", 7), [talk("2026-03-02T15:00:00.001Z", "t")], NOON, "2026-03-09T15:00:01Z"),
        (Spacing("debtor", 7, local=True), [talk("2026-03-02T15:00:00Z", "t")], NOON, "2026-03-09T05:00:00Z"),
        (Frequency("attempts", "debtor", 1, 1, local=True), SEVEN, NOON, "2026-03-03T06:00:00Z"),
        (Restricted(frozenset({"dispute"})), [limit("dispute", NOON, "2026-04-01T00:00:00.5Z")], NOON,
         "2026-04-01T00:00:01Z"),
        (Restricted(frozenset({"dispute"})), [limit("dispute", NOON)], NOON, None),
        (Restricted(frozenset({"dispute"})), [limit("dispute", NOON, "2026-05-01T18:00:00Z")], NOON,
         "2026-05-01T18:00:00Z"),  # exactly 60 days
        (Restricted(frozenset({"dispute"})), [limit("dispute", NOON, "2026-05-01T18:00:00.001Z")], NOON, None),
        (Quiet(), [limit("quiet_hours", NOON, hours=["11:00", "13:00"])], NOON, "2026-03-02T19:00:00Z"),
        (Quiet(), [limit("quiet_hours", NOON, "2026-03-02T18:30:00Z", hours=["11:00", "13:00"])], NOON,
         "2026-03-02T18:30:00Z"),
        (Quiet(), [limit("quiet_hours", NOON, hours=["11:00", "11:00"])], NOON, None),
        (Quiet(), [limit("quiet_hours", NOON, hours=["22:00", "12:30"])], NOON, "2026-03-02T18:30:00Z"),
        (Frequency("attempts", "debtor", 0, 1, consent=Consent()), [consent("2026-03-05T00:00:00.001Z")], NOON,
         "2026-03-05T00:00:01Z"),
        (DAY, [lives("2026-03-03T04:00:00Z", "Asia/Tokyo")], "2026-03-03T03:00:00Z", "2026-03-03T04:00:00Z"),
    ],
)  # fmt: skip
def test_when_a_call_is_allowed_again(of: Any, raws: list[e.Raw], at: str, allowed_from: str | None) -> None:
    answer = asked(of, raws, at)
    assert answer["allowed_from"] == allowed_from
    assert answer["allowed"] == (allowed_from == at)


def test_all_rules_together_wait_for_a_second_that_all_allow() -> None:
    morning, evening = own(Hours(8 * 60, 12 * 60), name="a"), own(Hours(11 * 60, 20 * 60), name="b")
    assert asked(book(morning, evening), [], "2026-03-02T19:00:00Z")["allowed_from"] == "2026-03-03T17:00:00Z"
    never = own(Hours(13 * 60, 20 * 60), name="c")
    answer = asked(book(morning, never), [], "2026-03-02T19:30:00Z")
    assert answer["allowed_from"] is None
    assert [entry["allowed_from"] for entry in answer["rules"]] == ["2026-03-03T14:00:00Z", "2026-03-02T19:30:00Z"]


def test_at_later_seconds_the_versions_count_that_are_in_force_then() -> None:
    closed, opened = own(Hours(0, 1), None, "2026-03-04"), own(Hours(0, 1440), "2026-03-04", "2026-03-05")
    answer = asked(book(closed, opened), [], NOON)
    assert told(answer) == [("own", None, None, False, "2026-03-03T06:00:00Z")]
    stricter = own(Hours(600, 660), "2026-03-03")
    answer = asked(book(own(Hours(0, 1), None, "2026-03-03"), stricter), [], NOON)
    assert told(answer) == [("own", None, None, False, "2026-03-03T16:00:00Z")]
    # A rule that is not in force yet is no entry, but the whole waits for it, too.
    soon = own(Hours(600, 660), "2026-03-03", name="soon")
    answer = asked(book(own(Hours(480, 540)), soon), [], NOON)
    assert [entry["rule"] for entry in answer["rules"]] == ["own"]
    assert answer["allowed_from"] is None


def test_the_first_second_is_the_first_of_all_that_are_allowed() -> None:
    """Asked second after second, each answer names the same one until it is there."""
    raws = [PLACED, *SEVEN, limit("quiet_hours", NOON, hours=["09:00", "09:00"], until="2026-03-09T15:00:05.5Z")]
    start_ms = instant_ms("2026-03-09T14:59:50.3Z")
    answers = [asked(book(own(WEEK, name="a"), own(Quiet(), name="b")), raws, instant_text(start_ms + 100 * n))
               for n in range(200)]  # fmt: skip
    first = next(answer for answer in answers if answer["allowed"])
    assert first["at"] == "2026-03-09T15:00:05.500Z"
    for one, other in pairwise(answers):
        if not one["allowed"] and not other["allowed"]:
            assert one["allowed_from"] == other["allowed_from"] == "2026-03-09T15:00:06Z"


def test_without_rules_everything_is_allowed() -> None:
    answer = asked(Rulebook(zones=ZONES), SEVEN, NOON)
    assert (answer["allowed"], answer["allowed_from"], answer["rules"]) == (True, NOON, [])
    assert answer["zone"] == "America/Chicago"
