"""`kpi-stream reconcile`."""

from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import Command
from tests.cli.test_explain import call
from tests.replay.test_reconcile import record


def wrote(path: Path, *records: bytes) -> Path:
    path.write_bytes(b"".join(each + b"\n" for each in records))
    return path


def test_equal_sets_are_exit_code_0_and_others_1_with_the_differences(command: Command, tmp_path: Path) -> None:
    a = wrote(tmp_path / "a", record(dials=(1, None)), record("a-2", dials=(5, None)))
    b = wrote(tmp_path / "b", record("a-2", dials=(5, None)), record(dials=(2, None)))
    same = command("reconcile", a, a)
    assert (same.code, same.out) == (0, "2 records compared, 0 differ\n")
    ran = command("reconcile", a, b)
    assert ran.code == 1
    difference, digest, end = ran.out.splitlines()
    assert difference == "main|agent|a-1|day|2026-11-01T16:00:00Z: dials: 1 in A, 2 in B"
    assert digest.startswith("digest day dials: 2 records ")
    assert end == "2 records compared, 1 differ"


def test_that_there_was_nothing_to_compare_is_said(command: Command, tmp_path: Path) -> None:
    ran = command("reconcile", wrote(tmp_path / "a"), wrote(tmp_path / "b"))
    assert (ran.code, ran.out) == (0, "0 records compared, 0 differ\n")
    assert ran.error == "kpi-stream: there is no such record in A and none in B\n"


def test_windows_that_are_not_final_may_be_left_out(command: Command, tmp_path: Path) -> None:
    a = wrote(tmp_path / "a", record(dials=(1, None), final=False), record("a-2", dials=(5, None)))
    b = wrote(tmp_path / "b", record(dials=(2, None)), record("a-2", dials=(5, None)))
    assert command("reconcile", a, b).code == 1
    assert command("reconcile", a, b, "--final-only").code == 0


def test_differences_are_printed_up_to_a_limit_and_all_are_counted(command: Command, tmp_path: Path) -> None:
    a = wrote(tmp_path / "a", *(record(f"a-{n}", dials=(1, None)) for n in range(5)))
    b = wrote(tmp_path / "b")
    out = command("reconcile", a, b, "--limit", "2").out.splitlines()
    assert [line.endswith("only in A") for line in out] == [True, True, False, False, False]
    assert out[2] == "... and 3 more (--limit 0 prints all)"
    assert out[-1] == "5 records compared, 5 differ"


def test_a_file_that_is_missing_or_torn_is_exit_code_1_and_named(command: Command, tmp_path: Path) -> None:
    a = wrote(tmp_path / "a", record(dials=(1, None)))
    ran = command("reconcile", a, tmp_path / "gone")
    assert (ran.code, ran.error) == (1, f"kpi-stream: {tmp_path / 'gone'}: No such file or directory\n")


def test_each_difference_is_followed_by_the_facts_that_the_number_is_made_of(command: Command, tmp_path: Path) -> None:
    events = wrote(tmp_path / "f", *(orjson.dumps(call(number, "human")) for number in (1, 2)))
    assert command("replay", "--input", events, "--out", tmp_path / "a", "--windows", "day").code == 0
    fewer = wrote(tmp_path / "g", orjson.dumps(call(1, "human")))
    assert command("replay", "--input", fewer, "--out", tmp_path / "b", "--windows", "day").code == 0
    ran = command("reconcile", tmp_path / "a", tmp_path / "b", "--input", events, "--limit", 0)
    assert ran.code == 1
    lines = ran.out.splitlines()
    at = lines.index("main|agent|a-1|day|2026-11-02T00:00:00Z: dials: 2 in A, 1 in B")
    assert lines[at + 1 : at + 4] == [
        "    facts of dials:",
        "      2026-11-02T01:01:00Z  dials +1  call c-1 (event e-1)",
        "      2026-11-02T01:02:00Z  dials +1  call c-2 (event e-2)",
    ]


def test_a_record_that_only_one_has_is_explained_kpi_by_kpi(command: Command, tmp_path: Path) -> None:
    events = wrote(tmp_path / "f", orjson.dumps(call(1, "busy")))
    assert command("replay", "--input", events, "--out", tmp_path / "a", "--windows", "day").code == 0
    ran = command("reconcile", tmp_path / "a", wrote(tmp_path / "none"), "--input", events, "--limit", 1)
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0] == "main|agent|a-1|day|2026-11-02T00:00:00Z: only in A"
    assert "    facts of connect_rate:" in lines
    assert "      2026-11-02T01:01:00Z  dials +1  call c-1 (event e-1)" in lines


@pytest.mark.parametrize("names", ["days", "day,fortnight", "rolling_", ""])
def test_what_is_no_name_of_a_window_is_refused_and_not_compared_as_nothing(
    command: Command, tmp_path: Path, names: str
) -> None:
    a = wrote(tmp_path / "a", record(dials=(1, None)))
    wanted = names.rpartition(",")[2]
    for asked in (["reconcile", a, a], ["openmetrics", a, "--out", tmp_path / "f"]):
        ran = command(*asked, "--windows", names)
        assert ran.code == 2
        assert ran.error.startswith(f"kpi-stream: --windows: no such window: {wanted!r} (there are ")
    assert not (tmp_path / "f").exists()
    assert command("reconcile", a, a, "--windows", "day, shift_day,interval_30m").code == 0
