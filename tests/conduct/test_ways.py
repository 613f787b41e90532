"""Both ways of a replay, at once and step by step (with alert rules), find the same breaches and numbers."""

from __future__ import annotations

from pathlib import Path

from tests.worlds.conduct_world import conduct_world
from tests.worlds.replayed import Replayed, replayed

ALERT = {"rule": "breaches", "kpi": "conduct_breaches", "level": "queue", "window": "day", "above": 0}


def test_step_by_step_is_at_once(tmp_path: Path) -> None:
    fired = 0
    for seed in range(12):
        drawn = conduct_world(seed)
        found: list[Replayed] = []
        for name, alerts in (("once", []), ("steps", [ALERT])):
            folder = tmp_path / name
            drawn.prepare(folder)
            found.append(replayed(drawn.config | {"alerts": alerts}, [b"\n".join(drawn.lines)], folder))
        once, steps = found
        assert steps.conduct_bytes == once.conduct_bytes, seed
        assert steps.kpi_bytes == once.kpi_bytes, seed
        assert len(once.conduct) == once.summary["conduct_breaches"]
        fired += len(steps.alerts)
    assert fired
