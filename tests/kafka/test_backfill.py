"""Backfill and hand-over on a real broker: the history under another definition, and workers that go on from it."""

import asyncio
import json
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions

from stream.cli.main import run
from stream.kafka.names import Names
from stream.kafka.topics import admin_client
from stream.partition.positions import KEY, decode
from stream.settings import Settings
from stream.worker.purge import purge
from tests.kafka.records import call
from tests.kafka.test_faults import DIES_IN_A_TRANSACTION
from tests.kafka.test_live_is_replay import RULES, alerts_of, send, simulated
from tests.kafka.workers import MAIN, ROOT, WorkerProcess, committed, configured, latest_kpis, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

CLOCKS = {"idle_advance": False, "idle_after": "2s", "grace": "0s"}
SMALL_FETCHES = "import stream.kafka.batches as batches; batches.FETCH_BYTES = 500"
"""A restore takes the last record of a key in a fetch: as of a large state, what was replaced is read, too."""


def changed(config: Path, **sections: Any) -> Path:
    """The configuration with other sections, as another file."""
    document = yaml.safe_load(config.read_text())
    for name, section in sections.items():
        document[name] = document.get(name, {}) | section if isinstance(section, dict) else section
    other = config.with_name(f"changed-{config.name}")
    other.write_text(yaml.safe_dump(document))
    return other


async def command(*arguments: object) -> int:
    return await asyncio.to_thread(run, [str(argument) for argument in arguments])


async def killed_in_a_commit(commits: int, *arguments: object) -> int:
    """The exit code of a hand-over that is killed inside its transaction number `commits`."""
    code = f"{DIES_IN_A_TRANSACTION.format(commits=commits)}\n{MAIN}"
    command = [sys.executable, "-c", code, "backfill", "--hand-over", *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    return await asyncio.wait_for(process.wait(), 120)


async def stopped(worker: WorkerProcess) -> None:
    worker.signal(signal.SIGTERM)
    assert await worker.ends() == 0, worker.log[-2000:]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


async def until_same(config: Path, numbers: Path) -> None:
    for _ in range(60):
        if await command("reconcile", "live", numbers, "--final-only", "--config", config) == 0:
            return
        await asyncio.sleep(1)
    assert await command("reconcile", "live", numbers, "--config", config) == 0


async def until_alerts(settings: Settings, expected: list[dict[str, Any]]) -> None:
    """Returns once the alerts topic says this; fails if it says anything else."""
    for _ in range(60):
        if len(await alerts_of(settings)) >= len(expected):
            break
        await asyncio.sleep(1)
    assert await alerts_of(settings) == expected


async def until_live_has(settings: Settings, rows: list[dict[str, Any]]) -> None:
    """Returns once the KPI topic says of these windows what the rows say."""
    assert rows
    expected = {(row["site"], row["level"], row["entity"], row["window"], row["start"]): row["kpis"] for row in rows}
    for _ in range(60):
        found = {tuple(key.split("|")): each["kpis"] for key, each in (await latest_kpis(settings)).items()}
        if all(found.get(key) == kpis for key, kpis in expected.items()):
            return
        await asyncio.sleep(1)
    raise AssertionError("the live run does not say the same")


async def everything(settings: Settings) -> dict[str, int]:
    """Topic -> how many records it has ever got."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    topics = (*names.inbound, names.kpi, names.alerts, names.deadletter, names.ledger, names.deltas, names.windows)
    found = {}
    for topic in topics:
        records = await committed(settings.kafka.bootstrap_servers, topic)
        found[topic] = sum(1 for _ in records)
    return found


async def test_a_backfill_gives_what_replay_gives_and_leaves_the_live_run_alone(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path, time=CLOCKS)
    config = changed(config, alerts=RULES)
    events = simulated(tmp_path, config)
    (tmp_path / "sorted.jsonl").write_text("\n".join(json.dumps(event) for event in events))
    assert await command("topics", "create", "--config", config) == 0
    await send(settings, [*events, {"type": "nothing"}])
    before = await everything(settings)
    replay = ["replay", "--input", tmp_path / "sorted.jsonl", "--run", "backfill", "--config", config]
    assert await command(*replay, "--out", tmp_path / "replayed") == 0
    backfill = ["backfill", "--config", config, "--processes", 2]
    assert await command(*backfill, "--out", tmp_path / "filled") == 0
    for name in ("kpi.jsonl", "alerts.jsonl"):
        assert (tmp_path / "filled" / name).read_bytes() == (tmp_path / "replayed" / name).read_bytes(), name
    dead = lines(tmp_path / "filled" / "deadletter.jsonl")
    (nothing,) = [row for row in dead if row["reason"] == "invalid"]
    assert json.loads(nothing["value"]) == {"type": "nothing"}
    assert nothing["source"].startswith(f"{topic_prefix}.")
    assert await everything(settings) == before

    span = ["--from", "2024-03-04T01:30:00Z", "--to", "2024-03-04T02:30:00Z"]
    assert await command(*backfill, *span, "--out", tmp_path / "hour") == 0
    hour = lines(tmp_path / "hour" / "kpi.jsonl")
    whole = [row for row in lines(tmp_path / "filled" / "kpi.jsonl") if row["start"] in SPAN and row["end"] in SPAN]
    assert hour == whole
    assert hour
    alerts = lines(tmp_path / "filled" / "alerts.jsonl")
    assert lines(tmp_path / "hour" / "alerts.jsonl") == [row for row in alerts if SPAN[0] <= row["at"] < SPAN[-1]]


SPAN = ("2024-03-04T01:30:00Z", "2024-03-04T02:00:00Z", "2024-03-04T02:30:00Z")


async def test_a_changed_definition_goes_live_with_its_history_and_the_alerts_go_on(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path, time=CLOCKS)
    config = changed(config, alerts=RULES)
    events = simulated(tmp_path, config)
    half = len(events) // 2
    # Sent before a worker reads: a topic that is still to be filled would be left out of the watermark as idle.
    assert await command("topics", "create", "--config", config) == 0
    await send(settings, events[:half])
    async with WorkerProcess(config) as worker:
        await worker.ready()
        assert await command("backfill", "--hand-over", "--config", config, "--out", tmp_path / "no") == 1
        over = ["--to", SPAN[0], "--out", tmp_path / "half"]
        assert await command("backfill", "--config", config, *over) == 0
        await until_live_has(settings, lines(tmp_path / "half" / "kpi.jsonl"))
        await stopped(worker)
    before = await latest_kpis(settings)
    alerts = await alerts_of(settings)
    assert alerts

    other = changed(
        config, definitions={"effective_talk_floor_ms": 60_000}, windows={"intervals": ["15m", "30m"], "month": False}
    )
    async with WorkerProcess(other) as refusing:
        assert await refusing.ends() == 4
        assert "goes live by backfill and hand-over" in refusing.log
    for commits in (2, 7, 15):
        assert await killed_in_a_commit(commits, "--config", other, "--out", tmp_path / "over") == -signal.SIGKILL
        async with WorkerProcess(other) as refusing:
            assert await refusing.ends() == 4
    assert await command("backfill", "--hand-over", "--config", other, "--out", tmp_path / "over") == 0
    await send(settings, events[half:])
    async with WorkerProcess(other) as worker:
        await worker.ready()
        assert await command("backfill", "--config", other, "--run", "live", "--out", tmp_path / "all") == 0
        await until_same(other, tmp_path / "all")
        found = await latest_kpis(settings)
        highest = max(record["revision"] for record in before.values())
        full = {key for key, record in found.items() if record["kpis"]}
        assert all(found[key]["revision"] > highest for key in full)
        assert any("|interval_15m|" in key for key in full)
        assert any("|month|" in key for key in before)
        assert not any("|month|" in key for key in full)
        # No rule reads what the change is about: the alerts are those of one undisturbed run.
        await until_alerts(settings, lines(tmp_path / "all" / "alerts.jsonl"))
        await stopped(worker)


NEW_IN_CATALOGUE_2 = (
    "measures", "facts", "definitions.service_level_formula", "definitions.calls_counted_at",
    "definitions.open_state_max_ms", "definitions.open_state_ends_with_shift",
)  # fmt: skip
"""Keys that the fingerprint of a state of catalogue 1 does not have."""


async def made_catalogue_1(settings: Settings) -> None:
    """Gives the state the fingerprint that a worker of catalogue 1 would have left."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    for topic in (names.ledger, names.windows):
        newest = {
            r.partition: r.value for r in await committed(settings.kafka.bootstrap_servers, topic) if r.key == KEY
        }
        for partition, value in newest.items():
            positions = decode(value)
            former = {name: each for name, each in positions.fingerprint.items() if name not in NEW_IN_CATALOGUE_2}
            assert len(positions.fingerprint) == len(former) + len(NEW_IN_CATALOGUE_2)
            old = replace(positions, fingerprint=former | {"fold": 1})
            await produce(settings.kafka.bootstrap_servers, topic, [(KEY, old.encode())], partition=partition)


async def test_state_of_catalogue_1_is_refused_and_goes_live_by_hand_over(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path, time=CLOCKS)
    events = simulated(tmp_path, config)
    half = len(events) // 2
    assert await command("topics", "create", "--config", config) == 0
    await send(settings, events[:half])
    async with WorkerProcess(config) as worker:
        await worker.ready()
        assert await command("backfill", "--config", config, "--to", SPAN[0], "--out", tmp_path / "half") == 0
        await until_live_has(settings, lines(tmp_path / "half" / "kpi.jsonl"))
        await stopped(worker)
    await made_catalogue_1(settings)
    async with WorkerProcess(config) as refusing:
        assert await refusing.ends() == 4
        assert "goes live by backfill and hand-over" in refusing.log
    assert await command("backfill", "--hand-over", "--config", config, "--out", tmp_path / "over") == 0
    await send(settings, events[half:])
    async with WorkerProcess(config) as worker:
        await worker.ready()
        assert await command("backfill", "--config", config, "--run", "live", "--out", tmp_path / "all") == 0
        await until_same(config, tmp_path / "all")
        assert {record["catalogue"] for record in (await latest_kpis(settings)).values() if record["kpis"]} == {2}
        await stopped(worker)


async def test_while_events_go_on_the_final_records_of_a_backfill_are_those_of_the_live_run(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path, time=CLOCKS)
    events = simulated(tmp_path, config)
    assert await command("topics", "create", "--config", config) == 0
    half, step = len(events) // 2, 200
    await send(settings, events[:half])
    async with WorkerProcess(config) as worker:
        await worker.ready()
        compared = 0
        for first in range(half, len(events), step):
            await send(settings, events[first : first + step])
            out = tmp_path / f"at-{first}"
            assert await command("backfill", "--config", config, "--run", "live", "--out", out) == 0
            await until_same(config, out)
            compared += sum(record["final"] for record in lines(out / "kpi.jsonl"))
        assert compared > 100
        await stopped(worker)


async def test_topics_with_more_partitions_go_live_with_their_history(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path, time=CLOCKS)
    config = changed(config, alerts=RULES)
    events = simulated(tmp_path, config)
    half = len(events) // 2
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await send(settings, events[:half])
        assert await command("backfill", "--config", config, "--to", SPAN[0], "--out", tmp_path / "half") == 0
        await until_live_has(settings, lines(tmp_path / "half" / "kpi.jsonl"))
        await stopped(worker)
    async with admin_client(settings) as admin:
        await admin.create_partitions({topic: NewPartitions(6) for topic in Names(topic_prefix, topic_prefix).inbound})
    other = changed(config, kafka={"partitions": 6})
    assert await command("backfill", "--hand-over", "--config", config, "--out", tmp_path / "over") == 1
    assert await command("backfill", "--hand-over", "--config", other, "--out", tmp_path / "over") == 0
    async with WorkerProcess(other, SMALL_FETCHES) as worker:
        await worker.owns(6)
        await send(settings, events[half:])
        assert await command("backfill", "--config", other, "--out", tmp_path / "all") == 0
        assert not [row for row in lines(tmp_path / "all" / "deadletter.jsonl") if row["reason"] == "misrouted"]
        await until_same(other, tmp_path / "all")
        await stopped(worker)


async def test_where_retention_has_deleted_events_windows_before_an_instant_stay_as_they_are(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path, time=CLOCKS)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    early = [(b"d-%d" % n, call(n, n * 1000, f"d-{n}", talk_ms=30_000)) for n in range(40)]
    late = [(b"d-%d" % n, call(n, 7_200_000 + n * 1000, f"d-{n}", talk_ms=30_000)) for n in range(100, 160)]
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await produce(broker, inbound, early)
        await until_counted(settings, "dials", "site", {"main": 40})
        consumed = await committed(broker, inbound)
        await produce(broker, inbound, late)
        await until_counted(settings, "dials", "site", {"main": 100})
        await stopped(worker)
    before = await latest_kpis(settings)
    await purge(settings, {TopicPartition(inbound, r.partition): r.offset + 1 for r in consumed})
    other = changed(config, definitions={"effective_talk_floor_ms": 60_000})
    over = ["backfill", "--hand-over", "--config", other, "--out", tmp_path / "over"]
    assert await command(*over) == 1
    assert await command(*over, "--from", "2024-01-01T14:00:00Z") == 0
    async with WorkerProcess(other) as worker:
        await worker.ready()
        await produce(broker, inbound, [(b"d-1", call(999, 7_300_000, "d-1", talk_ms=90_000))])
        await until_counted(settings, "dials", "site", {"main": 101})
        found = await latest_kpis(settings)
        await stopped(worker)
    noon, two = "main|site|main|interval_30m|2024-01-01T12:00:00Z", "main|site|main|interval_30m|2024-01-01T14:00:00Z"
    assert found[noon] == before[noon]
    assert effective(before[two]) == 60 * 30_000
    assert effective(found[two]) == 90_000
    # The day began before: it goes on under the sums that it had.
    assert effective(found["main|site|main|day|2024-01-01T00:00:00Z"]) == 100 * 30_000 + 90_000


def effective(record: dict[str, Any]) -> int:
    """Milliseconds of effective talk."""
    return next(int(kpi["numerator"]) for kpi in record["kpis"] if kpi["kpi"] == "effective_talk_ratio")
