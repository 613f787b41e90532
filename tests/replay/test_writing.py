"""Files are put in place together, or not at all."""

from io import BytesIO
from pathlib import Path

import orjson
import pytest

from stream.replay.reading import Raw
from stream.replay.writing import DeadLetters, OutputError, staging, write_alerts, write_kpis


def test_nothing_is_put_in_place_when_the_block_fails(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "out" / "kpi.jsonl").write_text("half")
        raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"), staging(tmp_path / "out") as folder:
        fail(folder)
    assert list(tmp_path.iterdir()) == []


def test_older_files_are_replaced_and_others_are_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "a" / "out"
    target.mkdir(parents=True)
    (target / "kpi.jsonl").write_text("old")
    (target / "mine").write_text("mine")
    with staging(target) as folder:
        (folder / "out" / "kpi.jsonl").write_text("new")
        (folder / "run-0").write_text("of the sorting")
    assert {path.name: path.read_text() for path in target.iterdir()} == {"kpi.jsonl": "new", "mine": "mine"}
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_a_target_that_is_a_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out: is a file"), staging(tmp_path / "out"):
        pass


def test_kpi_records_are_sorted_by_code_points(tmp_path: Path) -> None:
    keys = ["main|team|\U0001f600", "main|team|\uffee", "main|agent|z", "main|agent|a"]
    assert write_kpis(tmp_path, [(key.encode(), key.encode()) for key in keys]) == 4
    assert (tmp_path / "kpi.jsonl").read_text().splitlines() == sorted(keys)


def test_alerts_are_sorted_by_time_and_not_by_its_text(tmp_path: Path) -> None:
    def alert(at: str, rule: str) -> tuple[bytes, bytes]:
        rest = {"site": "s", "level": "team", "entity": "e", "alert_id": "i", "state": "firing"}
        return b"i", orjson.dumps({"at": at, "rule": rule, **rest})

    times = ["2026-11-02T10:00:00.500Z", "2026-11-02T10:00:01Z", "2026-11-02T10:00:00Z"]
    records = [alert(times[0], "a"), alert(times[1], "a"), alert(times[2], "b"), alert(times[2], "a")]
    assert write_alerts(tmp_path, records) == 4
    rows = [orjson.loads(line) for line in (tmp_path / "alerts.jsonl").read_bytes().splitlines()]
    assert [(row["at"], row["rule"]) for row in rows] == [
        (times[2], "a"), (times[2], "b"), (times[0], "a"), (times[1], "a"),
    ]  # fmt: skip


def test_a_dead_letter_keeps_the_bytes_and_the_place() -> None:
    file = BytesIO()
    dead = DeadLetters(file)
    dead.add(Raw('{"ü"'.encode(), "f", 3), "malformed", "why")
    dead.add(Raw(b"\xff", "name-\udcff", 4), "malformed", "why")
    one, two = (orjson.loads(line) for line in file.getvalue().splitlines())
    assert one == {"reason": "malformed", "detail": "why", "source": "f", "line": 3, "value": '{"ü"'}
    assert two == {"reason": "malformed", "detail": "why", "source": "name-?", "line": 4, "value_base64": "/w=="}
    assert dead.counts == {"malformed": 2}
