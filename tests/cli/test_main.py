"""What all commands have in common: help, errors of one line, exit codes, Ctrl-C."""

import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer
import typer.main

from stream.cli import main
from tests.cli.conftest import Command


def commands() -> Iterator[list[str]]:
    """The path of each group and command, the program itself first."""

    def below(group: object, path: list[str]) -> Iterator[list[str]]:
        yield path
        for name, each in getattr(group, "commands", {}).items():
            yield from below(each, [*path, name])

    return below(typer.main.get_command(main.app), [])


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_stands_at_every_level_with_an_example_for_every_command(command: Command, path: list[str]) -> None:
    ran = command(*path, "--help")
    assert (ran.code, ran.error) == (0, "")
    assert " ".join(["Usage: kpi-stream", *path]) in ran.out
    if "COMMAND" not in ran.out.splitlines()[0]:
        assert "Examples:\n" in ran.out
        assert f"kpi-stream {' '.join(path)}" in ran.out.split("Examples:")[1]
        assert "--config FILE" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["config"],
        ["config", "check", "--nonsense"],
        ["replay"],
        ["replay", "--out"],
        ["reconcile", "a"],
        ["reconcile", "a", "b", "--limit", "many"],
        ["deadletter", "resubmit", "3:1042", "3-1043"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(command: Command, arguments: list[str]) -> None:
    ran = command(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error.startswith("kpi-stream: ")
    assert ran.error.count("\n") == 1


def test_an_unexpected_error_is_one_line_and_no_traceback(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("stream.settings.load", fail)
    ran = command("config", "check")
    assert ran.code == 1
    assert ran.error == ("kpi-stream: unexpected RuntimeError: two lines (with KPI_STREAM_TRACEBACK=1: where)\n")
    monkeypatch.setenv("KPI_STREAM_TRACEBACK", "1")
    with pytest.raises(RuntimeError):
        command("config", "check")


def test_ctrl_c_is_exit_code_130_without_a_traceback(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stream.settings.load", interrupt)
    ran = command("config", "check")
    assert ran.code == 130
    assert "Traceback" not in ran.error


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    line = f"{sys.executable} -c 'from stream.cli.program import main; main()' kpis --json | head -c 10"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)
    assert ran.stderr == ""


def test_help_is_there_at_once() -> None:
    fastest = min(_seconds() for _ in range(3))
    assert fastest < 0.5


def _seconds() -> float:
    """Processor time, which other work on the machine changes little."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", "from stream.cli.program import main; main(['--help'])"], check=True, stdout=-3
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_importing_the_commands_imports_none_of_the_heavy_parts() -> None:
    heavy = ("faust", "aiokafka", "duckdb", "pydantic", "rich")
    code = f"import sys, stream.cli.main; print([each for each in {heavy} if each in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"
