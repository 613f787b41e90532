"""Replay of many events: events a second and core, peak memory of all its processes, and the ratio to a plain group-by.

Run as `python -m bench.backfill --events 20000000`, part of `make bench` with fewer. The events are a simulated floor,
repeated under other ids and days: as many debtors and agents' days as so many events would have.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.result import Row
from bench.setting import Setting

MAIN = [sys.executable, "-c", "from stream.cli.program import main; main()"]
EVENTS = 1_000_000
ONCE = 200_000
DAY = b'"2026-11-02T00:'
OWN_IDS = ("event", "debtor", "case", "call", "payment", "promise", "complaint", "restriction", "visit", "message",
           "review", "survey", "session", "step")  # fmt: skip
GROUP_BY = "SELECT agent_id, team_id, count(*), sum(talk_ms) FROM {} WHERE type = 'call' GROUP BY ALL"


@dataclass(frozen=True)
class Took:
    """What a command took: seconds, seconds of CPU over all its processes, and their greatest memory together (PSS)."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def write_events(path: Path, events: int) -> int:
    """Writes so many events, or a few more; gives their number."""
    start = ["--from", "2026-11-02T00:00:00Z"]
    once = path.with_suffix(".once")
    simulate = [*MAIN, "simulate", "--out", str(once), "--events", str(min(events, ONCE)), "--seed", "7", *start]
    subprocess.run(simulate, check=True, stderr=subprocess.DEVNULL)
    content = once.read_bytes()
    once.unlink()
    copies = -(-events // ONCE)
    with path.open("wb") as file:
        for copy in range(copies):
            file.write(_copied(content, copy))
    return copies * content.count(b"\n")


def _copied(content: bytes, copy: int) -> bytes:
    content = content.replace(DAY, b'"2026-11-%02dT%02d:' % (copy % 28 + 1, copy // 28 % 24))
    for name in OWN_IDS:
        field = f'"{name}_id":"'.encode()
        content = content.replace(field, field + b"%d." % copy)
    return content


def measured(command: list[str]) -> Took:
    """Runs a command; RuntimeError with what it said if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    _, error = process.communicate()
    watcher.join()
    if process.returncode:
        raise RuntimeError(error.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(time.monotonic() - began, cpu, peak[0])


def _watch(process: subprocess.Popen[bytes], peak: list[int]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(_pss(pid) for pid in _family(process.pid)))
        time.sleep(0.2)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _group_by(table: str) -> float:
    """Seconds of CPU of the plain group-by."""
    with duckdb.connect(config={"threads": len(os.sched_getaffinity(0))}) as connection:
        before = time.process_time()
        connection.execute(GROUP_BY.format(table)).fetchall()
        return time.process_time() - before


def rows(setting: Setting) -> Iterator[Row]:
    """The part `backfill`."""
    yield from lines(setting.events(EVENTS), setting.path)


def lines(events: int, folder: Path) -> Iterator[Row]:
    """The rows of the report."""
    path, table = folder / "events.jsonl", folder / "events.parquet"
    count = write_events(path, events)
    json = f"read_json('{path}', format = 'newline_delimited', union_by_name = true, sample_size = -1)"
    for name, source, other in (("JSON Lines", path, json), ("Parquet", table, f"'{table}'")):
        if source is table:
            with duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": False}) as connection:
                connection.execute(f"COPY (SELECT * FROM {json}) TO '{table}' (FORMAT parquet)")  # noqa: S608
        out = str(folder / f"of-{source.name}")
        took = measured([*MAIN, "replay", "--input", str(source), "--out", out, "--no-progress"])
        plain = _group_by(other)
        rate = count / took.cpu_seconds
        key, what = f"backfill.{name.partition(' ')[0].lower()}", f"replay of {count:,} events from {name}"
        yield Row(f"{key}.rate", f"{what}, on all cores", round(count / took.seconds), "events/s")
        yield Row(f"{key}.core_rate", f"{what}, a core", round(rate), "events/s of CPU")
        yield Row(f"{key}.cpu_us", f"{what}: CPU", round(took.cpu_seconds / count * 1e6, 2), "us an event")
        yield Row(f"{key}.peak_mib", f"{what}: most memory of all its processes", took.peak_bytes // 2**20, "MiB")
        ratio = round(took.cpu_seconds / plain, 1)
        yield Row(f"{key}.duckdb", f"{what}, to a plain group-by of DuckDB", ratio, "times the CPU")


def main() -> None:
    """Prints the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--folder", type=Path, help="where the events are written (default: a temporary folder)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for row in lines(asked.events, Path(folder)):
            print(f"| {row.what} | {row.text} |", flush=True)


if __name__ == "__main__":
    main()
