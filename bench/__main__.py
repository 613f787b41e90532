"""Measures on a real broker, and keeps what it found as a dated file in bench/results/.

make bench                                  all about speed, 20 to 25 minutes on two cores
make bench ARGS="--only restore,garbage,rebalance,large"   the parts that are measured when they are named
make bench ARGS="--list"                    the parts, in their order
make bench ARGS="--only peers,latency"      some parts; the others keep what was measured earlier the same day
make bench ARGS="--scale 0.05"              a twentieth of the events, nothing kept
make bench ARGS="--smoke"                   whether everything runs, in about a minute, nothing kept

Peers are installed under .cache/bench the first time (by pip and by Maven); --smoke uses those that are there.
With KAFKA_BOOTSTRAP_SERVERS set, that broker is used instead of one of the bench's own.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import result
from bench.part import PARTS, Part, measured
from bench.result import Row
from bench.setting import Setting
from deploy.local.broker import LocalBroker

SMOKE = 0.005
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """0 when all was measured, 1 when a part or a peer failed, 2 when a part is unknown."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="PARTS", help="names of parts, separated by commas")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full number of events (default 1)")
    parser.add_argument(
        "--smoke", action="store_true", help=f"--scale {SMOKE}, without peers that are not installed, and `rebalance`"
    )
    parser.add_argument("--list", action="store_true", help="the parts")
    asked = parser.parse_args()
    if asked.list:
        sys.stdout.write("".join(f"{part.name:11} {part.about}\n" for part in PARTS))
        return 0
    names = (
        asked.only.split(",")
        if asked.only
        else [part.name for part in PARTS if (part.smoke if asked.smoke else part.full)]
    )
    unknown = set(names) - {part.name for part in PARTS}
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; --list names them")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parts = [part for part in PARTS if part.name in names]
    found: dict[str, list[Row]] = {}
    try:
        for name, rows in _measured(parts, SMOKE if asked.smoke else asked.scale, smoke=asked.smoke):
            found[name] = rows
            if not asked.smoke and asked.scale == 1:  # at once: a run that is stopped keeps what it has
                _keep(name, rows)
    except KeyboardInterrupt:
        sys.stderr.write("\nbench: stopped\n")
        return 130
    for name, rows in found.items():
        sys.stdout.write(f"\n## {name}\n\n{result.table(rows)}")
    return int(any(row.key.endswith(".failed") for rows in found.values() for row in rows))


def _keep(name: str, rows: list[Row]) -> None:
    kept = result.save(RESULTS, time.strftime("%Y-%m-%d"), result.machine(), {name: rows})
    sys.stderr.write(f"kept {name}: {', '.join(map(str, kept))}\n")


def _measured(parts: list[Part], scale: float, *, smoke: bool) -> Iterator[tuple[str, list[Row]]]:
    with tempfile.TemporaryDirectory() as folder:
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        if given:
            yield from _each(parts, Setting(given, folder, scale, smoke))
            return
        with LocalBroker(Path(folder) / "kafka", heap="1g") as broker:
            logs = str(broker.data / "log")
            yield from _each(parts, Setting(broker.bootstrap, folder, scale, smoke, broker.pid, logs))


def _each(parts: list[Part], setting: Setting) -> Iterator[tuple[str, list[Row]]]:
    for part in parts:
        yield part.name, measured(part, setting)


if __name__ == "__main__":
    sys.exit(main())
