"""Laws of debtors who are followed (ADR 0068): contacts in their order are judged by counts that are kept, and found as
all at once; where that fails, all is judged whole."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.conduct.breach import Breach
from stream.conduct.history import History
from stream.conduct.latecomers import followed_again
from stream.conduct.rule import ConductRule, Frequency, Spacing
from stream.conduct.rulebook import Rulebook
from stream.conduct.running import running_of
from stream.conduct.sheet import RuleSheets
from stream.engine.debtors.findings import Findings, changes
from stream.engine.debtors.followed import FollowedDebtors
from stream.engine.debtors.following import judged_alone
from stream.facts.fact import Case, Fact, Restriction
from stream.facts.identity import own_id
from stream.facts.instant import instant_text
from tests.engine.test_conduct import BOOK, HOUR_MS, NOON_MS, RULES, Topic, counted_in, expected, fact, stage

in_order = st.lists(
    st.tuples(
        st.integers(1, 40),  # tenths of an hour since the one before
        st.sampled_from(["call", "call", "call", "message", "visit", "inbound"]),
        st.sampled_from(["human", "no_answer", "no_answer", "busy", "abandoned"]),
        st.sampled_from(["right", "third", None]),
        st.sampled_from(["c-1", "c-1", "c-2", None]),
        st.sampled_from(["n-1", "n-1", "n-2", None]),
        st.sampled_from(["main", "main", "main", "calm"]),
        st.booleans(),
    ),
    min_size=20,
    max_size=60,
)
MANY = Rulebook(
    (
        ConductRule(
            "p.calls", "p", Frequency("connected_attempts", "case", 7, 7), date(2026, 11, 2), date(2026, 11, 5)
        ),
        ConductRule("p.calls", "p", Frequency("connected_attempts", "case", 5, 3), date(2026, 11, 5)),
        ConductRule("p.contacts", "p", Frequency("contacts", "debtor", 12, 1, channels=frozenset({"sms", "call"}))),
        ConductRule("p.per_number", "p", Frequency("unanswered_attempts", "number", 6, 1, local=True)),
        ConductRule("p.on_number", "p", Frequency("contacts", "number", 4, 1)),
        ConductRule("p.talks", "p", Frequency("conversations", "debtor", 3, 2, local=True, effective_ms=20_000)),
        ConductRule("p.pause", "p", Spacing("case", 2, local=True)),
        ConductRule("p.rest", "p", Spacing("number", 1)),
        *(rule for rule in RULES if rule.kind in ("hours", "quiet", "restricted", "third_party", "recorded")),
    ),
    {"calm": ()},
    {"main": "Asia/Shanghai"},
)


Drawn = list[tuple[int, str, str, str | None, str | None, str | None, str, bool]]


def contacts_of(drawn: Drawn, zone: str | None, limit: str | None) -> list[Fact]:
    """The contacts that were drawn, in their order, after a case event with a zone, and a restriction among them."""
    facts: list[Fact] = []
    if zone is not None:
        facts.append(fact("case", "0", -1, change="assigned", debtor_zone=zone))
    hour = 0.0
    for number, (tenths, kind, outcome, party, case, phone, site, _) in enumerate(drawn):
        hour += tenths / 10
        more = {"case_id": case, "site_id": site}
        if limit is not None and number == 5:
            begins = instant_text(NOON_MS + round((hour + 1) * HOUR_MS))
            facts.append(fact("restriction", "r", hour, kind=limit, hours=["18:00", "02:00"], **{"from": begins}))
        elif kind in ("call", "inbound"):
            direction = "outbound" if kind == "call" else "inbound"
            more |= {"outcome": outcome, "party": party, "number_id": phone, "direction": direction}
            facts.append(fact("call", f"k-{number}", hour, talk_ms=tenths * 1_000, recorded=tenths % 2 == 0, **more))
        elif kind == "message":
            facts.append(
                fact("message", f"m-{number}", hour, channel="sms", direction="outbound", number_id=phone, **more)
            )
        else:
            facts.append(fact("visit", f"v-{number}", hour, **{**more, "case_id": case or "c-1"}))
    return facts


@settings(max_examples=150, deadline=None)
@given(
    in_order, st.booleans(), st.sampled_from([None, "Asia/Tokyo"]), st.sampled_from(["quiet_hours", "dispute", None])
)
def test_contacts_in_their_order_are_followed_and_found_as_all_at_once(
    drawn: Drawn,
    often: bool,
    zone: str | None,
    limit: str | None,
) -> None:
    one, topic = stage(MANY), Topic()
    facts = contacts_of(drawn, zone, limit)
    counted: dict[Any, int] = {}
    whole = 0
    assert one.conduct is not None
    for number, each in enumerate(facts):
        one.apply(each)
        whole += not one.conduct.follows("d-1")
        if often or drawn[number % len(drawn)][-1]:
            changes = one.take()
            topic.hears(changes.conduct)
            counted_in(changes.deltas, counted)
    changes = one.take()
    topic.hears(changes.conduct)
    counted_in(changes.deltas, counted)
    standing, states, wanted = expected(facts, NOON_MS, MANY)
    assert topic.standing_breaches() == standing
    assert topic.states() == states
    assert {place: amount for place, amount in counted.items() if amount} == wanted
    assert whole == 0


def changed(before: dict[str, Breach], now: dict[str, Breach]) -> dict[str, tuple[Breach | None, Breach | None]]:
    """The breaches that differ, by key: as they were, and as they are."""
    both = ((key, before.get(key), now.get(key)) for key in before.keys() | now.keys())
    return {key: (was, found) for key, was, found in both if was != found}


@settings(max_examples=150, deadline=None)
@given(in_order, st.data(), st.sampled_from([None, "Asia/Tokyo"]), st.sampled_from(["quiet_hours", "dispute", None]))
def test_what_late_contacts_change_is_found_by_counts_as_by_all_rules_anew(
    drawn: Drawn, data: st.DataObject, zone: str | None, limit: str | None
) -> None:
    facts = contacts_of(drawn, zone, limit)
    come = [each for each in facts if not isinstance(each, Case | Restriction)]
    new = {(each.TYPE, own_id(each)) for each in data.draw(st.lists(st.sampled_from(come), min_size=1, max_size=4))}
    shuffled = data.draw(st.permutations(facts))
    found = followed_again("d-1", shuffled, new, RuleSheets(MANY))
    assert found is not None
    before, now = judged_alone(History(MANY, "d-1", facts), facts, new)
    # A third party's inbound call is among the contacts that are followed, and alone it is judged to change nothing.
    assert changed(found.before, found.now) == changed(before.breaches, now.breaches)
    wanted = [each.of for each in changes(Findings({}, before.standings), None, Findings({}, now.standings), None)]
    assert sorted(found.standings, key=lambda each: each.key) == sorted(wanted, key=lambda each: each.key)
    anew = running_of("d-1", facts, RuleSheets(MANY))
    for name in ("last_ms", "zone", "zone_ms", "talk_ms", "near", "talked", "stands", "whole"):
        assert getattr(found.running, name) == getattr(anew, name), name
    assert found.running.detail is not None
    assert anew.detail is not None
    assert found.running.detail.standings == anew.detail.standings


def test_late_contacts_of_one_instant_beside_a_rule_on_third_parties_are_judged_by_all_rules_anew() -> None:
    facts = [fact("call", f"k-{number}", 14, party="third") for number in (1, 2)]
    assert followed_again("d-1", facts, {("call", "k-1")}, RuleSheets(MANY)) is None


class Failing:
    """Stands in for the debtors who are followed: nobody is."""

    def __init__(self, _: Rulebook) -> None:
        pass

    def asks(self, *_: object) -> int:
        raise ZeroDivisionError

    def drop(self, _: str) -> None:
        pass

    def make_room(self) -> None:
        pass


@pytest.mark.interpreted
def test_a_debtor_who_cannot_be_judged_stops_nobody_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.engine.debtors.conduct.FollowedDebtors", Failing)
    monkeypatch.setattr("stream.engine.debtors.conduct.judged_alone", lambda *_: 1 // 0)
    one = stage()
    one.apply(fact("call", "k-1", 14))
    changes = one.take()
    assert changes.conduct == []
    assert changes.state
    assert one.conduct is not None
    assert len(one.conduct.failures) == 1
    one.take()
    assert len(one.conduct.failures) == 1
    monkeypatch.undo()
    assert [each.of.rule for each in one.take().conduct] == ["recorded", "p.calls"]


@pytest.mark.interpreted
@pytest.mark.parametrize("fails", ["asks", "come", "settle"])
def test_a_debtor_who_cannot_be_followed_is_judged_whole(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Breaking:
        """The debtors who are followed, of which one method does not do its work."""

        def __init__(self, rulebook: Rulebook) -> None:
            self._debtors = FollowedDebtors(rulebook)

        def __getattr__(self, name: str) -> Any:
            return (lambda *_: 1 // 0) if name == fails else getattr(self._debtors, name)

    monkeypatch.setattr("stream.engine.debtors.conduct.FollowedDebtors", Breaking)
    one, topic = stage(), Topic()
    facts = [fact("call", f"k-{number}", 13 + number, outcome="no_answer") for number in range(4)]
    for each in facts:
        one.apply(each)
        topic.hears(one.take().conduct)
    standing, states, _ = expected(facts, NOON_MS, BOOK)
    assert standing
    assert topic.standing_breaches() == standing
    assert topic.states() == states
    assert one.conduct is not None
    assert one.conduct.failures == []
