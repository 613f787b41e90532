"""Laws of a debtor's facts at rest: what a dossier is given it gives back, whatever its facts share."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.ledger.store import dossier, record
from stream.ledger.store.dossier import Dossier, Reach
from stream.ledger.store.large_dossier import LargeDossier
from tests.facts.events import event

CASES = (None, "c", "c-1", "é" * 15, "é" * 16, "c" * 31, "c" * 32, "c" * 128)
"""None, and around the lengths at which msgpack writes a text in another way."""
KINDS = ("call", "case", "payment", "message", "survey")
OWN = {"call": "call_id", "payment": "payment_id", "message": "message_id", "survey": "survey_id"}
INSTANTS_MS = st.integers(0, 2**43)


def fact_of(number: int, kind: str, case: str | None, full: bool) -> Fact:
    """A fact of debtor d; `full`: a call with all its fields, which takes another kind of array."""
    own = {OWN[kind]: f"own-{number}"} if kind in OWN else {}
    all_fields = {"queue_ms": 1, "hold_ms": 2, "number_id": "n", "recorded": True} if full and kind == "call" else {}
    case_id = {} if case is None and kind in ("case", "payment") else {"case_id": case}
    said = event(kind, event_id=f"e-{number}", debtor_id="d", **own, **all_fields, **case_id)
    fact = decode(orjson.dumps(said))
    assert not isinstance(fact, Rejection), fact
    return fact


@st.composite
def some_facts(draw: st.DrawFn) -> list[Fact]:
    drawn = draw(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(CASES), st.booleans()), min_size=1))
    return [fact_of(number, *each) for number, each in enumerate(drawn)]


def appended(facts: list[Fact]) -> Dossier:
    found: Dossier = dossier.NOTHING
    for fact in facts:
        found = dossier.append(found, "d", fact, record.encode(fact))
    return found


def held(found: Dossier) -> list[Fact]:
    return [record.plain(fact) for fact in dossier.facts("d", found)]


@given(some_facts())
def test_a_dossier_gives_back_what_was_appended(facts: list[Fact]) -> None:
    found = appended(facts)
    assert held(found) == facts
    assert dossier.count(found) == len(facts)
    assert all(dossier.may_hold(found, record.identity(fact)) for fact in facts)


@given(some_facts())
def test_a_dossier_of_entries_is_one_that_they_were_appended_to(facts: list[Fact]) -> None:
    found = dossier.of("d", map(record.encode, facts))
    if isinstance(found, bytes):
        assert found == dossier.unread(appended(facts))
    assert (held(found), dossier.always_matters(found)) == (facts, True)


@given(some_facts(), st.data())
def test_another_entry_in_the_place_of_one_leaves_the_others(facts: list[Fact], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(facts) - 1))
    case = data.draw(st.sampled_from(CASES))
    other = fact_of(len(facts), data.draw(st.sampled_from(KINDS)), case, data.draw(st.booleans()))
    reach = Reach(1, 2, 3)
    found = dossier.with_reach(appended(facts), reach)
    kept = [*dossier.facts("d", found)]
    kept[place] = other
    changed = dossier.exchanged("d", found, kept)
    assert held(changed) == [*facts[:place], other, *facts[place + 1 :]]
    assert dossier.reach_of(changed) == reach


@given(some_facts(), st.builds(Reach, INSTANTS_MS, INSTANTS_MS, INSTANTS_MS, st.booleans()), INSTANTS_MS)
def test_what_is_said_of_a_dossier_does_not_touch_its_facts(facts: list[Fact], reach: Reach, until_ms: int) -> None:
    for large in (False, True):
        found = appended(facts)
        if large:
            volume = LargeDossier("d", dossier.NOTHING)
            volume.fill(facts)
            found = volume
        found = dossier.keep_until(dossier.with_reach(found, reach), until_ms)
        assert (dossier.reach_of(found), dossier.kept_until(found)) == (reach, until_ms)
        assert (held(found), dossier.count(found)) == (facts, len(facts))
        assert dossier.is_calm(found) == (reach == Reach())
        if isinstance(found, bytes):
            assert len(dossier.keep_until(dossier.with_reach(found, Reach()), 0)) == len(appended(facts))


def test_facts_of_one_case_name_it_once() -> None:
    found = appended([fact_of(number, "call", "the-case", full=False) for number in range(3)])
    assert isinstance(found, bytes)
    assert found.count(b"the-case") == 1


def test_a_large_dossier_is_as_a_small_one() -> None:
    facts = [fact_of(number, "call", CASES[number % 3], full=bool(number % 2)) for number in range(300)]
    found = appended(facts)
    assert isinstance(found, LargeDossier)
    assert held(found) == facts
