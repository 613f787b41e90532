"""Live equals the text: the last word on every window and all alerts, whatever crashed on the way."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.effort import examples
from tests.oracle.config import read_config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of
from tests.oracle.reading import Rejected, read_event
from tests.oracle.records import kpi_records, rolling_records
from tests.oracle.replay import as_of_ms, expected_replay, sort_lines
from tests.oracle.timing import timed
from tests.worlds.differences import in_alerts
from tests.worlds.folded import settings_of
from tests.worlds.lived import Floor, facts_in
from tests.worlds.world import World, world

WORLDS = int(os.environ.get("KPI_WORLDS", examples(30)))
FROM = int(os.environ.get("KPI_WORLDS_FROM", "0"))


def stated(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in ("kpis", "start", "end", "final", "as_of")}


def live_differences(drawn: World, folder: Path, seed: int, late: bool = False) -> list[str]:
    """What a live run says in the end beside the oracle. Live, `as_of` is a moment of the run: not compared.

    `late`: the facts come in any order, long after their windows were final; alerts are then decided on what had come.
    """
    random = Random(seed)
    floor = Floor(settings_of(drawn.config, folder), random)
    facts = facts_in(drawn.lines, floor.settings)
    if late:
        random.shuffle(facts)
    alerts = floor.live(facts)
    expected = expected_replay(drawn.lines, read_config(drawn.config), as_of="end")
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


def on_board(floor: Floor) -> dict[str, Any]:
    """Key -> the KPIs that a reader of the topic holds; a rolling window's key has no start."""
    kept = {}
    for record in (record for part in floor.parts for record in part.kpis):
        start = "" if record["window"].startswith("rolling") else record["start"]
        kept["|".join([*(record[n] for n in ("site", "level", "entity", "window")), start])] = record["kpis"]
    return {key: kpis for key, kpis in kept.items() if kpis}


def board_differences(drawn: World, folder: Path, random: Random) -> list[str]:
    """What a board shows of a live run beside what replay writes of the same facts, as of two drawn instants of it."""
    config = read_config(drawn.config)
    told = sorted((at_of(line, drawn), line) for line in drawn.lines if not isinstance(read_event(line), Rejected))
    floor, last_ms, found = Floor(settings_of(drawn.config, folder), random, rolling=True), 0, []
    cuts = sorted(random.randrange(1, len(told) + 1) for _ in range(2))
    for since, until in zip([0, *cuts], cuts, strict=False):
        last_ms = floor.take_in(facts_in([line for _, line in told[since:until]], floor.settings), last_ms)
        lines = [line for _, line in told[:until]]
        events = sort_lines(lines)[0]
        at_ms = as_of_ms(events, config, None)
        assert at_ms is not None
        contributions = contributions_of(facts_of(events), config)
        expected = {k: record["kpis"] for k, record in kpi_records(contributions, config, "live", at_ms).items()}
        expected |= rolling_records(contributions, config, at_ms)
        shown = on_board(floor)
        found += [
            f"{key} as of {at_ms}: got {shown.get(key)}, expected {expected.get(key)}"
            for key in sorted(shown.keys() | expected.keys())
            if shown.get(key) != expected.get(key)
        ]
    return found


def at_of(line: bytes, drawn: World) -> int:
    (event,) = timed(sort_lines([line])[0], read_config(drawn.config))
    return int(event["occurred_at"])


@pytest.mark.timeout(60 + WORLDS * 4)
def test_a_board_shows_at_every_instant_what_replay_writes_as_of_it(tmp_path: Path) -> None:
    """Who sits in one state since morning is on the board, for as long as he has sat there."""
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed, with_rules=seed % 2 == 1)
        assert not board_differences(drawn, tmp_path, Random(seed))[:5], f"seed {seed}"
