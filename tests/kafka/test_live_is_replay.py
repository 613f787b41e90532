"""The live path, with kills, gives what replay gives of the same events (live 6 and 2, live 5)."""

import asyncio
import json
import signal
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.cli.main import run
from stream.kafka.names import Names
from stream.settings import Settings
from stream.simulate.route import key_of, topic_of
from tests.kafka.test_faults import DIES_IN_A_TRANSACTION
from tests.kafka.workers import WorkerProcess, committed, configured, produce

pytestmark = [pytest.mark.broker, pytest.mark.faults, pytest.mark.timeout(300)]

RULES = [
    {"rule": "few", "kpi": "connect_rate", "level": "team", "window": "rolling_15m", "below": 0.4, "exit": 0.45,
     "min_denominator": 5, "for": "2m", "keep_firing_for": "1m", "cooldown": "5m",
     "inhibited_by": ["silent"], "where": "site"},
    {"rule": "silent", "kpi": "right_party_rate", "level": "site", "window": "rolling_5m", "severities": [
        {"severity": "warning", "below": 0.5}, {"severity": "critical", "below": 0.4, "for": "1m"}]},
    {"rule": "one", "kpi": "connect_rate", "level": "agent", "window": "rolling_15m", "below": 0.3, "exit": 0.5,
     "min_denominator": 5, "inhibited_by": ["few"], "where": "team", "labels": {"floor": "2"}},
    {"rule": "paid", "kpi": "recovered_amount", "level": "site", "window": "interval_30m", "currency": "CNY",
     "above": 100000},
]  # fmt: skip
EVENTS = 6_000


def simulated(folder: Path, config: Path) -> list[dict[str, Any]]:
    """An hour and a half of a contact centre, with redeliveries, corrections and conflicts, sorted by event time; and
    four months later one survey, so that every deadline has passed."""
    file = folder / "events.jsonl"
    mess = "duplicates=0.02,corrections=0.02,conflicts=0.01"
    arguments = ["--events", str(EVENTS), "--rate", "1", "--seed", "5", "--from", "2024-03-04T01:00:00Z"]
    assert run(["simulate", "--out", str(file), *arguments, "--mess", mess, "--config", str(config)]) == 0
    events = [json.loads(line) for line in file.read_bytes().splitlines()]
    last = {
        "type": "survey",
        "event_id": "last",
        "survey_id": "last",
        "score": 5,
        "occurred_at": "2024-07-04T00:00:00Z",
    }
    return [*sorted(events, key=lambda event: str(event["occurred_at"])), last]


async def send(settings: Settings, events: list[dict[str, Any]]) -> None:
    by_topic: dict[str, list[tuple[bytes | None, bytes | None]]] = defaultdict(list)
    for event in events:
        key = key_of(event)
        topic = topic_of(event["type"], settings.kafka.topic_prefix)
        by_topic[topic].append((None if key is None else key.encode(), json.dumps(event).encode()))
    for topic, records in by_topic.items():
        await produce(settings.kafka.bootstrap_servers, topic, records)


async def alerts_of(settings: Settings) -> list[dict[str, Any]]:
    """The distinct alert records, in the order of replay's file."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    found = [json.loads(record.value) for record in await committed(settings.kafka.bootstrap_servers, names.alerts)]
    distinct = {json.dumps(alert, sort_keys=True): alert for alert in found}.values()
    return sorted(distinct, key=lambda a: (a["at"], a["rule"], a["site"], a["level"], a["entity"]))


async def test_the_live_path_with_kills_gives_the_records_and_the_alerts_of_replay(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(
        broker, topic_prefix, tmp_path, time={"idle_advance": False, "idle_after": "2s", "grace": "0s"},
    )  # fmt: skip
    document = yaml.safe_load(config.read_text()) | {"alerts": RULES}
    config.write_text(yaml.safe_dump(document))
    events = simulated(tmp_path, config)
    (tmp_path / "sorted.jsonl").write_text("\n".join(json.dumps(event) for event in events))
    replay = ["replay", "--input", str(tmp_path / "sorted.jsonl"), "--out", str(tmp_path / "out"), "--run", "live"]
    assert await asyncio.to_thread(run, [*replay, "--config", str(config)]) == 0
    expected = [json.loads(line) for line in (tmp_path / "out" / "alerts.jsonl").read_bytes().splitlines()]
    assert {(each["rule"], each["muted"]) for each in expected} >= {("few", True), ("one", True), ("one", False)}

    async with WorkerProcess(config) as first:
        await first.ready()
        first.signal(signal.SIGTERM)
        await first.ends()
    await send(settings, events)
    for commits in (6, 15):
        async with WorkerProcess(config, DIES_IN_A_TRANSACTION.format(commits=commits)) as doomed:
            assert await doomed.ends(60) == -signal.SIGKILL, doomed.log[-2000:]
    async with WorkerProcess(config) as one, WorkerProcess(config) as other:
        await one.owns(2)
        await other.owns(2)
        reconcile = ["reconcile", "live", str(tmp_path / "out"), "--final-only", "--config", str(config)]
        for _ in range(30):
            if await asyncio.to_thread(run, reconcile) == 0 and await alerts_of(settings) == expected:
                break
            await asyncio.sleep(1)
    assert await asyncio.to_thread(run, reconcile) == 0
    assert await alerts_of(settings) == expected
    # The same against a backfill of the topics that the killed workers read.
    assert await asyncio.to_thread(run, ["backfill", "--out", str(tmp_path / "filled"), "--config", str(config)]) == 0
    filled = ["reconcile", "live", str(tmp_path / "filled"), "--final-only", "--facts", "--config", str(config)]
    assert await asyncio.to_thread(run, filled) == 0
    kpis = await committed(broker, Names(topic_prefix, topic_prefix).kpi)
    assert sum(json.loads(record.value)["final"] for record in kpis) > 100
