"""A debtor who is erased: the facts are gone, what was counted stays, and what comes later begins anew (ADR 0106)."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stream.engine.debtors.erasure import Asked, Done, encode_erasure, read_erasure, subject_of
from stream.engine.debtors.stage import DebtorStage
from stream.facts.fact import Fact
from stream.facts.identity import expected_key
from stream.facts.instant import instant_text
from stream.ledger.contribution import Credit
from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.definitions import Definitions
from stream.ledger.fold import emit_linked
from stream.ledger.own import emit_own
from stream.ledger.store.held_facts import FactList
from tests.effort import examples
from tests.engine import test_conduct as rules
from tests.engine.deltas import grains_of
from tests.engine.test_conduct import DAY_MS, HOUR_MS, NOON_MS, fact
from tests.ledger.test_laws import PLAN, Sums, deltas, kept, midnight_ms, stage, total
from tests.ledger.worlds import facts

DEBTOR = "d-1"


class Ledger:
    """A stage with the records of its ledger topic, each key as compaction leaves it, and what its deltas add up to."""

    def __init__(self, one: DebtorStage) -> None:
        self.stage = one
        self.topic: dict[bytes, bytes] = {}
        self.written: set[bytes] = set()
        self.sums: Sums = defaultdict(int)

    def apply(self, events: list[Fact]) -> None:
        for each in events:
            self.stage.apply(each)

    def commit(self) -> None:
        changes = self.stage.take()
        for key, value in changes.deltas:
            for grain, column, amount in grains_of(value):
                self.sums[(key.decode(), grain, column)] += amount
        for key, kept_value in changes.state:
            self.written.add(key)
            if kept_value is None:
                self.topic.pop(key, None)
            else:
                self.topic[key] = kept_value

    def nonzero(self) -> Sums:
        return {at: amount for at, amount in self.sums.items() if amount}

    def restored(self) -> DebtorStage:
        again = stage()
        for key, value in self.topic.items():
            again.restore(key, value)
        return again


def counted_through(events: list[Fact], through_ms: int) -> Sums:
    """What facts count by themselves, and what they count together up to an instant."""
    one = stage()
    for each in events:
        one.apply(each)
    counting = [each for each in kept(one).get(DEBTOR, []) if not each.void]
    sums: Sums = defaultdict(int)

    def emit(credit: Credit, column: str, instant_ms: int, amount: int, *_because: Fact) -> None:
        beside = [f"{level}|{name}" for level, name in (("queue", credit.queue), ("segment", credit.segment)) if name]
        for entity in (f"agent|{credit.agent}", f"team|{credit.team}", f"site|{credit.site}", *beside):
            sums[(f"{credit.site}|{entity}", instant_ms // PLAN.grain_ms, column)] += amount

    def emit_through(credit: Credit, column: str, instant_ms: int, amount: int, *because: Fact) -> None:
        if instant_ms <= through_ms:
            emit(credit, column, instant_ms, amount, *because)

    for each in counting:
        emit_own(each, Definitions(), emit)
    index = DebtorIndex(FactList(counting), Definitions(), midnight_ms)
    index.take_in_all()
    emit_linked(index, emit_through)
    return sums


def added_up(*all_sums: Sums) -> Sums:
    sums: Sums = defaultdict(int)
    for each in all_sums:
        for at, amount in each.items():
            sums[at] += amount
    return {at: amount for at, amount in sums.items() if amount}


def is_of(debtor: str, each: Fact) -> bool:
    return each.debtor_id == debtor and expected_key(each) == debtor


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=20), st.lists(facts(), max_size=12), st.booleans(), st.booleans())
def test_what_was_counted_stays_deadlines_ahead_go_and_later_events_begin_anew(
    before: list[Fact], after: list[Fact], large: bool, committed: bool
) -> None:
    through_ms = max((each.occurred_at for each in before), default=0)
    theirs, others = ([each for each in before if is_of(DEBTOR, each) == of] for of in (True, False))
    again, more = ([each for each in after if is_of(DEBTOR, each) == of] for of in (True, False))
    with pytest.MonkeyPatch.context() as patch:
        if large:
            patch.setattr("stream.ledger.store.dossier.LARGE_BYTES", 0)
        ledger = Ledger(stage())
        ledger.apply(before)
        if committed:
            ledger.commit()
        erased = ledger.stage.erase(DEBTOR, through_ms)
        ledger.commit()
        ledger.apply(after)
        ledger.commit()
        assert ledger.nonzero() == added_up(counted_through(theirs, through_ms), total(again), total([*others, *more]))
        assert kept(ledger.restored()) == kept(ledger.stage)
        fresh = stage()
        for each in again:
            fresh.apply(each)
        assert kept(ledger.stage).get(DEBTOR) == kept(fresh).get(DEBTOR)
    held = stage()
    for each in theirs:
        held.apply(each)
    assert sum(erased.facts.values()) == len(kept(held).get(DEBTOR, []))


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=25), st.integers(0, 25))
def test_every_record_of_the_debtor_has_a_tombstone_and_nobody_elses_is_touched(events: list[Fact], at: int) -> None:
    ledger = Ledger(stage())
    ledger.apply(events[:at])
    ledger.commit()
    ledger.apply(events[at:])
    others = {key: facts_ for key, facts_ in kept(ledger.stage).items() if key != DEBTOR}
    first = {key for key in ledger.written if key.startswith(b"d-1|")}
    ledger.stage.erase(DEBTOR, 0)
    ledger.commit()
    assert not [key for key in ledger.topic if key.startswith(b"d-1|")]
    assert first <= ledger.written
    assert kept(ledger.stage) == others
    assert DEBTOR not in ledger.stage.debtors()
    assert ledger.stage.erase(DEBTOR, 0).facts == {}


def test_an_agent_of_the_same_name_is_not_erased() -> None:
    one = stage()
    review = fact("quality_review", "r", 0, debtor_id=None, case_id=None, agent_id="d-1", call_id=None)
    state = fact("agent_state", "s", 0, debtor_id=None, case_id=None, agent_id="d-1")
    call = fact("call", "k-1", 0)
    for each in (review, state, call):
        assert one.apply(each).kind == "accepted"
    assert one.erase("d-1", NOON_MS).facts == {"call": 1}
    assert {each.TYPE for each in kept(one)["d-1"]} == {"quality_review", "agent_state"}


def test_an_instalment_that_falls_due_later_is_nobodys_broken_promise() -> None:
    def due(one: DebtorStage) -> int:
        sums: Sums = defaultdict(int)
        deltas(one, sums)
        return sum(amount for (entity, _, column), amount in sums.items()
                   if "|site|" in entity and column == "promises_due")  # fmt: skip

    day = instant_text(NOON_MS)[:10]
    promise = fact("promise", "o-1", 0, instalments=[{"due_on": day, "amount_minor": 100}])
    one, late = stage(), stage()
    for ledger in (one, late):
        ledger.apply(promise)
    assert due(one) == due(late) == 1
    one.erase(DEBTOR, NOON_MS)
    assert due(one) == -1
    late.erase(DEBTOR, NOON_MS + 40 * DAY_MS)
    assert due(late) == 0


# conduct --------------------------------------------------------------------------------------------------------------


def breaches(one: DebtorStage, watermark_ms: int) -> tuple[int, list[str]]:
    """What the next take adds to the site's breaches, and the keys of the records that it says."""
    changes, count = one.take(watermark_ms), 0
    for key, value in changes.deltas:
        if "|site|" in key.decode():
            count += sum(amount for _, column, amount in grains_of(value) if column == "conduct_breaches")
    return count, [each.of.key for each in changes.conduct]


@pytest.mark.parametrize("committed", [True, False])
def test_breaches_that_were_counted_stay_and_what_says_whose_they_are_is_named_to_be_erased(committed: bool) -> None:
    one = rules.stage()
    for number in range(12):
        one.apply(fact("call", f"k-{number}", number / 60, outcome="no_answer"))
    count, said = breaches(one, NOON_MS + HOUR_MS) if committed else (0, [])
    erased = one.erase(DEBTOR, NOON_MS + HOUR_MS)
    assert set(said) <= set(erased.conduct_keys)
    assert any(key.startswith("B|d-1|") for key in erased.conduct_keys)
    assert any(key.startswith("S|d-1|") for key in erased.conduct_keys)
    more, told = breaches(one, NOON_MS + HOUR_MS)
    assert count + more > 0
    assert committed == (more == 0)
    assert not told
    assert breaches(one, NOON_MS + 400 * DAY_MS) == (0, [])
    fresh = rules.stage()
    for ledger in (one, fresh):
        ledger.apply(fact("call", "k-20", 3, outcome="no_answer"))
    assert breaches(one, NOON_MS + 401 * DAY_MS) == breaches(fresh, NOON_MS + 401 * DAY_MS)


def test_a_complaint_whose_deadline_is_ahead_is_no_breach_any_more() -> None:
    one = rules.stage()
    one.apply(fact("complaint", "q-1", 0, status="received", received_at=instant_text(NOON_MS)))
    ahead, _ = breaches(one, NOON_MS)
    one.erase(DEBTOR, NOON_MS)
    back, told = breaches(one, NOON_MS + 400 * DAY_MS)
    assert ahead + back == 0
    assert not told


# records --------------------------------------------------------------------------------------------------------------


def asked(**fields: Any) -> Asked:
    given_: dict[str, Any] = {
        "id": "0" * 32, "by": "Li Na", "reason": "asked by letter", "asked_at": "2026-11-02T08:00:00Z",
        "salt": "1" * 32, "subject": subject_of("1" * 32, DEBTOR), "partition": 1, "partitions": 4,
    }  # fmt: skip
    return Asked(**given_ | fields)


def test_a_record_tells_whom_it_is_about_only_to_who_knows_the_name() -> None:
    one = asked()
    key, value = encode_erasure(one)
    assert read_erasure(key, value) == one
    assert b"d-1" not in value
    assert one.is_about(DEBTOR)
    assert not one.is_about("d-2")
    assert asked(salt="2" * 32, subject=subject_of("2" * 32, DEBTOR)).subject != one.subject


def test_what_is_no_record_of_an_erasure_is_refused_in_one_line() -> None:
    key, value = encode_erasure(asked())
    for other_key, other_value in ((b"x", value), (key, b"{"), (key, None), (None, value)):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            read_erasure(other_key, other_value)
    later = json.loads(value) | {"of": "a later version"}
    assert read_erasure(key, json.dumps(later).encode()) == asked()
    with pytest.raises(ValidationError):
        Done.model_validate(json.loads(value))
