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
    "site", "sites", "zone", "choice", "choices", "from", "to", "final", "empty", "as_of_ms", "now_ms", "limit_ms",
    "loading", "problem", "trouble", "columns", "rank_by", "agents_total",
})  # fmt: skip
"""Parts of a snapshot that say nothing of anybody."""


def seen(data: Mapping[str, Any], sight: Sight, team_of: TeamOf) -> Json:
    """The snapshot as `sight` may see it. Of the rows of agents those of others are left out for who sees teams or an
    agent; their places stay as they are."""
    if sight == EVERYTHING:
        return dict(data)
    kept = {name: part for name, part in data.items() if name in OF_NOBODY}
    if sight.agent is not None:
        return kept | _own(data, sight.agent)
    if sight.teams is not None:
        return kept | _of_teams(data, sight.teams, team_of)
    return kept | _without_names(data)


def sees_agent(sight: Sight, agent: str, team_of: TeamOf) -> bool:
    """Whether an agent's row, by name or without, is among what `sight` may see."""
    if sight.agent is not None:
        return agent == sight.agent
    return sight.teams is None or team_of(agent) in sight.teams


def _own(data: Mapping[str, Any], agent: str) -> Json:
    """An agent's own row stands for the floor, too: the tiles are his."""
    mine = [row for row in data["agents"] if row["entity"] == agent]
    return {
        "floor": mine[0] if mine else None,
        "teams": [],
        "queues": [],
        "segments": [],
        "agents": mine,
        "apart": {"team": None, "agent": None},
        "standings": [],
        **_alerts(data, lambda alert: alert["level"] == "agent" and alert["entity"] == agent),
    }


def _of_teams(data: Mapping[str, Any], teams: frozenset[str], team_of: TeamOf) -> Json:
    """The row of a single team stands for the floor, too."""
    rows = [row for row in data["teams"] if row["entity"] in teams]

    def is_theirs(alert: Mapping[str, Any]) -> bool:
        team = team_of(alert["entity"]) if alert["level"] == "agent" else alert["entity"]
        return alert["level"] in ("team", "agent") and team in teams

    return {
        "floor": rows[0] if len(teams) == 1 and rows else None,
        "teams": rows,
        "queues": [],
        "segments": [],
        "agents": [row for row in data["agents"] if team_of(row["entity"]) in teams],
        "apart": {"team": None, "agent": None},
        "standings": [each for each in data["standings"] if each["team"] in teams],
        **_alerts(data, is_theirs),
    }


def _without_names(data: Mapping[str, Any]) -> Json:
    """For a wall: place, not name. An alert of an agent has no id either, which is made of the name."""
    nameless = {"entity": None, "id": None}
    return {
        **{name: data[name] for name in ("floor", "teams", "queues", "segments", "apart", "standings")},
        "agents": [row | {"entity": None} for row in data["agents"]],
        **{
            name: [alert | nameless if alert["level"] == "agent" else alert for alert in data[name]]
            for name in ("alerts", "recent")
        },
    }


def _alerts(data: Mapping[str, Any], is_theirs: Callable[[Mapping[str, Any]], bool]) -> Json:
    return {name: [alert for alert in data[name] if is_theirs(alert)] for name in ("alerts", "recent")}
