"""Whether an event costs the same whatever the windows, the number of debtors and the age of the event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from bench.calls import Floor, fill
from bench.result import Row
from bench.setting import Setting, step
from bench.system import System
from bench.throughput import HISTORY, RULE, Throughput, floor, worker

EVENTS = 300_000
ROLLING = {
    1: ["15m"],
    3: ["5m", "15m", "1h"],
    12: ["1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m", "45m", "60m", "90m", "120m"],
}
DEBTORS = (100, 10_000, 1_000_000)
LATE = 0.1


def rows(setting: Setting) -> Iterator[Row]:
    """The part `flat`. A spread is how much more the dearest of a group costs than the cheapest."""
    yield from _group("windows", "rolling windows, pane 10 s and 1 s", _by_windows(setting))
    if setting.smoke:
        return
    yield from _group("debtors", "debtors", _by_debtors(setting))
    yield from _group("late", f"{LATE:.0%} of the events up to 30 days late, and none", _by_age(setting))


def _group(key: str, what: str, runs: Iterator[tuple[str, str, Throughput]]) -> Iterator[Row]:
    found = []
    for name, words, result in runs:
        found.append(result)
        yield Row(f"flat.{key}.{name}.rate", words, round(result.rate), "events/s")
        yield Row(f"flat.{key}.{name}.cpu_us", f"{words}: CPU", round(result.cpu_us, 2), "us an event")
    if len(found) > 1:
        costs, rates = [result.cpu_us for result in found], [result.rate for result in found]
        yield Row(f"flat.{key}.spread", f"{what}: spread of CPU", round(100 * (max(costs) / min(costs) - 1)), "%")
        yield Row(
            f"flat.{key}.rate_spread", f"{what}: spread of events/s", round(100 * (max(rates) / min(rates) - 1)), "%"
        )


def _by_windows(setting: Setting) -> Iterator[tuple[str, str, Throughput]]:
    for count, rolling in list(ROLLING.items())[-1 if setting.smoke else 0 :]:
        words = f"floor, {count} rolling windows"
        yield f"rolling{count}", words, _on_floor(setting, f"flat-rolling{count}", words, {"rolling": rolling})
    if setting.smoke:
        return
    words = "floor, pane of 1 s"
    yield "pane1s", words, _on_floor(setting, "flat-pane1s", words, {"pane": "1s"})


def _on_floor(setting: Setting, name: str, words: str, windows: dict[str, object]) -> Throughput:
    system = floor(setting, name, EVENTS, windows=windows)
    step(words)
    return asyncio.run(worker(system, setting))


def _by_debtors(setting: Setting) -> Iterator[tuple[str, str, Throughput]]:
    for full in DEBTORS:
        debtors = full if full < 1_000_000 else setting.events(full)
        events = max(setting.events(EVENTS), debtors)
        yield f"{full}", f"calls of {debtors:,} debtors", _on_calls(setting, f"flat-d{full}", events, debtors, 0.0)


def _by_age(setting: Setting) -> Iterator[tuple[str, str, Throughput]]:
    events = setting.events(EVENTS)
    for name, late in (("none", 0.0), ("late", LATE)):
        words = f"calls, {late:.0%} of them up to 30 days late"
        yield name, words, _on_calls(setting, f"flat-{name}", events, 100_000, late)


def _on_calls(setting: Setting, name: str, events: int, debtors: int, late: float) -> Throughput:
    system = System(setting.bootstrap, setting.path, name, **HISTORY | {"alerts": [RULE]})
    system.run("topics", "create")
    step(f"{events:,} calls of {debtors:,} debtors, {late:.0%} of them late")
    calls = Floor(events, debtors=debtors, late=late, apart_ms=0)
    asyncio.run(fill(setting.bootstrap, calls, by_debtor=f"{system.prefix}.calls.v1", by_agent=None))
    return asyncio.run(worker(system, setting))
