"""Every role at every page: who may, who may not; and what each sees of a site."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stream.http.roles import Sight
from stream.publish.sight import OF_NOBODY, seen
from stream.publish.web import ASSETS
from tests.http.served import CALLERS, Answer, Door, guarded
from tests.publish.records import standing

BOARD = {"wall", "agent", "lead", "manager", "manager of a site"}
LEADS = {"lead", "manager", "manager of a site"}
DIALLERS = {"dialler", "dialler of a site", "manager", "manager of a site"}
ALL = {*CALLERS, None}
PAGES: dict[tuple[str, str], set[str] | set[str | None]] = {
    ("GET", "/health/live"): ALL,
    ("GET", "/health/ready"): ALL,
    ("GET", "/login"): ALL,
    ("GET", "/login.css"): ALL,
    ("GET", "/login.js"): ALL,
    ("GET", "/metrics"): {"metrics", "manager"},
    ("GET", "/metrics/agents"): {"metrics", "manager"},
    ("GET", "/"): BOARD,
    ("GET", "/board/board.js"): BOARD,
    ("GET", "/board/board.css"): BOARD,
    ("GET", "/api/floor"): BOARD,
    (
        "GET",
        "/api/facts?site=main&level=team&entity=t-3&kpi=dials&window=day&start=2026-11-01T16:00:00Z",
    ): LEADS,
    ("GET", "/api/debtors?site=main&team=t-3&rule=us_reg_f.calls_in_7_days&state=near"): {
        "manager",
        "manager of a site",
    },
    ("GET", "/api/alerts"): LEADS,
    ("POST", "/api/alerts"): LEADS,
    ("GET", "/api/headroom?debtor=d-7"): DIALLERS,
    ("POST", "/api/headroom"): DIALLERS,
}
BODY = b'[{"debtor":"d-7"}]'
ACTION = b'{"action":"ack","id":"no such alert","by":"anna"}'


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(guarded(tmp_path)) as of:
        yield of


async def asked(door: Door, method: str, target: str, who: str | None) -> Answer:
    body = ACTION if target == "/api/alerts" else BODY
    return await door.ask(target, who, method, body=body if method == "POST" else None)


@pytest.mark.parametrize("who", [*CALLERS, None])
@pytest.mark.parametrize(("method", "target"), PAGES)
async def test_a_page_is_given_to_the_roles_that_may_see_it_and_to_no_other(
    door: Door, method: str, target: str, who: str | None
) -> None:
    answer = await asked(door, method, target, who)
    done = 404 if (method, target) == ("POST", "/api/alerts") else 200  # there is no such alert
    expected = done if who in PAGES[method, target] else 401 if who is None else 403
    assert answer.status == expected, answer.body
    if who is None and expected == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_no_page_is_missing_in_the_table(tmp_path: Path) -> None:
    """A new page is asked for by every role here, or this test fails."""
    found = {
        (method, path) for path, by_method in Door(guarded(tmp_path)).web._server._pages.items() for method in by_method
    }
    tabled = {(method, target.partition("?")[0]) for method, target in PAGES} | {("GET", "/api/floor/stream")}
    assets = {("GET", f"/board/{name}") for name in ASSETS}
    assert found - assets - {("POST", "/login"), ("POST", "/logout")} == tabled - assets


@pytest.mark.parametrize("who", [*CALLERS, None])
async def test_the_page_is_pushed_to_who_may_see_it_and_to_no_other(door: Door, who: str | None) -> None:
    said = await door.begun("/api/floor/stream", who)
    expected = 200 if who in BOARD else 401 if who is None else 403
    assert said.startswith(b"HTTP/1.1 %d" % expected)
    if who in BOARD:
        assert b'event: you\ndata: {"name":"%s","role":"%s"}' % (
            str(who).replace(" ", "-").encode(), CALLERS[str(who)][0].encode()
        ) in said  # fmt: skip


@pytest.mark.parametrize("who", [*CALLERS, None])
async def test_every_file_of_the_page_is_for_who_may_see_the_page(door: Door, who: str | None) -> None:
    for name in ASSETS:
        answer = await door.ask(f"/board/{name}", who)
        assert answer.status == (200 if who in BOARD else 401 if who is None else 403), name


@pytest.mark.parametrize("given", ["Bearer wrong", "Bearer", "Bearer ", "Basic dG9rZW46bWFuYWdlcg==", "token-manager"])
async def test_what_is_no_token_of_the_file_lets_nobody_in(door: Door, given: str) -> None:
    answer = await door.ask("/api/floor", Authorization=given)
    assert answer.status == 401
    assert "token" in answer.json["error"]


async def test_without_a_tokens_file_everybody_may_do_everything() -> None:
    async with Door() as door:
        for method, target in PAGES:
            answer = await asked(door, method, target, None)
            done = 404 if (method, target) == ("POST", "/api/alerts") else 200
            assert answer.status == (303 if target == "/login" else done), target
        assert (await door.ask("/api/floor")).json["you"] == {"name": "", "role": "manager"}


@pytest.mark.parametrize("who", ["wall", "agent", "lead", "manager of a site"])
async def test_whoever_is_of_one_site_sees_that_site_alone(door: Door, who: str) -> None:
    answer = await door.ask("/api/floor?site=pune", who)
    assert (answer.status, answer.json) == (403, {"error": "site: yours is main"})
    data = (await door.ask("/api/floor", who)).json
    assert data["site"] == "main"
    assert data["sites"] == ["main"]
    assert b"pune" not in (await door.ask("/api/floor", who)).body


async def test_a_manager_of_every_site_sees_all_of_them_with_every_name(door: Door) -> None:
    data = (await door.ask("/api/floor?site=pune&agents=500", "manager")).json
    assert (data["site"], data["sites"]) == ("pune", ["main", "pune"])
    assert {row["entity"] for row in data["agents"]} == {"a-000", "a-001"}


async def test_a_wall_shows_places_and_no_agents_name(door: Door) -> None:
    answer = await door.ask("/api/floor?agents=500", "wall")
    data = answer.json
    assert b"a-0" not in answer.body
    assert [row["place"] for row in data["agents"]] == sorted(row["place"] for row in data["agents"])
    assert len(data["agents"]) == data["agents_total"] == 24
    assert {row["entity"] for row in data["teams"]} == {"t-1", "t-2", "t-3", "t-4"}
    assert data["floor"]["entity"] == "main"
    of_agents = [each for each in data["alerts"] + data["recent"] if each["level"] == "agent"]
    assert [(each["entity"], each["id"]) for each in of_agents] == [(None, None)] * 2
    assert data["standings"][0]["team"] == "t-3"


async def test_an_agent_sees_his_own_row_and_place_and_nobody_elses(door: Door) -> None:
    everybody = (await door.ask("/api/floor?agents=500", "manager")).json
    own = next(row for row in everybody["agents"] if row["entity"] == "a-003")
    answer = await door.ask("/api/floor?agents=1", "agent")
    data = answer.json
    assert data["agents"] == [own]
    assert data["floor"] == own
    assert data["agents_total"] == 24
    assert (data["teams"], data["queues"], data["segments"], data["standings"], data["recent"]) == ([], [], [], [], [])
    assert data["apart"] == {"team": None, "agent": None}
    assert [each["entity"] for each in data["alerts"]] == ["a-003"]
    assert b"a-004" not in answer.body
    assert b"t-3" not in answer.body


async def test_a_lead_sees_his_teams_their_agents_and_their_alerts(door: Door) -> None:
    team_of = {f"a-{n:03}": f"t-{n % 4 + 1}" for n in range(24)}
    data = (await door.ask("/api/floor?agents=500", "lead")).json
    assert [row["entity"] for row in data["teams"]] == ["t-3", "t-4"]
    assert {team_of[row["entity"]] for row in data["agents"]} == {"t-3", "t-4"}
    assert len(data["agents"]) == 12
    assert {each["entity"] for each in data["alerts"]} == {"t-3", "a-003"}  # a-003 is of t-4
    assert data["recent"] == []  # a-004 is of t-1
    assert data["floor"] is None
    assert {each["team"] for each in data["standings"]} == {"t-3"}
    assert {row["team"] for row in data["states"]["rows"]} == {"t-3", "t-4"}
    assert data["states"]["counts"] == [{"state": "on_call", "agents": 12}]
    assert set(data["trends"]["teams"]) <= {"t-3", "t-4"}


CLOSE = {
    "team=t-3": {"wall", "lead", "manager"},
    "team=t-1": {"wall", "manager"},
    "agent=a-003": {"agent", "lead", "manager"},
    "agent=a-001": {"manager"},  # of t-2
    "agent=a-999": {"manager"},  # nobody; who may not see him is not told so
    "kpi=dials": {"wall", "manager"},
    "agent=a-003&kpi=dials": {"agent", "lead", "manager"},
}


@pytest.mark.parametrize("query", CLOSE)
@pytest.mark.parametrize("who", ["wall", "agent", "lead", "manager"])
async def test_what_is_looked_at_closely_is_for_who_sees_it_on_the_floor(door: Door, query: str, who: str) -> None:
    answer = await door.ask(f"/api/floor?{query}", who)
    done = 400 if query == "agent=a-999" else 200  # and who may see him is told that there is none
    assert answer.status == (done if who in CLOSE[query] else 403), answer.body
    if answer.status == 403:
        assert "not yours to see" in answer.json["error"]
    elif answer.status == 200:
        assert answer.json["detail"] is not None
        assert who != "wall" or b"a-0" not in answer.body


@pytest.mark.parametrize(
    ("entity", "status"),
    [
        ("level=team&entity=t-1", 403),
        ("level=agent&entity=a-001", 403),
        ("level=agent&entity=a-003", 200),
        ("level=site&entity=main", 403),
    ],
)
async def test_a_lead_asks_for_the_facts_of_his_teams_and_their_agents_alone(
    door: Door, entity: str, status: int
) -> None:
    query = f"site=main&{entity}&kpi=dials&window=day&start=2026-11-01T16:00:00Z"
    assert (await door.ask(f"/api/facts?{query}", "lead")).status == status


def test_a_part_of_the_page_that_roles_do_not_know_is_shown_to_managers_alone() -> None:
    row = {"entity": "a-1", "place": 1, "team": "t-1"}
    lists: dict[str, list[object]] = {
        name: [] for name in ("teams", "queues", "segments", "standings", "alerts", "recent", "leaders")
    }
    data: dict[str, Any] = {**lists, "agents": [row], "floor": None, "apart": {}, "site": "main", "new": "a secret"} | {
        "queue_tiles": {}, "states": {"counts": [], "rows": [], "total": 0}, "trends": None, "detail": None,
    }  # fmt: skip
    for sight in (Sight(names=False), Sight(teams=frozenset({"t-1"})), Sight(agent="a-1")):
        shown = seen(data, sight, lambda _: "t-1")
        assert "new" not in shown
        assert shown["site"] == "main"
    assert seen(data, Sight(), lambda _: None) == data


async def test_every_part_of_the_page_is_either_of_nobody_or_treated_by_role(door: Door) -> None:
    """Whoever adds a part of the page says what roles see of it, in publish/sight.py."""
    data = (await door.ask("/api/floor", "manager")).json
    treated = {"floor", "teams", "queues", "segments", "agents", "apart", "standings", "alerts", "recent", "you",
               "queue_tiles", "states", "trends", "detail", "leaders"}  # fmt: skip
    assert set(data) - OF_NOBODY == treated


SECRET = "debtor-4711"
WHO_IS_NEAR = "/api/debtors?site=main&team=t-3&rule=us_reg_f.calls_in_7_days&state=near"


@pytest.mark.parametrize("who", [*CALLERS, None])
async def test_no_answer_names_a_debtor_to_anybody_but_a_manager_who_asks_for_it(door: Door, who: str | None) -> None:
    """The bytes of every page and of the stream, headers included."""
    door.wallboard.latest.on_conduct(*standing(SECRET))
    views = ("/api/floor?agents=500&people=state", "/api/floor?team=t-3", "/api/floor?kpi=conduct_breaches")
    for method, target in [*PAGES, *(("GET", view) for view in views)]:
        answer = await asked(door, method, target, who)
        told = SECRET.encode() in answer.body or SECRET in str(answer.headers)
        assert told is (target == WHO_IS_NEAR and who in {"manager", "manager of a site"}), target
    assert SECRET.encode() not in await door.begun("/api/floor/stream", who)


async def test_a_manager_sees_who_is_near_a_limit_at_his_site_alone(door: Door) -> None:
    door.wallboard.latest.on_conduct(*standing(SECRET))
    answer = (await door.ask(WHO_IS_NEAR, "manager of a site")).json
    clears_at = "2026-11-05T14:10:00Z"
    assert answer == {
        "debtors": [{"debtor": "d-7", "clears_at": clears_at}, {"debtor": SECRET, "clears_at": clears_at}],
        "left_out": 0,
    }
    elsewhere = await door.ask(WHO_IS_NEAR.replace("main", "pune"), "manager of a site")
    assert (elsewhere.status, elsewhere.json["error"]) == (403, "site: yours is main")
    assert (await door.ask(WHO_IS_NEAR.replace("main", "pune"), "manager")).json["debtors"] == []
    for query, said in (("&state=clear", "state: "), ("&more=1", "more: no such parameter")):
        wrong = await door.ask(WHO_IS_NEAR.removesuffix("&state=near") + query, "manager")
        assert wrong.status == 400
        assert wrong.json["error"].startswith(said)


async def test_a_dialler_of_a_site_asks_from_that_site(door: Door) -> None:
    assert (await door.ask("/api/headroom?debtor=d-7", "dialler of a site")).status == 200
    assert (await door.ask("/api/headroom", "dialler of a site", "POST", body=BODY)).status == 200
    assert [query.site for query in door.asked] == ["main", "main"]
    assert (await door.ask("/api/headroom?debtor=d-7&site=pune", "dialler of a site")).status == 403
    body = b'[{"debtor":"d-7"},{"debtor":"d-8","site":"pune"}]'
    assert (await door.ask("/api/headroom", "dialler of a site", "POST", body=body)).status == 403
    assert (await door.ask("/api/headroom?debtor=d-7&site=pune", "dialler")).status == 200
    assert door.asked[-1].site == "pune"
