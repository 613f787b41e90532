"""Contract 2, `collections.agents.v1`: the latest state that each agent gave at each site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.oracle.contribution import site_of
from tests.oracle.debtor import in_time
from tests.oracle.identity import facts_of, is_void, utc
from tests.oracle.reading import Event


def agent_records(events: Iterable[Event]) -> dict[str, dict[str, Any]]:
    """`site|agent` -> the record, without revision and run; all null of a state of which everything was taken back."""
    states = [fact for fact in facts_of(events) if fact["type"] == "agent_state"]
    records = {}
    for site, agent in sorted({(site_of(state), state["agent_id"]) for state in states}):
        of_agent = [s for s in states if (site_of(s), s["agent_id"]) == (site, agent) and not is_void(s)]
        latest = max(of_agent, key=in_time, default={})
        records[f"{site}|{agent}"] = {
            "site": site,
            "agent": agent,
            "team": latest.get("team_id"),
            "state": latest.get("state"),
            "reason": latest.get("reason"),
            "since": utc(latest["occurred_at"]) if latest else None,
        }
    return records
