"""Consents: what they cover, when they begin and end, and what they excuse (conduct 2)."""

from __future__ import annotations

from typing import Any

import pytest

from stream.conduct.rule import Consent, Frequency, Hours, Recorded, Spacing
from tests.conduct.builders import all_breaches, book, consent, dial, found, talk
from tests.worlds import events as e

ALWAYS = Consent()
NIGHT = Hours(8 * 60, 21 * 60, consent=ALWAYS)
AT = "2026-03-02T06:00:00Z"  # midnight in Chicago


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        ({}, True),
        ({"from": AT}, True),
        ({"from": "2026-03-02T06:00:00.001Z"}, False),
        ({"until": AT}, False),
        ({"until": "2026-03-02T06:00:00.001Z"}, True),
        ({"case_id": "c1"}, True),
        ({"case_id": "c2"}, False),
        ({"number_id": "n1"}, True),
        ({"number_id": "n2"}, False),
        ({"void": True}, False),
        ({"occurred_at": "2026-12-01T00:00:00Z"}, True),  # recorded late: the breach is withdrawn
        ({"kind": "cease_contact"}, False),
    ],
)
def test_a_consent_covers_what_it_concerns_while_it_is_in_force(fields: dict[str, Any], covered: bool) -> None:
    raws = [consent("2026-01-01T00:00:00Z") | fields, dial(AT, "k")]
    assert found(NIGHT, raws) == ([] if covered else ["k"])
    assert found(Hours(8 * 60, 21 * 60), raws) == ["k"]  # a rule for which consents do not matter


@pytest.mark.parametrize(
    ("start", "covered"), [("2026-02-23T06:00:00Z", False), ("2026-02-23T06:00:00.001Z", True), (AT, True)]
)
def test_consent_days_end_it_to_the_millisecond(start: str, covered: bool) -> None:
    of = Hours(8 * 60, 21 * 60, consent=Consent(7))
    assert found(of, [consent(start), dial(AT, "k")]) == ([] if covered else ["k"])


@pytest.mark.parametrize(
    ("conversation", "covered"),
    [
        (talk("2026-02-23T06:00:00Z", "t"), True),  # at its `from`, which is not after it
        (talk("2026-02-23T06:00:00.001Z", "t"), False),
        (talk("2026-02-24T15:00:00Z", "t", direction="inbound"), False),
        (talk("2026-02-24T15:00:00Z", "t", party="third"), True),
        (talk("2026-02-24T15:00:00Z", "t", case_id="c2"), False),  # of a rule without `per`: the debtor's
        (talk("2026-02-24T15:00:00Z", "t", void=True), True),
        (talk("2026-02-24T15:00:00Z", "t", transferred_from="t0"), True),
        (talk(AT, "a"), False),  # of the same instant, and before it in the order
        (talk(AT, "z"), True),
        (talk("2026-03-02T06:00:00.001Z", "a"), True),
    ],
)
def test_a_conversation_ends_a_consent_for_what_comes_after_it(conversation: e.Raw, covered: bool) -> None:
    of = Hours(8 * 60, 21 * 60, consent=Consent(None, until_conversation=True))
    assert ("k" not in found(of, [consent("2026-02-23T06:00:00Z"), conversation, dial(AT, "k")])) == covered


@pytest.mark.parametrize(("case", "covered"), [("c1", False), ("c2", True), (None, True)])
def test_under_a_rule_per_case_a_conversation_ends_it_for_its_case(case: str | None, covered: bool) -> None:
    of = Frequency("attempts", "case", 0, 7, consent=Consent(7, until_conversation=True))
    raws = [consent("2026-03-01T06:00:00Z"), talk("2026-03-01T07:00:00Z", "t", case_id=case), dial(AT, "k")]
    assert ("k" not in found(of, raws)) == covered


def test_a_second_consent_covers_again_after_a_conversation() -> None:
    of = Hours(8 * 60, 21 * 60, consent=Consent(7, until_conversation=True))
    first, second = consent("2026-03-01T06:00:00Z"), consent("2026-03-01T08:00:00Z", restriction_id="r2")
    raws = [first, talk("2026-03-01T15:00:00Z", "t"), dial(AT, "k")]
    assert found(of, [*raws, second]) == ["k"]
    assert found(of, [*raws, second | {"from": "2026-03-01T15:00:00Z"}]) == []


def test_what_is_covered_is_neither_counted_nor_judged() -> None:
    day = "2026-03-03T15:00:00Z"
    raws = [dial(f"2026-03-02T15:0{n}:00Z", f"k{n}") for n in range(4)]
    counting = Frequency("attempts", "case", 3, 7, consent=ALWAYS)
    assert found(counting, raws) == ["k3"]
    covered = consent("2026-03-02T15:01:00Z", "2026-03-02T15:02:00Z")  # k1 alone
    assert found(counting, [*raws, covered]) == []
    (breach,) = all_breaches(counting, [*raws, covered, dial(day, "last")])
    assert (breach.id, breach.count, breach.counted) == ("last", 4, ("k0", "k2", "k3", "last"))


def test_a_covered_outbound_conversation_begins_no_pause_and_an_inbound_one_does() -> None:
    pause = Spacing("case", 7, consent=ALWAYS)
    covered = consent("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")
    later = dial("2026-03-04T15:00:00Z", "k")
    assert found(pause, [talk("2026-03-02T15:00:00Z", "t"), later]) == ["k"]
    assert found(pause, [covered, talk("2026-03-02T15:00:00Z", "t"), later]) == []
    assert found(pause, [covered, talk("2026-03-02T15:00:00Z", "t", direction="inbound"), later]) == ["k"]
    assert found(pause, [talk("2026-03-02T15:00:00Z", "t"), later, consent("2026-03-04T00:00:00Z")]) == []


def test_no_consent_excuses_from_a_rule_that_does_not_ask_for_it() -> None:
    raws = [consent("2026-01-01T00:00:00Z"), talk("2026-03-02T15:00:00Z", "k", recorded=False)]
    assert found(book(Recorded()), raws) == ["k"]
