"""Who mutes whom, live with crashes and in replay, as the text says: the inhibiting entity lies in another partition
mostly, and agents change their team."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.effort import examples
from tests.oracle.config import read_config
from tests.oracle.replay import expected_replay
from tests.worlds.differences import in_alerts
from tests.worlds.folded import settings_of
from tests.worlds.lived import Floor, facts_in
from tests.worlds.replayed import replayed
from tests.worlds.world import World, world

WORLDS = int(os.environ.get("KPI_WORLDS", examples(12)))
FROM = int(os.environ.get("KPI_WORLDS_FROM", "0"))
KPIS = ("dials", "dials", "contacts", "payments", "promises", "signed_in_time")


def stormy(seed: int) -> World:
    """A world whose rules fire as soon as anything happens, each inhibited by those above it."""
    drawn, random = world(seed, with_rules=True), Random(seed)

    def rule(name: str, level: str, *inhibitors: str, where: str = "same") -> dict[str, Any]:
        return {
            "rule": name, "level": level, "kpi": "dials" if level == "queue" else random.choice(KPIS),
            "window": random.choice(("rolling_15m", "rolling_1h")), "above": random.choice((0, 0, 1)), "exit": 0,
            "for": random.choice(("0s", "0s", "5m")), "keep_firing_for": random.choice(("0s", "30m")),
            "cooldown": random.choice(("0s", "20m")), "inhibited_by": list(inhibitors), "where": where,
        }  # fmt: skip

    severe = rule("floor", "site")
    levels = {key: severe.pop(key) for key in ("above", "exit", "for")}
    severe["severities"] = [levels | {"severity": "warning"}, levels | {"severity": "critical", "for": "15m"}]
    alerts = [
        severe,
        rule("crew", "team", "floor.critical", where="site"),
        rule("one", "agent", "crew", where="team"),
        rule("same", "agent", "one", "floor"),
        rule("any", "queue", "one", where="site"),
        rule("team", "team", "crew", where="team"),
    ]
    return World(seed, drawn.config | {"alerts": alerts}, drawn.lines)


def fires_and_resolves_in_turn(alerts: list[dict[str, Any]]) -> bool:
    """No alert fires twice without resolving in between, nor resolves what had not fired."""
    fires: dict[tuple[str, ...], bool] = {}
    for record in alerts:
        if record["state"] != "pending":
            key = tuple(record[name] for name in ("rule", "site", "level", "entity"))
            if fires.get(key, False) is (record["state"] == "firing"):
                return False
            fires[key] = record["state"] == "firing"
    return True


@pytest.mark.timeout(60 + WORLDS * 8)
def test_the_same_alerts_are_muted_live_and_in_replay_whatever_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.replay.replay._sizes", lambda _: (3, 5))  # groups of keys, buckets of entities
    muted: dict[str, int] = {}
    for seed in range(FROM, FROM + WORLDS):
        drawn = stormy(seed)
        expected = expected_replay(drawn.lines, read_config(drawn.config)).alerts
        floor = Floor(settings_of(drawn.config, tmp_path), Random(seed))
        live = floor.live(facts_in(drawn.lines, floor.settings))
        got = replayed(drawn.config, [b"".join(line + b"\n" for line in drawn.lines)], tmp_path).alerts
        assert not list(in_alerts(got, expected)), f"seed {seed}: replay"
        assert not list(in_alerts(live, expected)), f"seed {seed}: live"
        assert fires_and_resolves_in_turn(live), f"seed {seed}"
        for record in expected:
            muted[record["rule"]] = muted.get(record["rule"], 0) + record["muted"]
    if WORLDS >= 12:
        assert {name for name, count in muted.items() if count} >= {"crew", "one", "same", "any"}, muted
    assert not muted.get("floor.critical"), "it is inhibited by nothing"
