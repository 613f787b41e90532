"""A rebuild from topics that still hold an erased debtor's events: the numbers are those of the live run, and nothing
brings the debtor back (ADR 0107)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from stream.engine.debtors.erasure import subject_of
from stream.facts.decode import decode
from stream.facts.fact import Fact
from stream.facts.identity import canonical_json
from stream.rebuild.erased import ErasedDebtor, Renaming
from stream.replay.chunks import FilePosition
from stream.replay.folding import fold
from stream.replay.job import Job
from stream.replay.parcels import read_parcels
from stream.replay.reading import Block, InputPart
from stream.replay.splitting import split
from stream.settings import Settings, load
from stream.windows.calendar import day_begins
from tests.effort import examples
from tests.engine.deltas import grains_of
from tests.engine.test_erasure import DEBTOR, Ledger, is_of
from tests.ledger.test_laws import PLAN, stage
from tests.ledger.worlds import facts

BEGINS_MS = day_begins(PLAN)
NAME = f"erased-{'7' * 32}"


def erased(offset: int, through_ms: int = 0, name: str = NAME) -> ErasedDebtor:
    return ErasedDebtor(name, "5" * 32, subject_of("5" * 32, DEBTOR), offset, through_ms)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts())
def test_an_event_under_another_name_says_all_else_as_before(fact: Fact) -> None:
    named = Renaming([erased(10)]).renamed(3, fact)
    if not is_of(DEBTOR, fact):
        assert named is None or fact.debtor_id == DEBTOR
        return
    assert named is not None
    assert decode(named, BEGINS_MS) == structs.replace(fact, debtor_id=NAME)


def test_each_erasure_has_a_name_of_its_own_and_what_comes_after_the_last_keeps_the_debtors() -> None:
    call = cast("Fact", decode(json.dumps({
        "type": "call", "event_id": "e", "occurred_at": "2024-01-01T12:00:00Z", "debtor_id": DEBTOR, "call_id": "k",
        "direction": "outbound", "outcome": "no_answer", "ended_at": "2024-01-01T12:00:01Z",
    }).encode(), BEGINS_MS))  # fmt: skip
    twice = Renaming([erased(3), erased(8, name="erased-again")])
    names = [twice.renamed(offset, call) for offset in (0, 2, 3, 7, 8, 9)]
    assert [None if each is None else json.loads(each)["debtor_id"] for each in names] == [
        NAME, NAME, "erased-again", "erased-again", None, None,
    ]  # fmt: skip
    assert twice.renamed(0, structs.replace(call, debtor_id="d-2")) is None


@dataclass(frozen=True)
class Part:
    """A topic partition of these values, as `TopicPart` gives it."""

    values: tuple[bytes, ...]
    erased: tuple[ErasedDebtor, ...]
    source: str = "calls-0"
    numbered: bool = True
    size: int = field(default=0)

    def blocks(self, position: FilePosition) -> Iterator[Block]:
        renaming, values = Renaming(self.erased), []
        for offset, value in enumerate(self.values):
            fact = decode(value, BEGINS_MS)
            values.append(renaming.renamed(offset, cast("Fact", fact)) or value)
        if values:
            yield Block(values, list(range(len(values))), 0, [], None, None, 0)


def home(_: str) -> int:
    return 0


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
@given(events=st.lists(facts(), min_size=1, max_size=16), at=st.integers(0, 16))
def test_a_rebuild_counts_what_the_live_run_counts_and_keeps_nothing_of_the_debtor(
    tmp_path_factory: pytest.TempPathFactory, events: list[Fact], at: int
) -> None:
    events = [each for each in events if decode(canonical_json(each), BEGINS_MS) == each]  # as the wire has it
    at = min(at, len(events))
    through_ms = max((each.occurred_at for each in events[:at]), default=0)
    live = Ledger(stage())
    live.apply(events[:at])
    live.stage.erase(DEBTOR, through_ms)
    live.apply(events[at:])
    live.commit()

    folder = tmp_path_factory.mktemp("job")
    configured = _configured(tmp_path_factory.getbasetemp())
    part = Part(tuple(canonical_json(each) for each in events), (erased(at, through_ms),) if at else ())
    job = Job(configured, folder, (cast("InputPart", part),), 1, 1, "live", frozenset(), ledger_home=home)
    split(job, 0, lambda *_: None)
    result = fold(job, 0, lambda *_: None)
    sums: dict[Any, int] = defaultdict(int)
    for _, some in read_parcels([(folder / "parcels-0", result["index"])], 0):
        for key, value in some:
            for grain, column, amount in grains_of(value):
                sums[(key.decode(), grain, column)] += amount
    assert {place: amount for place, amount in sums.items() if amount} == live.nonzero()
    records: dict[bytes, Any] = {}
    for _, some in read_parcels([(folder / "ledger-0", result["ledger"])], 0):
        records |= dict(some)
    assert {key for key in records if not key.startswith(b"|")} == set(live.topic)
    assert not [key for key in records if key.startswith(NAME.encode())]


@cache
def _configured(folder: Path) -> Settings:
    path = folder / "erased.json"
    path.write_text(json.dumps({"sites": {
        "main": {"zone": "Asia/Shanghai", "shifts": {"day": ["09:00", "18:00"]}}, "east": {"zone": "America/New_York"},
    }}))  # fmt: skip
    return load(path, {})
