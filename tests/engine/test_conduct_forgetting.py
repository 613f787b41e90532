"""What the correction horizon forgets of a debtor changes nothing that conduct rules say later (conduct 3, live 3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.conduct.rule import ConductRule, Consent, Hours
from stream.conduct.rulebook import Rulebook
from stream.facts.instant import instant_text
from stream.ledger.store import record
from tests.engine.test_conduct import DAY_MS, HOUR_MS, NOON_MS, ROOMY, Topic, fact, stage

once = st.one_of(
    st.builds(
        lambda fields: ("call", fields),
        st.fixed_dictionaries({
            "outcome": st.sampled_from(["human", "no_answer"]), "party": st.sampled_from(["right", "third"]),
            "number_id": st.sampled_from(["n-1", None]), "case_id": st.sampled_from(["c-1", "c-2"]),
        }),
    ),
    st.builds(
        lambda kind, days, until, case: ("restriction", {
            "kind": kind, "from": max(days, 1) if kind == "consent" else days, "until": until, "case_id": case,
            "hours": ["18:00", "02:00"] if kind == "quiet_hours" else None,
        }),
        st.sampled_from(["consent", "quiet_hours", "cease_contact"]), st.sampled_from([-3, 0, 20]),
        st.sampled_from([None, 1, 50]), st.sampled_from(["c-1", "c-2"]),
    ),
    st.builds(
        lambda change, zone, case: ("case", {"change": change, "debtor_zone": zone, "case_id": case}),
        st.sampled_from(["placed", "closed", "assigned"]), st.sampled_from(["Asia/Tokyo", "America/New_York", None]),
        st.sampled_from(["c-1", "c-2"]),
    ),
    st.just(("complaint", {"status": "received"})),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(once, st.sampled_from([0, 1, 7, 24, 24 * 6, 24 * 40, 24 * 70])), max_size=16))
def test_what_the_horizon_forgets_changes_nothing_that_is_said_later(
    steps: list[tuple[tuple[str, dict[str, Any]], int]],
) -> None:
    keeps, forgets = stage(), stage()
    one, other = Topic(), Topic()
    at_ms = NOON_MS
    for number, ((kind, fields), hours_on) in enumerate(steps):
        at_ms += hours_on * HOUR_MS
        own = dict(fields)
        if kind == "complaint":
            own["received_at"] = instant_text(at_ms)
        for name in ("from", "until"):
            if own.get(name) is not None:
                own[name] = instant_text(at_ms + own[name] * DAY_MS)
        each = fact(kind, f"x-{number}", (at_ms - NOON_MS) / HOUR_MS, **own)
        for ledger, topic in ((keeps, one), (forgets, other)):
            ledger.apply(each, at_ms - 3 * DAY_MS)
            if ledger is forgets:
                ledger.forget(at_ms - 3 * DAY_MS)
            topic.hears(ledger.take(at_ms).conduct)
    assert other.latest == one.latest
    assert other.revision == one.revision


def test_open_restrictions_and_where_the_debtor_lives_are_never_forgotten_and_other_facts_are() -> None:
    one = stage()
    for each in (
        fact("case", "1", 0, change="placed", debtor_zone="Asia/Tokyo"),
        fact("case", "2", 1, change="assigned"),
        fact("case", "3", 2, change="closed"),
        fact("restriction", "open", 3, kind="cease_contact", **{"from": instant_text(NOON_MS)}),
        fact("restriction", "over", 3, kind="dispute", until=instant_text(NOON_MS), **{"from": instant_text(NOON_MS)}),
        fact("call", "k-1", 4, outcome="busy"),
    ):
        one.apply(each)
    one.take(NOON_MS)
    assert one.forget(NOON_MS + 400 * DAY_MS) == 3
    left = {record.identity(each) for each in one.facts_of("d-1")}
    assert left == {"kcase-1-1", "kcase-3-1", "topen"}


def test_a_zone_that_does_not_exist_takes_the_place_of_none() -> None:
    one = stage()
    one.apply(fact("case", "1", 0, change="placed", debtor_zone="America/New_York"))
    one.apply(fact("case", "2", 1, change="assigned", debtor_zone="No/Where"))
    one.apply(fact("case", "3", 2, change="closed"))
    one.take(NOON_MS)
    one.forget(NOON_MS + 400 * DAY_MS)
    one.apply(fact("message", "m-1", 400 * 24 + 3, channel="sms", direction="outbound"))  # 10:00 there
    assert one.take(NOON_MS + 401 * DAY_MS).conduct == []
    assert {record.identity(each) for each in one.facts_of("d-1")} == {"kcase-1-1", "kcase-3-1", "mm-1"}


def test_where_the_debtor_lived_stays_as_long_as_a_contact_of_that_time() -> None:
    one, topic = stage(ROOMY), Topic()
    one.apply(fact("case", "1", 0, change="placed", debtor_zone="America/New_York"))
    for number, hour in enumerate((3, 5)):  # one local day there, two at the site
        one.apply(fact("call", f"k-{number}", hour, outcome="human", party="right", recorded=True, case_id=None))
    one.apply(fact("case", "2", 72, change="assigned", debtor_zone="Asia/Tokyo"))
    one.apply(fact("case", "3", 73, change="closed"))
    topic.hears(one.take(NOON_MS).conduct)
    assert topic.latest["S|d-1|p.talks|"]["state"] == "near"
    for days in (400, 600):
        one.forget(NOON_MS + (days - 3) * DAY_MS)
        one.apply(fact("call", f"k-{days}", days * 24, outcome="human", party="right", recorded=True, case_id=None))
        topic.hears(one.take(NOON_MS + days * DAY_MS).conduct)
        assert topic.latest["S|d-1|p.talks|"]["state"] == "clear"
    one.forget(NOON_MS + 1_000 * DAY_MS)
    assert {record.identity(each) for each in one.facts_of("d-1")} == {"kcase-2-1", "kcase-3-1"}


@pytest.mark.parametrize("ends_day", [None, 450, 300])
def test_a_consent_that_a_conversation_ended_never_covers_again(ends_day: int | None) -> None:
    of = Hours(13 * 60, 14 * 60, consent=Consent(until_conversation=True))
    one, days = stage(Rulebook((ConductRule("noon", None, of),))), 400
    until = None if ends_day is None else instant_text(NOON_MS + ends_day * DAY_MS)
    one.apply(fact("restriction", "r-1", 0, kind="consent", until=until, **{"from": instant_text(NOON_MS)}))
    one.apply(fact("call", "k-1", 1, outcome="human", party="right"))
    one.take(NOON_MS)
    one.forget(NOON_MS + (days - 3) * DAY_MS)
    found = []
    for number, hour in enumerate((days * 24, days * 24 + 3)):
        one.apply(fact("call", f"k-{number + 2}", hour, outcome="no_answer"))
        found += one.take(NOON_MS + hour * HOUR_MS).conduct
    assert [each.of.key for each in found] == ["B|d-1|noon||call|k-2", "B|d-1|noon||call|k-3"]
    one.forget(NOON_MS + 800 * DAY_MS)
    left = {record.identity(each) for each in one.facts_of("d-1")}
    assert left == ({"tr-1", "ck-1"} if ends_day is None else set())
