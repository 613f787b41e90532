"""The page of a floor of 1,000 agents in Chromium, while every number changes every second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import orjson
from prometheus_client import CollectorRegistry

from deploy.local.chromium import Chromium
from stream.facts.instant import instant_text
from stream.kpis.catalogue import CATALOGUE
from stream.publish.view import DEFAULT_KPIS
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load

AGENTS, TEAMS = 1_000, 50
WINDOW, LENGTH_MS = "rolling_15m", 900_000
SCREENS = (("wall", "a wall, 1920 x 1080", 1920, 1080), ("phone", "a phone with all of them in a table", 390, 844))
WATCH = """
globalThis.tasks = [];
const noted = (list) => tasks.push(...list.getEntries().map((one) => one.duration));
new PerformanceObserver(noted).observe({ type: "longtask" });
globalThis.frames = [];
let before = performance.now();
requestAnimationFrame(function frame(now) { frames.push(now - before); before = now; requestAnimationFrame(frame); });
"""
DRAWN = "performance.getEntriesByName('show').map((one) => one.duration)"


class Screen(NamedTuple):
    """What one screen measured. `longest_ms`: of its tasks (0: none above 50). `drawn_ms`: the mean of drawing.
    `frame_ms`: between two frames, the 99th percentile."""

    name: str
    words: str
    longest_ms: float
    drawn_ms: float
    frame_ms: float


async def frames(chromium: str, folder: Path, seconds: int) -> list[Screen]:
    """What each screen measures while every number changes every second."""
    wallboard = Wallboard(load(environ={"KPI_STREAM_SITES": "{main: {zone: UTC}}"}))
    wallboard.start = lambda: None  # type: ignore[method-assign]
    wallboard.feed.loaded, wallboard.feed.reported = True, None
    web = Web(CollectorRegistry(), HealthAnswers(), wallboard)
    change(wallboard, 0)
    base = f"http://127.0.0.1:{await web.start('127.0.0.1', 0)}"
    found = []
    try:
        with Chromium(chromium, folder / "chromium") as browser:
            for name, words, width, height in SCREENS:
                tab = await browser.open(f"{base}/?agents={AGENTS}&lang=en", width, height, WATCH)
                await tab.until("document.querySelectorAll('#agents tbody tr').length > 5")
                await tab.value("tasks.length = frames.length = 0; performance.clearMeasures(); 1")
                for second in range(seconds):
                    change(wallboard, second + 1)
                    await asyncio.sleep(1.0)
                tasks, drawn = await tab.value("tasks"), await tab.value(DRAWN)
                between = sorted(await tab.value("frames"))
                frame_ms = between[len(between) * 99 // 100] if between else 0
                mean_ms = sum(drawn) / max(1, len(drawn))
                found.append(Screen(name, words, round(max(tasks, default=0)), round(mean_ms, 1), round(frame_ms)))
                await tab.close()
    finally:
        await web.stop()
    return found


def change(wallboard: Wallboard, number: int) -> None:
    """Every number of the floor becomes another one."""
    for key, value in _floor(Random(number)):
        wallboard.latest.on_kpi(key, value)


def _floor(chance: Random) -> Iterator[tuple[bytes, bytes]]:
    """A record of each agent, each team and the site, as of now, every value drawn anew."""
    now_ms = time.time_ns() // 1_000_000
    end_ms = -(-now_ms // 10_000) * 10_000
    places = [
        ("site", "main"),
        *(("team", f"t-{n}") for n in range(TEAMS)),
        *(("agent", f"a-{n}") for n in range(AGENTS)),
    ]
    for level, entity in places:
        body = {
            "site": "main", "level": level, "entity": entity, "window": WINDOW, "as_of": instant_text(now_ms),
            "start": instant_text(end_ms - LENGTH_MS), "end": instant_text(end_ms), "final": False, "run": "live",
            "revision": now_ms, "catalogue": 2, "kpis": [_value(kpi, chance) for kpi in DEFAULT_KPIS],
        }  # fmt: skip
        yield f"main|{level}|{entity}|{WINDOW}|".encode(), orjson.dumps(body)


def _value(kpi: str, chance: Random) -> dict[str, object]:
    entry, numerator = CATALOGUE[kpi], chance.randrange(1, 400)
    denominator = None if entry.denominator is None else chance.randrange(400, 900)
    value = numerator if denominator is None else numerator * entry.factor / denominator
    currency = {"currency": "CNY"} if entry.per_currency else {}
    return {"kpi": kpi, "numerator": numerator, "denominator": denominator, "value": value, "status": "ok"} | currency
