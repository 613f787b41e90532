"""The parts of `make bench`, in their order; each has a process of its own, so that none can stop the others.

`python -m bench.part NAME` is that process: it reads its setting from standard input and writes a row a line.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import subprocess
import sys
from typing import NamedTuple

import structlog

from bench.result import Row
from bench.setting import Setting, step
from bench.system import BenchError


class Part(NamedTuple):
    """`module` has `rows(setting)`; `seconds` is the longest that it may take."""

    name: str
    module: str
    seconds: int
    about: str
    smoke: bool = True
    """Whether `--smoke` measures it without being asked by name; not if it takes minutes however little there is."""
    full: bool = True
    """Whether a full run measures it without being asked by name; not if it takes minutes and is not about speed."""


PARTS = (
    Part("core", "bench.core", 120, "decoding, ledger, memory and the longest fold, without Kafka"),
    Part(
        "stage2",
        "bench.stage2_core",
        420,
        "everything after the ledger, without Kafka, and whether it is flat",
    ),
    Part(
        "feeds",
        "bench.feeds",
        240,
        "records of other systems as events: flat ones, shipped mappings, open joins",
    ),
    Part("floor", "bench.throughput", 240, "one worker on a believable mix of events; bytes an event on each topic"),
    Part("peers", "bench.beside", 900, "one worker and five other engines on the same calls; what each one lost"),
    Part("catchup", "bench.catchup", 600, "a backlog whose partitions lie minutes apart, against replay and the peers"),
    Part("profile", "bench.profile", 120, "where the worker's CPU goes"),
    Part("scores", "bench.scores", 120, "scores of 2,000 agents after a change of the schemes, and of one KPI record"),
    Part("flat", "bench.flat", 300, "the same with other windows, numbers of debtors and ages of events"),
    Part("scrape", "bench.scrape", 240, "CPU and size of both pages of metrics, and of the recording rules"),
    Part("scraped", "bench.scraped", 480, "event to KPI record with and without scrapes beside it"),
    Part("latency", "bench.latency", 240, "event to KPI record and to /metrics under steady load"),
    Part("conduct", "bench.conduct", 180, "what three packs of conduct rules cost an event, without Kafka"),
    Part("headroom", "bench.headroom", 180, "an answer to a dialler, 500 questions/s beside 5,000 events/s"),
    Part(
        "board",
        "bench.board",
        300,
        "what 1 and 200 browsers cost the worker that pushes to them; 1,000 agents in Chromium",
        smoke=False,
    ),
    Part("handover", "bench.handover", 180, "the same while a worker joins, and while another's state is restored"),
    Part(
        "restore",
        "bench.restore",
        1_500,
        "state records a second that a worker takes back, and their memory",
        full=False,
    ),
    Part(
        "garbage",
        "bench.garbage",
        420,
        "one record in ten garbage: counted for what it is, and what it costs",
        full=False,
    ),
    Part(
        "rebalance",
        "bench.rebalance",
        420,
        "how long output stands still when workers join, leave, die and restart",
        smoke=False,
        full=False,
    ),
    Part("large", "bench.large", 1_800, "memory of a replay of 20,000,000 events", full=False),
    Part("backfill", "bench.backfill", 300, "replay of JSON Lines and Parquet on all cores, against a plain group-by"),
    Part(
        "adversarial",
        "bench.adversarial",
        120,
        "replay of 20,000 events that contradict each other",
    ),
    Part("scale", "bench.scale", 240, "two workers measured, eight and 32 simulated; one team with all events"),
)


def measured(part: Part, setting: Setting) -> list[Row]:
    """The rows of a part; one that fails or takes too long says so in its last row."""
    step(f"== {part.name}: {part.about}")
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.part", part.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    why = ""
    try:
        out, _ = process.communicate(setting.dumps(), timeout=part.seconds)
    except subprocess.TimeoutExpired:
        why = f"failed: not done within {part.seconds} s"
        _end(process)
        out, _ = process.communicate()
    except BaseException:
        _end(process)
        raise
    found = [Row(*json.loads(line)) for line in out.splitlines()]
    if process.returncode and not why:
        why = f"failed: ended with {process.returncode}; its last line is above"
    if why:
        found.append(Row(f"{part.name}.failed", part.name, why))
    for row in found:
        step(f"   {row.what}: {row.text}")
    return found


def _end(process: subprocess.Popen[str]) -> None:
    """The process and all that it started."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def main() -> int:
    """Measures the part that the command line names."""
    part = next(each for each in PARTS if each.name == sys.argv[1])
    setting = Setting.loads(sys.stdin.read())
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for rows
    try:
        for row in importlib.import_module(part.module).rows(setting):
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()
    except BenchError as error:
        sys.stdout.write(json.dumps(Row(f"{part.name}.failed", part.name, f"failed: {error}")) + "\n")
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
