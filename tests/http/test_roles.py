"""Every role at every page: who may, who may not; and what each sees of a site."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stream.http.roles import Sight
from stream.publish.sight import OF_NOBODY, seen
from stream.publish.web import ASSETS
from tests.http.served import CALLERS, Answer, Door, guarded

BOARD = {"wall", "agent", "lead", "manager", "manager of a site"}
DIALLERS = {"dialler", "dialler of a site", "manager", "manager of a site"}
ALL = {*CALLERS, None}
PAGES: dict[tuple[str, str], set[str] | set[str | None]] = {
    ("GET", "/health/live"): ALL,
    ("GET", "/health/ready"): ALL,
    ("GET", "/login"): ALL,
    ("GET", "/login.css"): ALL,
    ("GET", "/metrics"): {"metrics", "manager"},
    ("GET", "/"): BOARD,
    ("GET", "/board/board.js"): BOARD,
    ("GET", "/board/board.css"): BOARD,
    ("GET", "/api/floor"): BOARD,
    ("GET", "/api/headroom?debtor=d-7"): DIALLERS,
    ("POST", "/api/headroom"): DIALLERS,
}
BODY = b'[{"debtor":"d-7"}]'


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(guarded(tmp_path)) as of:
        yield of


async def asked(door: Door, method: str, target: str, who: str | None) -> Answer:
    return await door.ask(target, who, method, body=BODY if method == "POST" else None)


@pytest.mark.parametrize("who", [*CALLERS, None])
@pytest.mark.parametrize(("method", "target"), PAGES)
async def test_a_page_is_given_to_the_roles_that_may_see_it_and_to_no_other(
    door: Door, method: str, target: str, who: str | None
) -> None:
    answer = await asked(door, method, target, who)
    expected = 200 if who in PAGES[method, target] else 401 if who is None else 403
    assert answer.status == expected, answer.body
    if who is None and expected == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_no_page_is_missing_in_the_table(tmp_path: Path) -> None:
    """A new page is asked for by every role here, or this test fails."""
    found = {
        (method, path) for path, by_method in Door(guarded(tmp_path)).web._server._pages.items() for method in by_method
    }
    tabled = {(method, target.partition("?")[0]) for method, target in PAGES}
    assets = {("GET", f"/board/{name}") for name in ASSETS}
    assert found - assets - {("POST", "/login"), ("POST", "/logout")} == tabled - assets


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
            assert answer.status == (303 if target == "/login" else 200), target
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
    door.wallboard._team_of = team_of.get  # type: ignore[method-assign, assignment]
    data = (await door.ask("/api/floor?agents=500", "lead")).json
    assert [row["entity"] for row in data["teams"]] == ["t-3", "t-4"]
    assert {team_of[row["entity"]] for row in data["agents"]} == {"t-3", "t-4"}
    assert len(data["agents"]) == 12
    assert {each["entity"] for each in data["alerts"]} == {"t-3", "a-003"}  # a-003 is of t-4
    assert data["recent"] == []  # a-004 is of t-1
    assert data["floor"] is None
    assert {each["team"] for each in data["standings"]} == {"t-3"}


def test_a_part_of_the_page_that_roles_do_not_know_is_shown_to_managers_alone() -> None:
    row = {"entity": "a-1", "place": 1}
    lists: dict[str, list[object]] = {
        name: [] for name in ("teams", "queues", "segments", "standings", "alerts", "recent")
    }
    data: dict[str, Any] = {**lists, "agents": [row], "floor": None, "apart": {}, "site": "main", "new": "a secret"}
    for sight in (Sight(names=False), Sight(teams=frozenset({"t-1"})), Sight(agent="a-1")):
        shown = seen(data, sight, lambda _: "t-1")
        assert "new" not in shown
        assert shown["site"] == "main"
    assert seen(data, Sight(), lambda _: None) == data


async def test_every_part_of_the_page_is_either_of_nobody_or_treated_by_role(door: Door) -> None:
    """Whoever adds a part of the page says what roles see of it, in publish/sight.py."""
    data = (await door.ask("/api/floor", "manager")).json
    treated = {"floor", "teams", "queues", "segments", "agents", "apart", "standings", "alerts", "recent", "you"}
    assert set(data) - OF_NOBODY == treated


async def test_a_dialler_of_a_site_asks_from_that_site(door: Door) -> None:
    assert (await door.ask("/api/headroom?debtor=d-7", "dialler of a site")).status == 200
    assert (await door.ask("/api/headroom", "dialler of a site", "POST", body=BODY)).status == 200
    assert [query.site for query in door.asked] == ["main", "main"]
    assert (await door.ask("/api/headroom?debtor=d-7&site=pune", "dialler of a site")).status == 403
    body = b'[{"debtor":"d-7"},{"debtor":"d-8","site":"pune"}]'
    assert (await door.ask("/api/headroom", "dialler of a site", "POST", body=body)).status == 403
    assert (await door.ask("/api/headroom?debtor=d-7&site=pune", "dialler")).status == 200
    assert door.asked[-1].site == "pune"
