"""Shipped rules do not judge what names no team and no agent: nobody could act on it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.cli.main import run
from stream.windows.measures import UNASSIGNED
from tests.deploy.expressions import DEPLOY
from tests.worlds import events as make


def bad_day(**who: str | None) -> Iterator[make.Raw]:
    """Half an hour in which nobody answers and everybody complains."""
    name = str(who["team_id"])
    for n in range(360):
        at = f"2026-11-02T03:{n // 12:02}:{n % 12 * 5:02}Z"
        yield make.call(at, f"{name}-{n}", debtor_id=f"d-{n}", outcome="no_answer", **who)
        if n % 12 == 0:
            yield make.complaint(at, f"{name}-{n}", debtor_id=f"d-{n}", **who)


@pytest.mark.parametrize("config", ["local/demo.yaml", "compose/kpi-stream.yaml"])
def test_a_team_s_bad_day_raises_an_alert_and_nobody_s_does_not(config: str, tmp_path: Path) -> None:
    raws = [*bad_day(team_id="t-1", agent_id="a-1"), *bad_day(team_id=None, agent_id=None)]
    raws.append(make.call("2026-11-02T04:30:00Z", "last", outcome="human"))
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(make.lines(raws)))
    out = tmp_path / "numbers"
    assert run(["replay", "--config", str(DEPLOY / config), "--input", str(file), "--out", str(out)]) == 0
    records = [json.loads(line) for line in (out / "alerts.jsonl").read_text().splitlines()]
    fired = {(record["rule"], record["entity"]) for record in records if record["level"] in ("team", "agent")}
    assert ("connect_rate_low", "t-1") in fired
    assert [each for each in fired if each[1] == UNASSIGNED] == []
