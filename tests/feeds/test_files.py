"""Feeds over files (feeds 6), through the command: reading, following, state, rejects and exit codes."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from stream.cli.main import run as kpi_stream
from tests.feeds.runs import CALL, RECORD

PBX = """
feed: pbx
input: {format: delimited, delimiter: "|", columns: [at, call, word]}
join: {by: call, closes: "word=='close'", after: 1h, time: {path: at, as: epoch_s}}
events:
  - type: bot_session
    fields:
      session_id: key
      occurred_at: {path: "rows[0].at", as: epoch_s}
      handed_over: {value: false}
      mandate_signed: {value: false}
"""
CSV = CALL.replace("json", "csv")
PROGRAM = str(Path(sys.executable).with_name("kpi-stream"))


def line(name: str, **more: Any) -> str:
    return json.dumps(RECORD | {"id": name} | more) + "\n"


class Desk:
    """A folder with a mapping, and the command run there."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.mapping(CALL)

    def mapping(self, text: str) -> None:
        (self.folder / "m.yaml").write_text(text)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *files: str, options: tuple[str, ...] = (), out: str = "out.jsonl") -> tuple[int, str, str]:
        sources = [str(self.folder / each) for each in files]
        target = ["--out", str(self.folder / out)]
        code = kpi_stream(["feed", "run", str(self.folder / "m.yaml"), *sources, *target, *options])
        text, errors = self._capsys.readouterr()
        return code, text, errors.replace(f"{self.folder}/", "")

    def ids(self, out: str = "out.jsonl") -> list[str]:
        path = self.folder / out
        return [json.loads(each)["event_id"] for each in path.read_text().splitlines()] if path.exists() else []

    def option(self, name: str, file: str) -> tuple[str, str]:
        return name, str(self.folder / file)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_files_are_read_plain_gz_and_zst_in_their_order(desk: Desk) -> None:
    desk.put("a.json", line("a"))
    desk.put("b.json.gz", gzip.compress(line("b").encode()))
    desk.put("c.json.zst", zstandard.compress(line("c").encode()))
    code, _, errors = desk.run("a.json", "b.json.gz", "c.json.zst")
    assert (code, desk.ids()) == (0, ["test:call:a:1", "test:call:b:1", "test:call:c:1"])
    assert errors.splitlines()[-1] == "feed test: 3 records, 3 events (call 3), 0 unused, 0 refused"


@pytest.mark.parametrize(("name", "read"), [("o.gz", gzip.decompress), ("o.zst", zstandard.decompress)])
def test_events_may_be_written_compressed(desk: Desk, name: str, read: Callable[[bytes], bytes]) -> None:
    desk.put("a.json", line("a"))
    desk.run("a.json", out=name)
    packed = (desk.folder / name).read_bytes()
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed) if name.endswith("zst") else read(packed)
    assert json.loads(text)["call_id"] == "a"


def test_a_last_line_without_newline_is_read(desk: Desk) -> None:
    desk.put("a.json", line("a") + line("b").rstrip())
    desk.run("a.json")
    assert len(desk.ids()) == 2


def test_csv_has_a_header_line_in_each_file_and_rows_over_several_lines(desk: Desk) -> None:
    desk.mapping(CSV)
    rows = '\ufeffid,start,end,memo\r\nc1,1792000000,1792000001,"two\nlines, ""one"" row"\r\n\r\n'
    desk.put("a.csv", rows + "c2,1792000000,1792000001,\r\n")
    desk.put("b.csv", "start,id,end\n1792000000,c3,1792000001\n")
    assert desk.run("a.csv", "b.csv")[0] == 0
    assert desk.ids() == ["test:call:c1:1", "test:call:c2:1", "test:call:c3:1"]


def test_a_quote_that_is_never_closed_is_the_fault_of_its_own_line(desk: Desk) -> None:
    desk.mapping(CSV)
    desk.put("a.csv", 'id,start,end\n"c1,1792000000,1792000001\nc2,1792000000,1792000001\n')
    code, _, _ = desk.run("a.csv", options=desk.option("--rejects", "r.jsonl"))
    (reject,) = [json.loads(each) for each in (desk.folder / "r.jsonl").read_text().splitlines()]
    assert (code, desk.ids(), reject["line"], reject["reason"]) == (0, ["test:call:c2:1"], 2, "malformed")


def test_a_header_that_names_a_column_twice_is_an_input_that_cannot_be_read(desk: Desk) -> None:
    desk.mapping(CSV)
    desk.put("a.csv", "id,start,id\n1,2,3\n")
    code, _, errors = desk.run("a.csv")
    assert code == 1
    assert "a.csv:1: the header line names 'id' twice" in errors


def test_refused_records_go_to_rejects_as_lines_of_a_replays_dead_letters(desk: Desk) -> None:
    desk.put("a.json", line("a").encode() + b'{"id": \xff}\n' + line("b", start="x").encode())
    code, _, errors = desk.run("a.json", options=desk.option("--rejects", "r.jsonl"))
    rejects = [json.loads(each) for each in (desk.folder / "r.jsonl").read_text().splitlines()]
    source = str(desk.folder / "a.json")
    assert code == 0
    assert rejects[0] | {"detail": ""} == {
        "reason": "malformed", "detail": "", "source": source, "line": 2,
        "value_base64": base64.b64encode(b'{"id": \xff}').decode(),
    }  # fmt: skip
    assert rejects[1] == {
        "reason": "unmapped", "detail": "occurred_at: 'x' is no number of seconds since 1970", "source": source,
        "line": 3, "value": line("b", start="x").rstrip(),
    }  # fmt: skip
    assert errors.splitlines()[-1].endswith("2 refused (1 malformed, 1 unmapped)")


def test_without_rejects_a_person_is_told_of_the_first_refusals(desk: Desk) -> None:
    desk.put("a.json", "{\n" * 5)
    code, _, errors = desk.run("a.json")
    assert code == 0
    assert errors.count("refused, malformed") == 3


def test_a_missing_or_torn_input_is_exit_code_1_and_what_was_readable_is_given(desk: Desk) -> None:
    whole = gzip.compress(b"".join(line(f"c{at}").encode() for at in range(20_000)), mtime=0)
    desk.put("torn.json.gz", whole[:-20_000])
    desk.put("b.json", line("b"))
    code, _, errors = desk.run("torn.json.gz", "nope.json", "b.json")
    assert code == 1
    assert "torn.json.gz: torn" in errors
    assert "nope.json: No such file" in errors
    ids = desk.ids()
    assert ids[0] == "test:call:c0:1"
    assert ids[-1] == "test:call:b:1"
    assert 1 < len(ids) < 20_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope.yaml", "x", "--out", "-"], "nope.yaml: No such file"),
        (["M"], "there is nothing to read"),
        (["M", "x"], "where shall the events go?"),
        (["M", "x", "--out", "-", "--kafka"], "--out and --kafka: only one of them"),
        (["M", "x", "--topic", "t"], "--topic and FILE: only one of them"),
        (["M", "x", "--out", "-", "--group", "g"], "--group is for --topic"),
        (["M", "x", "--out", "-", "--set", "a"], "--set: 'a' is not F=V"),
        (["M", "x", "--out", "-", "--set-map", "a=b"], "--set-map: 'a=b' is not F.VALUE=RESULT"),
        (["M", "x", "--out", "-", "--zone", "Mars"], "input.zone: there is no time zone 'Mars'"),
        (["M", "x", "--out", "-", "--revision", "1000"], "Invalid value for '--revision'"),
        ([], "MAPPING is missing"),
        (["--all"], "the configuration has no feeds"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    desk: Desk, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code = kpi_stream(["feed", "run", *(str(desk.folder / "m.yaml") if each == "M" else each for each in arguments)])
    errors = capsys.readouterr().err
    assert code == 2
    assert said in errors
    assert errors.count("\n") == 1


def test_standard_input_and_output(desk: Desk) -> None:
    done = subprocess.run(
        [PROGRAM, "feed", "run", str(desk.folder / "m.yaml"), "-", "--out", "-"],
        input=line("a").encode(), capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout)["call_id"] == "a"


def test_a_run_that_fails_leaves_no_half_file(desk: Desk) -> None:
    desk.put("a.json", line("a"))
    code, _, errors = desk.run("a.json", out="nowhere/out.jsonl")
    assert code == 1
    assert "nowhere/out.jsonl" in errors
    assert not [*desk.folder.glob("**/*.part")]


STATE = ("--state", "state.json")


def test_state_keeps_the_place_in_each_file_whatever_its_name(desk: Desk) -> None:
    state = desk.option(*STATE)
    desk.put("log", line("a") + line("b"))
    desk.run("log", options=state)
    assert len(desk.ids()) == 2
    with (desk.folder / "log").open("a") as log:
        log.write(line("c"))
    desk.run("log", options=state)
    assert desk.ids()[2:] == ["test:call:c:1"]
    (desk.folder / "log").rename(desk.folder / "log.1")
    desk.put("log", line("d"))
    desk.run("log.1", "log", options=state)
    assert desk.ids()[3:] == ["test:call:d:1"]
    desk.put("log.2.gz", gzip.compress((desk.folder / "log.1").read_bytes()))
    desk.run("log.2.gz", "log", options=state)
    assert len(desk.ids()) == 4


def test_state_keeps_the_header_of_a_csv(desk: Desk) -> None:
    desk.mapping(CSV)
    state = desk.option(*STATE)
    desk.put("a.csv", "start,end,id\n1792000000,1792000001,c1\n")
    desk.run("a.csv", options=state)
    with (desk.folder / "a.csv").open("a") as log:
        log.write("1792000000,1792000001,c2\n")
    desk.run("a.csv", options=state)
    assert desk.ids() == ["test:call:c1:1", "test:call:c2:1"]


def test_state_keeps_open_joins_and_what_is_open_at_the_end_stays_open(desk: Desk) -> None:
    desk.mapping(PBX)
    state = desk.option(*STATE)
    desk.put("log", "1792000000|k|a\n1792000000|l|a\n")
    assert desk.run("log", options=state)[0] == 0
    assert desk.ids() == []
    with (desk.folder / "log").open("a") as log:
        log.write("1792000001|k|close\n")
    desk.run("log", options=state)
    assert desk.ids() == ["pbx:bot_session:k:2"]
    with (desk.folder / "log").open("a") as log:
        log.write("1792000002|k|more\n1792003700|m|a\n")
    desk.run("log", options=state)
    assert desk.ids()[1:] == ["pbx:bot_session:l:1", "pbx:bot_session:k:3"]


def test_a_line_that_is_not_whole_yet_is_read_again_once_it_is(desk: Desk) -> None:
    state = desk.option(*STATE)
    whole = line("b")
    desk.put("log", line("a") + whole[:20])
    desk.run("log", options=state)
    desk.put("log", line("a") + whole)
    desk.run("log", options=state)
    assert desk.ids() == ["test:call:a:1", "test:call:b:1"]


def test_a_crash_after_the_events_and_before_the_state_repeats_and_loses_nothing(desk: Desk) -> None:
    state = desk.option(*STATE)
    desk.put("log", line("a"))
    desk.run("log", options=state)
    kept = (desk.folder / "state.json").read_bytes()
    desk.put("log", line("a") + line("b") + line("c"))
    desk.run("log", options=state)
    out = desk.folder / "out.jsonl"
    out.write_bytes(out.read_bytes()[:-30])  # killed while it wrote
    (desk.folder / "state.json").write_bytes(kept)
    desk.run("log", options=state)
    assert desk.ids() == ["test:call:a:1", "test:call:b:1", "test:call:b:1", "test:call:c:1"]


@pytest.mark.parametrize("content", ["nonsense", "{}", '{"files": [], "run": {"feed": "other"}}'])
def test_what_is_no_state_of_this_feed_is_refused(desk: Desk, content: str) -> None:
    desk.put("state.json", content)
    desk.put("log", line("a"))
    code, _, errors = desk.run("log", options=desk.option(*STATE))
    assert code == 2
    assert errors.startswith("kpi-stream: state.json: is ")


class Follower:
    """`feed run --follow` in a process of its own."""

    def __init__(self, desk: Desk, *sources: str, options: tuple[str, ...] = ()) -> None:
        command = [PROGRAM, "feed", "run", str(desk.folder / "m.yaml")]
        command += [str(desk.folder / each) for each in sources]
        command += ["--out", str(desk.folder / "out.jsonl"), "--follow", *options]
        self.desk = desk
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def until(self, *names: str) -> None:
        """Waits until exactly these calls are given."""
        wanted = [f"test:call:{name}:1" for name in names]
        end = time.monotonic() + 60
        while (found := self.desk.ids()) != wanted:
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            assert time.monotonic() < end, found
            time.sleep(0.05)

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors
        return errors.decode()


@pytest.fixture
def follow(desk: Desk) -> Iterator[Callable[..., Follower]]:
    begun: list[Follower] = []

    def begin(*sources: str, options: tuple[str, ...] = ()) -> Follower:
        begun.append(Follower(desk, *sources, options=options))
        return begun[-1]

    yield begin
    for each in begun:
        if each.process.poll() is None:
            each.process.kill()
        if each.process.stderr is not None and not each.process.stderr.closed:
            each.process.communicate()


def add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_follow_goes_on_as_a_file_grows_and_a_last_line_without_newline_waits(
    desk: Desk, follow: Callable[..., Follower]
) -> None:
    log = desk.put("log", line("a"))
    follower = follow("log")
    follower.until("a")
    half = line("b")
    add(log, half[:15])
    time.sleep(0.6)
    follower.until("a")
    add(log, half[15:] + line("c")[:10])
    follower.until("a", "b")
    assert follower.stop().splitlines()[-1].startswith("feed test: 2 records, 2 events")


def test_follow_goes_on_as_files_rotate_and_are_cut(desk: Desk, follow: Callable[..., Follower]) -> None:
    log = desk.put("log", line("a"))
    follower = follow("log")
    follower.until("a")
    add(log, line("b"))
    log.rename(desk.folder / "old")
    add(desk.folder / "old", line("c"))
    desk.put("log", line("d"))
    end = time.monotonic() + 30
    while len(desk.ids()) < 4 and time.monotonic() < end:
        time.sleep(0.05)
    assert sorted(desk.ids()) == [f"test:call:{name}:1" for name in "abcd"]
    os.truncate(log, 0)
    time.sleep(0.6)
    add(log, line("e", spare="x" * 90))
    while len(desk.ids()) < 5 and time.monotonic() < end:
        time.sleep(0.05)
    assert desk.ids()[-1] == "test:call:e:1"
    follower.stop()


def test_follow_with_a_pattern_takes_files_that_come_later_and_reads_renamed_ones_once(
    desk: Desk, follow: Callable[..., Follower]
) -> None:
    log = desk.put("log", line("a"))
    follower = follow("log*", options=desk.option(*STATE))
    follower.until("a")
    log.rename(desk.folder / "log.1")
    desk.put("log", line("b"))
    follower.until("a", "b")
    follower.stop()
    desk.put("log.2.gz", gzip.compress((desk.folder / "log.1").read_bytes()))
    (desk.folder / "log.1").unlink()
    add(desk.folder / "log", line("c"))
    again = follow("log*", options=desk.option(*STATE))
    again.until("a", "b", "c")
    again.stop()


def test_sigterm_is_the_end_of_the_input(desk: Desk, follow: Callable[..., Follower]) -> None:
    desk.mapping(PBX)
    desk.put("log", "1792000000|k|a\n")
    follower = follow("log")
    time.sleep(1.5)
    follower.stop()
    assert desk.ids() == ["pbx:bot_session:k:1"]
