"""The store holds the same facts whatever the order of the events."""

import random
from collections import Counter

import pytest

from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.ledger.definitions import Definitions, FactLimits
from stream.ledger.store import record
from stream.replay.fact_store import FactStore
from stream.windows.plan import WindowPlan
from tests.worlds.world import world


def facts_of(seed: int) -> list[Fact]:
    facts = (decode(line) for line in world(seed).lines)
    return [fact for fact in facts if not isinstance(fact, Rejection)]


def held(store: FactStore) -> list[str]:
    return sorted(repr(record.plain(fact)) for group in store.groups() for fact in group)


def filled(facts: list[Fact]) -> tuple[list[str], Counter[str]]:
    store, verdicts = FactStore(FactLimits()), Counter[str]()
    for fact in facts:
        verdicts[store.add(fact).kind] += 1
    return held(store), verdicts


@pytest.mark.parametrize("seed", range(15))
def test_order_and_repetition_change_nothing_of_what_is_held(seed: int) -> None:
    facts = facts_of(seed)
    chance = random.Random(seed)
    expected, _ = filled(facts)
    for _ in range(3):
        assert filled(chance.sample(facts, len(facts)) + chance.choices(facts, k=len(facts)))[0] == expected


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize(
    "limits", [FactLimits(), FactLimits(facts_per_debtor=3), FactLimits(facts_per_case=2)], ids=str
)
def test_its_verdicts_are_those_of_stage_1(seed: int, limits: FactLimits) -> None:
    store, stage1 = FactStore(limits), DebtorStage(Definitions(), WindowPlan(), limits, 0)
    for fact in facts_of(seed) * 2:
        assert store.add(fact).kind == stage1.apply(fact).kind
