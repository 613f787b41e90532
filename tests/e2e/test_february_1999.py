"""The call log of February 1999 through a real broker and through replay: the same records, the published numbers,
and one alert for the outage of 3 February (README)."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.cli.main import run
from stream.kafka.names import Names
from stream.replay.reconcile import Records, chosen, latest, records_of
from tests.kafka.workers import WorkerProcess, committed, configured

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "february-1999.yaml"
SERVED, TALK_S = 26_671, 4_775_034
BUSIEST = {"IDIT": 1_957, "YIFAT": 1_904, "YITZ": 1_794, "AVNI": 1_739, "KAZAV": 1_697, "TOVA": 1_682}
MONTH = "1999-01-31T22:00:00Z"
LAST_DAY = "1999-02-27T22:00:00Z"


def kpis_of(records: Records, level: str, entity: str) -> dict[str, int]:
    """Numerators of the month's record of an entity, by KPI."""
    record = records[f"main|{level}|{entity}|month|{MONTH}"]
    return {kpi: amounts[0] for kpi, amounts in record.kpis.items()}


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def replayed(log: Path, config: Path, folder: Path) -> tuple[Records, list[dict[str, Any]]]:
    """KPI records by key, and alerts, of a replay that calls itself live."""
    calls = folder / "calls.jsonl"
    assert run(["import", "anonymous-bank", str(log), "--out", str(calls)]) == 0
    assert run(["replay", "--input", str(calls), "--out", str(folder), "--run", "live", "--config", str(config)]) == 0
    return chosen(records_of(str(folder)), None), lines(folder / "alerts.jsonl")


@pytest.mark.shared_data
def test_the_month_has_the_published_numbers_and_the_outage_raises_one_alert(shared_data: Path, tmp_path: Path) -> None:
    log = shared_data / "anonymous_bank_1999_02_calls.tsv"
    records, alerts = replayed(log, EXAMPLE, tmp_path)
    month = kpis_of(records, "site", "main")
    assert month["contacts"] == SERVED
    assert month["talk_time_mean"] == TALK_S * 1000
    for agent, calls in BUSIEST.items():
        assert kpis_of(records, "agent", agent)["contacts"] == calls
    assert [(alert["state"], alert["at"][:13]) for alert in alerts] == [
        ("firing", "1999-02-03T11"),
        ("resolved", "1999-02-03T11"),
    ]
    assert len({alert["alert_id"] for alert in alerts}) == 1


@pytest.mark.broker
@pytest.mark.shared_data
@pytest.mark.timeout(400)
async def test_a_worker_gives_the_same_records_and_the_same_alert_as_replay(
    broker: str, topic_prefix: str, shared_data: Path, tmp_path: Path
) -> None:
    log = shared_data / "anonymous_bank_1999_02_calls.tsv"
    config, settings = configured(broker, topic_prefix, tmp_path)
    document = yaml.safe_load(config.read_text()) | yaml.safe_load(EXAMPLE.read_text())
    document["time"] |= {"idle_after": "3s", "grace": "0s"}
    config.write_text(yaml.safe_dump(document))
    records, alerts = await asyncio.to_thread(replayed, log, config, tmp_path)
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)

    # Imported before a worker reads: a partition that waits for its importer for `idle_after` would be left out of the
    # clock that decides about alerts, and on a busy machine an importer may stand still for longer than that.
    command = Path(sys.executable).with_name("kpi-stream")
    for arguments in (["topics", "create"], ["import", "anonymous-bank", str(log), "--kafka"]):
        process = await asyncio.create_subprocess_exec(command, *arguments, "--config", str(config))
        assert await process.wait() == 0
    async with WorkerProcess(config) as worker:
        await worker.ready()
        live: Records = {}
        raised: list[dict[str, Any]] = []
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline:
            # The numbers are complete before the clock has passed the ends of the windows: finality comes last.
            live = await of_topic(broker, names.kpi)
            raised = [json.loads(record.value) for record in await committed(broker, names.alerts)]
            if numbers(live) == numbers(records) and open_days(live) == {LAST_DAY} and raised == alerts:
                break
            await asyncio.sleep(1)
        assert numbers(live) == numbers(records)
        assert open_days(live) == {LAST_DAY}
        assert raised == alerts


def open_days(records: Records) -> set[str]:
    """The starts of the days that are not final yet."""
    return {key.rpartition("|")[2] for key, found in records.items() if found.window == "day" and not found.final}


async def of_topic(broker: str, topic: str) -> Records:
    """The records of all windows but rolling, by key, as a reader with read_committed has them."""
    return chosen(latest((record.value, topic) for record in await committed(broker, topic)), None)


def numbers(records: Records) -> dict[str, dict[str, Any]]:
    """What the records say, whether they are final or not: the last day of the log is open in a live run."""
    return {key: found.kpis for key, found in records.items() if found.kpis}
