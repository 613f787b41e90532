"""Feeds over files between runs and as they grow (feeds 6): state, following, rotation."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.feeds.desk import CSV, PBX, PROGRAM, Desk, line

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


def test_a_last_line_without_newline_is_read_once(desk: Desk) -> None:
    state = desk.option(*STATE)
    for content in (line("a").rstrip(), line("a").rstrip(), line("a"), line("a") + line("b").rstrip(),
                    line("a") + line("b").rstrip() + "\r\n" + line("c")):  # fmt: skip
        desk.put("log", content)
        desk.run("log", options=state)
    assert desk.ids() == ["test:call:a:1", "test:call:b:1", "test:call:c:1"]


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
    desk.put("log", line("d"))
    time.sleep(1.5)
    add(desk.folder / "old", line("c"))  # its writer has not heard of the rotation yet
    end = time.monotonic() + 60
    while len(desk.ids()) < 4 and time.monotonic() < end:
        time.sleep(0.05)
    assert sorted(desk.ids()) == [f"test:call:{name}:1" for name in "abcd"]
    os.truncate(log, 0)
    time.sleep(2.0)  # it looks four times a second
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
    end = time.monotonic() + 60
    while not (desk.folder / "out.jsonl").exists() and time.monotonic() < end:
        time.sleep(0.05)
    follower.stop()
    assert desk.ids() == ["pbx:bot_session:k:1"]
