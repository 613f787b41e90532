"""Laws of the scores' shell without a broker: what is read before anything is computed, what a transaction holds, and
that nothing counts as published before it is committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from stream.facts.decode import Rejection, decode
from stream.facts.fact import Measurement
from stream.kafka.batches import Batch
from stream.kafka.exits import Exit
from stream.partition.context import Silent, WorkerSetup
from stream.partition.score_source import ScoreSource, Take
from stream.partition.scoring import Scoring
from stream.publish.meters import Meters
from stream.scores.inputs import Reached, clock_record, measurement_record
from stream.scores.publishing import ScoreChange
from stream.settings import Settings
from tests.kafka.records import NOON_MS, FakeRecord, batch
from tests.kafka.scored import measurement, with_schemes
from tests.kafka.test_assignments import worker_setup
from tests.scores.floor import kpi_record

SCORING = "collections.kpi-stream.scoring"
KPIS = "collections.kpi.v1"
DAY_MS = 86_400_000
MIDNIGHT_MS = NOON_MS + DAY_MS // 2
"""2024-01-02T00:00:00Z."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return with_schemes(tmp_path)


class Wall:
    """A clock that is moved by hand."""

    ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


def setup_of(settings: Settings, wall: Wall) -> WorkerSetup:
    plain = worker_setup()
    return replace(
        plain, settings=settings, partitions={**plain.partitions, KPIS: 4}, monotonic_ms=wall, wall_ms=wall,
        meters=Meters(), end=lambda code, reason: None,
    )  # fmt: skip


class FakeSource:
    """Topics in memory. `topic` is that of scores. `hidden`: offsets that are not committed yet are not given."""

    def __init__(self) -> None:
        self.topic: list[tuple[bytes, bytes | None]] = []
        self.logs: dict[str, list[tuple[bytes, bytes | None]]] = {KPIS: [], SCORING: []}
        self.visible: dict[str, int] = {}
        self.opened = 0
        self.lost = 0
        self._read = dict.fromkeys(self.logs, 0)

    async def published(self, take: Take) -> None:
        for key, value in self.topic:
            take(key, value)

    async def open(self) -> None:
        self.opened += 1

    async def fetch(self, seconds: float) -> Mapping[TopicPartition, Batch]:
        await asyncio.sleep(0.001)
        if self.lost:
            self.lost -= 1
            raise KafkaConnectionError("deliberately")
        found = {}
        for name, log in self.logs.items():
            start, end = self._read[name], min(len(log), self.visible.get(name, len(log)))
            if end > start:
                records = [FakeRecord(start + n, value, key) for n, (key, value) in enumerate(log[start:end])]
                found[TopicPartition(name, 0)] = batch(name, records, start=start, next_offset=end)
                self._read[name] = end
        return found

    async def ends(self) -> Mapping[TopicPartition, int]:
        return {TopicPartition(name, 0): len(log) for name, log in self.logs.items()}

    def has_read(self, ends: Mapping[TopicPartition, int]) -> bool:
        return all(self._read[tp.topic] >= end for tp, end in ends.items())

    async def close(self) -> None: ...

    # what the tests write

    def dials(self, entity: str, number: int, revision: int = 1) -> None:
        record = kpi_record(entity, {"dials": number}, window="day", start="2024-01-01", revision=revision)
        self.logs[KPIS].append((f"main|agent|{entity}|day|2024-01-01T00:00:00Z".encode(), record))

    def clocks(self, reached: Reached, partitions: Iterable[int] = range(4)) -> None:
        self.logs[SCORING] += [clock_record(each, reached) for each in partitions]

    def says(self, number: int, **fields: Any) -> None:
        event = measurement(number, period_start="2024-01-01", occurred_at="2024-01-01T02:00:00Z", **fields)
        fact = decode(json.dumps(event).encode())
        assert not isinstance(fact, Rejection)
        self.logs[SCORING].append(measurement_record(cast("Measurement", fact)))


class Owner:
    """A scoring at work, with the transactions of its partition made by hand."""

    def __init__(self, settings: Settings, source: FakeSource, wall: Wall | None = None) -> None:
        self.wall = wall or Wall()
        self.setup = setup_of(settings, self.wall)
        self.ends: list[tuple[Exit, str]] = []
        self.setup = replace(self.setup, end=lambda code, reason: self.ends.append((code, reason)))
        self.source = source
        self.scoring = Scoring(self.setup, cast("ScoreSource", source))

    async def __aenter__(self) -> Self:
        self.scoring.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.scoring.stop()
        await asyncio.sleep(0.01)

    async def waits(self, turns: int = 40) -> Sequence[ScoreChange]:
        """What is to be published once something is; nothing if there is nothing in a while."""
        for _ in range(turns):
            self.wall.ms += 500
            await asyncio.sleep(0.005)
            changes = self.scoring.take()
            if changes:
                return changes
        return ()

    async def commits(self, turns: int = 40) -> dict[str, dict[str, Any] | None]:
        """Commits all that is to be published in a while: short key -> record."""
        found: dict[str, dict[str, Any] | None] = {}
        while changes := await self.waits(turns):
            self.source.topic += [(each.key, each.value) for each in changes]
            self.scoring.committed()
            for each in changes:
                kind, _, _, _, _, entity, _ = each.key.decode().split("|")
                found[f"{kind} {entity}"] = None if each.value is None else json.loads(each.value)
        return found

    def shown(self, name: str) -> float | None:
        meters = cast("Meters", self.setup.meters)
        samples = {sample.name: sample.value for family in meters.collect() for sample in family.samples}
        return samples.get(name)


async def test_nothing_is_computed_before_all_partitions_have_said_how_far_they_are(settings: Settings) -> None:
    source = FakeSource()
    source.dials("a", 20)
    source.clocks(Reached(NOON_MS, NOON_MS), partitions=range(3))
    async with Owner(settings, source) as owner:
        assert await owner.waits() == ()
        source.clocks(Reached(NOON_MS, None), partitions=[3])
        found = await owner.commits()
    assert found.keys() == {"scorecard a", "payout a"}
    card = found["scorecard a"]
    assert card is not None
    assert (card["revision"], card["provisional"], card["score"][:2]) == (1, True, "60")
    assert owner.ends == []


async def test_what_lies_in_the_topics_when_a_partition_states_its_clock_is_read_before_scores_are_computed(
    settings: Settings,
) -> None:
    source = FakeSource()
    source.dials("a", 10)
    source.clocks(Reached(NOON_MS, NOON_MS))
    async with Owner(settings, source) as owner:
        await owner.commits()
        # The transaction that ends the day: its clock can be seen, its last KPI record not yet.
        source.visible[KPIS] = len(source.logs[KPIS])
        source.dials("a", 20, revision=2)
        source.clocks(Reached(MIDNIGHT_MS, MIDNIGHT_MS))
        assert await owner.waits() == ()
        del source.visible[KPIS]
        found = await owner.commits()
    card = found["scorecard a"]
    assert card is not None
    assert (card["provisional"], card["revision"], card["parts"][0]["numerator"]) == (False, 2, 20)


async def test_nothing_counts_as_published_before_it_is_committed_and_the_next_owner_publishes_what_was_lost(
    settings: Settings,
) -> None:
    source = FakeSource()
    source.dials("a", 10)
    source.clocks(Reached(NOON_MS, NOON_MS))
    async with Owner(settings, source) as owner:
        lost = await owner.waits()
        assert {each.key.split(b"|")[0] for each in lost} == {b"scorecard"}
        assert owner.scoring.take() == ()  # it is in a transaction, whatever becomes of that
        assert await owner.waits() == ()
    source._read = dict.fromkeys(source.logs, 0)
    async with Owner(settings, source) as other:
        assert await other.waits() == lost
        other.source.topic += [(each.key, each.value) for each in lost]
        other.scoring.committed()
        await other.commits()
    source._read = dict.fromkeys(source.logs, 0)
    source.dials("a", 20, revision=2)
    async with Owner(settings, source) as third:
        found = await third.commits()
    card = found["scorecard a"]
    assert card is not None
    assert card["revision"] == 2


async def test_scores_are_published_as_often_as_configured_and_at_once_when_no_longer_provisional(
    settings: Settings,
) -> None:
    source, wall = FakeSource(), Wall()
    source.dials("a", 10)
    source.clocks(Reached(NOON_MS, NOON_MS))
    async with Owner(settings, source, wall) as owner:
        await owner.commits(turns=10)
        at_ms = wall.ms
        source.dials("a", 12, revision=2)
        while not await owner.waits(turns=1):
            pass
        waited_ms = wall.ms - at_ms
        owner.scoring.committed()
        await owner.commits(turns=5)
        at_ms = wall.ms
        source.dials("a", 14, revision=3)
        source.clocks(Reached(MIDNIGHT_MS, MIDNIGHT_MS))
        changes: Sequence[ScoreChange] = ()
        while not changes:
            changes = await owner.waits(turns=1)
        final_ms = wall.ms - at_ms
    assert 4_000 <= waited_ms <= 15_000
    assert final_ms < 4_000
    assert all(not json.loads(each.value or b"")["provisional"] for each in changes)


async def test_a_broker_that_is_lost_is_opened_again_and_an_unknown_failure_ends_the_worker(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.partition.scoring.backoff_seconds", lambda: iter([0.0] * 9))
    source = FakeSource()
    source.lost = 3
    source.dials("a", 10)
    source.clocks(Reached(NOON_MS, NOON_MS))
    async with Owner(settings, source) as owner:
        assert await owner.commits()
        assert (source.opened, owner.ends) == (4, [])
        source.logs[SCORING].append((b"x|1", b"{}"))
        await owner.waits()
        assert [code for code, _ in owner.ends] == [Exit.RESTART]
        assert "unknown kind 'x'" in owner.ends[0][1]


async def test_a_newer_format_is_refused_and_foreign_records_of_public_topics_are_passed_over(
    settings: Settings,
) -> None:
    source = FakeSource()
    key = b"scorecard|card|1|main|agent|a|2024-01-01"
    source.topic = [(b"what is this", b"{}"), (key, b"{}"), (key, b"[]"), (key, b"\xff")]
    source.logs[KPIS] += [(b"k", b"{}"), (b"main|agent|a|day|x", b"[]")]
    source.dials("a", 10)
    source.clocks(Reached(NOON_MS, NOON_MS))
    async with Owner(settings, source) as owner:
        assert await owner.commits()
        source.logs[SCORING].append((b"c|0", b'{"f":99}'))
        await owner.waits()
        assert [code for code, _ in owner.ends] == [Exit.REFUSED]


async def test_measurements_count_as_they_were_last_stated_and_undeclared_ones_are_shown(settings: Settings) -> None:
    source = FakeSource()
    source.clocks(Reached(NOON_MS, NOON_MS))
    source.says(1, entity="a", numerator=3)
    source.says(1, entity="a", numerator=5, version=2)
    source.says(2, entity="b")
    source.says(2, entity="b", version=2, void=True)
    source.says(3, entity="c", indicator="nobody_knows")
    async with Owner(settings, source) as owner:
        found = await owner.commits()
        assert owner.shown("collections_measurements_undeclared") == 1
        assert owner.shown("collections_score_records_total") == len(found)
        seconds = owner.shown("collections_scores_timestamp_seconds")
        assert seconds is not None
        assert owner.wall.ms / 1_000 - seconds < 60
    reward = found["reward a"]
    assert reward is not None
    assert reward["amount_minor"] == 7_000
    assert "reward b" not in found
    assert owner.shown("collections_scores_timestamp_seconds") is None


class Heard(Silent):
    """Notes the keys of the scores that it is told of."""

    def __init__(self) -> None:
        self.scores: list[str] = []

    def on_scores(self, scores: Sequence[tuple[bytes, bytes | None]]) -> None:
        self.scores += [key.decode().split("|")[0] for key, _ in scores]


async def test_whoever_exports_scores_hears_of_those_that_are_committed_and_an_owner_of_those_that_were(
    settings: Settings,
) -> None:
    source, heard = FakeSource(), (Heard(), Heard())
    source.dials("a", 20)
    source.clocks(Reached(NOON_MS, NOON_MS))
    for listener in heard:
        owner = Owner(settings, source)
        owner.scoring = Scoring(replace(owner.setup, listener=listener), cast("ScoreSource", source))
        async with owner:
            assert listener.scores == []
            await owner.commits()
    assert [sorted(listener.scores) for listener in heard] == [["payout", "scorecard"]] * 2
