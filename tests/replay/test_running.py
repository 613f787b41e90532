"""Parts, groups, buckets and processes are matters of speed: whatever they are, the same comes out."""

import os
import signal
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.replay import folding, workfolder
from stream.replay import replay as replays
from stream.replay.job import Job
from stream.replay.routing import group_of, groups_of
from stream.replay.running import perform
from stream.replay.tasks import Report, Result, Task
from stream.replay.worker_pool import ChildProcesses, WorkerPool, WorkerPoolError
from stream.replay.workfolder import OutputError
from tests.replay.runs import cut_small, input_of, ran, settings_of, silent


@pytest.mark.parametrize(("seed", "with_rules"), list(product(range(8), [True, False])))
def test_the_cut_into_tasks_changes_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, with_rules: bool
) -> None:
    settings, source = settings_of(seed, tmp_path, with_rules=with_rules), input_of(seed, tmp_path)
    whole = ran(settings, [source], tmp_path / "whole", rolling=with_rules)
    cut_small(monkeypatch, part_bytes=3_000, group_bytes=2_000, bucket_bytes=4_000)
    monkeypatch.setattr(folding, "TAKE_AT_FACTS", 3)
    assert ran(settings, [source], tmp_path / "cut", rolling=with_rules) == whole


@pytest.mark.parametrize("seed", [1, 4])
def test_several_processes_come_to_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    settings, source = settings_of(seed, tmp_path), input_of(seed, tmp_path)
    alone = ran(settings, [source], tmp_path / "alone")
    cut_small(monkeypatch, part_bytes=5_000, group_bytes=5_000, bucket_bytes=9_000)
    assert ran(settings, [source], tmp_path / "several", processes=3) == alone


@pytest.mark.parametrize("part_bytes", [1, 7, 60, 100, 1 << 20])
def test_dead_letters_name_the_line_of_the_file_in_whatever_parts_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    first.write_bytes(b"\xef\xbb\xbf{1\r\n\n  \n{4\n{5" + b"x" * 90 + b"\n")
    second.write_bytes(b"{1\n\n{3")
    cut_small(monkeypatch, part_bytes, 1 << 20, 1 << 20)
    found = ran(settings_of(1, tmp_path), [str(first), str(second)], tmp_path / "out")["deadletter.jsonl"]
    rows = [orjson.loads(line) for line in found.splitlines()]
    assert [(row["source"], row["line"], row["value"][:2]) for row in rows] == [
        (str(first), 1, "{1"), (str(first), 4, "{4"), (str(first), 5, "{5"),
        (str(second), 1, "{1"), (str(second), 3, "{3"),
    ]  # fmt: skip


class Interrupting:
    """Does tasks until it has done `most` of them; then Ctrl-C comes, in the middle of the next."""

    def __init__(self, most: int) -> None:
        self.begun: list[Task] = []
        self._most = most

    def __call__(self, job: Job, task: Task, given: tuple[Any, ...], tell: Report) -> Result:
        self.begun.append(task)
        result = perform(job, task, given, tell)
        if len(self.begun) > self._most:
            raise KeyboardInterrupt
        return result


@pytest.mark.parametrize("with_rules", [True, False])
def test_after_a_kill_the_same_command_goes_on_and_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_rules: bool
) -> None:
    settings, source = settings_of(2, tmp_path, with_rules=with_rules), input_of(2, tmp_path)
    cut_small(monkeypatch, part_bytes=1_000, group_bytes=1_500, bucket_bytes=2_000)
    undisturbed = ran(settings, [source], tmp_path / "undisturbed", rolling=with_rules)
    done: list[Task] = []
    for most in (2, 3, 1):
        doing = Interrupting(most)
        monkeypatch.setattr(replays, "perform", doing)
        with pytest.raises(KeyboardInterrupt):
            ran(settings, [source], tmp_path / "out", rolling=with_rules)
        assert not (tmp_path / "out").exists()
        assert not set(doing.begun) & set(done)
        done += doing.begun[:most]
    last = Interrupting(10_000)
    monkeypatch.setattr(replays, "perform", last)
    assert ran(settings, [source], tmp_path / "out", rolling=with_rules) == undisturbed
    assert not set(last.begun) & set(done)
    assert not workfolder.beside(tmp_path / "out").exists()


def test_what_was_done_for_another_input_or_configuration_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = input_of(3, tmp_path), tmp_path / "out"
    monkeypatch.setattr(replays, "perform", Interrupting(1))
    with pytest.raises(KeyboardInterrupt):
        ran(settings_of(3, tmp_path), [source], out)
    os.utime(source, ns=(1, 1))
    anew = Interrupting(1)
    monkeypatch.setattr(replays, "perform", anew)
    with pytest.raises(KeyboardInterrupt):
        ran(settings_of(3, tmp_path), [source], out)
    assert anew.begun[0] == ("split", 0)
    again = Interrupting(100)
    monkeypatch.setattr(replays, "perform", again)
    ran(settings_of(3, tmp_path, with_rules=False), [source], out)
    assert again.begun[0] == ("split", 0)


def test_two_replays_into_one_folder_do_not_mix(tmp_path: Path) -> None:
    manifest = {"a": 1}
    with (
        workfolder.working(tmp_path / "out", manifest, resumable=True),
        pytest.raises(OutputError, match="another replay is writing to it"),
        workfolder.working(tmp_path / "out", manifest, resumable=True),
    ):
        pass


def test_nothing_is_put_in_place_when_an_input_is_torn(tmp_path: Path) -> None:
    def fail() -> None:
        with workfolder.working(tmp_path / "out", {}, resumable=True, drop_on=(ValueError,)) as work:
            (work.out / "kpi.jsonl").write_text("half")
            raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_older_files_are_replaced_and_others_are_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "a" / "out"
    target.mkdir(parents=True)
    (target / "kpi.jsonl").write_text("old")
    (target / "mine").write_text("mine")
    with workfolder.working(target, {}, resumable=True, replace=True) as work:
        (work.out / "kpi.jsonl").write_text("new")
        (work.path / "parcels-0").write_text("between tasks")
    assert {path.name: path.read_text() for path in target.iterdir()} == {"kpi.jsonl": "new", "mine": "mine"}
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_a_target_that_is_a_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out: is a file"), workfolder.working(tmp_path / "out", {}, resumable=True):
        pass


def test_all_events_of_a_key_go_to_one_group() -> None:
    def event(**fields: object) -> bytes:
        return orjson.dumps({"event_id": "e", "occurred_at": "2026-11-02T00:00:00Z", **fields})

    survey = {"type": "survey", "survey_id": "s", "score": 1}
    for debtor in ("d-1", "d-2", "ü"):
        expected = group_of(event(**survey, debtor_id=debtor), 7)
        assert group_of(event(**survey, debtor_id=debtor, agent_id="a-1"), 7) == expected
        assert group_of(event(**survey, agent_id=debtor), 7) == expected
        state = {"type": "agent_state", "state": "break", "agent_id": debtor}
        assert group_of(event(**state, debtor_id="other"), 7) == expected
        assert group_of(event(type="survey", survey_id=debtor, score=1), 7) == expected
    values = [event(**survey, debtor_id=f"d-{number}") for number in range(100)]
    assert groups_of(values, 7) == [group_of(value, 7) for value in values]
    assert set(groups_of(values, 7)) == set(range(7))


def test_what_is_no_event_goes_to_some_group_and_leaves_the_others_where_they_are() -> None:
    odd = [b"", b"{", b"\xff", b"[]", b'{"type":5}', b'{"type":"call"}']
    good = [b'{"type":"survey","debtor_id":"d-%d"}' % number for number in range(20)]
    assert all(0 <= group_of(value, 3) < 3 for value in odd)
    assert groups_of(good + odd, 3) == [group_of(value, 3) for value in good + odd]


def never(_job: Job, _task: Task, _given: tuple[Any, ...], _tell: Report) -> Result:
    signal.pause()
    return {}


def test_a_process_that_is_killed_is_an_error_and_no_hang(tmp_path: Path) -> None:
    job = Job(settings_of(1, tmp_path), tmp_path, (), 1, 1, "replay", frozenset())
    pool = ChildProcesses(job, never, 2)
    try:
        os.kill(pool.pids[0], signal.SIGKILL)
        with pytest.raises(WorkerPoolError, match="ended with code -9"):
            _work_for_ever(pool)
    finally:
        pool.stop()


def _work_for_ever(pool: WorkerPool) -> None:
    list(pool.do([(("split", number), ()) for number in range(2)], lambda _events, _bytes: None))


def test_progress_tells_what_is_read_and_what_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, source = settings_of(1, tmp_path), input_of(1, tmp_path)
    cut_small(monkeypatch, part_bytes=1_000, group_bytes=1_500, bucket_bytes=2_000)
    told: dict[str, tuple[int, int, int]] = {}
    options = replays.ReplayOptions("replay", frozenset({"day"}), 1)
    summary = replays.replay(
        settings, [source], tmp_path / "out", options,
        lambda activity, events, done, total: told.update({activity: (events, done, total)}),
    )  # fmt: skip
    size = Path(source).stat().st_size
    assert told["reading"] == (summary.events_read, size, size)
    assert told["counting"] == (summary.events_read, summary.events_read, summary.events_read)
    assert silent("", 0, 0, 0) is None  # type: ignore[func-returns-value]
