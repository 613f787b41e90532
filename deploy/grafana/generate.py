"""Writes the Grafana dashboards, in English and Chinese; with --check, only says whether they are up to date."""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # run as a file, this folder alone would be on the path

from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: E402

from deploy.grafana.board import Board  # noqa: E402
from deploy.grafana.boards import BOARDS  # noqa: E402
from deploy.grafana.words import LANGUAGES, Language, uid  # noqa: E402


def text(board: Board, language: Language, zone: str = "browser") -> str:
    """The dashboard's file: sorted keys, so that a change shows as the change that it is."""
    built = json.loads(json.dumps(board.build(language, zone).build(), cls=JSONEncoder))
    return json.dumps(built, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Writes or checks; 0 where all is well, 1 where --check found a difference."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python deploy/grafana/generate.py --zone Asia/Shanghai --out dashboards-shanghai",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    parser.add_argument("--zone", default="browser", metavar="ZONE", help="zone of all times, if not the viewer's own")
    parser.add_argument("--out", type=Path, default=HERE / "dashboards", metavar="FOLDER", help="where to write them")
    asked = parser.parse_args()
    wanted = {f"{uid(board.name, each)}.json": text(board, each, asked.zone) for board in BOARDS for each in LANGUAGES}
    folder: Path = asked.out
    folder.mkdir(parents=True, exist_ok=True)
    stale = [name for name, body in wanted.items() if _read(folder / name) != body]
    left = sorted(file.name for file in folder.glob("*.json") if file.name not in wanted)
    if asked.check:
        if stale or left:
            print(f"out of date: {', '.join(stale + left)}: run python deploy/grafana/generate.py", file=sys.stderr)
        return 1 if stale or left else 0
    for name in stale:
        (folder / name).write_text(wanted[name], "utf-8")
    for name in left:
        (folder / name).unlink()
    return 0


def _read(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
