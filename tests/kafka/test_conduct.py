"""The conduct rules on the live path (conduct 3 to 5): what the topic says, through kills and hand-overs, is what
replay writes of the same events, and every worker answers diallers for its own debtors."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from stream.cli.main import run
from stream.facts.instant import instant_ms, instant_text
from stream.kafka.names import Names
from stream.partition.intake import key_partition
from stream.settings import Settings
from stream.simulate.route import key_of, topic_of
from tests.kafka.test_backfill import changed
from tests.kafka.test_faults import DIES_IN_A_TRANSACTION
from tests.kafka.workers import WorkerProcess, committed, configured, produce

HOUR_MS = 3_600_000
NOON_MS = instant_ms("2024-03-04T12:00:00Z")
CONDUCT = {
    "packs": ["us_reg_f", "us_ma", "uk_conc", "any"],
    "parameters": {"us_reg_f.calls_in_7_days": {"limit": 2}, "uk_conc.complaint_response": {"days": 1}},
    "rules": [
        {"rule": "calls_per_day", "kind": "frequency", "per": "debtor", "counts": "attempts", "limit": 2,
         "window": {"days": 1, "local": True}},
    ],
}  # fmt: skip
DEBTORS = [f"d-{n}" for n in range(12)]


def event(kind: str, own_id: str, debtor: str, hour: float, /, **fields: Any) -> dict[str, Any]:
    """An event `hour` hours after noon, of the debtor's only case."""
    version = fields.get("version", 1)
    return {
        "type": kind, "event_id": f"{kind}-{debtor}-{own_id}-{version}", "debtor_id": debtor, "case_id": f"c-{debtor}",
        "occurred_at": instant_text(NOON_MS + round(hour * HOUR_MS)), **fields,
    }  # fmt: skip


def call(own_id: str, debtor: str, hour: float, /, **fields: Any) -> dict[str, Any]:
    at = instant_text(NOON_MS + round(hour * HOUR_MS))
    own = {"call_id": f"{debtor}-{own_id}", "direction": "outbound", "outcome": "no_answer", "ended_at": at}
    return event("call", own_id, debtor, hour, **(own | {"agent_id": "a-1", "team_id": "t-1"} | fields))


def world() -> list[dict[str, Any]]:
    """Two days: calls, some late in the evening, a conversation, a restriction, complaints, and a last event of
    everybody's partition, so that the deadlines have passed."""
    events = []
    for number, debtor in enumerate(DEBTORS):
        zone = ["Asia/Tokyo", "America/New_York", None][number % 3]
        events.append(event("case", "placed", debtor, -20, change="placed", debtor_zone=zone))
        events += [call(f"k-{n}", debtor, 0.1 + n * (2 + number % 4)) for n in range(2 + number % 4)]
        events.append(call("talk", debtor, 15, outcome="human", party="right", talk_ms=60_000, recorded=True))
        events.append(call("again", debtor, 30 + number))
        if number % 3 == 0:
            events.append(event("restriction", "stop", debtor, 1, restriction_id=f"r-{debtor}", kind="cease_contact",
                                **{"from": instant_text(NOON_MS + 20 * HOUR_MS)}))  # fmt: skip
        if number % 2 == 0:
            events.append(event("complaint", "late", debtor, 2, complaint_id=f"p-{debtor}", status="received",
                                received_at=instant_text(NOON_MS)))  # fmt: skip
        events.append(event("survey", "last", debtor, 24 * 9, survey_id=f"s-{debtor}", score=5))
    return sorted(events, key=lambda each: str(each["occurred_at"]))


def corrections() -> list[dict[str, Any]]:
    """What takes breaches back, and makes others: a call that never was, a consent told of late, a complaint that was
    closed in time after all, a call that was made to another number at another hour."""
    one, two, three = DEBTORS[3], DEBTORS[4], DEBTORS[7]
    return [
        call("k-1", one, 2.1 + 3, version=2, void=True),
        event("restriction", "agreed", three, 40, restriction_id=f"r-{three}-2", kind="consent",
              **{"from": instant_text(NOON_MS - HOUR_MS)}),
        event("complaint", "late", two, 3, version=2, complaint_id=f"p-{two}", status="closed",
              received_at=instant_text(NOON_MS), closed_at=instant_text(NOON_MS + HOUR_MS)),
        call("again", two, 60, version=2, number_id="n-9"),
        call("more", DEBTORS[5], 16),
    ]  # fmt: skip


async def send(settings: Settings, events: list[dict[str, Any]]) -> None:
    by_topic: dict[str, list[tuple[bytes | None, bytes | None]]] = {}
    for each in events:
        key = str(key_of(each)).encode()
        by_topic.setdefault(topic_of(each["type"], settings.kafka.topic_prefix), []).append(
            (key, json.dumps(each).encode())
        )
    for topic, records in by_topic.items():
        await produce(settings.kafka.bootstrap_servers, topic, records)


async def heard(settings: Settings) -> dict[str, dict[str, Any]]:
    """Key -> the record of the highest revision; revisions of a key only rise, and its partition is the debtor's."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    best: dict[str, dict[str, Any]] = {}
    for each in await committed(settings.kafka.bootstrap_servers, names.conduct):
        key, value = each.key.decode(), json.loads(each.value)
        assert each.partition == key_partition(value["debtor"].encode(), 4)
        assert key not in best or value["revision"] > best[key]["revision"], key
        best[key] = value
    return best


def breaches(records: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The breaches that stand, as replay writes them."""
    found = [each | {"revision": 1} for each in records.values() if each.get("withdrawn") is False]
    return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))


def replayed(config: Path, folder: Path, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    folder.mkdir()
    (folder / "events.jsonl").write_text("\n".join(json.dumps(each) for each in events))
    arguments = ["--input", str(folder / "events.jsonl"), "--out", str(folder / "out"), "--run", "live"]
    assert run(["replay", *arguments, "--config", str(config)]) == 0
    lines = (folder / "out" / "conduct.jsonl").read_bytes().splitlines()
    return sorted(map(json.loads, lines), key=lambda each: json.dumps(each, sort_keys=True))


async def until_heard(settings: Settings, expected: list[dict[str, Any]], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while breaches(found := await heard(settings)) != expected:
        texts = {json.dumps(each) for each in expected}, {json.dumps(each) for each in breaches(found)}
        lacking, more = sorted(texts[0] - texts[1])[:3], sorted(texts[1] - texts[0])[:3]
        assert time.monotonic() < deadline, f"lacking: {lacking}\nmore: {more}"
        await asyncio.sleep(0.2)


def ask(worker: WorkerProcess | str, debtor: str, more: str = "") -> tuple[int, dict[str, Any]]:
    """Status and body of a question to a worker, or to an address."""
    url = worker if isinstance(worker, str) else worker.address
    try:
        with urllib.request.urlopen(f"{url}/api/headroom?debtor={debtor}{more}", timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def ask_all(worker: WorkerProcess, body: bytes) -> tuple[int, Any]:
    request = urllib.request.Request(f"{worker.address}/api/headroom", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.mark.broker
@pytest.mark.timeout(240)
async def test_the_topic_says_what_replay_writes_through_kills_corrections_and_a_change_of_rules(
    broker: str, topic_prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, settings = configured(
        broker, topic_prefix, tmp_path, conduct=CONDUCT, time={"idle_advance": False, "idle_after": "1s"}
    )
    events = world()
    expected = await asyncio.to_thread(replayed, config, tmp_path / "first", events)
    assert {each["rule"] for each in expected} >= {
        "us_reg_f.calls_in_7_days", "us_reg_f.after_conversation", "us_reg_f.hours", "calls_per_day", "any.restricted",
        "uk_conc.complaint_response",
    }  # fmt: skip
    async with WorkerProcess(config, DIES_IN_A_TRANSACTION.format(commits=6)) as doomed:
        await doomed.ready()
        await send(settings, events)
        assert await doomed.ends(60) == -signal.SIGKILL, doomed.log[-2000:]
    async with WorkerProcess(config) as one, WorkerProcess(config) as other:
        await one.owns(2)
        await other.owns(2)
        await until_heard(settings, expected)
        before = await heard(settings)
        await send(settings, corrections())
        events += corrections()
        expected = await asyncio.to_thread(replayed, config, tmp_path / "second", events)
        await until_heard(settings, expected)
        after = await heard(settings)
        gone = [key for key, each in after.items() if each.get("withdrawn")]
        assert gone
        for key in gone:  # otherwise as before
            assert after[key] | {"withdrawn": False, "revision": 0} == before[key] | {"revision": 0}
        await asyncio.to_thread(_answers, [one, other], config, capsys)
        for worker in (one, other):
            worker.signal(signal.SIGTERM)
            assert await worker.ends() == 0
    strict = changed(config, conduct={**CONDUCT, "packs": ["us_ma", "any"], "parameters": {}})
    arguments = ["backfill", "--hand-over", "--config", str(strict), "--out", str(tmp_path / "over")]
    assert await asyncio.to_thread(run, arguments) == 0
    expected = await asyncio.to_thread(replayed, strict, tmp_path / "third", events)
    await until_heard(settings, expected, 0)
    handed = await heard(settings)
    assert not [key for key, each in handed.items() if "|us_reg_f." in key and each.get("state", "clear") != "clear"]
    async with WorkerProcess(strict) as worker:
        await worker.owns(4)
        more = [call("last", DEBTORS[5], 17), call("k-0", DEBTORS[8], 0.1, version=2, void=True)]
        await send(settings, more)
        await until_heard(settings, await asyncio.to_thread(replayed, strict, tmp_path / "fourth", [*events, *more]))


def _answers(workers: list[WorkerProcess], config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every debtor is answered for by one worker, the other names it; files say the same as both and the ledger."""
    at = "&at=2024-03-05T19:00:00Z"
    of_files: dict[str, dict[str, Any]] = {}
    asked = 0
    for debtor in [*DEBTORS, "nobody-knows-me"]:
        said = [ask(worker, debtor, at) for worker in workers]
        assert sorted(status for status, _ in said) == [200, 404]
        answer = next(body for status, body in said if status == 200)
        elsewhere = next(body for status, body in said if status == 404)
        assert elsewhere["partition"] == key_partition(debtor.encode(), 4)
        status, again = ask(elsewhere["worker"], debtor, at)
        assert (status, again) == (200, answer)
        of_files[debtor] = answer
        asked += not answer["allowed"]
    assert asked >= 3
    questions = [{"debtor": debtor, "at": at[4:], "case": None} for debtor in of_files]
    for worker in workers:
        status, answers = ask_all(worker, json.dumps(questions).encode())
        assert status == 200
        for question, answer in zip(questions, answers, strict=True):
            if "worker" in answer:
                assert answer["worker"] != worker.address
            else:
                assert answer == of_files[str(question["debtor"])]
    for wrong, why in (("", "debtor"), ("?debtor=d&at=noon", "at"), ("?debtor=d&x=1", "x"), ("?debtor=", "debtor")):
        with (
            pytest.raises(urllib.error.HTTPError) as caught,
            urllib.request.urlopen(f"{workers[0].address}/api/headroom{wrong}"),
        ):
            pass
        with caught.value as error:
            assert error.code == 400
            assert json.loads(error.read())["error"].startswith(f"{why}:")
    for body in (b"{}", b"[1]", b'[{"debtor":"d"},{"debtor":1}]', b"[", json.dumps([{"debtor": "d"}] * 1_001).encode()):
        assert ask_all(workers[0], body)[0] == 400
    capsys.readouterr()
    assert run(["headroom", DEBTORS[0], "--at", at[4:], "--config", str(config)]) == 0
    of_ledger = json.loads(capsys.readouterr().out)
    assert {**of_ledger, "known_until": None} == {**of_files[DEBTORS[0]], "known_until": None}
