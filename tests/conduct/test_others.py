"""Restrictions, third parties, recordings, deadlines, and the dates of rules (conduct 1 and 2)."""

from __future__ import annotations

from typing import Any

import pytest

from stream.conduct.breaches import breaches
from stream.conduct.rule import ComplaintDeadline, Frequency, Parameters, Recorded, Restricted, Spacing, ThirdParty
from stream.conduct.rulebook import Rulebook
from stream.facts.instant import instant_text
from stream.ledger.contribution import Credit
from tests.conduct.builders import ZONES, all_breaches, book, dial, found, history, limit, lives, own, talk
from tests.worlds import events as e

STOP = Restricted(frozenset({"cease_contact", "wrong_number"}))
THIRD = ThirdParty(3, 3)
MONTH = ComplaintDeadline(28)


@pytest.mark.parametrize(
    ("fields", "breach"),
    [
        ({}, True),
        ({"kind": "attorney"}, False),
        ({"until": "2026-03-02T15:00:00Z"}, False),
        ({"until": "2026-03-02T15:00:00.001Z"}, True),
        ({"from": "2026-03-02T15:00:00Z"}, True),
        ({"from": "2026-03-02T15:00:00.001Z"}, False),
        ({"case_id": "c2"}, False),
        ({"kind": "wrong_number", "number_id": "n1"}, True),
        ({"kind": "wrong_number", "number_id": "n2"}, False),
        ({"occurred_at": "2026-09-01T00:00:00Z"}, True),  # it became known half a year later
    ],
)
def test_a_contact_under_a_restriction(fields: dict[str, Any], breach: bool) -> None:
    raws = [limit("cease_contact", "2026-03-01T00:00:00Z") | fields, dial("2026-03-02T15:00:00Z", "k")]
    assert found(STOP, raws) == (["k"] if breach else [])


def test_a_restriction_of_a_case_or_number_does_not_concern_what_names_none() -> None:
    of_case = limit("cease_contact", "2026-03-01T00:00:00Z", case_id="c1")
    of_number = limit("wrong_number", "2026-03-01T00:00:00Z", number_id="n1")
    at = "2026-03-02T15:00:00Z"
    raws = [of_case, of_number, e.message(at, "m", channel="letter"), e.visit(at, "v", case_id="c1")]
    assert found(STOP, raws) == ["v"]
    assert found(STOP, [limit("cease_contact", "2026-03-01T00:00:00Z"), *raws[2:]]) == ["m", "v"]
    assert found(Restricted(frozenset({"cease_contact"}), frozenset({"letter"})), [of_case, *raws[2:]]) == []


AT = "2026-03-05T15:00:00Z"
TRIES = [dial(f"2026-03-0{n}T15:00:00Z", f"k{n}") for n in (2, 3, 4)]


def third(**fields: Any) -> e.Raw:
    return talk(AT, "t", **({"party": "third"} | fields))


@pytest.mark.parametrize(
    ("before", "breach"),
    [
        (TRIES, False),
        (TRIES[:2], True),
        ([*TRIES[1:], dial("2026-03-02T14:59:59.999Z", "k2")], True),  # a millisecond over three days ago
        ([*TRIES[:2], dial("2026-03-05T14:59:59.999Z", "k9")], False),
        ([*TRIES[:2], dial(AT, "k9")], True),  # at the same instant is not before
        ([*TRIES[:2], dial("2026-03-04T16:00:00Z", "k9", party="third")], True),
        ([*TRIES[:2], dial("2026-03-04T16:00:00Z", "k9", case_id="c2", outcome="failed")], False),
        ([*TRIES, talk("2026-03-02T15:00:00Z", "in", direction="inbound", case_id="c2")], True),
        ([*TRIES, talk("2026-03-02T14:59:59.999Z", "in", direction="inbound")], False),
        ([*TRIES, talk(AT, "in", direction="inbound")], False),
        ([*TRIES, talk("2026-03-04T16:00:00Z", "other", party="third")], False),
    ],
)
def test_a_third_party_is_for_debtors_who_were_tried_and_not_reached(before: list[e.Raw], breach: bool) -> None:
    assert ("t" in found(THIRD, [*before, third()])) == breach


@pytest.mark.parametrize("fields", [{"party": "right"}, {"outcome": "machine"}, {"direction": "inbound"}])
def test_only_an_outbound_conversation_with_a_third_party_is_judged(fields: dict[str, Any]) -> None:
    assert found(THIRD, [third(**fields)]) == []
    assert found(THIRD, [third()]) == ["t"]
    assert found(ThirdParty(3, 0), [third()]) == []


@pytest.mark.parametrize(
    ("fields", "breach"),
    [
        ({"recorded": True}, False),
        ({"recorded": False}, True),
        ({"recorded": None}, True),
        ({"recorded": None, "party": "third"}, True),
        ({"recorded": None, "direction": "inbound"}, False),
        ({"recorded": None, "outcome": "machine"}, False),
    ],
)
def test_conversations_are_recorded(fields: dict[str, Any], breach: bool) -> None:
    assert found(Recorded(), [talk(AT, "k", **fields)]) == (["k"] if breach else [])


@pytest.mark.parametrize(
    ("fields", "breach"),
    [
        ({}, True),
        ({"closed_at": "2026-03-29T14:59:59.999Z"}, False),
        ({"closed_at": "2026-03-29T15:00:00Z"}, True),
        ({"debtor_id": None}, False),
        ({"void": True}, False),
    ],
)
def test_a_complaint_is_closed_before_its_deadline(fields: dict[str, Any], breach: bool) -> None:
    raws = [e.complaint("2026-03-02T00:00:00Z", "q", **({"received_at": "2026-03-01T15:00:00Z"} | fields))]
    assert [instant_text(each.at_ms) for each in all_breaches(MONTH, raws)] == ["2026-03-29T15:00:00Z"] * breach


def test_a_complaint_is_credited_as_it_is_told_and_its_record_has_the_time_of_the_deadline() -> None:
    raws = [e.complaint("2026-03-01T15:00:00Z", "q", case_id="c1"), lives("2026-03-20T00:00:00Z", "Asia/Tokyo")]
    credit = Credit("main", "t9", "a9", None, "s9")
    (breach,) = breaches(history(MONTH, raws), lambda _: credit)
    assert (breach.type, breach.id, breach.credit, breach.case) == ("complaint", "q", credit, None)
    assert (breach.local_time, breach.zone, breach.zone_assumed) == ("00:00:00", "Asia/Tokyo", False)
    assert (breach.count, breach.limit, breach.counted) == (None, None, None)


@pytest.mark.parametrize("of", [Frequency("contacts", "debtor", 0, 1), Recorded()])
@pytest.mark.parametrize(
    ("at", "judged"),
    [
        ("2026-03-08T05:59:59.999Z", False),
        ("2026-03-08T06:00:00Z", True),  # local midnight in Chicago
        ("2026-03-09T04:59:59.999Z", True),
        ("2026-03-09T05:00:00Z", False),
    ],
)
def test_a_rule_judges_from_local_midnight_to_local_midnight(of: Parameters, at: str, judged: bool) -> None:
    dated = book(own(of, "2026-03-08", "2026-03-09"))
    assert found(dated, [talk(at, "k", recorded=False)]) == (["k"] if judged else [])


def test_what_lies_outside_the_dates_counts_and_begins_pauses() -> None:
    raws = [talk("2026-03-07T15:00:00Z", "before"), dial("2026-03-08T15:00:00Z", "k")]
    assert found(book(own(Frequency("attempts", "debtor", 1, 2), "2026-03-08")), raws) == ["k"]
    assert found(book(own(Spacing("debtor", 7), "2026-03-08")), raws) == ["k"]


def test_the_dates_are_days_where_the_debtor_lives() -> None:
    dated, at = book(own(Recorded(), "2026-03-08")), "2026-03-07T16:00:00Z"
    assert found(dated, [talk(at, "k", recorded=False)]) == []
    assert found(dated, [talk(at, "k", recorded=False), lives("2026-03-01T00:00:00Z", "Asia/Tokyo")]) == ["k"]


@pytest.mark.parametrize(("received", "judged"), [("2026-03-08T05:59:59.999Z", False), ("2026-03-08T06:00:00Z", True)])
def test_a_deadline_is_judged_by_the_day_on_which_the_complaint_was_received(received: str, judged: bool) -> None:
    dated = book(own(MONTH, "2026-03-08", "2026-03-09"))
    assert found(dated, [e.complaint("2026-03-10T00:00:00Z", "q", received_at=received)]) == (["q"] if judged else [])


def test_a_contact_is_judged_by_its_own_site_and_counted_at_every_site() -> None:
    rulebook = Rulebook((own(Frequency("attempts", "debtor", 1, 1)),), {"two": ()}, ZONES)
    raws = [
        dial("2026-03-02T15:00:00Z", "a", site_id="two"),
        dial("2026-03-02T15:01:00Z", "b", site_id="two"),
        dial("2026-03-02T15:02:00Z", "c"),
    ]
    assert [(each.id, each.count) for each in all_breaches(rulebook, raws)] == [("c", 3)]
