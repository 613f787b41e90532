"""What a replay says of itself: whose results it would overwrite, which sites nobody configured, why nothing counts."""

import io
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, Ran
from tests.cli.test_replay import call, line, summary


def replayed(command: Command, out: Path, *inputs: object, **more: object) -> Ran:
    options = [word for name, value in more.items() for word in (f"--{name.replace('_', '-')}", value)]
    return command("replay", "--input", *inputs, "--out", out, *options)


def test_results_of_other_events_are_overwritten_only_when_it_is_asked_for(command: Command, tmp_path: Path) -> None:
    one, other, out = tmp_path / "one.jsonl", tmp_path / "other.jsonl", tmp_path / "out"
    one.write_bytes(line(call(1, 0)))
    other.write_bytes(line(call(2, 0)) + b"\n" + line(call(3, 0)))
    assert replayed(command, out, one).code == 0
    before = (out / "kpi.jsonl").read_bytes()
    assert replayed(command, out, one).code == 0, "the same run again may take its own place"
    ran = replayed(command, out, other)
    assert ran.code == 1
    assert (
        ran.error == f"kpi-stream: {out}: holds the results of another run (run 'replay' of 1 events): --replace "
        "overwrites them\n"
    )
    assert (out / "kpi.jsonl").read_bytes() == before
    assert not (tmp_path / ".out.work").exists()
    assert replayed(command, out, one, run="another").code == 1
    assert command("replay", "--replace", "--input", other, "--out", out).code == 0
    assert summary(out)["events_read"] == 2


@pytest.mark.parametrize("name", ["kpi.jsonl", "kpi.parquet", "alerts.jsonl"])
def test_numbers_without_a_summary_are_somebody_elses(command: Command, tmp_path: Path, name: str) -> None:
    events, out = tmp_path / "one.jsonl", tmp_path / "out"
    events.write_bytes(line(call(1, 0)))
    out.mkdir()
    (out / name).write_text("precious")
    ran = replayed(command, out, events)
    said = f"kpi-stream: {out}: holds results of an unknown run ({name}): --replace overwrites them\n"
    assert (ran.code, ran.error) == (1, said)
    assert [(path.name, path.read_text()) for path in out.iterdir()] == [(name, "precious")]
    assert command("replay", "--replace", "--input", events, "--out", out).code == 0
    assert summary(out)["events_read"] == 1


def test_a_run_that_was_killed_between_two_of_its_files_goes_on(command: Command, tmp_path: Path) -> None:
    events, out = tmp_path / "one.jsonl", tmp_path / "out"
    events.write_bytes(line(call(1, 0)))
    move, moved = shutil.move, 0

    def killed(*arguments: Any) -> None:
        nonlocal moved
        moved += 1
        if moved == 3:
            raise KeyboardInterrupt
        move(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "move", killed)
        assert replayed(command, out, events).code == 130
    assert len(list(out.iterdir())) == 2
    assert replayed(command, out, events, run="another").code == 1, "another run takes nothing of it"
    assert replayed(command, out, events).code == 0
    assert summary(out)["events_read"] == 1


def test_results_go_where_links_of_the_folder_lead_and_not_into_a_pipe(command: Command, tmp_path: Path) -> None:
    events, out, elsewhere = tmp_path / "one.jsonl", tmp_path / "out", tmp_path / "elsewhere.jsonl"
    events.write_bytes(line(call(1, 0)))
    out.mkdir()
    (out / "kpi.jsonl").symlink_to(elsewhere)
    assert replayed(command, out, events).code == 0
    assert command("replay", "--replace", "--input", events, "--out", out, "--run", "second").code == 0
    assert (out / "kpi.jsonl").is_symlink()
    assert b'"run":"second"' in elsewhere.read_bytes()
    (out / "alerts.jsonl").unlink()
    os.mkfifo(out / "alerts.jsonl")
    ran = command("replay", "--replace", "--input", events, "--out", out)
    assert ran.error == f"kpi-stream: {out / 'alerts.jsonl'}: is no regular file, and results are not written to it\n"
    assert (out / "alerts.jsonl").is_fifo()
    assert b'"run":"second"' in elsewhere.read_bytes()


def test_what_standard_input_held_is_never_the_same(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in (0, 1):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line(call(1, 0)))))
        assert replayed(command, tmp_path / "out", "-").code == code


def test_a_replacement_leaves_nothing_of_the_one_before(command: Command, tmp_path: Path) -> None:
    events, out = tmp_path / "one.jsonl", tmp_path / "out"
    events.write_bytes(line(call(1, 0)))
    assert replayed(command, out, events, format="parquet").code == 0
    (out / "notes.txt").write_text("mine")
    assert command("replay", "--replace", "--input", events, "--out", out).code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ["kpi.jsonl", "alerts.jsonl", "conduct.jsonl", "scores.jsonl", "deadletter.jsonl", "summary.json", "notes.txt"]
    )


def test_sites_without_configuration_are_named_once(command: Command, tmp_path: Path) -> None:
    events, config = tmp_path / "one.jsonl", tmp_path / "c.yaml"
    sites = ["main", "oslo", "bergen", "oslo"]
    events.write_bytes(b"\n".join(line(call(n, n) | {"site_id": site}) for n, site in enumerate(sites)))
    config.write_text("sites: {main: {}}")
    rule = "\nalerts: [{rule: r, kpi: dials, level: team, window: rolling_5m, above: 99}]"
    for number, text in enumerate(("", rule)):
        config.write_text("sites: {main: {}}" + text)
        ran = replayed(command, tmp_path / f"out-{number}", events, config=config)
        assert ran.error.splitlines()[1:] == [
            "not configured, so counted in UTC and without shifts: 2 sites bergen, oslo"
        ]
    config.write_text("sites: {main: {}, oslo: {}, bergen: {}}")
    assert len(replayed(command, tmp_path / "out", events, config=config).error.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"call_id,agent,start\n1,a,2026-11-02\n2,b,2026-11-02\n", "it looks like CSV"),
        (b"call_id;agent\n1;a\n", "it looks like CSV"),
        (b'{"name": "x"}\n{"name": "y"}\n', "2 invalid"),
        (b"\x00\xff\xfe\n", "1 malformed"),
        (b"just some words\n\x1b[2Jmore\n", "2 malformed"),
    ],
)
def test_a_replay_of_nothing_but_dead_letters_says_why_on_its_last_line_and_where_they_are(
    command: Command, tmp_path: Path, content: bytes, said: str
) -> None:
    events, out = tmp_path / "one.jsonl", tmp_path / "out"
    events.write_bytes(content)
    ran = replayed(command, out, events)
    assert ran.code == 0
    last = ran.error.splitlines()[-1]
    assert last.startswith("nothing was counted, all events were refused: ")
    assert said in last
    assert f"the first: {events} line 1: " in last
    assert last.endswith(f"they are in {out / 'deadletter.jsonl'}")
    assert "\x1b" not in ran.error
    assert ("CSV" in last) == (b"CSV" in said.encode())
