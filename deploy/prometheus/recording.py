"""Writes rules/recording.yml from the KPI catalogue; with --check, only says whether it is up to date.

Recorded are the KPIs that a dashboard or an alert reads; `--all --out FILE` writes the rules of every KPI, for
dashboards of one's own. One recorded series per KPI and entity, `entity:<parts>:<operation>`: a numerator over a
denominator, never a mean of ratios, absent where there is nothing to divide. `max without (instance)`: a number that
moves between workers may be seen twice for one scrape. `site`, `level`, `entity` and `window` stay: a reader fixes
`level` and `window` (ADR 0020).
Agents are not recorded, since they are many and few are looked at: `agent_expression` is what a panel asks instead.
The rules stand in several groups, which Prometheus evaluates apart: no evaluation takes long.
"""

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from stream.facts.currency import EXPONENTS
from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.publish.parts import SIDES, GaugePart

FOLDER = Path(__file__).parent
FILE = FOLDER / "rules" / "recording.yml"
READERS = (FOLDER / "rules" / "alerts.yml", FOLDER.parent / "grafana" / "dashboards")
"""What reads recorded series: a file, and all files of a folder."""
HEADER = "# Generated from the KPI catalogue by deploy/prometheus/recording.py: change that, not this.\n"
PREFIX = "collections_window_"
ACTIVE = "entity:collections_alert_active:max"
"""What the stream says of each of its alerts, whoever exports it; rules/alerts.yml records it."""
SECONDS_PER_HOUR = 3_600
RECORDED = 'level!="agent"'
GROUP = "collections-kpis"
GROUP_SIZE = 7
"""How many KPIs a group has: 50 teams with all windows are some 25 ms of CPU."""


def series(kpi: Kpi) -> str:
    """The recorded series of a KPI: a ratio 0-1 (permille too), seconds, points, major units of its currency, a count,
    or one of these per hour."""
    numerator, denominator = SIDES[kpi.id]
    if kpi.unit.endswith("per hour"):
        return f"entity:{_major(numerator)}_per_productive_hour:ratio"
    if denominator is None:
        return f"entity:{_major(numerator)}:max"
    over = denominator.metric.removeprefix(PREFIX)
    return f"entity:{numerator.metric}_per_{over}:{'mean' if kpi.unit in ('ms', 'points') else 'ratio'}"


def expression(kpi: Kpi, matchers: str = RECORDED) -> str:
    """What is recorded. `matchers`: which entities and windows, as in a selector."""
    numerator, denominator = SIDES[kpi.id]
    if denominator is None:
        return _in_major(numerator, matchers) if numerator.money else _max(numerator, matchers)
    if kpi.unit.endswith("per hour"):
        hours = f"({_max(denominator, matchers)} / {SECONDS_PER_HOUR} > 0)"
        if numerator.money:
            return f"({_in_major(numerator, matchers)}) / ignoring (currency) group_left () {hours}"
        return f"{_max(numerator, matchers)} / {hours}"
    return f"{_max(numerator, matchers)} / ({_max(denominator, matchers)} > 0)"


def agent_expression(kpi: Kpi, matchers: str) -> str:
    """The same of agents, as a query, in the unit of `series`. `matchers`: `site`, `window` and more, as in a selector;
    in a currency only what has one: of a KPI per hour its numerator."""
    return expression(kpi, f'level="agent",{matchers}')


def _major(part: GaugePart) -> str:
    return part.metric.replace("_minor_units", "_major_units")


def _max(part: GaugePart, matchers: str) -> str:
    return f"max without (instance) ({part.metric}{{{matchers}}})"


def _in_major(part: GaugePart, matchers: str) -> str:
    """Minor units divided by 10 to the currency's exponent: the one place where Prometheus learns of exponents."""
    odd = {exponent: "|".join(codes.split()) for exponent, codes in EXPONENTS.items()}
    usual = "|".join(odd[exponent] for exponent in sorted(odd))
    others = f'{matchers},currency!~"{usual}"'
    scaled = [f"{_max(part, others)} / 100"]
    for exponent, codes in sorted(odd.items()):
        these = f'{matchers},currency=~"{codes}"'
        scaled.append(f"{_max(part, these)} / {10**exponent}")
    return " or ".join(scaled)


def read_series() -> set[str]:
    """The recorded series that dashboards and alerts read."""
    files = [file for reader in READERS for file in ([reader] if reader.is_file() else sorted(reader.glob("*.json")))]
    return {name for file in files for name in re.findall(r"entity:\w+:\w+", file.read_text("utf-8"))}


def document(kpis: Iterable[Kpi]) -> str:
    """A file of rules that records these KPIs."""
    rules = [{"record": series(kpi), "expr": expression(kpi)} for kpi in kpis]
    groups = [
        {"name": f"{GROUP}-{number}", "interval": "10s", "rules": rules[first : first + GROUP_SIZE]}
        for number, first in enumerate(range(0, len(rules), GROUP_SIZE), 1)
    ]
    return HEADER + str(yaml.safe_dump({"groups": groups}, sort_keys=False, width=10_000))


def main() -> int:
    """Writes or checks; 0 where all is well, 1 where --check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file would change")
    parser.add_argument("--all", action="store_true", help="every KPI, not only what dashboards and alerts read")
    parser.add_argument("--out", type=Path, default=FILE, help="the file to write (default: the one that is shipped)")
    asked = parser.parse_args()
    read = read_series()
    text = document(kpi for kpi in CATALOGUE.values() if asked.all or series(kpi) in read)
    if not asked.check:
        asked.out.write_text(text, "utf-8")
    elif not FILE.exists() or FILE.read_text("utf-8") != text:
        print(f"{FILE.name} is out of date: run python deploy/prometheus/recording.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
