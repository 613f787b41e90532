"""What agents do now, on a topic of its own (contract 2): revisions that only rise, in the ledger's transactions."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import NewPartitions

from stream.cli.main import run
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, wanted_topics
from stream.partition.intake import key_partition
from stream.partition.positions import KEY, AgentsSaid, Positions, decode
from stream.partition.work import Commit
from stream.settings import Settings, load
from tests.kafka.on_bench import LEDGER, PREFIX, Bench, sent
from tests.kafka.records import NOON_MS, FakeRecord, debtor_of, instant
from tests.kafka.test_backfill import changed
from tests.kafka.test_faults import DIES_IN_A_TRANSACTION
from tests.kafka.workers import WorkerProcess, committed, configured, produce

TOPIC = f"{PREFIX}.agents.v1"
AGENT = debtor_of(1, 4)


def state(number: int, at_ms: int, agent: str = AGENT, **fields: Any) -> bytes:
    """The state `e-<number>` of an agent, `at_ms` after NOON_MS."""
    event = {
        "type": "agent_state", "event_id": f"e-{number}", "occurred_at": instant(at_ms), "agent_id": agent,
        "state": "available",
    }  # fmt: skip
    return json.dumps(event | fields).encode()


def record(offset: int, at_ms: int = 0, agent: str = AGENT, *, stamp_ms: int = NOON_MS, **fields: Any) -> FakeRecord:
    return FakeRecord(offset, state(offset, at_ms, agent, **fields), agent.encode(), timestamp=stamp_ms)


def told(commit: Commit) -> list[dict[str, Any]]:
    return [json.loads(value or b"") for _, value in sent(commit, TOPIC, 1)]


def goes_on(*commits: Commit, positions: Positions | None = None) -> Bench:
    """Number 1 restored from what these commits wrote; `positions`: in place of the last offset record."""
    bench = Bench()
    for commit in commits:
        for key, value in sent(commit, LEDGER, 1):
            bench.work.restore(key or b"", value)
    if positions is not None:
        bench.work.restore(KEY, positions.encode())
    at = bench.work.positions
    assert at is not None
    bench.fed = max(each.offset for each in at.tps.values())
    bench.work.resume({topic: (each.offset, 1) for topic, each in at.tps.items()})
    bench.look()
    return bench


def said_in(commit: Commit) -> AgentsSaid:
    return decode(sent(commit, LEDGER, 1)[-1][1] or b"").agents


def test_the_topic_is_compacted_has_as_many_partitions_as_the_inbound_ones_and_deletes_nothing_by_age() -> None:
    wanted = {topic.name: topic for topic in wanted_topics(load(None, {}))}
    assert wanted[TOPIC].config["cleanup.policy"] == "compact"
    assert wanted[TOPIC].partitions == wanted[Names(PREFIX, "kpi-stream").inbound[0]].partitions


def test_a_state_is_said_in_the_transaction_of_its_ledger_record_and_nothing_is_where_nothing_changed() -> None:
    bench = Bench()
    bench.feed(record(0, 1_000, team_id="t-1", reason="back"))
    commit = bench.commit()
    assert told(commit) == [{
        "site": "main", "agent": AGENT, "team": "t-1", "state": "available", "reason": "back",
        "since": "2024-01-01T12:00:01Z", "revision": NOON_MS, "run": "live",
    }]  # fmt: skip
    assert sent(commit, TOPIC, 1)[0][0] == f"main|{AGENT}".encode()
    assert any(b"|se-0" in (key or b"") for key, _ in sent(commit, LEDGER, 1))
    assert said_in(commit) == (NOON_MS, True)
    bench.feed(record(1, 500))  # late
    quiet = bench.commit()
    assert (TOPIC, 1) not in quiet.outgoing
    assert said_in(quiet) == (NOON_MS, True)


def test_revisions_rise_with_the_stamps_and_where_these_stand_still_or_go_back() -> None:
    bench = Bench()
    revisions = []
    for offset, stamp_ms in enumerate((NOON_MS, NOON_MS, NOON_MS - 5, NOON_MS + 9, NOON_MS + 9)):
        bench.feed(record(offset, offset, stamp_ms=stamp_ms))
        revisions += [each["revision"] for each in told(bench.commit())]
    assert revisions == [NOON_MS, NOON_MS + 1, NOON_MS + 2, NOON_MS + 9, NOON_MS + 10]


def test_whoever_takes_a_number_over_goes_on_above_what_was_said_and_says_nothing_again() -> None:
    bench = Bench()
    commits = []
    for offset in range(3):
        bench.feed(record(offset, offset))
        commits.append(bench.commit())
    other = goes_on(*commits)
    quiet = other.commit()
    assert told(quiet) == []
    other.feed(record(3, 3))
    assert [each["revision"] for each in told(other.commit())] == [NOON_MS + 3]
    # A transaction that was lost was never said: the number begins anew from the last commit.
    again = goes_on(*commits, quiet)
    again.feed(record(3, 3, state="break"))
    assert [(each["revision"], each["state"]) for each in told(again.commit())] == [(NOON_MS + 3, "break")]


@pytest.mark.parametrize("former", [AgentsSaid(), AgentsSaid(NOON_MS + 100)], ids=["version 1", "hand-over"])
def test_a_state_of_which_not_all_was_said_says_everything_once_above_what_was_said(former: AgentsSaid) -> None:
    bench = Bench()
    bench.feed(record(0), record(1, 1, site_id="east"), record(2, 2, debtor_of(1, 4, skip=1), state="break"))
    commit = bench.commit()
    before = decode(sent(commit, LEDGER, 1)[-1][1] or b"")
    written = Positions(before.fingerprint, 4, 2, before.tps, before.greatest_ms, agents=former)
    other = goes_on(commit, positions=written)
    assert other.work.due(200)
    first = other.commit()
    assert [(each["site"], each["state"]) for each in told(first)] == [
        ("east", "available"), ("main", "available"), ("main", "break"),
    ]  # fmt: skip
    assert {each["revision"] for each in told(first)} == {max(NOON_MS, former.revision + 1)}
    assert told(goes_on(commit, first).commit()) == []


# on a real broker -----------------------------------------------------------------------------------------------------


async def heard(settings: Settings) -> dict[str, dict[str, Any]]:
    """Key -> the record with the highest revision. Revisions only rise, and one has one content, read in any order."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    best: dict[str, dict[str, Any]] = {}
    for each in await committed(settings.kafka.bootstrap_servers, names.agents):
        key, value = each.key.decode(), json.loads(each.value)
        assert key == f"{value['site']}|{value['agent']}"
        assert key not in best or value["revision"] > best[key]["revision"]
        best[key] = value
    return best


async def until_heard(settings: Settings, expected: dict[str, str | None], seconds: float = 90) -> dict[str, int]:
    """Key -> revision, once the latest records say these states."""
    deadline = time.monotonic() + seconds
    while True:
        found = await heard(settings)
        if {key: each["state"] for key, each in found.items()} == expected:
            return {key: each["revision"] for key, each in found.items()}
        assert time.monotonic() < deadline, f"expected {expected}, found {found}"
        await asyncio.sleep(0.2)


async def send(settings: Settings, *states: tuple[str, bytes]) -> None:
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    events = [(agent.encode(), value) for agent, value in states]
    await produce(settings.kafka.bootstrap_servers, names.inbound[4], events)


@pytest.mark.broker
@pytest.mark.timeout(180)
async def test_states_corrections_and_kills_leave_the_latest_state_with_revisions_that_rise(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await send(settings, ("a", state(1, 0, "a")), ("a", state(2, 9, "a", state="break")), ("b", state(3, 0, "b")))
        first = await until_heard(settings, {"main|a": "break", "main|b": "available"})
        # One that is late, a correction, and of the other agent all that there was is taken back.
        await send(
            settings, ("a", state(4, 5, "a", state="training")), ("a", state(2, 9, "a", state="meeting", version=2)),
            ("b", state(3, 0, "b", version=2, void=True)),
        )  # fmt: skip
        second = await until_heard(settings, {"main|a": "meeting", "main|b": None})
        assert all(second[key] > first[key] for key in first)
        worker.signal(signal.SIGKILL)
        await worker.ends()
    said = {"main|a": "meeting", "main|b": None}
    for commits in (5, 8):
        async with WorkerProcess(config, DIES_IN_A_TRANSACTION.format(commits=commits)) as doomed:
            await send(settings, *[(f"k-{n}", state(100 * commits + n, n, f"k-{n}")) for n in range(20)])
            assert await doomed.ends(60) == -signal.SIGKILL, doomed.log[-2000:]
        said |= {f"main|k-{n}": "available" for n in range(20)}
    async with WorkerProcess(config) as worker:
        await until_heard(settings, said)
        await send(settings, ("a", state(2, 9, "a", state="meeting", version=3, void=True)))
        third = await until_heard(settings, said | {"main|a": "training"})
        assert third["main|a"] > second["main|a"]
        assert third["main|b"] == second["main|b"]
        where = {(each.key.decode(), each.partition) for each in await committed(broker, f"{topic_prefix}.agents.v1")}
        assert where == {(key, key_partition(key.rpartition("|")[2].encode(), 4)) for key in third}


@pytest.mark.broker
@pytest.mark.timeout(180)
async def test_a_hand_over_to_more_partitions_says_everything_anew_above_what_was_said(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    agents = [f"a-{n}" for n in range(24)]
    async with WorkerProcess(config) as worker:
        await worker.ready()
        for round_ in range(3):
            await send(settings, *[(each, state(100 * round_ + n, n, each)) for n, each in enumerate(agents)])
        before = await until_heard(settings, {f"main|{each}": "available" for each in agents})
        worker.signal(signal.SIGTERM)
        await worker.ends()
    names = Names(topic_prefix, topic_prefix)
    async with admin_client(settings) as admin:
        await admin.create_partitions({topic: NewPartitions(6) for topic in names.inbound})
    other = changed(config, kafka={"partitions": 6})
    over = ["backfill", "--hand-over", "--config", str(other), "--out", str(tmp_path / "over")]
    assert await asyncio.to_thread(run, over) == 0
    async with WorkerProcess(other) as worker:
        await worker.owns(6)
        deadline = time.monotonic() + 90
        while not all(each["revision"] > before[key] for key, each in (await heard(settings)).items()):
            assert time.monotonic() < deadline, await heard(settings)
            await asyncio.sleep(0.2)
        await send(settings, *[(each, state(900 + n, n + 1, each, state="break")) for n, each in enumerate(agents)])
        await until_heard(settings, {f"main|{each}": "break" for each in agents})
