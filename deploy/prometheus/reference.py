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

Everything that a worker exports on `/metrics`, beside the Python client's own `process_*`. Generated from
`stream/publish/metrics.py` by `deploy/prometheus/reference.py`. Why KPIs are exported as their parts:
[ADR 0020](adr/0020-window-gauges-are-parts.md). Ratios are recorded by `deploy/prometheus/rules/recording.yml`.
"""
WINDOW_WORDS = """
Labels: `site`, `level` (agent, team, queue, segment, site), `entity`, `window`; amounts also `currency`. A query fixes
`level` and `window`: windows contain one another, and a site is the sum of its teams. With several workers take
`max without (instance)`. Absent means off shift, or nothing to divide; 0 means at work and none of it.
Agents export the parts of six KPIs (connect rate, right-party contacts, promises, recovered amount, occupancy, mean
talk time) in two windows, the rolling one nearest to 15 minutes and the day; the KPI topic has the rest. The text is
made once for all who ask at a time, and kept for nine times the CPU time that it took, five seconds at most.
"""


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
        parts.append(f"\n## {title}\n\n" + "\n".join(_entries(metrics)) + "\n")
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
