"""Schemes for tests of live scores, measurements for them, and what the topics of scores say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from stream.kafka.names import Names
from stream.settings import Settings, load
from tests.kafka.workers import committed

SCHEMES: dict[str, Any] = {
    "indicators": ["bad_rate", "applications"],
    "targets": [
        {"kpi": "dials", "level": "agent", "entity": "*", "period": "day", "value": 20, "from": "2024-01-01"},
    ],
    "scorecards": [
        {"scorecard": "card", "version": 1, "from": "2024-01-01", "level": "agent", "period": "day", "components": [
            {"component": "calls", "kpi": "dials", "weight": 60, "scoring": {"attainment": {"cap": "1.2"}}},
            {"component": "contact", "kpi": "connect_rate", "weight": 20,
             "scoring": {"rank": {"points": [20, 10, 5, 0], "ties": "mean"}}},
            {"component": "quality", "indicator": "bad_rate", "weight": 20,
             "scoring": {"deduct": {"limit": "0.012", "per": "0.001", "points": 1, "floor": 0}}}],
         "grades": [["A", 80], ["B", 50], ["C", 0]],
         "streaks": [{"below": 60, "periods": 1, "flag": "warning"}]},
    ],
    "payouts": [
        {"payout": "pay", "version": 1, "from": "2024-01-01", "level": "agent", "period": "day", "currency": "CNY",
         "basis": {"scorecard": "card"}, "base": {"default": 30000}, "base_share": [[50, "0.5"], [80, 1]]},
    ],
    "contests": [
        {"contest": "race", "version": 1, "from": "2024-01-01", "level": "team", "period": "month",
         "kpi": "connect_rate", "currency": "CNY", "top": {"amounts": [5000, 3000]}, "ties": {"by": "dials"}},
    ],
    "rewards": [
        {"reward": "volume", "version": 1, "from": "2024-01-01", "level": "agent", "period": "day", "currency": "CNY",
         "indicator": "applications", "at_least": 3, "amount": 5000, "each_more": 1000},
    ],
}  # fmt: skip
"""One scheme of each kind, over days and a month."""


def schemes_from(day: str) -> dict[str, Any]:
    """The same, in force from another day on."""
    return {
        name: [each | {"from": day} if isinstance(each, dict) else each for each in section]
        for name, section in SCHEMES.items()
    }


def with_schemes(folder: Path) -> Settings:
    """The settings of a worker with these schemes, in force from 2023 on, without grace."""
    document = schemes_from("2023-01-01") | {"publish": {"scores_every": "10s"}, "time": {"grace": "0s"}}
    config = folder / "c.yaml"
    config.write_text(yaml.safe_dump(document))
    return load(config, {})


def measurement(number: int, **fields: Any) -> dict[str, Any]:
    """The measurement `m-<number>` of an agent's day."""
    return {
        "type": "measurement", "event_id": f"me-{number}-{fields.get('version', 1)}", "measurement_id": f"m-{number}",
        "occurred_at": "2024-03-04T02:00:00Z", "indicator": "applications", "level": "agent", "entity": "a-1",
        "period": "day", "period_start": "2024-03-04", "numerator": 4,
    } | fields  # fmt: skip


def said(record: dict[str, Any]) -> dict[str, Any]:
    """What two runs of the same events agree on: not when it was computed, nor how often."""
    parts = [{name: value for name, value in part.items() if name != "kpi_revision"} for part in record["parts"]]
    passing = ("revision", "as_of", "run")
    return {name: value for name, value in record.items() if name not in passing} | {"parts": parts}


def scores_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Key -> what `scores.jsonl` of a replay says."""
    records = [json.loads(line) for line in (folder / "scores.jsonl").read_bytes().splitlines()]
    return {key_of(record): said(record) for record in records}


def key_of(record: dict[str, Any]) -> str:
    names = ("kind", "name", "version", "site", "level", "entity", "start")
    return "|".join(str(record[name]) for name in names)


async def live_scores(settings: Settings) -> dict[str, dict[str, Any]]:
    """Key -> the latest record of the topic of scores. Revisions rise by one each time, and nothing is said twice."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    latest: dict[str, dict[str, Any]] = {}
    for each in await committed(settings.kafka.bootstrap_servers, names.scores):
        key = each.key.decode()
        if each.value is None:
            del latest[key]
            continue
        record = json.loads(each.value)
        assert key == key_of(record)
        before = latest.get(key)
        assert record["revision"] == (1 if before is None else before["revision"] + 1), (before, record)
        assert before is None or said(before) != said(record)
        latest[key] = record
    return latest


async def live_ledger(settings: Settings) -> list[dict[str, Any]]:
    """The lines of the ledger of scores."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    return [json.loads(each.value) for each in await committed(settings.kafka.bootstrap_servers, names.scoreledger)]
