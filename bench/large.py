"""Replay of 20,000,000 events: its memory must not grow with the input."""

from __future__ import annotations

from collections.abc import Iterator

from bench.backfill import MAIN, measured, write_events
from bench.result import Row
from bench.setting import Setting, step

EVENTS = 20_000_000


def rows(setting: Setting) -> Iterator[Row]:
    """The part `large`."""
    path = setting.path / "large.jsonl"
    step(f"writing {setting.events(EVENTS):,} events")
    count = write_events(path, setting.events(EVENTS))
    step("replaying them")
    took = measured([*MAIN, "replay", "--input", str(path), "--out", str(setting.path / "large"), "--no-progress"])
    what = f"replay of {count:,} events from JSON Lines"
    yield Row("large.peak_mib", f"{what}: most memory of all its processes", took.peak_bytes // 2**20, "MiB")
    yield Row("large.rate", f"{what}, on all cores", round(count / took.seconds), "events/s")
    yield Row("large.core_rate", f"{what}, a core", round(count / took.cpu_seconds), "events/s of CPU")
