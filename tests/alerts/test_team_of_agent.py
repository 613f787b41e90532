"""The record of an agent's alert says the team of the agent's latest event before it that names one (alerting 1)."""

from pathlib import Path

from tests.worlds import events as make
from tests.worlds.replayed import replayed

RULE = {"rule": "busy", "kpi": "dials", "level": "agent", "window": "rolling_5m", "above": 0, "entities": ["a-1"]}


def test_an_agents_record_names_the_team_of_the_latest_event_of_whatever_kind(tmp_path: Path) -> None:
    who = {"debtor_id": "d-1", "agent_id": "a-1"}
    raws = [
        make.call("2026-11-02T03:00:01Z", "k-1", team_id="t-1", **who),
        make.state("2026-11-02T03:10:00Z", "s-1", "available", agent_id="a-1", team_id="t-2"),
        make.call("2026-11-02T03:20:01Z", "k-2", team_id=None, **who),
        make.call("2026-11-02T03:40:01Z", "k-3", team_id="t-3", **who),
        make.call("2026-11-02T03:50:01Z", "k-4", team_id="t-9", debtor_id="d-1", agent_id="a-9"),
    ]
    lines = b"\n".join(make.lines(raws))
    told = replayed({"alerts": [RULE]}, [lines], tmp_path, options=("--processes", "1", "--as-of", "end")).alerts
    assert [(each["state"], each["at"][11:16], each["team"]) for each in told] == [
        ("firing", "03:00", "t-1"), ("resolved", "03:05", "t-1"),
        ("firing", "03:20", "t-2"), ("resolved", "03:25", "t-2"),
        ("firing", "03:40", "t-3"), ("resolved", "03:45", "t-3"),
    ]  # fmt: skip
