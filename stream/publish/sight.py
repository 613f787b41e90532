"""What a caller may see of a snapshot of the page: names, teams and agents that are not his are taken out.

Pure; docs/security.md has the table of roles. A part of a snapshot that is not known here is left out for everybody who
does not see everything.
"""

from collections.abc import Callable, Mapping
from typing import Any

from stream.http.roles import EVERYTHING, Sight

Json = dict[str, Any]
TeamOf = Callable[[str], str | None]
"""Agent -> the team that he is in now; None: not known, and then no lead sees him."""

OF_NOBODY = frozenset({
    "site", "called", "sites", "zone", "choice", "choices", "from", "to", "final", "empty", "as_of_ms", "now_ms",
    "limit_ms", "loading", "problem", "trouble", "columns", "rank_by", "cards", "card", "agents_total", "changes",
})  # fmt: skip
"""Parts of a snapshot that say nothing of anybody."""
NAMELESS = {"entity": None, "name": None}


def seen(data: Mapping[str, Any], sight: Sight, team_of: TeamOf) -> Json:
    """The snapshot as `sight` may see it. Of the rows of agents those of others are left out for who sees teams or an
    agent; their places stay as they are. What is looked at closely has been refused to who may not see it (address.py),
    and is left out here all the same."""
    if sight == EVERYTHING:
        return dict(data)
    kept = {name: part for name, part in data.items() if name in OF_NOBODY}
    if sight.agent is not None:
        return kept | _own(data, sight.agent)
    if sight.teams is not None:
        return kept | _of_teams(data, sight.teams, team_of)
    return kept | _without_names(data)


def sees(sight: Sight, level: str, entity: str, team_of: TeamOf) -> bool:
    """Whether `seen` keeps rows of this entity; those of the site itself have no row in a table."""
    if level == "agent":
        if sight.agent is not None:
            return entity == sight.agent
        return sight.teams is None or team_of(entity) in sight.teams
    if sight.agent is not None:
        return False
    return sight.teams is None or (level == "team" and entity in sight.teams)


def _own(data: Mapping[str, Any], agent: str) -> Json:
    """An agent's own row stands for the floor, too: the tiles are his."""
    mine = [row for row in data["agents"] if row["entity"] == agent]
    close = data["detail"]
    return {
        "floor": mine[0] if mine else None,
        "teams": [],
        "leaders": [],
        "queues": [],
        "segments": [],
        "queue_tiles": data["queue_tiles"] | {"rows": []},
        "agents": mine,
        "states": _states(data["states"], lambda row: row["entity"] == agent),
        "apart": {"team": None, "agent": None},
        "standings": [],
        "trends": None,
        "detail": close if close and (close["level"], close["entity"]) == ("agent", agent) else None,
        **_alerts(data, lambda alert: alert["level"] == "agent" and alert["entity"] == agent),
    }


def _of_teams(data: Mapping[str, Any], teams: frozenset[str], team_of: TeamOf) -> Json:
    """The row of a single team stands for the floor, too."""
    rows = [row for row in data["teams"] if row["entity"] in teams]

    def is_theirs(thing: Mapping[str, Any]) -> bool:
        team = team_of(thing["entity"]) if thing["level"] == "agent" else thing["entity"]
        return thing["level"] in ("team", "agent") and team in teams

    trends = data["trends"]
    if trends is not None:
        trends = trends | {
            "floor": [],
            "teams": {team: each for team, each in trends["teams"].items() if team in teams},
        }
    return {
        "floor": rows[0] if len(teams) == 1 and rows else None,
        "teams": rows,
        "leaders": [],
        "queues": [],
        "segments": [],
        "queue_tiles": data["queue_tiles"] | {"rows": []},
        "agents": [row for row in data["agents"] if row["team"] in teams],
        "states": _states(data["states"], lambda row: row["team"] in teams),
        "apart": {"team": None, "agent": None},
        "standings": [each for each in data["standings"] if each["team"] in teams],
        "trends": trends,
        "detail": data["detail"] if data["detail"] and is_theirs(data["detail"]) else None,
        **_alerts(data, is_theirs),
    }


def _without_names(data: Mapping[str, Any]) -> Json:
    """For a wall: place, not name. An alert of an agent has no id either, which is made of the name."""
    whole = ("floor", "teams", "queues", "segments", "queue_tiles", "apart", "standings", "trends")
    return {
        **{name: data[name] for name in whole},
        "leaders": _nameless(data["leaders"]),
        "agents": _nameless(data["agents"]),
        "states": data["states"] | {"rows": _nameless(data["states"]["rows"])},
        "detail": _nameless_detail(data["detail"]),
        **{
            name: [alert | NAMELESS | {"id": None} if alert["level"] == "agent" else alert for alert in data[name]]
            for name in ("alerts", "recent")
        },
    }


def _nameless(rows: list[Json]) -> list[Json]:
    return [row | NAMELESS for row in rows]


def _nameless_detail(detail: Json | None) -> Json | None:
    if detail is None or detail["level"] in ("agent", "leader"):
        return None
    members, states = detail["members"], detail["states"]
    return detail | {
        "members": None if members is None else _nameless(members),
        "states": None if states is None else states | {"rows": _nameless(states["rows"])},
    }


def _states(states: Json, is_theirs: Callable[[Json], bool]) -> Json:
    """The states of some agents; `counts` and `total` are of those whom the view sees (agents_now.py)."""
    return states | {"rows": [row for row in states["rows"] if is_theirs(row)]}


def _alerts(data: Mapping[str, Any], is_theirs: Callable[[Mapping[str, Any]], bool]) -> Json:
    return {name: [alert for alert in data[name] if is_theirs(alert)] for name in ("alerts", "recent")}
