"""Feeds over files (feeds 6), through the command: reading, rejects and exit codes."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
from collections.abc import Callable

import pytest
import zstandard

from stream.cli.main import run as kpi_stream
from tests.feeds.desk import CSV, PROGRAM, Desk, line


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


def test_a_stray_quote_takes_no_good_row_with_it(desk: Desk) -> None:
    desk.mapping(CSV.replace("call_id: id", "call_id: id\n      agent_id: who"))
    rows = ['"c1,1792000000,1792000001,ann', "c2,1792000000,1792000001,bob", '"c3",1792000000,1792000001,"a ""b"""']
    desk.put(
        "a.csv", "\n".join(["id,start,end,who", *rows, *(f"d{at},1792000000,1792000001," for at in range(3))]) + "\n"
    )
    desk.run("a.csv", options=desk.option("--rejects", "r.jsonl"))
    assert [each.split(":")[2] for each in desk.ids()] == ["c2", "c3", "d0", "d1", "d2"]
    assert len((desk.folder / "r.jsonl").read_text().splitlines()) == 1


def test_rows_over_several_lines_are_whole_however_the_bytes_come() -> None:
    from stream.feeds.framing import Framer
    from stream.feeds.mapping import RecordInput

    text = b'a,"x\ny ""z""\n",1\nb,c,d\n"e\n\nf",,\nlast'
    wanted = [(1, b'a,"x\ny ""z""\n",1'), (4, b"b,c,d"), (5, b'"e\n\nf",,'), (8, b"last")]
    for size in range(1, len(text)):
        framer = Framer(RecordInput(format="csv"))
        found = [row for at in range(0, len(text), size) for row in framer.add(text[at : at + size])]
        assert framer.offset == len(text) - 4
        assert [*found, *framer.rest()] == wanted


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


@pytest.mark.parametrize(
    ("option", "path"), [("--rejects", "out.jsonl"), ("--rejects", "a.json"), ("--state", "a.json")]
)
def test_no_file_is_read_or_written_as_two_things(desk: Desk, option: str, path: str) -> None:
    desk.put("a.json", line("a"))
    code, _, errors = desk.run("a.json", options=desk.option(option, path))
    assert code == 2
    other = "--out" if path == "out.jsonl" else "FILE"
    assert errors.splitlines() == [f"kpi-stream: {option} and {other}: both are {path}"]
    assert desk.run("a.json", out="a.json")[0] == 2
    assert (desk.folder / "a.json").read_text() == line("a")
    assert desk.run("a.json", out="/dev/null", options=("--rejects", "/dev/null"))[0] == 0
