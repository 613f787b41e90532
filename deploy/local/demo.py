"""`make demo`: broker, topics, worker, wallboard and a simulated contact centre, in one command.

    python -m deploy.local.demo [--rate N] [--seconds S]        Ctrl-C (or SIGTERM) ends all that it started

Uses the broker that KAFKA_BOOTSTRAP_SERVERS names (under a topic prefix of its own) or starts one. Data and logs are in
.demo, fresh at each start. The default ports are taken where they are free.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from deploy.local.broker import DEFAULT_PORT, BrokerError, LocalBroker, free_port, in_use
from deploy.local.child import Child, ChildError
from deploy.local.status import Status, read_status

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "deploy" / "local" / "demo.yaml"
COMMAND = str(Path(sys.executable).with_name("kpi-stream"))
HTTP_PORT = 6066
RESTART = 5  # the worker's exit code when it wants its supervisor to start it again (contract 3)
MOST_RESTARTS = 3
READY_SECONDS = 60.0
STOP_SECONDS = 20.0
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(Exception):
    """The demo cannot go on; the text is for the user."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description="A whole kpi-stream on this machine.")
    parser.add_argument("--rate", type=float, default=200.0, help="events a second (default %(default)g)")
    parser.add_argument("--seconds", type=float, help="end by itself after that long")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="data and logs (default .demo)")
    given = parser.parse_args()
    for number in ENDINGS:
        signal.signal(number, _end)
    try:
        with ExitStack() as started:
            _run(started, given.folder.resolve(), given.rate, given.seconds)
    except KeyboardInterrupt:
        pass
    except (BrokerError, ChildError, DemoError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    print(f"demo: everything it started has ended; logs are in {_short(given.folder)}")
    return 0


def _end(_number: int, _frame: FrameType | None) -> None:
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
    print("\ndemo: ending ...", flush=True)
    raise KeyboardInterrupt


def _run(started: ExitStack, folder: Path, rate: float, seconds: float | None) -> None:
    begun = time.monotonic()
    started.enter_context(_fresh(folder))
    environment = _environment(started, folder)
    http_port = free_port() if in_use(HTTP_PORT) else HTTP_PORT
    environment["KPI_STREAM_HTTP__PORT"] = str(http_port)

    _say("topics ...")
    Child("topics", [COMMAND, "topics", "create"], environment, folder).succeed(60.0)
    _say("worker ...")
    worker = Child("worker", [COMMAND, "worker"], environment, folder)
    started.callback(worker.stop, STOP_SECONDS)
    address = f"http://127.0.0.1:{http_port}"
    _await_answer(worker, f"{address}/metrics")
    _say("simulator ...")
    # Registered after the worker, so it is stopped before it: the worker's last commit holds all that was sent.
    simulator = Child("simulate", [COMMAND, "simulate", "--rate", f"{rate:g}"], environment, folder)
    started.callback(simulator.stop, STOP_SECONDS)

    _say(_where(address, environment, folder))
    _watch(worker, simulator, f"{address}/metrics", begun, seconds)


def _where(address: str, environment: dict[str, str], folder: Path) -> str:
    servers = environment["KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS"]
    prefix = environment["KPI_STREAM_KAFKA__TOPIC_PREFIX"]
    return f"""
  wallboard  {address}/
  metrics    {address}/metrics
  Kafka      {servers}
             in:  {prefix}.{{calls,payments,complaints,cases,activity}}.v1
             out: {prefix}.kpi.v1, {prefix}.alerts.v1, {prefix}.deadletter.v1
  logs       {_short(folder)}/*.log      configuration  deploy/local/demo.yaml

  look        KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS={servers} KPI_STREAM_KAFKA__TOPIC_PREFIX={prefix} \\
              .venv/bin/kpi-stream doctor --config deploy/local/demo.yaml

  The day so far is sent first, as fast as it goes, then the present. Alerts come and go; in about five minutes
  dials at site main stop getting through for ten: see lines_down fire and resolve. Ctrl-C ends everything.
"""


def _short(path: Path) -> str:
    path = path.resolve()
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


@contextmanager
def _fresh(folder: Path) -> Iterator[None]:
    """The folder, emptied and locked: one demo at a time."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        _lock(lock)
        LocalBroker(folder / "kafka").stop()  # what a demo that was killed left behind
        for left in ("topics.log", "worker.log", "simulate.log"):
            (folder / left).unlink(missing_ok=True)
        shutil.rmtree(folder / "kafka", ignore_errors=True)
        yield


def _lock(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise DemoError(f"another demo is running ({_short(Path(lock.name))})") from None


def _environment(started: ExitStack, folder: Path) -> dict[str, str]:
    """For the commands, with a broker behind it."""
    servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    prefix = "collections"
    if servers:
        prefix = f"demo-{time.strftime('%Y%m%d-%H%M%S')}"
        _say(f"broker {servers} (KAFKA_BOOTSTRAP_SERVERS), topics {prefix}.*")
    else:
        _say("broker ...")
        broker = LocalBroker(folder / "kafka", 0 if in_use(DEFAULT_PORT) else DEFAULT_PORT)
        servers = started.enter_context(broker).bootstrap
    return {
        **os.environ,
        "KPI_STREAM_CONFIG": str(CONFIG),
        "KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": servers,
        "KPI_STREAM_KAFKA__TOPIC_PREFIX": prefix,
        "PYTHONUNBUFFERED": "1",
    }


def _await_answer(worker: Child, url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while read_status(url) is None:
        if worker.exit_code is not None:
            raise worker.failure()
        if time.monotonic() > deadline:
            raise ChildError(f"the worker does not answer after {READY_SECONDS:.0f} s{worker.tail()}")
        time.sleep(0.2)


def _watch(worker: Child, simulator: Child, url: str, begun: float, seconds: float | None) -> None:
    """Show the status line until Ctrl-C, the end of the time, or the death of a child (ChildError)."""
    line = _StatusLine()
    first_kpi: float | None = None
    restarts = 0
    while seconds is None or time.monotonic() - begun < seconds:
        if worker.exit_code == RESTART and restarts < MOST_RESTARTS:
            restarts += 1
            line.note(f"demo: the worker asked to be started again ({_short(worker.log)} says why)")
            worker.restart()
        for child in (worker, simulator):
            if child.exit_code is not None:
                raise child.failure()
        status = read_status(url)
        if status is not None:
            if first_kpi is None and status.kpi_records:
                first_kpi = time.monotonic() - begun
                line.note(f"demo: first KPI records {first_kpi:.1f} s after the start")
            line.show(status)
        time.sleep(1.0)


class _StatusLine:
    """One line that is written over at a terminal; elsewhere a line every ten seconds."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._due = 0.0

    def show(self, status: Status) -> None:
        text = status.line(time.time())
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{text[:width]}", end="", flush=True)
        elif time.monotonic() >= self._due:
            self._due = time.monotonic() + 10.0
            print(text, flush=True)

    def note(self, text: str) -> None:
        print(f"\r\033[K{text}" if self._terminal else text, flush=True)


def _say(text: str) -> None:
    print(text if text.startswith("\n") else f"demo: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
