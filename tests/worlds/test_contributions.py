"""Stage 1 adds up to the oracle's contributions: in any order, cut into any batches, restarted from its state."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from tests.effort import examples
from tests.worlds.folded import expected_sums, folded, settings_of
from tests.worlds.world import world

WORLDS = int(os.environ.get("KPI_WORLDS", examples(15)))
"""How many worlds of each sort are tried; thousands for a long run."""


@pytest.mark.timeout(60 + WORLDS * 2)
def test_the_deltas_of_any_order_add_up_to_the_whole_set_fold(tmp_path: Path) -> None:
    for seed in range(WORLDS):
        drawn = world(seed, with_rules=seed % 2 == 1)
        settings = settings_of(drawn.config, tmp_path)
        expected = expected_sums(drawn.lines, drawn.config, settings.plan().grain_ms)
        for order in range(2):
            random = Random(seed * 10 + order)
            lines = random.sample(drawn.lines, len(drawn.lines))
            assert folded(lines, settings, random) == expected, f"seed {seed}, order {order}"
