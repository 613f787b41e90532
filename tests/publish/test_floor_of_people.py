"""Places, scores and people in the page's data."""

from datetime import date
from typing import Any

from stream.facts.currency import exponent
from stream.http.roles import Sight
from stream.publish.choices import Choice
from stream.publish.latest_records import LatestRecords
from stream.publish.sight import seen
from stream.publish.snapshot import snapshot
from stream.publish.view import BY_SCORE, Focus, Policy, View
from stream.settings import load
from stream.settings.board import NamesOfIds
from tests.publish.people_records import CARD, agent_now, payout, score
from tests.publish.records import ROLLING, kpi, value

NOW = Choice("rolling_15m", "rolling_15m", False, "Now", "最近")
CHOICES = [NOW, Choice("day", "day", False, "Today", "今日")]
DAY = date(2026, 11, 2)


def settings(tmp_path: Any) -> Any:
    file = tmp_path / "kpi-stream.yaml"
    file.write_text(CARD)
    return load(file, environ={})


def told(*agents: tuple[str, int]) -> LatestRecords:
    """Agents with so many promises each."""
    of = LatestRecords(ROLLING)
    for agent, promises in agents:
        of.on_kpi(*kpi(value("promises", promises), entity=agent))
    return of


def shown(of: LatestRecords, policy: Policy | None = None, **view: Any) -> dict[str, Any]:
    chosen = {"kpis": ("promises",), "rank_by": "promises"} | view
    return snapshot(of, [], View("main", NOW, **chosen), policy=policy, choices=CHOICES)


def places(data: dict[str, Any]) -> list[tuple[int | None, str | None]]:
    return [(row["place"], row["entity"]) for row in data["agents"]]


def test_equal_ones_share_a_place_whatever_the_order_of_the_rows() -> None:
    of = told(("a-1", 5), ("a-2", 5), ("a-3", 9), ("a-10", 1))
    assert places(shown(of)) == [(1, "a-3"), (2, "a-1"), (2, "a-2"), (4, "a-10")]
    assert places(shown(of, order="worst")) == [(4, "a-10"), (2, "a-2"), (2, "a-1"), (1, "a-3")]
    assert places(shown(of, order="name")) == [(2, "a-1"), (2, "a-2"), (1, "a-3"), (4, "a-10")]
    assert places(shown(of, order="worst", agents=1)) == [(4, "a-10")]


def test_by_score_the_places_are_those_of_the_scores_and_who_has_none_stands_last(tmp_path: Any) -> None:
    of = told(("a-1", 5), ("a-2", 5), ("a-3", 9), ("unassigned", 99))
    for agent, points, place in (("a-1", "71.3000", 2), ("a-2", "90.0000", 1)):
        of.on_score(*score(agent, points, place))
    policy = Policy(definitions=settings(tmp_path).schemes().definitions, day=DAY)
    data = shown(of, policy, rank_by=BY_SCORE)
    assert places(data) == [(1, "a-2"), (2, "a-1"), (None, "a-3")]
    assert data["card"] == {"agent": "card_agent", "team": "card_team", "leader": None}
    assert data["agents"][1]["score"] == {
        "scheme": "card_agent", "version": 1, "score": "71.3000", "place": 2, "of": 3, "grade": "B", "flags": [],
        "period": "month", "start": "2026-11-01", "end": "2026-12-01", "provisional": True,
    }  # fmt: skip
    assert data["apart"]["agent"]["score"] is None


def test_who_has_opted_out_of_being_named_has_a_place_and_no_name() -> None:
    of = told(("a-1", 5), ("a-2", 9))
    of.people.names = NamesOfIds({("agent", "a-2"): "Li Wei", ("agent", "a-1"): "Zhang San"})
    data = shown(of, Policy(opt_out=frozenset({"a-2"})))
    best, other = data["agents"]
    assert (best["place"], best["entity"], best["name"], best["team"]) == (1, None, None, None)
    assert best["cells"][0]["v"] == 9
    assert (other["place"], other["entity"], other["name"]) == (2, "a-1", "Zhang San")
    assert "Li Wei" not in repr(data)
    # In the order of names he would stand where his name does.
    assert places(shown(of, Policy(opt_out=frozenset({"a-1"})), order="name")) == [(1, "a-2"), (2, None)]


def test_where_a_row_stands_does_not_say_whose_it_is() -> None:
    agents = [f"a-{n}" for n in range(1, 31)]
    ids = told(*((agent, n) for n, agent in enumerate(agents)))
    wall = Sight(names=False)
    by_value = list(range(29, -1, -1))
    # On a wall nobody is named, so that the order of names is none.
    assert [row["value"] for row in shown(ids, order="name", agents=50, sight=wall)["agents"]] == by_value
    equals = told(*((agent, 5) for agent in agents))
    for n, agent in enumerate(agents):
        equals.on_kpi(*kpi(value("promises", 5), value("dials", n), entity=agent, revision=2))
    kpis = ("promises", "dials")
    dials = [row["cells"][1]["v"] for row in shown(equals, kpis=kpis, agents=50, sight=wall)["agents"]]
    assert sorted(dials) == list(range(30))
    assert dials != list(range(30))
    # Who has opted out stands behind his equals.
    policy = Policy(opt_out=frozenset({"a-1"}))
    assert places(shown(equals, policy, agents=50)) == [*((1, agent) for agent in agents[1:]), (1, None)]
    for agent in agents:
        equals.on_agent(agent_now(agent, "available"))
    assert [row["entity"] for row in shown(equals, agents=50)["states"]["rows"]] == agents
    assert [row["entity"] for row in shown(equals, agents=50, sight=wall)["states"]["rows"]] != agents


def test_states_are_counted_and_who_has_been_longest_in_one_comes_first() -> None:
    of = told()
    of.on_agent(agent_now("a-1", "wrap", "2026-11-02T01:10:00Z"))
    of.on_agent(agent_now("a-2", "on_call", "2026-11-02T01:00:00Z", team="t-4"))
    of.on_agent(agent_now("a-3", "logged_out", "2026-11-01T01:00:00Z"))
    states = shown(of)["states"]
    assert states["counts"] == [{"state": state, "agents": 1} for state in ("on_call", "wrap", "logged_out")]
    assert [row["entity"] for row in states["rows"]] == ["a-2", "a-1", "a-3"]
    assert states["rows"][0]["since_ms"] == 1_793_581_200_000
    assert shown(of, agents=1)["states"]["total"] == 3


def test_a_team_looked_at_closely_has_its_agents_with_their_places_among_all() -> None:
    of = told(("a-1", 5), ("a-2", 9), ("a-3", 7))
    of.on_kpi(*kpi(value("promises", 12), level="team", entity="t-3"))
    for agent, team in (("a-1", "t-3"), ("a-2", "t-4"), ("a-3", "t-3")):
        of.on_agent(agent_now(agent, team=team))
    found = shown(of, focus=Focus("team", "t-3"))["detail"]
    assert [(row["place"], row["entity"]) for row in found["members"]] == [(2, "a-3"), (3, "a-1")]
    assert found["states"]["total"] == 2
    assert [(each["choice"], each["cells"] and each["cells"][0]["v"]) for each in found["across"]] == [
        ("rolling_15m", 12), ("day", None)
    ]  # fmt: skip


def test_a_number_looked_at_closely_has_its_parts_its_judges_and_the_command_for_its_facts() -> None:
    of = told()
    paid = value("recovered_amount", 12_805_017, currency="CNY", target=20_000_000, attainment=0.6, pace=0.9)
    of.on_kpi(*kpi(paid, revision=7, window="day"))
    found = shown(of, focus=Focus("agent", "a-017", "recovered_amount"))["detail"]["number"]
    (window,) = found["windows"]
    assert found["column"]["currency"] == "CNY"
    assert found["numerator"] == ("recovered_minor",)
    assert (window["choice"], window["revision"], window["cell"]["n"], window["cell"]["p"]) == (
        "day",
        7,
        12_805_017,
        0.9,
    )
    assert window["command"] == (
        "kpi-stream explain recovered_amount --level=agent --entity=a-017 --site=main --window=day"
        " --start=2026-11-01T16:00:00Z --currency=CNY"
    )


def test_a_score_looked_at_closely_has_the_lines_of_its_arithmetic_in_both_languages(tmp_path: Any) -> None:
    of = told(("a-017", 5))
    of.on_score(*score())
    of.on_score(*payout())
    definitions = settings(tmp_path).schemes().definitions
    view = {"focus": Focus("agent", "a-017", scheme="card_agent")}
    (found,) = shown(of, Policy(definitions=definitions, day=DAY), **view)["detail"]["scores"]
    assert "  calls (connect_rate): 128 / 400 = 0.32, step 0.3 = 40.0000 points" in found["lines"]["en"]
    assert "  calls（connect_rate）：128 / 400 = 0.32，档位 0.3 = 40.0000 分" in found["lines"]["zh"]  # noqa: RUF001
    assert found["named"] == "2026-11"
    both = shown(of, Policy(definitions=definitions, day=DAY, pay=True), **view)["detail"]["scores"]
    assert [(each["scheme"], each["amount_minor"]) for each in both] == [("card_agent", None), ("ladder", 300_000)]
    assert both[1]["digits"] == exponent("CNY")


LEADERS = """
scorecards:
  - {scorecard: heads, version: 1, from: 2026-01-01, level: team, period: month, only_one: x,
     leader_of: {leaders: {l-1: [t-1, t-2], l-2: [t-3]}},
     components: [{component: calls, kpi: connect_rate, weight: 60, scoring: {steps: [[0, 0], ["0.10", 60]]}}]}
"""


def test_leaders_stand_beside_the_teams_with_score_place_and_teams(tmp_path: Any) -> None:
    (tmp_path / "c.yaml").write_text(LEADERS)
    policy = Policy(definitions=load(tmp_path / "c.yaml", environ={}).schemes().definitions, day=DAY)
    of = told(("a-1", 5))
    of.on_kpi(*kpi(value("promises", 5), level="team", entity="t-1"))
    of.people.names = NamesOfIds({("leader", "l-2"): "Anna"})
    for leader, points, place in (("l-1", "30.0000", 2), ("l-2", "60.0000", 1)):
        of.on_score(*score(leader, points, place, level="leader", name="heads", of=2))
    data = shown(of, policy)
    assert data["card"] == {"agent": None, "team": None, "leader": "heads"}
    assert data["teams"][0]["score"] is None  # the card is of leaders, not of teams
    assert [(row["entity"], row["name"], row["teams"]) for row in data["leaders"]] == [
        ("l-2", "Anna", ["t-3"]), ("l-1", None, ["t-1", "t-2"]),
    ]  # fmt: skip
    assert [row["score"]["score"] for row in data["leaders"]] == ["60.0000", "30.0000"]
    close = shown(of, policy, focus=Focus("leader", "l-1"))["detail"]
    assert (close["name"], close["scores"][0]["score"]) == (None, "30.0000")
    assert close["scores"][0]["lines"]["zh"][0].startswith("评分卡 heads 第1版")
    for sight in (Sight(teams=frozenset({"t-1"})), Sight(agent="a-1")):
        assert shown(of, policy, sight=sight)["leaders"] == []


def test_a_wall_has_the_places_of_leaders_and_not_their_names() -> None:
    of = told(("a-1", 5))
    of.on_score(*score("l-1", "30.0000", 1, level="leader"))
    whole = shown(of, sight=Sight(names=False)) | {"trends": None}
    assert [row["entity"] for row in seen(whole, Sight(names=False), lambda _: None)["leaders"]] == [None]
