"""Stage 1 alone on the lines of a world, as sums per entity, column and grain; and the same from the oracle."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.settings import Settings, load
from stream.windows.calendar import day_begins
from tests.engine.deltas import grains_of
from tests.oracle.config import read_config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of
from tests.oracle.replay import sort_lines

Sums = dict[tuple[str, str, int], int]
"""(entity text, column, grain index) -> sum, without zeros."""


def settings_of(config: dict[str, Any], folder: Path) -> Settings:
    path = folder / "config.yaml"
    path.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return load(path, {})


def restarted(stage: DebtorStage, state: dict[bytes, bytes], settings: Settings) -> DebtorStage:
    """A new stage 1 from the state that the old one left."""
    rulebook = settings.conduct()
    fresh = DebtorStage(settings.definitions(), settings.plan(), settings.limits(), 0, settings.watched(), rulebook)
    for key, value in state.items():
        fresh.restore(key, value)
    return fresh


def folded(lines: Iterable[bytes], settings: Settings, random: Random) -> Sums:
    """What stage 1's deltas add up to; they are taken, and the stage is restarted from its state, now and then."""
    stage = restarted(DebtorStage(settings.definitions(), settings.plan(), settings.limits(), 0), {}, settings)
    sums: Sums = defaultdict(int)
    state: dict[bytes, bytes] = {}
    midnight_ms = day_begins(settings.plan())

    def take() -> None:
        changes = stage.take()
        for key, value in changes.deltas:
            for grain, column, amount in grains_of(value):
                sums[key.decode(), column, grain] += amount
        for key, record in changes.state:
            if record is None:
                state.pop(key, None)
            else:
                state[key] = record

    for line in lines:
        fact = decode(line, midnight_ms)
        if isinstance(fact, Rejection):
            continue
        stage.apply(fact)
        if random.random() < 0.2:
            take()
        if random.random() < 0.05:
            take()
            stage = restarted(stage, state, settings)
    take()
    return {place: amount for place, amount in sums.items() if amount}


def expected_sums(
    lines: Sequence[bytes], config: dict[str, Any], grain_ms: int, own_packs: Sequence[dict[str, Any]] = ()
) -> Sums:
    """The oracle's contributions, cut at grains. `own_packs`: what the configuration's pack files hold."""
    sums: Sums = defaultdict(int)
    read = read_config(config, own_packs)
    for c in contributions_of(facts_of(sort_lines(lines)[0]), read):
        column = c.measure if c.currency is None else f"{c.measure}:{c.currency}"
        last = c.at_ms if c.until_ms is None else c.until_ms - 1
        for grain in range(c.at_ms // grain_ms, last // grain_ms + 1):
            for entity in c.entities():
                sums["|".join(entity), column, grain] += c.within(grain * grain_ms, (grain + 1) * grain_ms)
    return {place: amount for place, amount in sums.items() if amount}
