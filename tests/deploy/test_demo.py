"""`make demo` on a real broker: numbers come out, and a Ctrl-C ends all that it started and nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.broker import LocalBroker
from tests.conftest import ROOT

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]


@contextmanager
def demo(folder: Path, bootstrap: str | None = None) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if name != "KAFKA_BOOTSTRAP_SERVERS"}
    if bootstrap:
        environment["KAFKA_BOOTSTRAP_SERVERS"] = bootstrap
    command = [sys.executable, "-m", "deploy.local.demo", "--folder", str(folder), "--rate", "50"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    watchdog = threading.Timer(180, process.terminate)
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.terminate()
        process.communicate(timeout=60)


def until(process: subprocess.Popen[str], words: str) -> str:
    """Reads up to the line that holds the words."""
    assert process.stdout
    text = ""
    for line in process.stdout:
        text += line
        if words in line:
            return text
    pytest.fail(f"{words!r} never came:\n{text}")


def running(folder: Path) -> list[str]:
    """The processes whose open log or settings are in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = [str(descriptor.readlink()) for descriptor in (process / "fd").iterdir()]
        except OSError:
            continue
        found += [str(process) for name in opened if name.startswith(f"{folder}/") and not name.endswith("/lock")]
    return found


def scraped(said: str) -> str:
    """What is at the address that the demo names for /metrics."""
    (address,) = re.findall(r"metrics +(http://\S+)", said)
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


def test_numbers_come_out_and_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        said = until(process, "first KPI records")
        assert "wallboard  http://127.0.0.1:" in said
        assert "collections.kpi.v1" in said
        assert len(set(running(tmp_path))) == 3  # broker, worker, simulator
        metrics = scraped(said)
        assert "\ncollections_series_dropped 0\n" in metrics
        left_out = [line for line in metrics.splitlines() if line.startswith("collections_series_left_out{")]
        assert [line for line in left_out if not line.endswith(" 0")] == []
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        assert (process.returncode, rest.strip().splitlines()[-1].split(";")[0]) == (
            0,
            "demo: everything it started has ended",
        )
        assert running(tmp_path) == []


def test_the_broker_that_is_given_is_used_and_left_running(own_broker: LocalBroker, tmp_path: Path) -> None:
    with demo(tmp_path / "demo", own_broker.bootstrap) as process:
        until(process, "simulator ...")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert own_broker.pid is not None
    assert not (tmp_path / "demo" / "kafka").exists()


def test_a_child_that_dies_ends_the_demo_with_its_log(tmp_path: Path) -> None:
    with demo(tmp_path, "127.0.0.1:9") as process:
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "demo: topics ended with exit code 1" in said
    assert "127.0.0.1:9" in said
    assert "Traceback" not in said
