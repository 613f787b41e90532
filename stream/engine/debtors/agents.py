"""What each agent does at each site now, and for whom that has changed (contract 2, `collections.agents.v1`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import orjson

from stream.facts.instant import instant_text
from stream.ledger.state_timeline import StateTimeline


class AgentNow(NamedTuple):
    """The latest state that an agent gave at a site. `since_ms`: when that event occurred. Where all states were taken
    back, the last four are None."""

    site: str
    agent: str
    team: str | None = None
    state: str | None = None
    reason: str | None = None
    since_ms: int | None = None


def agent_now(timeline: StateTimeline, site: str, agent: str) -> AgentNow | None:
    """What the states of an agent say of a site; None: nothing is known of the agent there."""
    latest = timeline.latest_at(site)
    if latest is not None:
        return AgentNow(site, agent, latest.team_id, latest.state, latest.reason, latest.occurred_at)
    return AgentNow(site, agent) if timeline.has_void_at(site) else None


def agent_record(now: AgentNow, revision: int, run: str) -> tuple[bytes, bytes]:
    """Key and value of the record of `collections.agents.v1`."""
    value = {
        "site": now.site, "agent": now.agent, "team": now.team, "state": now.state, "reason": now.reason,
        "since": None if now.since_ms is None else instant_text(now.since_ms), "revision": revision, "run": run,
    }  # fmt: skip
    return f"{now.site}|{now.agent}".encode(), orjson.dumps(value)


class AgentChanges:
    """The agents of a ledger whose states have been touched since the last `take`, with what was said of them then."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], AgentNow | None] = {}

    def __len__(self) -> int:
        return len(self._before)

    def note(self, timeline: StateTimeline, site: str, agent: str) -> None:
        """Call it before the states of this agent at this site change; that they then do not is no harm."""
        if (site, agent) not in self._before:
            self._before[site, agent] = agent_now(timeline, site, agent)

    def note_all(self, timelines: Mapping[str, StateTimeline]) -> None:
        """As if nothing had ever been said of any of these agents."""
        for agent, timeline in timelines.items():
            for site in timeline.sites():
                self._before[site, agent] = None

    def take(self, timelines: Mapping[str, StateTimeline]) -> list[AgentNow]:
        """Those of whom something else is to be said than was said then, by site and agent."""
        if not self._before:
            return []
        noted, self._before = sorted(self._before.items(), key=_place), {}
        found: list[AgentNow] = []
        for (site, agent), before in noted:
            timeline = timelines.get(agent)
            now = None if timeline is None else agent_now(timeline, site, agent)
            if now is None and before is not None:
                now = AgentNow(site, agent)  # its only event was moved to another site by a later version
            if now is not None and now != before:
                found.append(now)
        return found


def _place(noted: tuple[tuple[str, str], AgentNow | None]) -> tuple[str, str]:
    return noted[0]
