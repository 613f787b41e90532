"""Feeds as processes: started again after a failure, ended together, and never left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARENT = """
import signal, sys, time
from pathlib import Path
from stream.cli import feed_all
from tests.feeds.test_all import child

signal.signal(signal.SIGTERM, signal.default_int_handler)  # as the program does
feed_all.FIRST_SECONDS = float(sys.argv[2])
folder = sys.argv[1]
sys.exit(feed_all.run_all([(name, [folder, name]) for name in sys.argv[3:]], child))
"""


def child(arguments: tuple[str, ...]) -> None:
    """Notes its start; `steady` runs until SIGTERM and notes its end, `done` ends, `broken` fails."""
    folder, name = Path(arguments[0]), arguments[1]
    with (folder / f"{name}.starts").open("a") as file:
        file.write(f"{os.getpid()} {time.monotonic()}\n")
    if name == "broken":
        sys.exit(1)
    if name == "done":
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        (folder / f"{name}.ended").touch()


def starts(folder: Path, name: str) -> list[tuple[int, float]]:
    file = folder / f"{name}.starts"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(line.split()[0]), float(line.split()[1])) for line in lines if " " in line]


def parent(folder: Path, first_s: float, *names: str) -> subprocess.Popen[bytes]:
    given = [sys.executable, "-c", PARENT, str(folder), str(first_s), *names]
    return subprocess.Popen(given, cwd=ROOT, stderr=subprocess.PIPE)


def until(wanted: object, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not wanted():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_one_that_fails_is_started_again_later_each_time_and_sigterm_ends_all(tmp_path: Path) -> None:
    running = parent(tmp_path, 0.2, "steady", "broken", "done")
    until(lambda: len(starts(tmp_path, "broken")) >= 3 and starts(tmp_path, "steady") and starts(tmp_path, "done"))
    running.send_signal(signal.SIGTERM)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 0
    times = [at for _, at in starts(tmp_path, "broken")]
    assert times[1] - times[0] >= 0.2
    assert times[2] - times[1] >= 0.4
    assert len(starts(tmp_path, "done")) == len(starts(tmp_path, "steady")) == 1
    assert (tmp_path / "steady.ended").exists()
    assert not alive(starts(tmp_path, "steady")[0][0])
    assert "feed broken: ended with 1; started again in " in error.decode()


def test_one_that_is_killed_is_started_again(tmp_path: Path) -> None:
    running = parent(tmp_path, 0.1, "steady")
    until(lambda: starts(tmp_path, "steady"))
    os.kill(starts(tmp_path, "steady")[0][0], signal.SIGKILL)
    until(lambda: len(starts(tmp_path, "steady")) == 2)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert (running.returncode, error.decode().split(";")[0]) == (
        0, "kpi-stream: feed steady: was ended by signal 9",
    )  # fmt: skip


def test_a_parent_that_is_killed_leaves_no_feed_behind(tmp_path: Path) -> None:
    running = parent(tmp_path, 0.1, "steady")
    until(lambda: starts(tmp_path, "steady"))
    running.kill()
    running.communicate(timeout=60)
    until((tmp_path / "steady.ended").exists)
    until(lambda: not alive(starts(tmp_path, "steady")[0][0]))
