"""The short form of `make faults`: schedules that together have every disorder, and the laws of the suite itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from tests.faults.door import Door
from tests.faults.running import Stand, run_schedule, stand
from tests.faults.schedule import Disorder, Kind, make_schedule
from tests.faults.verdict import Expected, Found
from tests.kafka.scored import said
from tests.kafka.workers import SESSION_MS

SEEDS = (1, 2, 3)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    async with stand(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.mark.broker
@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("seed", SEEDS)
async def test_after_a_schedule_of_faults_records_scores_breaches_and_alerts_are_those_of_replay(
    here: Stand, seed: int
) -> None:
    report = await run_schedule(here, seed)
    assert report.differences == [], report.line()
    assert report.faults.keys() == set(Kind)
    assert report.compared > 2_000


def test_a_schedule_follows_from_its_seed_and_holds_every_kind_of_fault() -> None:
    schedules = [make_schedule(seed, SESSION_MS / 1000) for seed in SEEDS]
    assert schedules == [make_schedule(seed, SESSION_MS / 1000) for seed in SEEDS]
    assert {schedule.disorder for schedule in schedules} == set(Disorder)
    for schedule in schedules:
        faults = [fault for faults in schedule.rounds for fault in faults]
        assert {fault.kind for fault in faults} == set(Kind)
        assert all(fault.slot < schedule.workers for fault in faults)


KEY = "main|site|main|day|2024-03-04T00:00:00Z"
ALERT = {
    "rule": "r",
    "site": "main",
    "level": "site",
    "entity": "main",
    "state": "firing",
    "at": "2024-03-04T01:00:00Z",
}


def record(dials: int, revision: int, *, final: bool = True) -> dict[str, Any]:
    kpis = [{"kpi": "dials", "numerator": dials, "denominator": None}]
    return {"window": "day", "end": "2024-03-05T00:00:00Z", "final": final, "revision": revision, "kpis": kpis}


def verdict(records: list[dict[str, Any]], alerts: list[dict[str, Any]], expected: Expected) -> list[str]:
    found = Found()
    for kpi in records:
        found.kpi(KEY, kpi)
    for alert in alerts:
        found.alert(alert)
    return found.differences(expected, alerts=True)


@pytest.mark.parametrize(
    ("records", "alerts", "words"),
    [
        ([record(7, 1), record(8, 2)], [ALERT], "has dials 8/None; replay has dials 7/None"),
        ([], [ALERT], "has nothing more; replay has dials 7/None"),
        ([record(7, 1, final=False)], [ALERT], "is not final"),
        ([record(6, 2), record(7, 2)], [ALERT], "has two contents"),
        ([record(7, 1)], [], "alert missing: r main main firing 2024-03-04T01:00:00Z"),
        ([record(7, 1)], [ALERT, ALERT | {"at": "x"}], "alert not in replay: r main main firing x"),
    ],
)
def test_the_verdict_names_what_is_wrong_missing_unfinished_contradictory_or_too_much(
    records: list[dict[str, Any]], alerts: list[dict[str, Any]], words: str
) -> None:
    expected = Expected({KEY: record(7, 1)}, [ALERT])
    assert verdict([record(6, 1, final=False), record(7, 2)], [ALERT, ALERT], expected) == []
    [difference] = verdict(records, alerts, expected)
    assert words in difference


BREACH: dict[str, Any] = {
    "record": "breach", "rule": "hours", "debtor": "d-1", "case": None, "number": None,
    "fact": {"type": "call", "id": "k-1"}, "at": "2024-03-04T01:00:00Z", "count": None, "withdrawn": False,
    "revision": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([], "breach missing: hours d-1"),
        ([BREACH | {"withdrawn": True}], "breach missing: hours d-1"),
        ([BREACH, BREACH], "revision 1 of k follows 1"),
    ],
)
def test_the_verdict_names_a_breach_that_is_missing_withdrawn_or_told_twice(
    told: list[dict[str, Any]], words: str
) -> None:
    expected = Expected({}, [], breaches=[BREACH])
    right, found, more = Found(), Found(), Found()
    right.conduct("k", BREACH | {"withdrawn": True})
    right.conduct("k", BREACH | {"revision": 2})
    right.conduct("standing", {"record": "standing", "revision": 1})
    assert right.differences(expected, alerts=True) == []
    assert right.compared(expected, alerts=True) == 1
    for record in told:
        found.conduct("k", record)
    [difference] = found.differences(expected, alerts=True)
    assert words in difference
    more.conduct("k", BREACH)
    [difference] = more.differences(Expected({}, []), alerts=True)
    assert difference.startswith("breach not in replay: hours d-1")


SCORE: dict[str, Any] = {"score": "7.0000", "parts": [], "revision": 1, "as_of": "x", "run": "live"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([SCORE | {"score": "8.0000"}], "replay has {'score': '7.0000'"),
        ([], "has None; replay has"),
        ([SCORE, SCORE | {"revision": 1}], "revision 1 of s follows 1"),
        ([SCORE, None], "has None; replay has"),
    ],
)
def test_the_verdict_names_a_score_that_is_wrong_missing_or_told_twice(
    told: list[dict[str, Any] | None], words: str
) -> None:
    expected = Expected({}, [], {"s": said(SCORE)})
    right, found = Found(), Found()
    for told_first in (SCORE | {"score": "6.0000"}, SCORE | {"revision": 2}):
        right.score("s", told_first)
    assert right.differences(expected, alerts=False) == []
    for each in told:
        found.score("s", each)
    [difference] = found.differences(expected, alerts=False)
    assert words in difference


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    """What comes until the connection is closed or reset."""
    read = b""
    with suppress(ConnectionResetError):
        while data := await reader.read(1000):
            read += data
    return read


async def test_a_door_carries_waits_tears_and_cuts() -> None:
    received = bytearray()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionResetError):
            while data := await reader.read(1000):
                received.extend(data)
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Door() as door:
        door.behind = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"whole")
        assert await reader.read(1000) == b"whole"
        door.freeze()
        writer.write(b" later")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1000), 0.1)
        door.flow()
        assert await reader.read(1000) == b" later"
        door.tear(1)
        writer.write(b" halved")
        await read_to_the_end(reader)
        assert bytes(received) == b"whole later ha"
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"on")
        assert await reader.read(1000) == b"on"
        door.cut()
        assert await read_to_the_end(reader) == b""
        writer.close()
