"""The goals beside what was measured, from a results file: `python -m bench.goals [--results FILE]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.plan import RESULTS
from bench.result import Row, load


class Goal(NamedTuple):
    """`key` of the row that it is about; `least` and `most` bound it, None: not."""

    key: str
    least: float | None = None
    most: float | None = None

    def met_by(self, value: float) -> bool:
        """Whether a figure lies within the bounds."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    @property
    def text(self) -> str:
        """The bounds in words."""
        words = [f"at least {self.least:,g}"] if self.least is not None else []
        words += [f"at most {self.most:,g}"] if self.most is not None else []
        return ", ".join(words)


GOALS = (
    Goal("floor.rate", least=75_000),
    Goal("floor.cpu_us", most=12),
    Goal("calls.rate", least=75_000),
    Goal("calls.cpu_us", most=12),
    Goal("streams.hopping.ratio", least=5),
    Goal("quix.tumbling.ratio", least=20),
    Goal("quix.hopping.ratio", least=20),
    Goal("bytewax.tumbling.ratio", least=4),
    Goal("bytewax.hopping.ratio", least=4),
    Goal("faust.empty.ratio", least=12),
    Goal("flink.hopping.ratio", least=1),
    Goal("flat.windows.rate_spread", most=15),
    Goal("flat.debtors.rate_spread", most=30),
    Goal("flat.late.rate_spread", most=30),
    Goal("catchup.differing", most=0),
    Goal("catchup.alerts_differing", most=0),
    Goal("restore.stage1.rate", least=100_000),
    Goal("restore.stage2.rate", least=100_000),
    Goal("restore.stage1.mib", most=1_024),
    Goal("garbage.differences", most=0),
    Goal("faults.differing", most=0),
    Goal("scrape.1000.metrics.kib", most=100),
    Goal("scrape.1000.metrics.cpu_ms", most=20),
    Goal("scrape.1000.agents.kib", most=1_536),
    Goal("scrape.1000.agents.cpu_ms", most=60),
    Goal("scrape.rules_ms", most=300),
    Goal("scraped.more", most=10),
    Goal("scrape.2000.dropped", most=0),
    Goal("latency.1000.p99", most=750),
    Goal("latency.10000.p99", most=1_500),
    Goal("conduct.floor.more_us", most=4),
    Goal("conduct.dialler.more_us", most=4),
    Goal("headroom.p99", most=10),
    Goal("board.200.cpu", most=5),
    Goal("board.push.200", most=5),
    Goal("board.wall.longest", most=100),
    Goal("adversarial.seconds", most=10),
    Goal("adversarial.rules.seconds", most=10),
    Goal("backfill.json.core_rate", least=120_000),
    Goal("backfill.parquet.core_rate", least=200_000),
    Goal("large.peak_mib", most=2_048),
    Goal("feeds.json.rate", least=50_000),
    Goal("feeds.csv.rate", least=30_000),
    Goal("feeds.open.mib", most=300),
)


def lines(rows: Mapping[str, Row]) -> Iterator[str]:
    """A Markdown row for each goal; a figure that is not there, or failed, is missed."""
    for goal in GOALS:
        row = rows.get(goal.key)
        if row is None or isinstance(row.value, str):
            yield f"| {goal.key} | {goal.text} | not measured: **missed** |"
        else:
            verdict = "" if goal.met_by(row.value) else ": **missed**"
            yield f"| {row.what} | {goal.text} {row.unit} | {row.text}{verdict} |"


def main() -> int:
    """0 when all goals are met, 1 when one is missed or there are no results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="by default the latest")
    file = parser.parse_args().results or max(RESULTS.glob("*.json"), default=None)
    if file is None or not file.exists():
        sys.stderr.write(f"goals: no results in {RESULTS}: run `make bench`\n")
        return 1
    found = list(lines({row.key: row for rows in load(file)[1].values() for row in rows}))
    sys.stdout.write("| what | goal | measured |\n|---|---|---|\n" + "\n".join(found) + "\n")
    return int(any("**missed**" in line for line in found))


if __name__ == "__main__":
    sys.exit(main())
