"""Live equals the text: the last word on every window and all alerts, whatever crashed on the way."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.oracle.config import read_config
from tests.oracle.replay import expected_replay
from tests.worlds.differences import in_alerts
from tests.worlds.folded import settings_of
from tests.worlds.lived import Floor, facts_in
from tests.worlds.world import World, world

WORLDS = int(os.environ.get("KPI_WORLDS", "30"))
FROM = int(os.environ.get("KPI_WORLDS_FROM", "0"))


def stated(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in ("kpis", "start", "end", "final", "as_of")}


def live_differences(drawn: World, folder: Path, seed: int, late: bool = False) -> list[str]:
    """What a live run says in the end beside the oracle. Live, `as_of` is a moment of the run: not compared.

    `late`: the facts come in any order, long after their windows were final; alerts are then decided on what had come.
    """
    random = Random(seed)
    floor = Floor(settings_of(drawn.config, folder), random)
    facts = facts_in(drawn.lines)
    if late:
        random.shuffle(facts)
    alerts = floor.live(facts)
    expected = expected_replay(drawn.lines, read_config(drawn.config))
    got = {key: stated(record) | {"as_of": 0} for key, record in floor.last_words().items() if record["kpis"]}
    told = {key: stated(record) | {"as_of": 0} for key, record in expected.kpis.items()}
    found = [
        f"{key}: got {got.get(key)}, expected {told.get(key)}"
        for key in sorted(got.keys() | told.keys())
        if got.get(key) != told.get(key)
    ]
    return found if late else found + list(in_alerts(alerts, expected.alerts))


@pytest.mark.timeout(60 + WORLDS * 4)
def test_live_ends_where_replay_ends_whatever_crashed(tmp_path: Path) -> None:
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed, with_rules=seed % 2 == 1)
        assert not live_differences(drawn, tmp_path, seed), f"seed {seed}"


@pytest.mark.timeout(60 + WORLDS * 4)
def test_late_facts_correct_every_number_whatever_crashed(tmp_path: Path) -> None:
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed, with_rules=seed % 2 == 1)
        assert not live_differences(drawn, tmp_path, seed, late=True), f"seed {seed}"
