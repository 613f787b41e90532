"""Laws of the clock guard: live and backfill refuse the same events, a replay of files refuses none (live 2)."""

from pathlib import Path

import orjson

from stream.cli.main import run
from stream.partition.intake import GUARD_MS, Reader
from stream.rebuild.history import TopicPart
from stream.settings import load
from tests.facts.events import event
from tests.kafka.records import NOON_MS, FakeRecord, batch, call


def test_a_backfill_refuses_what_a_worker_refuses_for_its_time() -> None:
    settings = load(None, {})
    early, late = (FakeRecord(n, call(n, GUARD_MS + n), timestamp=NOON_MS) for n in (0, 1))
    part = TopicPart("collections.calls.v1", 0, 0, 9, (1,), settings)
    block = part._block(batch(part.topic, [early, late]), Reader(0, 1, settings.record_bytes))
    assert block.values == [early.value]
    assert [(offset, reason) for offset, _, reason, _ in block.refused] == [(1, "invalid")]


def test_a_replay_of_files_knows_no_arrival_and_counts_whatever_lies_in_the_future(tmp_path: Path) -> None:
    at = "2199-01-01T00:00:00Z"
    (tmp_path / "events.jsonl").write_bytes(orjson.dumps(event("call", occurred_at=at, ended_at=at)))
    replay = ["replay", "--input", str(tmp_path / "events.jsonl"), "--out", str(tmp_path / "out"), "--no-progress"]
    assert run(replay) == 0
    assert b"2199" in (tmp_path / "out" / "kpi.jsonl").read_bytes()
    assert (tmp_path / "out" / "deadletter.jsonl").read_bytes() == b""
