"""Writes docs/metrics.md from the closed list of metrics; with --check, only says whether it is up to date."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from stream.publish.metrics import (
    CLOCKS,
    CONDUCT,
    EVENTS,
    EXPOSITION,
    FACTS,
    FEEDS,
    SCORES,
    TARGETS,
    WINDOWS,
    WORK,
    Metric,
)  # fmt: skip

FILE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
INTRODUCTION = """# Metrics

A worker exports on `/metrics` everything but agents, beside the Python client's own `process_*`, and on
`/metrics/agents` what is said of agents. A process that runs feeds exports theirs ([Feeds](#feeds)). Generated from
`stream/publish/metrics.py` by `deploy/prometheus/reference.py`. Why KPIs are exported as their parts:
[ADR 0020](adr/0020-window-gauges-are-parts.md). `deploy/prometheus/rules/recording.yml`
records the KPIs that the dashboards show, of all levels but agents; `python deploy/prometheus/recording.py --all --out
FILE` writes the rules of every KPI, for dashboards of your own.

Both pages are plain text, or OpenMetrics for who asks for it (`Accept: application/openmetrics-text`, as Prometheus
does), without timestamps; through gzip for who takes it. `promtool check metrics` finds nothing to say. Where
`http.tokens` is set they need a token of the role `metrics`: `authorization: {credentials_file: ...}` in Prometheus.
`deploy/prometheus/prometheus.yml` scrapes both.
"""
FACT_WORDS = """
Counters for `rate()` and `increase()`: they count a fact when it is accepted and committed, by `site` and by the `team`
that is credited then (`unassigned`: nobody), and only rise. A fact that comes again counts once; one that is corrected
or taken back raises `collections_corrections_total` and lowers nothing: the windows have the right number, these say
how fast things happen. All of a team begin at 0 together.

Each process counts what it commits. **A worker that starts begins at 0**, which Prometheus takes for what it is, a
reset. A partition that is handed over takes no count with it: the former owner keeps what it has counted, the new one
counts on from what it had; a fact is committed by one of them, so `sum without (instance) (rate(...))` has it once.
What was committed between the last scrape and the end of a process is in no scrape. A ledger that is read from its
beginning counts its whole past at once.
"""
FEED_WORDS = """
`kpi-stream feed run NAME --metrics-port N` serves these of one feed at `/metrics`, `feed run --all --metrics-port N` of
all feeds of the host; `http` says where and to whom, as for a worker. `--metrics-file FILE` keeps them in a file, for
the textfile collector of a node exporter or a job that ends. They begin at 0 with the process of the feed; rows that
are read again after a restart, since joins need them, are not counted again.
"""
TARGET_WORDS = """
Of KPIs that have a target ([scores.md](scores.md)), in the windows that have one: the day, the month, a shift.
"""
WINDOW_WORDS = """
Labels: `site`, `level` (agent, team, queue, segment, site), `entity`, `window`; amounts also `currency`. A query fixes
`level` and `window`: windows contain one another, and a site is the sum of its teams. With several workers take
`max without (instance)`. Absent means off shift, or nothing to divide; 0 means at work and none of it. A KPI that no
entity of a level has had since the worker began is left out at that level.

**Agents** are on `/metrics/agents`, those who are signed in, or had a contribution in the running day or shift: the
parts of the KPIs `metrics.agent_kpis` in the windows `metrics.agent_windows`, by default six KPIs (connect rate,
right-party contacts, promises, recovered amount, occupancy, mean talk time), the rolling window nearest to 15 minutes
and the day. 1,000 agents are 1.5 MiB, 106 KiB through gzip. Beyond 100,000 series agents are withheld, and
counted (`collections_series_dropped`); the KPI topic has everything.

**Sites, teams, queues and segments** are on `/metrics`, which is not to be longer than `metrics.limit_kib` (100). What
is not about windows is always there (some 30 KiB of a worker with eight partitions); the rest is filled with whole
columns, a KPI in a window for all entities of a level. A small floor has all of them. Of a greater one they are taken
in this order, and one that does not fit is left out:

1. sites: every KPI in the rolling window nearest to 15 minutes, and in the day
2. teams: the KPIs of `metrics.agent_kpis` in these two
3. queues: every KPI in these two
4. teams: the other KPIs in these two
5. segments: every KPI in these two
6. sites, teams, queues, segments: every KPI in the other windows

Nothing goes silently: `collections_series_left_out` says of each level and window how many series there would be more,
and the log says it once. A KPI of 50 teams in a window is 5 to 10 KiB; a limit of 4,096 shows everything of 50 teams
(30 KPIs in six windows: 0.8 MiB, 63 KiB through gzip). The demo and the compose file are set so, since their dashboards
show everything.

The text of a page is made once for all who ask at a time, from what has changed, and kept for nineteen times the CPU
time that it took, five seconds at most.
"""


WORDS = {"Facts": FACT_WORDS, "Feeds": FEED_WORDS, "Targets": TARGET_WORDS}
"""What stands before the entries of a section."""


def document() -> str:
    """The page."""
    sections = {
        "Events": EVENTS,
        "Facts": FACTS,
        "Conduct": CONDUCT,
        "Clocks": CLOCKS,
        "Work": WORK,
        "Scores": SCORES,
        "Targets": TARGETS,
        "Feeds": FEEDS,
        "Exposition": EXPOSITION,
    }
    parts = [INTRODUCTION]
    for title, metrics in sections.items():
        words = WORDS.get(title, "")
        parts.append(f"\n## {title}\n{words}\n" + "\n".join(_entries(metrics)) + "\n")
    table = [f"| `{m.name}` | {m.meaning} |" for m in WINDOWS]
    parts.append(
        "\n## Windows\n" + WINDOW_WORDS + "\n| gauge | what it adds up |\n|---|---|\n" + "\n".join(table) + "\n"
    )
    return "".join(parts)


def _entries(metrics: tuple[Metric, ...]) -> Iterator[str]:
    for metric in metrics:
        labels = f"{{{', '.join(metric.labels)}}}" if metric.labels else ""
        yield f"- **`{metric.name}{labels}`** ({metric.kind}). {metric.meaning}  \n  *{metric.remedy}*"


def main() -> int:
    """Writes or checks; 0 where all is well, 1 where --check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file would change")
    text = document()
    if not parser.parse_args().check:
        FILE.write_text(text, "utf-8")
    elif not FILE.exists() or FILE.read_text("utf-8") != text:
        print("docs/metrics.md is out of date: run python deploy/prometheus/reference.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
