"""The facts behind a number, asked for over HTTP: `explain` in a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import CollectorRegistry

from stream.kafka.topics import create_topics
from stream.publish.facts import MOST_LINES, FactsPage, QuestionError, arguments, command_line
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load

ASKED = {
    "site": "main", "level": "agent", "entity": "a-1", "kpi": "dials", "window": "day", "start": "2026-11-02T00:00:00Z",
}  # fmt: skip
EXPLAIN = [sys.executable, "-c", "from stream.cli.program import main; main()", "explain"]
CALL = {
    "type": "call", "event_id": "e-1", "call_id": "k-1", "occurred_at": "2026-11-02T08:00:00Z",
    "ended_at": "2026-11-02T08:01:00Z", "direction": "outbound", "outcome": "human", "party": "right",
    "agent_id": "a-1", "team_id": "t-1", "debtor_id": "d-1", "case_id": "c-1",
}  # fmt: skip


class Served:
    def __init__(self, command: Sequence[str] | None) -> None:
        self.page = FactsPage(command)
        self.web = Web(CollectorRegistry(), HealthAnswers(), Wallboard(load(environ={})), facts=self.page)
        self.base = ""

    async def ask(self, **more: str) -> tuple[int, dict[str, Any]]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.base}/api/facts", params=ASKED | more) as answer,
        ):
            return answer.status, await answer.json()


@pytest.fixture
async def served() -> AsyncIterator[list[Served]]:
    """Append one to have it stopped."""
    all_of_them: list[Served] = []
    yield all_of_them
    for each in all_of_them:
        await each.web.stop()


async def serving(served: list[Served], command: Sequence[str] | None) -> Served:
    of = Served(command)
    of.base = f"http://127.0.0.1:{await of.web.start('127.0.0.1', 0)}"
    served.append(of)
    return of


async def test_the_answer_is_what_explain_prints(served: list[Served], tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(orjson.dumps(CALL) + b"\n")
    of = await serving(served, [*EXPLAIN, f"--input={events}"])
    status, data = await of.ask()
    assert (status, data["left_out"]) == (200, 0)
    assert data["lines"][1:] == [
        "2026-11-02T08:00:00Z  dials +1  call k-1 (event e-1)", "numerator    dials = 1", "value        1"
    ]  # fmt: skip
    assert "d-1" not in repr(data)


async def test_what_explain_finds_wrong_is_said(served: list[Served]) -> None:
    of = await serving(served, [sys.executable, "-c", "import sys; sys.exit('--start: no day starts then')"])
    status, data = await of.ask()
    assert (status, data["error"]) == (503, "--start: no day starts then")


@pytest.mark.broker
async def test_the_board_answers_from_the_topics(broker: str, topic_prefix: str) -> None:
    variables = {"KAFKA__BOOTSTRAP_SERVERS": broker, "KAFKA__TOPIC_PREFIX": topic_prefix, "HTTP__PORT": "0"}
    environment = os.environ | {f"KPI_STREAM_{name}": text for name, text in variables.items()}
    await asyncio.to_thread(create_topics, load(environ=environment))
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    await producer.send_and_wait(f"{topic_prefix}.calls.v1", orjson.dumps(CALL), key=b"d-1")
    await producer.stop()
    board = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from stream.cli.program import main; main(['board'])",
        stdout=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    try:
        assert board.stdout is not None
        line = (await asyncio.wait_for(board.stdout.readline(), 60)).decode()
        base = line.split(" on ")[1].strip().rstrip("/")
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{base}/api/facts", params=ASKED) as answer,
        ):
            data = await answer.json()
        assert data["lines"][-3:] == [
            "2026-11-02T08:00:00Z  dials +1  call k-1 (event e-1)", "numerator    dials = 1", "value        1"
        ]  # fmt: skip
    finally:
        board.terminate()
        await board.wait()


async def test_a_server_that_reads_no_facts_says_the_command(served: list[Served]) -> None:
    of = await serving(served, None)
    assert await of.ask() == (404, {"error": "this server reads no facts", "command": command_line(ASKED)})
    assert (await of.ask(kpi="dial"))[0] == 400


async def test_only_one_question_is_answered_at_a_time_and_an_end_of_the_server_ends_it(served: list[Served]) -> None:
    of = await serving(served, [sys.executable, "-c", "import time; time.sleep(600)"])
    first = asyncio.create_task(of.ask())
    async with asyncio.timeout(60):
        while of.page.reading is None:  # noqa: ASYNC110  (a process has no event)
            await asyncio.sleep(0.01)
    status, data = await of.ask()
    assert (status, data["error"]) == (503, "the facts of another number are being read")
    await of.page.stop()
    assert (await asyncio.wait_for(first, 60))[0] == 503
    assert of.page.reading is None


async def test_of_very_many_lines_the_first_and_the_sums_are_shown(served: list[Served]) -> None:
    of = await serving(served, [sys.executable, "-c", f"print('\\n'.join(map(str, range({MOST_LINES + 10}))))"])
    _, data = await of.ask()
    assert (len(data["lines"]), data["left_out"]) == (MOST_LINES, 10)
    assert data["lines"][-1] == str(MOST_LINES + 9)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"debtor": "d-1"}, "there is no parameter 'debtor' (there are site, level"),
        ({"entity": ""}, "entity: is missing"),
        ({"kpi": "--input"}, "kpi: there is no KPI '--input'"),
        ({"level": "floor"}, "level: is not one of agent, team, queue, segment, site"),
    ],
)
def test_a_wrong_question_is_told_by_its_parameter(asked: dict[str, str], said: str) -> None:
    with pytest.raises(QuestionError) as raised:
        arguments(ASKED | asked)
    assert str(raised.value).startswith(said)


def test_no_value_can_be_taken_for_an_option() -> None:
    given = arguments(ASKED | {"entity": "--input=/etc/passwd"})
    assert "--entity=--input=/etc/passwd" in given
    assert not any(each.startswith("--input") for each in given)
