"""Seconds for a replay of 20,000 adversarial events; run as `python -m bench.adversarial`.

The events are those of the tests' random worlds, one after the other: few debtors, cases and ids, so that nearly every
event meets, repeats, corrects, reverses or contradicts another; instants at clock changes and midnights; garbage.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tests.worlds.world import world

EVENTS = 20_000
SITES = {
    "main": {"zone": "Europe/London", "shifts": {"night": ["22:00", "06:00"], "day": ["09:00", "18:00"]}},
    "two": {"zone": "Asia/Kathmandu"},
}
RULES = [
    {"rule": "few", "kpi": "connect_rate", "level": "team", "window": "rolling_15m", "below": 0.5},
    {"rule": "broken", "kpi": "promise_kept_rate", "level": "agent", "window": "day", "below": 0.5},
]


def lines_of(events: int) -> list[bytes]:
    """So many lines, of as many worlds as it takes."""
    found: list[bytes] = []
    for seed in count():
        if len(found) >= events:
            return found[:events]
        found += world(seed).lines
    return found


def measured(folder: Path, rules: bool) -> tuple[float, float]:
    """Seconds on the wall, and of CPU over all processes, of `kpi-stream replay`, its start included."""
    config = folder / "config.yaml"
    config.write_text(json.dumps({"sites": SITES} | ({"alerts": RULES} if rules else {})))
    command = [sys.executable, "-c", "from stream.cli.main import main; main()", "replay", "--no-progress"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [*command, "--input", str(folder / "events.jsonl"), "--out", str(folder / "out"), "--config", str(config)],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def lines(events: int = EVENTS) -> Iterator[tuple[str, str]]:
    """The rows of the report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "events.jsonl").write_bytes(b"\n".join(lines_of(events)))
        for rules, what in ((False, "replay"), (True, "replay with two alert rules")):
            took, cpu = measured(folder, rules)
            yield f"{what} of {events:,} adversarial events", f"{took:.1f} s ({cpu:.1f} s of CPU)"


def main() -> None:
    """Prints the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.adversarial", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    for what, found in lines(parser.parse_args().events):
        sys.stdout.write(f"{what}: {found}\n")


if __name__ == "__main__":
    main()
