"""A command that is told to stop cleans up, whichever signal says so."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_replay_that_is_stopped_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("kpi-stream"))
    command = [program, "replay", "--input", "-", "--out", str(tmp_path / "out"), "--processes", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdin.write(b"{}\n")
        running.stdin.flush()
        until = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < until:
            time.sleep(0.05)  # its staging folder shows that it is at work
        running.send_signal(number)
        said = running.stderr.read()
        assert running.wait(60) == 130
    assert said.endswith(b"kpi-stream: interrupted\n")
    assert b"Traceback" not in said
    assert list(tmp_path.iterdir()) == []


ARRIVES = """
import builtins, os, signal
real = builtins.__import__
def arrives(name, *given, **named):
    if name == {moment!r}:
        builtins.__import__ = real
        os.kill(os.getpid(), {number})
    return real(name, *given, **named)
builtins.__import__ = arrives
from stream.cli.program import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["typer", "stream.settings", "stream.worker.main", "stream.worker.app"])
def test_a_worker_that_is_stopped_before_it_has_begun_ends_in_order(
    moment: str, number: signal.Signals, tmp_path: Path
) -> None:
    """The signal comes as the program begins to import this."""
    code = ARRIVES.format(moment=moment, number=int(number))
    command = [sys.executable, "-c", code, "worker", "--http-port", "0"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "Traceback" not in ran.stderr


def test_another_command_that_is_stopped_before_it_has_begun_says_so(tmp_path: Path) -> None:
    code = ARRIVES.format(moment="typer", number=int(signal.SIGTERM))
    ran = subprocess.run([sys.executable, "-c", code, "kpis"], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (130, "kpi-stream: interrupted\n")


def test_a_hangup_that_was_ignored_from_the_start_stays_ignored(tmp_path: Path) -> None:
    code = ARRIVES.format(moment="typer", number=int(signal.SIGHUP))
    ran = subprocess.run(
        ["nohup", sys.executable, "-c", code, "kpis"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, "connect_rate" in ran.stdout) == (0, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_board_that_waits_for_its_broker_ends_in_order(number: signal.Signals, tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("kpi-stream"))
    environ = os.environ | {"KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    command = [program, "board", "--http-port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith(b"board on http://")
        running.send_signal(number)
        assert running.wait(60) == 0
