"""A command that is told to stop cleans up, whichever signal says so."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_replay_that_is_stopped_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("kpi-stream"))
    command = [program, "replay", "--input", "-", "--out", str(tmp_path / "out"), "--processes", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdin.write(b"{}\n")
        running.stdin.flush()
        until = time.monotonic() + 20
        while not list(tmp_path.iterdir()) and time.monotonic() < until:
            time.sleep(0.05)  # its staging folder shows that it is at work
        running.send_signal(number)
        said = running.stderr.read()
        assert running.wait(20) == 130
    assert b"Traceback" not in said
    assert list(tmp_path.iterdir()) == []
