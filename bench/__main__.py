"""`make bench`: measures on a real broker, prints a table, and keeps it as a dated file in bench/results/."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from bench import fold, latency, ledger, memory, throughput
from bench.system import BenchError, System
from deploy.local.broker import LocalBroker, free_port

LEDGER_EVENTS = 200_000
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """0 when all was measured, 1 with one line when it could not be."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="backlog for the throughput (default 1,000,000)")
    parser.add_argument("--seconds", type=int, default=60, help="how long latency is measured (default 60)")
    parser.add_argument("--debtors", type=int, default=100_000, help="debtors for the memory (default 100,000)")
    parser.add_argument("--smoke", action="store_true", help="small numbers, nothing kept: only that it runs")
    asked = parser.parse_args()
    if asked.smoke:
        asked.events, asked.seconds, asked.debtors = 20_000, 5, 5_000
    try:
        rows = list(_measure(asked))
    except BenchError as error:
        sys.stderr.write(f"\nbench: {error}\n")
        return 1
    table = _table(rows)
    sys.stdout.write("\n" + table)
    if not asked.smoke:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{time.strftime('%Y-%m-%d')}.md").write_text(_head() + table)
    return 0


def _measure(asked: argparse.Namespace) -> list[tuple[str, str]]:
    rows = list(fold.lines())
    rows += ledger.lines(min(asked.events, LEDGER_EVENTS))
    rows += memory.lines(asked.debtors, memory.bytes_a_debtor(asked.debtors))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        if given:
            return rows + _on_broker(given, folder, asked)
        with LocalBroker(folder / "kafka") as broker:
            return rows + _on_broker(broker.bootstrap, folder, asked)


def _on_broker(bootstrap: str, folder: Path, asked: argparse.Namespace) -> list[tuple[str, str]]:
    stamp = f"{int(time.time())}"
    rule = {"rule": "low", "kpi": "connect_rate", "level": "team", "window": "rolling_15m", "below": 0.1}
    system = System(bootstrap, folder, f"rate-{stamp}", alerts=[rule], time={"idle_advance": False})
    result = asyncio.run(throughput.worker(system, asked.events, free_port()))
    rows = list(throughput.lines(result, throughput.stock(system)))
    live = System(bootstrap, folder, f"latency-{stamp}", alerts=[rule])
    took = asyncio.run(latency.latencies(live, 1_000, asked.seconds, free_port()))
    return rows + list(latency.lines(took, 1_000))


def _table(rows: list[tuple[str, str]]) -> str:
    return "".join(["| what | measured |\n|---|---|\n", *(f"| {what} | {found} |\n" for what, found in rows)])


def _head() -> str:
    names = ("faust-streaming", "aiokafka", "msgspec", "pydantic")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    machine = f"{os.cpu_count()} cores shared with the broker (Apache Kafka 4.2.0, one node)"
    return (
        f"# Measured on {time.strftime('%Y-%m-%d')}\n\n"
        f"{machine}, Python {platform.python_version()}, {versions}. Command: `make bench`.\n\n"
    )


if __name__ == "__main__":
    sys.exit(main())
