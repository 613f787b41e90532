"""`/api/alerts`: who sees and handles which alerts; and on a real broker that what was done outlives the server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import CollectorRegistry

from stream.kafka.topics import create_topics
from stream.publish.alert_pages import AlertPages
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load
from tests.http.served import Answer, Door, guarded
from tests.publish.records import alert

TEAM, AGENT, SITE, OTHER = "9f2c", "1a", "3c", "4d"
"""Alerts of team t-3, of its agent a-003, of the site, and of a team that is not the lead's."""


class Served(Door):
    """The floor with the alerts' pages; what they send is kept, and read again at once."""

    def __init__(self, folder: Path) -> None:
        self.pages_of_alerts = AlertPages(load(environ={}), cast(Wallboard, None))
        super().__init__(guarded(folder), self.pages_of_alerts.pages())
        self.pages_of_alerts._wallboard = self.wallboard
        self.wallboard.feed.loaded = True
        self.sent: list[dict[str, Any]] = []
        latest = self.wallboard.latest
        at = {"level": "agent", "entity": "a-003", "active_since": "2026-11-02T01:11:00Z"}
        latest.on_alert(alert(AGENT, team="t-3", **at)[1])
        latest.on_alert(alert(OTHER, entity="t-9")[1])

        async def send(key: bytes, value: bytes) -> None:
            self.sent.append(orjson.loads(value))
            latest.on_action(key, value)

        self.pages_of_alerts._send = send  # type: ignore[method-assign]

    async def list_of(self, who: str | None, query: str = "") -> Any:
        answer = await self.ask(f"/api/alerts{query}", who)
        assert answer.status == 200, answer.body
        return answer.json

    async def do(self, who: str | None, action: str, id_: str = TEAM, **more: Any) -> Answer:
        body = orjson.dumps({"action": action, "id": id_} | more)
        return await self.ask("/api/alerts", who, "POST", body=body)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Served]:
    async with Served(tmp_path) as of:
        yield of


def ids(listed: Any) -> set[str]:
    return {each["alert_id"] for each in listed["alerts"]}


async def test_a_lead_sees_the_alerts_of_his_teams_and_their_agents_and_a_manager_those_of_his_site(
    door: Served,
) -> None:
    assert ids(await door.list_of("lead")) == {TEAM, AGENT}
    assert ids(await door.list_of("manager of a site")) == {TEAM, AGENT, SITE, OTHER}
    assert ids(await door.list_of("manager", "?state=resolved")) == {"2b"}
    assert ids(await door.list_of("manager", "?state=all&site=main")) == {TEAM, AGENT, SITE, OTHER, "2b"}
    assert ids(await door.list_of("manager", "?site=pune")) == set()
    for target, status in (("?site=pune", 403), ("?state=gone", 400)):
        assert (await door.ask(f"/api/alerts{target}", "lead")).status == status


@pytest.mark.parametrize("who", ["wall", "agent", "dialler", "metrics"])
async def test_nobody_else_sees_or_handles_any(door: Served, who: str) -> None:
    assert (await door.ask("/api/alerts", who)).status == 403
    assert (await door.do(who, "ack")).status == 403
    assert door.sent == []


async def test_a_lead_takes_on_his_teams_alerts_and_his_name_is_that_of_his_token(door: Served) -> None:
    answer = await door.do("lead", "ack", note="trunk", by="somebody else")
    assert (answer.status, answer.json) == (200, door.sent[0])
    assert {name: door.sent[0][name] for name in ("action", "id", "by", "note")} == {
        "action": "ack", "id": TEAM, "by": "lead", "note": "trunk",
    }  # fmt: skip
    assert (await door.do("lead", "judge", AGENT, true_alarm=False)).status == 200
    told = {each["alert_id"]: each for each in (await door.list_of("lead"))["alerts"]}
    assert (told[TEAM]["taken"]["by"], told[TEAM]["taken"]["since"]) == ("lead", door.sent[0]["at"])
    assert (told[AGENT]["taken"], told[AGENT]["judged"]) == (None, False)
    assert (await door.do("lead", "unack")).status == 200
    assert (await door.list_of("lead"))["alerts"][0]["taken"] is None


@pytest.mark.parametrize("id_", [SITE, OTHER])
async def test_what_is_not_of_his_teams_is_not_his_to_handle(door: Served, id_: str) -> None:
    assert (await door.do("lead", "ack", id_)).status == 403
    assert (await door.do("manager", "ack", id_)).status == 200


async def test_silences_are_a_managers_and_those_of_a_site_are_about_that_site(door: Served) -> None:
    assert (await door.do("lead", "silence", match={"rule": "r"}, **{"for": "2h"})).status == 403
    assert (await door.do("manager of a site", "silence", match={"site": "pune"}, **{"for": "2h"})).status == 403
    answer = await door.do("manager of a site", "silence", match={"entity": "t-3"}, note="works", **{"for": "2h"})
    assert answer.status == 200
    assert answer.json["match"] == {"site": "main", "entity": "t-3"}
    listed = await door.list_of("manager")
    told = {each["alert_id"]: each["silenced"] for each in listed["alerts"]}
    assert told[OTHER] is None
    assert told[TEAM] == listed["silences"][0]
    assert (told[TEAM]["id"], told[TEAM]["why"]) == (answer.json["id"], "works")
    assert (await door.do("lead", "unsilence", answer.json["id"])).status == 403
    assert (await door.do("manager", "unsilence", answer.json["id"])).status == 200
    assert (await door.list_of("manager"))["silences"] == []


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"action": "ack", "id": "beef"}, 404, "there is no alert beef"),
        ({"action": "unack", "id": TEAM}, 404, "nobody has alert"),
        ({"action": "unsilence", "id": "s-2"}, 404, "there is no silence s-2"),
        ({"action": "shout", "id": TEAM}, 400, "action"),
        ({"action": "judge", "id": TEAM}, 400, "true_alarm"),
        ({"action": "silence", "match": {"rule": "r"}}, 400, "until"),
        ({"action": "silence", "match": {"team": "r"}, "for": "2h"}, 400, "match.team"),
        ({"action": "silence", "match": {"rule": "r"}, "for": "2 h"}, 400, "not a duration"),
        ({"action": "silence", "match": {"rule": "r"}, "for": "2h", "from": 7}, 400, ""),
        ({}, 400, ""),
        ([], 400, "not a JSON object"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line_and_nothing_is_sent(
    door: Served, more: Any, status: int, why: str
) -> None:
    answer = await door.ask("/api/alerts", "manager", "POST", body=orjson.dumps(more))
    assert answer.status == status, answer.body
    assert why in answer.json["error"]
    assert door.sent == []


@pytest.mark.broker
async def test_what_was_done_outlives_the_server(broker: str, topic_prefix: str) -> None:
    kafka = {"BOOTSTRAP_SERVERS": broker, "TOPIC_PREFIX": topic_prefix, "GROUP": topic_prefix}
    settings = load(environ={f"KPI_STREAM_KAFKA__{key}": text for key, text in kafka.items()})
    await asyncio.to_thread(create_topics, settings)
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    await producer.send_and_wait(f"{topic_prefix}.alerts.v1", alert()[1], key=alert()[0])
    await producer.stop()
    for target, body in (("POST", {"action": "ack", "id": TEAM, "by": "Li"}), ("GET", None)):
        wallboard = Wallboard(settings)
        web = Web(CollectorRegistry(), HealthAnswers(), wallboard, pages=AlertPages(settings, wallboard).pages())
        door = Door.__new__(Door)
        door.port = await web.start("127.0.0.1", 0)
        try:
            answer = await door.ask("/api/alerts", method=target, body=None if body is None else orjson.dumps(body))
            assert answer.status == 200, answer.body
            if target == "GET":
                assert [each["taken"]["by"] for each in answer.json["alerts"]] == ["Li"]
        finally:
            await web.stop()
