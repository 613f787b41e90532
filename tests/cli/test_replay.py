"""`kpi-stream replay` from outside: numbers are a function of the set of events, and every event is accounted for."""

import gzip
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
import zstandard

from tests.cli.conftest import Command
from tests.worlds.world import World, world

RULES = [
    {"rule": "many_dials", "kpi": "dials", "level": "site", "window": "rolling_1h", "above": "3", "for": "20m"},
    {"rule": "few_connects", "kpi": "connect_rate", "level": "team", "window": "day", "below": "0.5"},
]


def call(number: int, minute: int, **change: Any) -> dict[str, Any]:
    at = f"2026-11-02T{minute // 60:02}:{minute % 60:02}:00Z"
    event = {"type": "call", "event_id": f"e-{number}", "call_id": f"c-{number}", "occurred_at": at, "ended_at": at}
    event |= {"direction": "outbound", "outcome": "no_answer", "debtor_id": f"d-{number % 3}", "agent_id": "a-1"}
    return event | {"team_id": "t-1"} | change


def line(event: dict[str, Any]) -> bytes:
    return orjson.dumps(event)


class Replay:
    """Replays lists of lines, each list a file, in a folder of its own."""

    def __init__(self, command: Command, folder: Path) -> None:
        self._command = command
        self._folder = folder
        self._count = 0

    def __call__(self, *files: list[bytes], options: tuple[object, ...] = ()) -> Path:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        paths = [folder / f"{number}.jsonl" for number in range(len(files))]
        for path, lines in zip(paths, files, strict=True):
            path.write_bytes(b"".join(each + b"\n" for each in lines))
        ran = self._command("replay", "--input", *paths, "--out", folder / "out", *options)
        assert ran.code == 0, ran.error
        return folder / "out"


@pytest.fixture
def replay(command: Command, tmp_path: Path) -> Replay:
    return Replay(command, tmp_path)


@pytest.fixture
def with_rules(tmp_path: Path) -> tuple[object, ...]:
    config = tmp_path / "rules.yaml"
    config.write_bytes(orjson.dumps({"windows": {"pane": "5m", "rolling": ["1h"]}, "alerts": RULES}))
    return "--config", config


def summary(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads((out / "summary.json").read_bytes())
    return content


def rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(each) for each in path.read_bytes().splitlines()]


def accounted(out: Path) -> bool:
    said = summary(out)
    dead = rows(out / "deadletter.jsonl")
    by_reason = {reason: sum(row["reason"] == reason for row in dead) for reason in {row["reason"] for row in dead}}
    kept = said["events_accepted"] + said["duplicates"] + said["superseded"]
    assert by_reason == said["deadletters"]
    return bool(said["events_read"] == kept + len(dead))


def of_world(seed: int, tmp_path: Path) -> tuple[World, tuple[object, ...]]:
    drawn = world(seed, with_rules=True)
    config = tmp_path / f"world-{seed}.yaml"
    config.write_bytes(orjson.dumps(drawn.config))
    return drawn, ("--config", config)


def test_the_files_are_those_of_the_contract(replay: Replay) -> None:
    out = replay([line(call(1, 0))])
    assert {path.name for path in out.iterdir()} == {
        "kpi.jsonl", "alerts.jsonl", "conduct.jsonl", "scores.jsonl", "deadletter.jsonl", "summary.json",
    }  # fmt: skip
    record = rows(out / "kpi.jsonl")[0]
    assert (record["revision"], record["final"], record["run"]) == (1, False, "replay")
    assert record["as_of"] < record["end"]
    ended = rows(replay([line(call(1, 0))], options=("--as-of", "end")) / "kpi.jsonl")
    assert all(each["final"] and each["as_of"] == each["end"] for each in ended)
    assert {each["window"] for each in rows(out / "kpi.jsonl")} == {"interval_30m", "day", "month"}
    said = summary(out)
    assert (said["events_read"], said["events_accepted"], said["alerts"]) == (1, 1, 0)
    assert said["kpi_records"] == len(rows(out / "kpi.jsonl")) == 9
    assert said["seconds"] >= 0
    assert said["events_per_second"] > 0


@pytest.mark.parametrize("seed", range(6))
def test_order_splitting_and_repetition_change_no_byte(replay: Replay, tmp_path: Path, seed: int) -> None:
    drawn, options = of_world(seed, tmp_path)
    chance = random.Random(seed)
    lines = list(drawn.lines)
    first = replay(lines, options=options)
    repeated = lines + [chance.choice(lines) for _ in range(len(lines) // 2)]
    chance.shuffle(repeated)
    cut = sorted(chance.randrange(len(repeated) + 1) for _ in range(2))
    second = replay(repeated[: cut[0]], repeated[cut[0] : cut[1]], repeated[cut[1] :], options=options)
    for name in ("kpi.jsonl", "alerts.jsonl"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert accounted(first)
    assert accounted(second)


@pytest.mark.parametrize("seed", range(6))
def test_alert_rules_do_not_change_the_numbers(replay: Replay, tmp_path: Path, seed: int) -> None:
    drawn, options = of_world(seed, tmp_path)
    config = tmp_path / "no-rules.yaml"
    config.write_bytes(orjson.dumps({**drawn.config, "alerts": []}))
    one, other = replay(drawn.lines, options=options), replay(drawn.lines, options=("--config", config))
    assert (one / "kpi.jsonl").read_bytes() == (other / "kpi.jsonl").read_bytes()
    assert (other / "alerts.jsonl").read_bytes() == b""


def test_alerts_are_those_of_events_in_the_order_of_time(replay: Replay, with_rules: tuple[object, ...]) -> None:
    #  minute  0   10   20   30   40 ...  80   90
    #  dials   x   x    x    x                 x     more than 3 in an hour: from 35 (the 4th is before it) to 65
    lines = [line(call(n, minute)) for n, minute in enumerate((0, 10, 20, 30, 90))]
    chance = random.Random(1)
    found = []
    for _ in range(3):
        chance.shuffle(lines)
        found.append(rows(replay(lines[:2], lines[2:], options=with_rules) / "alerts.jsonl"))
    assert found[0] == found[1] == found[2]
    dials = [(row["state"], row["at"], row["active_since"]) for row in found[0] if row["rule"] == "many_dials"]
    assert dials == [
        ("firing", "2026-11-02T00:55:00Z", "2026-11-02T00:35:00Z"),
        ("resolved", "2026-11-02T01:05:00Z", "2026-11-02T00:35:00Z"),
    ]


def test_the_last_evaluation_is_the_last_pane_not_after_the_greatest_occurred_at(
    replay: Replay, with_rules: tuple[object, ...]
) -> None:
    calls = [line(call(n, minute)) for n, minute in enumerate((0, 10, 20, 30))]
    before = rows(replay([*calls, line(call(9, 54))], options=with_rules) / "alerts.jsonl")
    at = rows(replay([*calls, line(call(9, 55))], options=with_rules) / "alerts.jsonl")
    assert [row["rule"] for row in before] == ["few_connects"]
    assert sorted(row["rule"] for row in at) == ["few_connects", "many_dials"]


def test_windows_are_chosen_and_alerts_are_evaluated_on_their_own(
    replay: Replay, with_rules: tuple[object, ...]
) -> None:
    calls = [line(call(n, n)) for n in range(90)]
    out = replay(calls, options=("--windows", "month, interval_30m", "--run", "r-2", *with_rules))
    records = rows(out / "kpi.jsonl")
    assert {record["window"] for record in records} == {"interval_30m", "month"}
    assert {record["run"] for record in records} == {"r-2"}
    assert {alert["rule"] for alert in rows(out / "alerts.jsonl")} == {"many_dials", "few_connects"}


def test_dead_letters_name_reason_file_line_and_value(replay: Replay, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("limits: {record_bytes: 400, facts_per_debtor: 2}")
    conflict = [line(call(1, 0, event_id=event, talk_ms=talk)) for talk, event in enumerate("ab")]
    lines = [
        b'{"type":"call"',
        b'{"type":"call"}',
        b"\xff\xfe",
        line(call(5, 0, agent_id="x" * 100, site_id="y" * 120)),
        b"",
        *conflict,
        line(call(4, 0)),
        line(call(7, 0)),
    ]
    assert len(lines[3]) > 400
    out = replay(lines, options=("--config", config))
    found = {row["line"]: row for row in rows(out / "deadletter.jsonl")}
    assert {number: row["reason"] for number, row in found.items()} == {
        1: "malformed", 2: "invalid", 3: "malformed", 4: "oversized", 7: "conflict", 9: "limit",
    }  # fmt: skip
    assert all(Path(row["source"]).name == "0.jsonl" and row["detail"] for row in found.values())
    assert found[1]["value"] == '{"type":"call"'
    assert "value" not in found[3]
    assert found[3]["value_base64"] == "//4="
    assert summary(out)["events_read"] == 8
    assert accounted(out)


def test_a_newer_version_replaces_an_older_one_whichever_comes_first(replay: Replay) -> None:
    old, new = line(call(1, 0, version=1)), line(call(1, 0, event_id="e-2", version=2, outcome="human"))
    one, other = replay([old, new]), replay([new, old])
    assert (one / "kpi.jsonl").read_bytes() == (other / "kpi.jsonl").read_bytes()
    for out in (one, other):
        assert (summary(out)["events_accepted"], summary(out)["superseded"]) == (1, 1)
    assert accounted(one)
    assert accounted(other)


def test_compressed_and_plain_files_are_read_together(command: Command, tmp_path: Path) -> None:
    lines = [line(call(n, n)) + b"\n" for n in range(3)]
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + lines[0].replace(b"\n", b"\r\n"))
    (tmp_path / "b.gz").write_bytes(gzip.compress(lines[1]))
    (tmp_path / "c.zst").write_bytes(zstandard.compress(lines[2] + lines[1].rstrip(b"\n")))
    out = tmp_path / "out"
    ran = command("replay", tmp_path / "a.jsonl", tmp_path / "b.gz", "--input", tmp_path / "c.zst", "--out", out)
    assert ran.code == 0, ran.error
    assert (summary(out)["events_read"], summary(out)["duplicates"]) == (4, 1)


@pytest.mark.parametrize("state", ["missing", "torn", "directory"])
def test_a_missing_or_torn_input_is_exit_code_1_and_nothing_is_written(
    command: Command,
    tmp_path: Path,
    state: str,
) -> None:
    good, bad, out = tmp_path / "good.jsonl", tmp_path / "bad.jsonl.gz", tmp_path / "out"
    good.write_bytes(line(call(1, 0)))
    if state == "torn":
        bad.write_bytes(gzip.compress(line(call(2, 0)) * 50)[:-9])
    if state == "directory":
        bad.mkdir()
    out.mkdir()
    (out / "kpi.jsonl").write_text("of an earlier run")
    ran = command("replay", "--replace", "--input", good, "--input", bad, "--out", out)
    assert (ran.code, ran.out) == (1, "")
    assert ran.error.startswith(f"kpi-stream: {bad}: ")
    assert ran.error.count("\n") == 1
    assert [path.name for path in out.iterdir()] == ["kpi.jsonl"]
    assert (out / "kpi.jsonl").read_text() == "of an earlier run"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_no_events_are_no_records(replay: Replay, with_rules: tuple[object, ...]) -> None:
    for options in ((), with_rules):
        out = replay([], options=options)
        assert (out / "kpi.jsonl").read_bytes() == (out / "alerts.jsonl").read_bytes() == b""
        assert (summary(out)["events_read"], summary(out)["kpi_records"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "x"], "no input"),
        (["--input", "x", "--out", "y", "--windows", "day,week"], "no such window: 'week' (there are rolling_5m, "),
        (["--input", "x", "--out", "y", "--windows", ""], "no such window"),
        (["--input", "x", "--out", "y", "--run", "a|b"], "--run: 'a|b' is not a name"),
    ],
)
def test_wrong_usage_is_exit_code_2(command: Command, arguments: list[str], message: str) -> None:
    ran = command("replay", *arguments)
    assert ran.code == 2
    assert message in ran.error


def test_parquet_holds_what_the_lines_hold(replay: Replay, command: Command, tmp_path: Path) -> None:
    drawn, options = of_world(2, tmp_path)
    lines, table = replay(drawn.lines, options=options), replay(drawn.lines, options=(*options, "--format", "parquet"))
    names = {path.name for path in table.iterdir()}
    assert {"kpi.parquet", "alerts.parquet"} <= names
    assert not {"kpi.jsonl", "alerts.jsonl"} & names
    assert command("reconcile", lines, table).code == 0
    with duckdb.connect() as connection:
        keys = connection.execute(
            f"SELECT concat_ws('|', site, level, entity, \"window\", start) FROM '{table / 'kpi.parquet'}'"
        ).fetchall()
        alerts = connection.execute(f"SELECT alert_id, state, \"at\" FROM '{table / 'alerts.parquet'}'").fetchall()
    assert [key for (key,) in keys] == sorted(key for (key,) in keys)
    assert alerts == [(row["alert_id"], row["state"], row["at"]) for row in rows(lines / "alerts.jsonl")]


def test_a_number_that_parquet_cannot_hold_is_an_error_and_nothing_is_written(command: Command, tmp_path: Path) -> None:
    payments = [
        {"type": "payment", "event_id": f"e-{n}", "payment_id": f"p-{n}", "occurred_at": "2026-11-02T01:00:00Z"}
        | {"debtor_id": "d-1", "case_id": "k-1", "amount_minor": 2**53 - 1, "currency": "CNY"}
        for n in range(1_025)
    ]
    (tmp_path / "f").write_bytes(b"".join(line(payment) + b"\n" for payment in payments))
    ran = command("replay", "--input", tmp_path / "f", "--out", tmp_path / "out", "--format", "parquet")
    assert ran.code == 1
    assert "--format jsonl takes any number" in ran.error
    assert not (tmp_path / "out").exists()
    assert command("replay", "--input", tmp_path / "f", "--out", tmp_path / "out").code == 0


SMALL = """
import stream.replay.replay as replay
replay.GROUP_BYTES, replay.BUCKET_BYTES = 2_000, 4_000
"""
DIES_IN_ITS_SECOND_FOLD = """
import os, signal, stream.replay.running as running
fold, begun = running.fold, []
def die(*given):
    begun.append(1)
    if len(begun) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return fold(*given)
running.fold = die
"""


def test_after_a_kill_9_the_same_command_goes_on_with_what_is_done(replay: Replay, tmp_path: Path) -> None:
    drawn = world(2)
    file, out = tmp_path / "f.jsonl", tmp_path / "out"
    file.write_bytes(b"".join(each + b"\n" for each in drawn.lines))

    def ran(before: str) -> int:
        code = f"{SMALL}\n{before}\nfrom stream.cli.program import main; main()"
        command = [sys.executable, "-c", code, "replay", "--input", str(file), "--out", str(out)]
        return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode

    assert ran(DIES_IN_ITS_SECOND_FOLD) == -signal.SIGKILL
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / ".out.work").glob("done-*.json")}
    assert {path.name for path in done} == {"done-split-0.json", "done-fold-0.json"}
    assert not out.exists()
    assert ran(DIES_IN_ITS_SECOND_FOLD) == -signal.SIGKILL  # in the third: the first is not folded again
    assert (tmp_path / ".out.work" / "done-fold-1.json").exists()
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert ran("") == 0
    assert (out / "kpi.jsonl").read_bytes() == (replay(list(drawn.lines)) / "kpi.jsonl").read_bytes()
    assert not (tmp_path / ".out.work").exists()
