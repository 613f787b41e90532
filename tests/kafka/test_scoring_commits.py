"""What the partitions of both stages write for scores: measurements, clocks, scores and their ledger, each in the
transaction of what it tells of. No broker."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from stream.engine.debtors.late import LateChanges
from stream.engine.entities.publication import StageOutput
from stream.kafka.topics import wanted_topics
from stream.kafka.writer import Written
from stream.partition.entities import EntityPartition
from stream.partition.intake import key_partition
from stream.partition.positions import KEY, Positions
from stream.partition.scoring import Scoring
from stream.partition.work import Commit
from stream.scores.inputs import Reached, StatedCause, StatedClock, StatedMeasurement, stated
from stream.scores.publishing import ScoreChange
from stream.settings import Settings, load
from tests.kafka.on_bench import LEDGER, Bench, sent
from tests.kafka.records import NOON_MS, FakeRecord, debtor_of, record
from tests.kafka.scored import measurement, with_schemes
from tests.kafka.test_assignments import Quiet
from tests.kafka.test_scoring import SCORING, Wall, setup_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return with_schemes(tmp_path)


class Engine(Quiet):
    """An entity stage that is as far as it is told."""

    as_of_ms = NOON_MS
    behind = False

    def tick(self, _: int, most: int) -> Any:
        return StageOutput(behind=self.behind)


class Given:
    """A scoring that has these changes ready."""

    def __init__(self, *changes: ScoreChange) -> None:
        self.changes: Sequence[ScoreChange] = changes
        self.calls: Counter[str] = Counter()

    def take(self) -> Sequence[ScoreChange]:
        return self.changes

    def forgotten(self) -> list[tuple[bytes, bytes | None]]:
        return []

    def __getattr__(self, name: str) -> Callable[[], None]:
        return lambda: self.calls.update([name])


def work_of(settings: Settings, partition: int, engine: Any) -> EntityPartition:
    return EntityPartition(setup_of(settings, Wall()), partition, engine)


def clocks_in(commit: Commit | None) -> list[Reached]:
    lines = [] if commit is None else sent(commit, SCORING, 0)
    said = [stated(key or b"", value) for key, value in lines]
    return [each.reached for each in said if isinstance(each, StatedClock)]


def committed_by(work: EntityPartition, *, force: bool = False) -> Commit | None:
    commit = work.commit(force=force)
    if commit is not None:
        commit.then(Written({}, None))
    return commit


def test_a_partition_states_its_clock_when_it_has_moved_and_only_once_all_that_is_due_by_then_is_written(
    settings: Settings,
) -> None:
    engine = Engine()
    work = work_of(settings, 3, engine)
    assert clocks_in(committed_by(work)) == [Reached(NOON_MS, 60_000)]
    assert committed_by(work) is None
    engine.watermark_ms = 69_999
    assert committed_by(work) is None  # the same pane
    engine.watermark_ms, engine.behind = 70_000, True
    assert clocks_in(committed_by(work, force=True)) == []
    engine.behind = False
    lost = work.commit()
    assert clocks_in(lost) == clocks_in(committed_by(work)) == [Reached(NOON_MS, 70_000)]
    assert committed_by(work) is None


def test_without_schemes_nothing_is_stated_or_read() -> None:
    work = work_of(load(None, {}), 0, Engine())
    work.resume({work.topics[0]: (0, 1)})
    commit = committed_by(work, force=True)
    assert commit is not None
    assert all(topic != SCORING for topic, _ in commit.outgoing)
    assert work._scoring is None


def test_scores_and_lines_are_in_the_partitions_own_transaction_and_count_once_it_is_committed(
    settings: Settings,
) -> None:
    work = work_of(settings, 0, Engine())
    committed_by(work)
    given = Given(ScoreChange(b"k1", b"{}", b"line"), ScoreChange(b"k2", None, None))
    work._scoring = cast("Scoring", given)
    commit = work.commit()
    assert commit is not None
    assert sent(commit, "collections.scores.v1", 0) == [(b"k1", b"{}"), (b"k2", None)]
    assert sent(commit, "collections.scoreledger.v1", 0) == [(b"k1", b"line")]
    assert given.calls["committed"] == 0
    commit.then(Written({}, None))
    assert given.calls["committed"] == 1
    work.withdraw()
    assert given.calls["stop"] == 1


def told(commit: Commit) -> list[tuple[str, int | None]]:
    """(id, numerator) of the measurements in a commit of the debtor stage; None: taken back."""
    said = [stated(key or b"", value) for key, value in sent(commit, SCORING, 0)]
    return [
        (each.measurement_id, each.measurement and each.measurement.numerator)
        for each in said
        if isinstance(each, StatedMeasurement)
    ]


def sends(offset: int, number: int, **fields: Any) -> FakeRecord:
    event = measurement(number, occurred_at="2024-01-01T12:00:00Z", **fields)
    return FakeRecord(offset, json.dumps(event).encode(), str(event["measurement_id"]).encode())


def test_the_debtor_stage_states_the_version_that_counts_in_the_transaction_of_its_ledger() -> None:
    mine = [n for n in range(100) if key_partition(f"m-{n}".encode(), 4) == 1][:2]
    bench = Bench()
    bench.feed(
        sends(0, mine[0], numerator=4), sends(1, mine[1], numerator=1), sends(2, mine[0], version=2, numerator=9)
    )
    first = bench.commit()
    assert told(first) == sorted([(f"m-{mine[0]}", 9), (f"m-{mine[1]}", 1)])
    assert told(bench.commit()) == []
    bench.feed(sends(3, mine[0], numerator=5), sends(4, mine[1], version=2, void=True))  # superseded; taken back
    second = bench.commit()
    assert told(second) == [(f"m-{mine[1]}", None)]
    # Whoever goes on from a state of a former version, or of a hand-over, states all of it once.
    restored = Bench()
    for commit in (first, second):
        for key, value in sent(commit, LEDGER, 1):
            if key != KEY:
                restored.work.restore(key or b"", value)
    at = bench.work.positions
    assert at is not None
    assert at.measured
    restored.work.restore(KEY, Positions(at.fingerprint, 4, 2, at.tps, at.greatest_ms, agents=at.agents).encode())
    restored.work.resume({topic: (each.offset, 1) for topic, each in at.tps.items()})
    assert told(restored.commit()) == sorted([(f"m-{mine[0]}", 9), (f"m-{mine[1]}", None)])
    restored.work.restore(KEY, at.encode())
    restored.work.resume({topic: (each.offset, 1) for topic, each in at.tps.items()})
    assert told(restored.commit()) == []


def test_a_fact_that_comes_late_is_stated_in_the_transaction_of_its_ledger_and_one_in_time_is_not() -> None:
    bench = Bench()
    debtor = debtor_of(1, 4)
    bench.engine._ledger.late = LateChanges(bench.setup.settings.plan(), frozenset({"day"}))
    bench.feed(record(0, 0, debtor=debtor))
    assert (SCORING, 0) not in bench.commit().outgoing
    bench.engine._ledger.late.before_ms = NOON_MS + 3 * 86_400_000
    bench.feed(record(1, 0, debtor=debtor))
    commit = bench.commit()
    [found] = [stated(key or b"", value) for key, value in sent(commit, SCORING, 0)]
    assert isinstance(found, StatedCause)
    assert found.cause is not None
    assert found.cause.what.startswith("call ")
    assert {touch.column for touch in found.cause.touched} >= {"dials"}
    assert {touch.amount > 0 for touch in found.cause.touched} == {True}
    assert [key for key, _ in sent(commit, LEDGER, 1) if key != KEY]


def test_scores_are_compacted_for_good_and_their_ledger_is_kept_without_end() -> None:
    wanted = {topic.name: topic for topic in wanted_topics(load(None, {}))}
    assert wanted["collections.scores.v1"].config["cleanup.policy"] == "compact"
    ledger = wanted["collections.scoreledger.v1"]
    assert (ledger.config["cleanup.policy"], ledger.config["retention.ms"]) == ("delete", "-1")
    assert [wanted[f"collections.{name}.v1"].partitions for name in ("scores", "scoreledger")] == [1, 1]
