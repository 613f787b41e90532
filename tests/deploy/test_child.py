"""A child of the demo: its failure is told with the end of its log, and its end is in order."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from deploy.local.child import Child, ChildError


def child(folder: Path, program: str) -> Child:
    return Child("worker", [sys.executable, "-u", "-c", program], dict(os.environ), folder)


def until(child: Child, words: str) -> None:
    deadline = time.monotonic() + 60
    while words not in child.log.read_text():
        assert time.monotonic() < deadline, child.tail()
        time.sleep(0.05)


def test_a_failure_names_the_exit_code_the_log_and_its_last_lines(tmp_path: Path) -> None:
    failing = child(tmp_path, "import sys; [print('line', n) for n in range(100)]; sys.exit(4)")
    with pytest.raises(ChildError) as told:
        failing.succeed(60)
    lines = str(told.value).splitlines()
    assert lines[0] == "worker ended with exit code 4"
    assert lines[1] == f"  | ({tmp_path / 'worker.log'})"
    assert lines[-1] == "  | line 99"
    assert len(lines) < 20


def test_one_that_takes_too_long_is_ended_and_told(tmp_path: Path) -> None:
    slow = child(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(ChildError, match="did not finish within 0 s"):
        slow.succeed(0.2)
    assert slow.exit_code is not None


def test_stop_lets_it_finish(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('committed'), sys.exit(0)))\n"
        "print('ready')\n"
        "time.sleep(60)"
    )
    orderly = child(tmp_path, program)
    until(orderly, "ready")
    orderly.stop(20)
    assert (orderly.exit_code, orderly.log.read_text()) == (0, "ready\ncommitted\n")


def test_stop_ends_one_that_will_not(tmp_path: Path) -> None:
    stubborn = child(tmp_path, "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready'); time.sleep(60)")
    until(stubborn, "ready")
    stubborn.stop(0.3)
    assert stubborn.exit_code == -9


def test_a_restart_keeps_the_log(tmp_path: Path) -> None:
    once = child(tmp_path, "print('run')")
    once.succeed(60)
    once.restart()
    once.succeed(60)
    assert once.log.read_text() == "run\nrun\n"
