"""Scores on a real broker: what the owner of entity partition 0 publishes is what replay computes, kills or not."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka.admin import NewPartitions

from stream.cli.main import run
from stream.kafka.names import Names
from stream.kafka.topics import admin_client
from stream.settings import Settings, load
from tests.kafka.scored import SCHEMES, key_of, live_ledger, live_scores, measurement, said, scores_of
from tests.kafka.test_backfill import changed
from tests.kafka.test_faults import DIES_IN_A_TRANSACTION
from tests.kafka.test_live_is_replay import send
from tests.kafka.workers import WorkerProcess, configured

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]

EVENTS = 1_500


def with_schemes(config: Path, **sections: Any) -> Settings:
    document = yaml.safe_load(config.read_text()) | SCHEMES | sections
    config.write_text(yaml.safe_dump(document))
    return load(config, {})


def simulated(folder: Path, config: Path) -> list[dict[str, Any]]:
    """A while of a contact centre, measurements of it, and four months later one survey: every window is final."""
    file = folder / "events.jsonl"
    arguments = ["--events", str(EVENTS), "--rate", "1", "--seed", "5", "--from", "2024-03-04T01:00:00Z"]
    assert run(["simulate", "--out", str(file), *arguments, "--mess", "corrections=0.02", "--config", str(config)]) == 0
    events = [json.loads(line) for line in file.read_bytes().splitlines()]
    agents = sorted({event["agent_id"] for event in events if event.get("agent_id")})
    events += [measurement(n, entity=agent, numerator=n % 5) for n, agent in enumerate(agents)]
    events += [measurement(1, entity=agents[1], numerator=9, version=2), measurement(3, version=2, void=True)]
    rated = {"indicator": "bad_rate", "denominator": 1_000}
    events += [measurement(100 + n, entity=agent, numerator=n, **rated) for n, agent in enumerate(agents)]
    events.append(measurement(999, indicator="nobody_knows"))
    last = {
        "type": "survey",
        "event_id": "last",
        "survey_id": "last",
        "score": 5,
        "occurred_at": "2024-07-04T00:00:00Z",
    }
    return [*sorted(events, key=lambda event: str(event["occurred_at"])), last]


def replayed(folder: Path, config: Path, events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    source, out = folder / f"{time.monotonic_ns()}.jsonl", folder / f"{time.monotonic_ns()}"
    source.write_text("\n".join(json.dumps(event) for event in events))
    assert run(["replay", "--input", str(source), "--out", str(out), "--config", str(config)]) == 0
    return scores_of(out)


async def until_live_is(settings: Settings, expected: dict[str, dict[str, Any]], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while True:
        found = {key: said(record) for key, record in (await live_scores(settings)).items()}
        if found == expected:
            return
        if time.monotonic() > deadline:
            differing = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
            shown = [(key, found.get(key), expected.get(key)) for key in sorted(differing)[:3]]
            raise AssertionError(f"{len(found)} found, {len(expected)} expected, {len(differing)} differ: {shown}")
        await asyncio.sleep(0.5)


async def until_some(settings: Settings) -> None:
    for _ in range(200):
        if await live_scores(settings):
            return
        await asyncio.sleep(0.2)
    raise AssertionError("no score was published")


async def test_live_scores_are_those_of_replay_whoever_is_killed_and_a_new_version_is_told_in_the_ledger(
    broker: str, topic_prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, _ = configured(
        broker, topic_prefix, tmp_path, time={"idle_advance": False, "idle_after": "2s", "grace": "0s"},
        publish={"scores_every": "200ms"},
    )  # fmt: skip
    settings = with_schemes(config)
    events = simulated(tmp_path, config)
    expected = await asyncio.to_thread(replayed, tmp_path, config, events)
    assert {key.split("|")[0] for key in expected} == {"scorecard", "payout", "contest", "reward"}
    assert not any(record["provisional"] for record in expected.values())
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await send(settings, events[: EVENTS // 2])
        await worker.counts('collections_partitions_owned{stage="2"}', 4)
        await until_some(settings)
        worker.signal(signal.SIGKILL)
        await worker.ends()
    await send(settings, events[EVENTS // 2 :])
    async with WorkerProcess(config, DIES_IN_A_TRANSACTION.format(commits=12)) as doomed:
        assert await doomed.ends(60) == -signal.SIGKILL, doomed.log[-2000:]
    async with WorkerProcess(config) as one, WorkerProcess(config) as other:
        await one.owns(2)
        await other.owns(2)
        await until_live_is(settings, expected)
        undeclared = [each.metric("collections_measurements_undeclared") for each in (one, other)]
        assert 1.0 in undeclared

    # Another version of the payout, from a restart on: its records replace those of the first, with lines.
    pay = SCHEMES["payouts"][0]
    settings = with_schemes(config, payouts=[
        {**pay, "until": "2024-03-01"}, {**pay, "version": 2, "from": "2024-03-01", "base": {"default": 40000}},
    ])  # fmt: skip
    again = await asyncio.to_thread(replayed, tmp_path, config, events)
    lines_before = len(await live_ledger(settings))
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await until_live_is(settings, again)
    lines = (await live_ledger(settings))[lines_before:]
    changed = {key for key in again if key.startswith("payout|pay|2|") and again[key]["amount_minor"]}
    assert changed
    told = {(line["entity"], line["before"]["version"], line["after"]["version"]) for line in lines}
    assert told == {(key.split("|")[5], 1, 2) for key in changed}
    assert all("version 1 -> 2" in line["reason"] for line in lines)
    capsys.readouterr()
    assert await asyncio.to_thread(run, ["scores", "list", "--format", "json", "--config", str(config)]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert {key_of(record): said(record) for record in listed} == again


async def test_after_a_hand_over_to_more_partitions_scores_go_on_with_what_was_published(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, _ = configured(
        broker, topic_prefix, tmp_path, time={"idle_advance": False, "idle_after": "2s", "grace": "0s"},
        publish={"scores_every": "200ms"},
    )  # fmt: skip
    settings = with_schemes(config)
    *events, last = simulated(tmp_path, config)
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await send(settings, events)
        await until_some(settings)
        worker.signal(signal.SIGTERM)
        await worker.ends()
    published = await live_scores(settings)
    async with admin_client(settings) as admin:
        await admin.create_partitions({topic: NewPartitions(6) for topic in Names(topic_prefix, topic_prefix).inbound})
    grown = changed(config, kafka={"partitions": 6})
    over = ["backfill", "--hand-over", "--config", str(grown), "--out", str(tmp_path / "over")]
    assert await asyncio.to_thread(run, over) == 0
    corrected = [
        measurement(0, entity=events[-1].get("agent_id", "a-0001"), numerator=8, version=3),
        measurement(5, version=2, void=True), last,
    ]  # fmt: skip
    expected = await asyncio.to_thread(replayed, tmp_path, grown, [*events, *corrected])
    async with WorkerProcess(grown) as worker:
        await worker.owns(6)
        await send(settings, corrected)
        await until_live_is(settings, expected)
    found = await live_scores(settings)
    assert all(found[key]["revision"] >= before["revision"] for key, before in published.items() if key in found)
    assert found.keys() & published.keys()


LADDER = {
    "targets": [
        {"kpi": "recovered_amount", "currency": "CNY", "level": "agent", "entity": "*", "period": "day",
         "value": 100_000, "from": "2024-01-01"},
    ],
    "payouts": [
        {"payout": "ladder", "version": 1, "from": "2024-01-01", "level": "agent", "period": "day", "currency": "CNY",
         "only_recovery": "the reading of the source", "basis": {"kpi": "recovered_amount", "currency": "CNY"},
         "commission": {"steps": [["1.00", "0.05"], ["1.10", "0.08"], ["1.20", "0.10"]]}},
    ],
    **dict.fromkeys(("indicators", "scorecards", "contests", "rewards")),
}  # fmt: skip


def paid(kind: str, name: str, at: str, **fields: Any) -> dict[str, Any]:
    common = {"agent_id": "a-1", "team_id": "t-1", "debtor_id": "d-1", "case_id": "c-1"}
    return {"type": kind, "event_id": f"e-{name}", "occurred_at": at, **common, **fields}


async def until_told(settings: Settings, wanted: str) -> dict[str, Any]:
    for _ in range(300):
        for line in await live_ledger(settings):
            if wanted in line["reason"]:
                return line
        await asyncio.sleep(0.2)
    raise AssertionError([line["reason"] for line in await live_ledger(settings)])


async def test_a_reversal_that_crosses_a_cliff_is_named_in_the_ledger_with_its_payment_and_the_rates(
    broker: str, topic_prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, _ = configured(
        broker, topic_prefix, tmp_path, time={"idle_advance": False, "idle_after": "2s", "grace": "0s"},
        publish={"scores_every": "200ms"},
    )  # fmt: skip
    settings = with_schemes(config, **LADDER)
    at = "2024-03-04T02:00:00Z"
    call = paid("call", "c-1", at, call_id="k-1", direction="outbound", outcome="human", party="right",
                answered_at=at, ended_at="2024-03-04T02:05:00Z")  # fmt: skip
    payment = paid("payment", "y-12", "2024-03-04T03:00:00Z", payment_id="y-12", amount_minor=120_000, currency="CNY")
    later = paid("survey", "s-1", "2024-07-04T00:00:00Z", survey_id="s-1", score=5)
    reversal = paid("payment_reversal", "r-2", "2024-07-04T01:00:00Z", reversal_id="r-2", payment_id="y-12",
                    amount_minor=1, currency="CNY")  # fmt: skip
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await send(settings, [call, payment, later])
        for _ in range(300):
            known = (await live_scores(settings)).values()
            if any(record["entity"] == "a-1" and not record["provisional"] for record in known):
                break
            await asyncio.sleep(0.2)
        assert await live_ledger(settings) == []
        await send(settings, [reversal])
        line = await until_told(settings, "r-2")
    assert (line["before"]["amount_minor"], line["after"]["amount_minor"]) == (12_000, 9_600)
    assert line["reason"].startswith("commission: 12000 -> 9600; recovered_amount CNY: 120000 -> 119999 (revision ")
    assert line["reason"].endswith(
        "; a = R / T: 1.2 -> 1.19999; rate: 0.1 -> 0.08; payment_reversal r-2 (payment y-12: recovered_minor:CNY -1)"
    )
    capsys.readouterr()
    asked = ["scores", "show", "ladder", "--entity", "a-1", "--period", "2024-03-04", "--config", str(config)]
    assert await asyncio.to_thread(run, asked) == 0
    shown = capsys.readouterr().out.splitlines()
    assert "  R = 1199.99, T = 1000.00, a = R / T = 1.19999" in shown
    assert "  pay: 0.00 + 96.00 + 0.00 = 96.00" in shown
