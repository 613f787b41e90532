"""CPU and size of a scrape of /metrics: a floor whose every record has changed since the last one, and one at rest."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from statistics import median

from bench.result import Row
from bench.setting import Setting
from stream.publish.collector import KpiCollector
from stream.publish.exposition import exposition
from stream.settings import load
from tests.publish.records import floor

AGENTS = (1_000, 2_000)
TEAMS = 50
TIMES = 7


def rows(setting: Setting) -> Iterator[Row]:
    """The part `scrape`: the shipped defaults, six windows, one worker that owns all of a site."""
    for agents in AGENTS[: 1 if setting.smoke else None]:
        yield from _measured(agents, f"{agents:,} agents, {TEAMS} teams")


def _measured(agents: int, words: str) -> Iterator[Row]:
    collector = KpiCollector(exposition(load(environ={}).plan()))
    records = floor(agents=agents, teams=TEAMS)
    changed: list[float] = []
    rest: list[float] = []
    zipped: list[float] = []
    text = b""
    for _ in range(TIMES):
        collector.on_committed(0, records)
        changed.append(_cpu_ms(collector.text))
        rest.append(_cpu_ms(collector.text))
        text = collector.text()
        zipped.append(_cpu_ms(lambda body=text: gzip.compress(body, 1)))  # type: ignore[misc]
    lines = [line for line in text.splitlines() if line.startswith(b"collections_window_")]
    dropped = next(line for line in text.splitlines() if line.startswith(b"collections_series_dropped "))
    key = f"scrape.{agents}"
    yield Row(f"{key}.series", f"{words}: window series", len(lines))
    yield Row(f"{key}.dropped", f"{words}: series withheld", float(dropped.split()[1]))
    yield Row(f"{key}.cpu_ms", f"{words}: a scrape after every record has changed, CPU", _tenths(changed), "ms")
    yield Row(f"{key}.rest_ms", f"{words}: a scrape after none has, CPU", _tenths(rest), "ms")
    yield Row(f"{key}.zip_ms", f"{words}: gzip, CPU", _tenths(zipped), "ms")
    yield Row(f"{key}.kib", f"{words}: text", round(len(text) / 1024), "KiB")
    yield Row(f"{key}.zipped_kib", f"{words}: through gzip", round(len(gzip.compress(text, 1)) / 1024), "KiB")


def _tenths(found: list[float]) -> float:
    return round(median(found), 1)


def _cpu_ms(work: Callable[[], object]) -> float:
    """CPU of this thread, which a busy machine does not stretch."""
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1_000
