"""The plan on paper: what a rate needs in workers, partitions and brokers, from the measured unit costs.

    python -m bench.plan [--rate 1000000] [--results bench/results/DATE.json] [--busy 0.6] [--copies 3]

Every number follows from the results file; the last three options are choices, and are printed with the plan.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path

from bench.result import Row, load

RESULTS = Path(__file__).parent / "results"
TOPICS = ("inbound", "ledger", "deltas", "windows", "kpi")
DAY_S = 86_400


def plan(costs: Mapping[str, float], rate: int, busy: float, copies: int) -> Iterator[tuple[str, str]]:
    """What a rate needs. KeyError names a unit cost that was not measured."""
    efficiency = costs["scale.sim.32.efficiency"] / 100
    worker_us = costs["floor.cpu_us"] / efficiency
    workers = ceil(rate * worker_us / 1e6 / busy)
    yield "CPU of a worker an event, 32 workers and more", f"{worker_us:.1f} us"
    yield f"workers, one core each, {busy:.0%} busy", f"{workers:,}"
    partitions = 2 ** (workers - 1).bit_length()
    yield "partitions of each inbound topic, and of the deltas topic", f"{partitions:,}"
    yield "events a second and partition", f"{rate / partitions:,.0f}"
    broker_us = costs["floor.broker_cpu_us"] * copies
    cores = ceil(rate * broker_us / 1e6 / busy)
    yield f"cores of brokers, {copies} copies, {busy:.0%} busy", f"{cores:,}"
    sizes = {name: costs[f"floor.bytes.{name}"] for name in TOPICS}
    for name, size in sizes.items():
        yield f"topic {name}", f"{size:.0f} bytes an event, {rate * size / 2**20:,.0f} MiB/s before copies"
    written = sum(sizes.values())
    yield f"written by brokers, {copies} copies", f"{rate * written * copies / 2**20:,.0f} MiB/s"
    kept = sizes["inbound"] * rate * DAY_S * copies / 2**40
    yield "inbound events of a day on disk, all copies", f"{kept:,.1f} TiB"
    yield "rows of the deltas topic a second", f"{rate * costs['scale.sim.32.rows']:,.0f}"


def costs_of(parts: Mapping[str, list[Row]]) -> dict[str, float]:
    """Every measured number by its key."""
    found = [row for rows in parts.values() for row in rows]
    return {row.key: row.value for row in found if not isinstance(row.value, str)}


def main() -> int:
    """0 with the plan, 1 with one line when something it needs was not measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1_000_000, help="events a second (default 1,000,000)")
    parser.add_argument("--results", type=Path, help="by default the latest")
    parser.add_argument("--busy", type=float, default=0.6, help="share of its core that a worker may use (default 0.6)")
    parser.add_argument("--copies", type=int, default=3, help="replication of every topic (default 3)")
    asked = parser.parse_args()
    file = asked.results or max(RESULTS.glob("*.json"), default=None)
    if file is None:
        sys.stderr.write(f"plan: no results in {RESULTS}: run `make bench`\n")
        return 1
    try:
        lines = list(plan(costs_of(load(file)[1]), asked.rate, asked.busy, asked.copies))
    except (KeyError, OSError) as error:
        sys.stderr.write(f"plan: {file}: not measured: {error}\n")
        return 1
    sys.stdout.write(f"{asked.rate:,} events/s, from {file.name}:\n\n| what | needed |\n|---|---|\n")
    sys.stdout.write("".join(f"| {what} | {needed} |\n" for what, needed in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
