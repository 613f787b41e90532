"""Queues and segments in a replay: folded at once or step by step, cut into tasks or not, calls at start or end."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.facts.instant import instant_ms
from stream.settings import Settings, load
from tests.replay.runs import cut_small, ran
from tests.simulate.days import world

EVENTS = [event for _, event in world(hours=1, rate=3.0)]
Place = tuple[str, str, str, int]
"""Site, level, entity, start of an interval."""


def settings_of(folder: Path, **definitions: str) -> Settings:
    file = folder / "config.json"
    windows = {"rolling": ["15m"], "intervals": ["15m"], "month": False}
    file.write_bytes(orjson.dumps({"definitions": definitions, "windows": windows}))
    return load(file, {})


def input_of(folder: Path) -> str:
    file = folder / "events.jsonl"
    file.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in EVENTS))
    return str(file)


def tumbling(out: dict[str, bytes]) -> list[dict[str, Any]]:
    records = (json.loads(line) for line in out["kpi.jsonl"].splitlines())
    return [record for record in records if not record["window"].startswith("rolling")]


def numerators(records: list[dict[str, Any]], kpi: str) -> Counter[Place]:
    return Counter(
        {
            (record["site"], record["level"], record["entity"], instant_ms(record["start"])): item["numerator"]
            for record in records
            for item in record["kpis"]
            if record["window"] == "interval_15m" and item["kpi"] == kpi
        }
    )


@pytest.mark.parametrize("at", ["start", "end"])
def test_both_folds_count_calls_for_their_queues_and_all_else_for_its_segments(
    at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, source = settings_of(tmp_path, calls_counted_at=at), input_of(tmp_path)
    at_once = tumbling(ran(settings, [source], tmp_path / "once", rolling=False))
    assert tumbling(ran(settings, [source], tmp_path / "steps", rolling=True)) == at_once
    cut_small(monkeypatch, 100_000, 200_000, 100_000)
    assert tumbling(ran(settings, [source], tmp_path / "cut", rolling=False)) == at_once
    expected: Counter[Place] = Counter()
    for event in EVENTS:
        if event["type"] == "call" and event["direction"] == "outbound" and "transferred_from" not in event:
            counted = event["occurred_at" if at == "start" else "ended_at"]
            start_ms = instant_ms(counted) // 900_000 * 900_000
            for level, entity in (("queue", event["queue_id"]), ("segment", event["segment_id"])):
                expected[event["site_id"], level, entity, start_ms] += 1
    dials = numerators(at_once, "dials")
    found = {place: count for place, count in dials.items() if place[1] in ("queue", "segment")}
    assert found == expected
    kpis_at = {record["level"]: set[str]() for record in at_once}
    for record in at_once:
        kpis_at[record["level"]] |= {item["kpi"] for item in record["kpis"]}
    assert "workload" in kpis_at["segment"] - kpis_at["queue"]
    assert {"recovered_amount", "promises"} <= kpis_at["segment"]
    assert not {"recovered_per_hour", "dials_per_hour", "occupancy_ratio"} & (kpis_at["segment"] | kpis_at["queue"])
