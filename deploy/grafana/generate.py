"""Writes the Grafana dashboards; with --check, only says whether they are up to date."""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # run as a file, this folder alone would be on the path

from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: E402

from deploy.grafana import floor, scores  # noqa: E402

DASHBOARDS = {floor.UID: floor.dashboard, scores.UID: scores.dashboard}


def text(name: str) -> str:
    """The dashboard's file: sorted keys, so that a change shows as the change that it is."""
    built = json.loads(json.dumps(DASHBOARDS[name]().build(), cls=JSONEncoder))
    return json.dumps(built, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Writes or checks; 0 where all is well, 1 where --check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    check = parser.parse_args().check
    stale = []
    for name in DASHBOARDS:
        file = HERE / "dashboards" / f"{name}.json"
        if file.exists() and file.read_text("utf-8") == text(name):
            continue
        stale.append(file.name)
        if not check:
            file.write_text(text(name), "utf-8")
    if check and stale:
        print(f"out of date: {', '.join(stale)}: run python deploy/grafana/generate.py", file=sys.stderr)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
