"""Stage 1 is a pure function of the set of facts (semantics, first principle)."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from stream.engine.debtors.stage import DebtorStage
from stream.facts.fact import Fact
from stream.facts.identity import expected_key
from stream.ledger.contribution import Credit
from stream.ledger.definitions import Definitions, FactLimits
from stream.ledger.store import dossier, record
from stream.ledger.whole import emit_whole
from stream.windows.calendar import local_midnight_ms
from stream.windows.plan import SiteClock, WindowPlan
from stream.windows.shifts import Shifts
from tests.effort import examples
from tests.engine.deltas import grains_of
from tests.ledger.worlds import ZONES, facts

PLAN = WindowPlan(
    sites={"main": SiteClock(ZONES["main"], {"day": (9 * 60, 18 * 60)}), "east": SiteClock(ZONES["east"])}
)
Sums = dict[tuple[str, int, str], int]


def midnight_ms(site: str, day: str, days: int) -> int:
    return local_midnight_ms(PLAN.clock(site).zone, day, days)


def stage() -> DebtorStage:
    return DebtorStage(Definitions(), PLAN, FactLimits(), 0)


def deltas(one: DebtorStage, sums: Sums) -> None:
    """Adds what a stage has to say to sums by (entity, grain, column)."""
    for key, value in one.take().deltas:
        for grain, column, amount in grains_of(value):
            sums[(key.decode(), grain, column)] += amount


def total(events: list[Fact], batch: int = 1) -> Sums:
    one, sums = stage(), defaultdict[tuple[str, int, str], int](int)
    for at, fact in enumerate(events):
        one.apply(fact)
        if at % batch == 0:
            deltas(one, sums)
    deltas(one, sums)
    return {at: amount for at, amount in sums.items() if amount}


def kept(one: DebtorStage) -> dict[str, list[Fact]]:
    """The facts that count, by key."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for key, blob in one._dossiers.items():
        found[key] += map(record.plain, dossier.facts(key, blob))
    for key, states in one._timelines.items():
        found[key] += states.states()
    return {key: sorted(group, key=record.identity) for key, group in found.items()}


def whole(events: list[Fact]) -> Sums:
    """The fold over all facts at once."""
    one = stage()
    for fact in events:
        one.apply(fact)
    sums: Sums = defaultdict(int)

    def emit(credit: Credit, column: str, instant_ms: int, amount: int, *_because: Fact) -> None:
        beside = [f"{level}|{name}" for level, name in (("queue", credit.queue), ("segment", credit.segment)) if name]
        for entity in (f"agent|{credit.agent}", f"team|{credit.team}", f"site|{credit.site}", *beside):
            sums[(f"{credit.site}|{entity}", instant_ms // PLAN.grain_ms, column)] += amount

    for group in kept(one).values():
        emit_whole(group, Definitions(), Shifts(PLAN), midnight_ms, PLAN.grain_ms, emit)
    return {at: amount for at, amount in sums.items() if amount}


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=25))
def test_the_differences_add_up_to_the_fold_over_all_facts(events: list[Fact]) -> None:
    assert total(events) == whole(events)


def void(fact: Fact) -> Fact:
    """The version of a fact that takes it back."""
    return structs.replace(fact, version=9, void=True)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=20), st.randoms(use_true_random=False), st.booleans())
def test_what_is_taken_back_leaves_nothing_and_the_rest_as_if_it_had_never_been(
    events: list[Fact], random: Random, large: bool
) -> None:
    gone = {(expected_key(fact), record.identity(fact)) for fact in events[::2]}
    left = [fact for fact in events if (expected_key(fact), record.identity(fact)) not in gone]
    voids = [void(fact) for fact in events[::2]]
    told = events + voids
    random.shuffle(told)
    with pytest.MonkeyPatch.context() as patch:
        if large:
            patch.setattr("stream.ledger.store.dossier.LARGE_BYTES", 0)
        assert total(told) == total(left)
        assert total([*told, *(void(fact) for fact in left)]) == {}


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=25), st.randoms(use_true_random=False), st.integers(1, 30))
def test_order_repetition_and_batching_change_nothing(events: list[Fact], random: object, batch: int) -> None:
    shuffled = events + events[: len(events) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert total(shuffled, batch) == total(events)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=20), st.lists(facts(), max_size=10))
def test_a_restored_ledger_goes_on_as_if_nothing_had_happened(first: list[Fact], second: list[Fact]) -> None:
    one, two = stage(), stage()
    for fact in first:
        one.apply(fact)
        for key, value in one.take().state:
            two.restore(key, value)
    assert kept(one) == kept(two)
    ones, twos = defaultdict[tuple[str, int, str], int](int), defaultdict[tuple[str, int, str], int](int)
    for fact in second:
        assert one.apply(fact) == two.apply(fact)
    deltas(one, ones)
    deltas(two, twos)
    assert ones == twos


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=25))
def test_what_a_dossier_waits_for_is_never_more_than_it_says(events: list[Fact]) -> None:
    """A ledger that folds at every call, because its dossiers never know their reach, says the same."""
    quick, slow = stage(), stage()
    for fact in events:
        blob = slow._dossiers.get(expected_key(fact))
        if blob is not None:
            slow._dossiers[expected_key(fact)] = dossier.unread(blob)
        quick.apply(fact)
        slow.apply(fact)
    ones, twos = defaultdict[tuple[str, int, str], int](int), defaultdict[tuple[str, int, str], int](int)
    deltas(quick, ones)
    deltas(slow, twos)
    assert {k: v for k, v in ones.items() if v} == {k: v for k, v in twos.items() if v}


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=25))
def test_a_dossier_that_is_kept_open_says_what_one_says_that_is_read_anew(events: list[Fact]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stream.ledger.store.dossier_cache.OPENED_BYTES", 0)
        opened = total(events)
    assert opened == total(events)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=25), st.integers(2, 6))
def test_a_large_dossier_says_what_a_small_one_says(events: list[Fact], facts_per_block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stream.ledger.store.dossier.LARGE_BYTES", 0)
        patch.setattr("stream.ledger.running_totals.MOST", facts_per_block)
        patch.setattr("stream.ledger.store.large_dossier.READ", 1)
        patch.setattr("stream.ledger.state_timeline.MOST", facts_per_block)
        large = total(events)
    assert large == total(events)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=25), st.integers(0, 25))
def test_identities_that_are_looked_up_are_those_that_a_search_finds(events: list[Fact], restored: int) -> None:
    """In a ledger that has taken a part of its state back, forgets now and then, and goes on."""

    def verdicts() -> list[object]:
        one, two = stage(), stage()
        said: list[object] = [one.apply(fact) for fact in events[:restored]]
        for key, value in one.take().state:
            two.restore(key, value)
        for fact in [*events[:restored:2], *events[restored:], *events]:
            said.append(two.apply(fact))
            said.append(two.forget(fact.occurred_at - 200 * 86_400_000))
        return [*said, two.take()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stream.ledger.store.dossier.LARGE_BYTES", 0)
        looked_up = verdicts()
    assert looked_up == verdicts()


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(facts(), max_size=20))
def test_a_team_is_the_sum_of_its_agents_and_a_site_of_its_teams(events: list[Fact]) -> None:
    by_level: dict[str, Sums] = {level: defaultdict(int) for level in ("agent", "team", "site")}
    for (entity, grain, column), amount in total(events).items():
        site, level, _ = entity.split("|")
        if level in ("queue", "segment"):
            continue
        by_level[level][(site, grain, column)] += amount
    cleaned = [{at: amount for at, amount in sums.items() if amount} for sums in by_level.values()]
    assert cleaned[0] == cleaned[1] == cleaned[2]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts(), st.lists(st.binary(min_size=8, max_size=8), max_size=3))
def test_a_record_reads_back_as_it_was_written(fact: Fact, losers: list[bytes]) -> None:
    read = record.decode(expected_key(fact), record.encode(fact, tuple(losers)))
    assert isinstance(read, type(fact))
    assert (record.plain(read), record.losers_of(read)) == (fact, tuple(losers))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts())
def test_the_quick_way_to_an_entry_says_what_the_general_one_says(fact: Fact) -> None:
    assert record.encode(fact) == record._encode_any(fact, ())
