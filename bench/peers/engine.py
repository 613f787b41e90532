"""Runs one peer on one topic and tells what it did with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.filling import make_topics
from bench.peers.install import HERE, installed, java, python
from bench.peers.sums import counted
from bench.setting import Setting
from bench.system import BenchError

SECONDS = 240
ENVIRONMENT = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True)
class Peer:
    """`command`: how its process is started. `home`: what has to be installed first; empty: nothing."""

    key: str
    name: str
    home: str
    command: Callable[[], list[str]]
    guarantee: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can run at once."""
        return not self.home or installed(self.home)


@dataclass(frozen=True)
class Outcome:
    """What a peer did: `records` in `seconds` with `cpu_seconds` of its own; `calls` over all windows, None: no job."""

    records: int
    seconds: float
    cpu_seconds: float
    rss_mib: int
    calls: int | None

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU of the process a record."""
        return self.cpu_seconds / self.records * 1e6


def _script(home: str, file: str) -> Callable[[], list[str]]:
    return lambda: [str(python(home) / "python"), str(HERE / file)]


STREAMS = Peer("streams", "Kafka Streams 4.2.0, exactly-once", "streams", lambda: java("streams"), "exactly_once_v2")
STREAMS_ALO = Peer(
    "streams_alo", "Kafka Streams 4.2.0, at-least-once", "streams", lambda: java("streams"), "at_least_once"
)
QUIX = Peer("quix", "Quix Streams 3.28.1, at-least-once", "quix", _script("quix", "quix.py"), "at-least-once")
BYTEWAX = Peer("bytewax", "Bytewax 0.21.1, no recovery", "bytewax", _script("bytewax", "bytewax_.py"))
FAUST = Peer("faust", "stock Faust 0.15.3", "", lambda: [sys.executable, str(HERE / "faust_.py")])
FLINK = Peer("flink", "Flink SQL 2.0.0, exactly-once", "flink", lambda: java("flink"))


async def run(peer: Peer, setting: Setting, source: str, window: str, records: int, *, rekey: bool = False) -> Outcome:
    """Starts the peer, waits until it has read all, and adds up what it wrote. BenchError with its last line."""
    group = setting.named(f"{peer.key}-{window}-{int(rekey)}-{time.monotonic_ns()}")
    target = f"{group}-out"
    await make_topics(setting.bootstrap, {target: 4})
    folder = setting.path / group
    folder.mkdir()
    rekeyed = "1" if rekey else "0"
    command = [*peer.command(), setting.bootstrap, source, target, window, rekeyed, str(records), group, str(folder)]
    told = _ended([*command, peer.guarantee], folder / "log", SECONDS)
    if not told["records"]:
        raise BenchError(f"read all {records:,} records in one go: too few to time")
    if window == "empty":
        calls = None
    elif "calls" in told:
        calls = told["calls"]
    else:
        calls = await counted(setting.bootstrap, target)
    return Outcome(told["records"], told["seconds"], told["cpu_seconds"], told["rss_mib"], calls)


def _ended(command: list[str], log: Path, seconds: float) -> dict[str, int]:
    """The line that the peer tells at its end."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=log.parent, env=ENVIRONMENT
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith('{"records"')]
    if not told:
        causes = [line for line in lines if line.startswith("Caused by: ")]
        last = (causes or lines or ["it said nothing"])[-1]
        why = f"after {seconds:.0f} s" if process.returncode == -signal.SIGKILL else f"with {process.returncode}"
        raise BenchError(f"ended {why}: {last[-300:]}")
    return json.loads(told[-1])  # type: ignore[no-any-return]
