"""Pictures of the wallboard for the README: simulated events, replayed, served, and looked at in a headless Chromium.

    python -m deploy.local.screenshots [--out docs/images] [--numbers DIR]

Needs Chromium, and no broker. `--numbers`: the folder of a replay with the configuration of the demo, instead of a new
one.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from prometheus_client import CollectorRegistry

from deploy.local.chromium import Chromium, ChromiumError
from stream.facts.instant import instant_ms
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "deploy" / "local" / "demo.yaml"
COMMAND = str(Path(sys.executable).with_name("kpi-stream"))
FROM, TO = "2026-11-02T16:00:00Z", "2026-11-04T06:59:30Z"  # alerts fire then
RATE = 5
WINDOWS = "interval_30m,day,month,shift_day,shift_evening,shift_night"
MOST_BYTES = 300 * 1024
STANDING_CLOCK = "Date.now = () => 0"
"""What does not fit takes turns by the clock of the page: one that stands shows the first turn, in each run."""
SHOWN = "document.querySelector('main').dataset.changes > 0"


class Picture(NamedTuple):
    """One picture: its name, the page's address, and the window's size."""

    name: str
    query: str
    width: int
    height: int


PICTURES = (
    Picture("board.png", "window=day&site=main&lang=en", 1440, 810),
    Picture("board-agent.png", "window=day&site=main&lang=en&agent=a-002", 1440, 810),
    Picture("board-phone.png", "window=day&site=main&lang=en", 390, 844),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.screenshots", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="folder (default docs/images)")
    parser.add_argument("--numbers", type=Path, help="the folder of a replay")
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("screenshots: there is no chromium on the path\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        try:
            numbers = asked.numbers or _replayed(Path(folder))
            asked.out.mkdir(parents=True, exist_ok=True)
            sizes = asyncio.run(_taken(chromium, Path(folder), numbers, asked.out))
        except (OSError, subprocess.CalledProcessError, ChromiumError) as error:
            sys.stderr.write(f"screenshots: {error}\n")
            return 1
    for name, size in sizes.items():
        verdict = "" if size <= MOST_BYTES else ", too large to keep"
        sys.stdout.write(f"{asked.out / name}: {size // 1024} KiB{verdict}\n")
    return int(max(sizes.values()) > MOST_BYTES)


def _replayed(folder: Path) -> Path:
    """A day and a half of a simulated floor, and what a replay makes of it."""
    events, numbers, config = folder / "events.jsonl.gz", folder / "numbers", ["--config", str(CONFIG)]
    made = ["--rate", str(RATE), "--from", FROM, "--to", TO, "--out", str(events)]
    subprocess.run([COMMAND, "simulate", *made, *config], check=True)
    subprocess.run([COMMAND, "replay", str(events), "--out", str(numbers), "--windows", WINDOWS, *config], check=True)
    return numbers


async def _taken(chromium: str, folder: Path, numbers: Path, out: Path) -> dict[str, int]:
    wallboard = _filled(numbers)
    web = Web(CollectorRegistry(), HealthAnswers(), wallboard)
    base = f"http://127.0.0.1:{await web.start('127.0.0.1', 0)}"
    sizes = {}
    try:
        with Chromium(chromium, folder / "profile") as browser:
            for picture in PICTURES:
                tab = await browser.open(f"{base}/?{picture.query}", picture.width, picture.height, STANDING_CLOCK)
                try:
                    await tab.until(SHOWN)
                    png = await tab.picture()
                finally:
                    await tab.close()
                (out / picture.name).write_bytes(png)
                sizes[picture.name] = len(png)
    finally:
        await web.stop()
    return sizes


def _filled(numbers: Path) -> Wallboard:
    """A wallboard that has read what a replay wrote, and whose clock stands a few seconds after it."""
    settings = load(CONFIG, environ={})
    records = [orjson.loads(line) for line in (numbers / "kpi.jsonl").read_bytes().splitlines()]
    now_ms = max(instant_ms(record["as_of"]) for record in records) + 3_000
    wallboard = Wallboard(settings, clock_ms=lambda: now_ms)
    wallboard.start = lambda: None  # type: ignore[method-assign]
    wallboard.feed.loaded, wallboard.feed.reported = True, None
    for record in records:
        wallboard.latest.on_kpi(_key(record), orjson.dumps(record))
    for line in (numbers / "alerts.jsonl").read_bytes().splitlines():
        wallboard.latest.on_alert(line)
    return wallboard


def _key(record: Mapping[str, Any]) -> bytes:
    return "|".join(record[part] for part in ("site", "level", "entity", "window", "start")).encode()


if __name__ == "__main__":
    sys.exit(main())
