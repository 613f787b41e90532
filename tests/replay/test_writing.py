"""What tasks leave is put together in the order of the contract."""

from pathlib import Path

import orjson

from stream.engine.deltas.buffer import DeltaBuffer
from stream.engine.deltas.delta import decode_delta
from stream.ledger.contribution import Credit
from stream.ledger.state_timeline import StateSpan
from stream.replay.deadletters import write_dead, write_deadletters
from stream.replay.segments import Segments, put_together
from stream.replay.slices import SLICE_MS, slices_of
from stream.replay.writing import write_alerts
from tests.engine.deltas import delta, grains_of, rows_of


def test_kpi_records_are_sorted_by_the_code_points_of_their_keys(tmp_path: Path) -> None:
    entities = ["main|team|\U0001f600", "main|team|\uffee", "main|agent|z", "main|agent|a", "main|agent|a!", "m|team|a"]
    files = []
    for number, share in enumerate((entities[::2], entities[1::2])):
        segments = Segments(tmp_path / f"{number}")
        for entity in share:
            keys = [f"{entity}|{window}|{start}" for window in ("month", "day") for start in ("2026", "2025")]
            segments.add(entity, [(key.encode(), key.encode()) for key in keys])
        files.append((tmp_path / f"{number}", segments.close()))
    assert put_together(tmp_path / "kpi.jsonl", files) == 4 * len(entities)
    lines = (tmp_path / "kpi.jsonl").read_text().splitlines()
    assert lines == sorted(lines)
    assert len(set(lines)) == 4 * len(entities)


def test_alerts_are_sorted_by_time_and_not_by_its_text(tmp_path: Path) -> None:
    def alert(at: str, rule: str) -> bytes:
        rest = {"site": "s", "level": "team", "entity": "e", "alert_id": "i", "state": "firing"}
        return orjson.dumps({"at": at, "rule": rule, **rest})

    times = ["2026-11-02T10:00:00.500Z", "2026-11-02T10:00:01Z", "2026-11-02T10:00:00Z"]
    (tmp_path / "1").write_bytes(alert(times[0], "a") + b"\n" + alert(times[1], "a") + b"\n")
    (tmp_path / "2").write_bytes(alert(times[2], "b") + b"\n" + alert(times[2], "a") + b"\n")
    assert write_alerts(tmp_path, [tmp_path / "1", tmp_path / "2"]) == 4
    rows = [orjson.loads(line) for line in (tmp_path / "alerts.jsonl").read_bytes().splitlines()]
    assert [(row["at"], row["rule"]) for row in rows] == [
        (times[2], "a"), (times[2], "b"), (times[0], "a"), (times[1], "a"),
    ]  # fmt: skip


def test_a_dead_letter_keeps_the_bytes_and_the_place(tmp_path: Path) -> None:
    write_dead(tmp_path / "1", [(1, 4, b"\xff", "malformed", "why"), (0, 3, '{"ü"'.encode(), "malformed", "why")])
    files = [tmp_path / "1", tmp_path / "absent"]
    counts = write_deadletters(tmp_path / "out", files, ["f", "name-\udcff"], [0, 10])
    one, two = (orjson.loads(line) for line in (tmp_path / "out").read_bytes().splitlines())
    assert one == {"reason": "malformed", "detail": "why", "source": "f", "line": 3, "value": '{"ü"'}
    assert two == {"reason": "malformed", "detail": "why", "source": "name-?", "line": 14, "value_base64": "/w=="}
    assert counts == {"malformed": 2}


def test_a_row_lies_in_the_slice_of_the_later_of_its_instant_and_its_cause() -> None:
    grain_ms = 10_000
    day = SLICE_MS // grain_ms
    first, second, third, late = (3, 0, 0, 1), (day - 1, day, 0, 1), (2 * day, 0, 0, 1), (5, day + 1, 0, 1)
    rows = [(first, {"dials": 1}), (second, {"dials": 2}), (third, {"dials": 3, "visits": 0}), (late, {"dials": 4})]
    found = dict(slices_of(delta(0, 7, rows), grain_ms))
    assert {slice_: [place for place, _ in rows_of(part)] for slice_, part in found.items()} == {
        0: [first], 1: [second, late], 2: [third],
    }  # fmt: skip
    assert {slice_: decode_delta(part).zeros for slice_, part in found.items() if decode_delta(part).zeros} == {
        2: [(third, ["visits"])]
    }
    assert all(decode_delta(part).at == 7 for part in found.values())


def test_runs_stay_whole_when_a_delta_is_cut() -> None:
    day = SLICE_MS // 10_000
    cells = DeltaBuffer(0, 10_000, frozenset())
    cells.add_own("main", "t", "a", 0, ("dials",), ())
    span = StateSpan(Credit("main", "t", "a"), (("signed_in_ms", 1),), 0, 2 * SLICE_MS + 30_000)
    cells.add_span(span, 2 * SLICE_MS, None)
    for _, value in cells.take(0):
        found = dict(slices_of(value, 10_000))
        assert found.keys() == {0, 2}
        assert sorted(each for part in found.values() for each in grains_of(part)) == sorted(grains_of(value))
        assert len(list(grains_of(found[2]))) > 2 * day - 2
