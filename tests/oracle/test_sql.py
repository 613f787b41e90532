"""Two readings of the text in two languages agree: the plain oracle and the queries."""

from __future__ import annotations

import os

import pytest

from tests.oracle.config import read_config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of
from tests.oracle.replay import sort_lines
from tests.oracle.sql import sums_by_sql, sums_of
from tests.worlds.world import world

WORLDS = int(os.environ.get("KPI_WORLDS", "8"))


@pytest.mark.timeout(60 + WORLDS * 4)
def test_the_queries_and_the_plain_oracle_agree() -> None:
    compared = 0
    for seed in range(WORLDS):
        drawn = world(seed)
        config = read_config(drawn.config)
        events, _, _ = sort_lines(drawn.lines)
        plain = sums_of(contributions_of(facts_of(events), config))
        assert sums_by_sql(events, config) == plain, f"seed {seed}"
        compared += len(plain)
    assert compared > 10 * WORLDS
