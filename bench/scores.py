"""How long scores take of 2,000 agents under three schemes: all anew after a change of the configuration, and after a
change of one KPI record; a part of `make bench`, without Kafka."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import orjson
import yaml

from bench.result import Row
from bench.setting import Setting
from stream.scores.publishing import Publishing
from stream.scores.scores import ScoreClock, Scores
from stream.settings import Settings, load

AGENTS, TEAMS = 2_000, 100
KEEP_MS = 400 * 86_400_000
MARCH_MS, APRIL_MS = 1_772_323_200_000, 1_775_001_600_000

SCHEMES = """
scorecards:
  - {scorecard: card, version: 1, from: 2026-01-01, level: agent, period: month, components: [
      {component: money, kpi: recovered_amount, currency: CNY, weight: 40, target: 10000000,
       scoring: {attainment: {cap: "1.2"}}},
      {component: calls, kpi: connect_rate, weight: 20, scoring: {steps: [[0, 0], ["0.10", 10], ["0.15", 20]]}},
      {component: effort, kpi: dials, weight: 20, scoring: {rank: {points: [20, 10, 5, 0], ties: mean}}},
      {component: promises, kpi: promise_rate, weight: 20, scoring: {linear: {from: [0, 0], to: [1, 20]}}}],
     grades: [[A, 90], [B, 75], [C, 60], [D, 0]], streaks: [{below: 60, periods: 2, flag: warning}]}
payouts:
  - {payout: ladder, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, only_recovery: measured,
     basis: {kpi: recovered_amount, currency: CNY, target: 10000000}, base: {default: 300000},
     base_share: [[0, 1], ["0.70", 1]],
     commission: {reading: whole, steps: [["1.00", "0.05"], ["1.10", "0.08"], ["1.20", "0.10"]]}}
contests:
  - {contest: race, version: 1, from: 2026-01-01, level: agent, period: month, kpi: connect_rate, currency: CNY,
     top: {must: {at_least: "0.15"}, amounts: [5000, 3000, 2000]}, ties: {by: dials}}
"""


def rows(_: Setting) -> Iterator[Row]:
    """Seconds of CPU, and milliseconds for one agent; it is all done by one thread."""
    records = [_record(number) for number in range(AGENTS)]
    clock = ScoreClock(APRIL_MS - 86_400_000, 0)
    scores = _scores(_settings(SCHEMES))
    publishing = Publishing(scores, KEEP_MS, "live")
    for record in records:
        scores.put_record(record)
    first = _published(publishing, clock)
    # A worker with another configuration: it reads all, and finds what was published under the former one.
    scores = _scores(_settings(SCHEMES.replace('"1.2"', '"1.1"').replace("300000", "310000").replace("5000,", "6000,")))
    publishing = Publishing(scores, KEEP_MS, "live")
    for key, value in first:
        publishing.put(key, value)
    began = time.process_time()
    for record in records:
        scores.put_record(record)
    read_s = time.process_time() - began
    began = time.process_time()
    changed = _published(publishing, clock)
    yield Row("scores.all_s", "2,000 agents x 3 schemes computed anew and made into records, CPU",
              round(time.process_time() - began, 2), "s")  # fmt: skip
    yield Row("scores.read_s", "reading their KPI records before that", round(read_s, 2), "s")
    yield Row("scores.changed", "records that differ after the change of the configuration", len(changed))
    began = time.process_time()
    scores.put_record(_record(7, revision=2))
    changed = _published(publishing, clock)
    yield Row("scores.one_ms", "the same after a change of one agent's KPI record",
              round(1_000 * (time.process_time() - began)), "ms")  # fmt: skip
    yield Row("scores.one_changed", "records that differ then", len(changed))
    _published(publishing, clock)
    began = time.process_time()
    scores.put_record(_record(7, revision=2, more_minor=100))
    changed = _published(publishing, clock)
    yield Row("scores.own_ms", "the same after a change of what that agent recovered, by which nobody is ranked",
              round(1_000 * (time.process_time() - began)), "ms")  # fmt: skip
    yield Row("scores.own_changed", "records that differ then", len(changed))


def _published(publishing: Publishing, clock: ScoreClock) -> list[tuple[bytes, bytes | None]]:
    found = [(each.key, each.value) for sheet in publishing.changes(clock, MARCH_MS) for each in sheet]
    for key, value in found:
        publishing.put(key, value)
    return found


def _scores(settings: Settings) -> Scores:
    return Scores(settings.schemes(), settings.targets(), settings.periods())


def _settings(text: str) -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "c.yaml"
        file.write_text(yaml.safe_dump(yaml.safe_load(text)))
        return load(file, {})


def _record(number: int, revision: int = 1, more_minor: int = 0) -> bytes:
    """An agent's March. `more_minor`: what was recovered beyond what chance gives."""
    chance = Random(number * 10 + revision)
    dials = chance.randrange(500, 3_000)
    parts = {
        "connect_rate": (chance.randrange(dials // 4), dials), "dials": (dials, None),
        "promise_rate": (chance.randrange(100), 100),
        "recovered_amount": (chance.randrange(15_000_000) + more_minor, None),
    }  # fmt: skip
    listed = [
        {"kpi": kpi, "currency": "CNY" if kpi == "recovered_amount" else None, "numerator": parts[kpi][0],
         "denominator": parts[kpi][1], "value": None, "status": "ok"}
        for kpi in parts
    ]  # fmt: skip
    return orjson.dumps({
        "site": "main", "level": "agent", "entity": f"a-{number:04}", "window": "month",
        "start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z", "as_of": "2026-03-31T00:00:00Z",
        "final": False, "revision": revision, "run": "live", "catalogue": 2, "kpis": listed,
    })  # fmt: skip
