"""Seconds for a replay of 20,000 adversarial events.

The events are those of the tests' random worlds, one after the other: few debtors, cases and ids, so that nearly every
event meets, repeats, corrects, reverses or contradicts another; instants at clock changes and midnights; garbage.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench.result import Row
from bench.setting import Setting
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


def measured(folder: Path, rules: bool) -> float:
    """Seconds of `kpi-stream replay`, its start included."""
    config = folder / "config.yaml"
    config.write_text(json.dumps({"sites": SITES} | ({"alerts": RULES} if rules else {})))
    command = [sys.executable, "-c", "from stream.cli.program import main; main()", "replay", "--no-progress"]
    options = ["--config", str(config), "--replace"]
    began = time.perf_counter()
    subprocess.run(
        [*command, "--input", str(folder / "events.jsonl"), "--out", str(folder / "out"), *options],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - began


def rows(setting: Setting) -> Iterator[Row]:
    """The part `adversarial`."""
    events = setting.events(EVENTS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "events.jsonl").write_bytes(b"\n".join(lines_of(events)))
        what = f"replay of {events:,} adversarial events"
        yield Row("adversarial.seconds", what, measured(folder, rules=False), "s")
        yield Row("adversarial.rules.seconds", f"{what} with two alert rules", measured(folder, rules=True), "s")
