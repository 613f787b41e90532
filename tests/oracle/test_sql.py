"""The two readings of the pages, plain Python and queries, agree on random worlds."""

from __future__ import annotations

import os

import pytest

from tests.effort import examples
from tests.oracle.config import read_config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of, utc
from tests.oracle.records import kpi_records
from tests.oracle.replay import as_of_ms, sort_lines
from tests.oracle.sql import Parts, kpis_by_sql
from tests.worlds.world import world

WORLDS = int(os.environ.get("KPI_WORLDS", examples(12)))
FROM = int(os.environ.get("KPI_WORLDS_FROM", "0"))


@pytest.mark.timeout(60 + WORLDS * 4)
def test_the_queries_and_the_plain_reading_have_the_same_numbers() -> None:
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed, with_rules=seed % 2 == 1)
        config, events = read_config(drawn.config), sort_lines(drawn.lines)[0]
        end_ms = as_of_ms(events, config, ("end", None)[seed % 3 == 0])
        contributions = contributions_of(facts_of(events), config)
        plain: dict[str, Parts] = {
            key: {(k["kpi"], k.get("currency")): (k["numerator"], k["denominator"]) for k in record["kpis"]}
            for key, record in kpi_records(contributions, config, "replay", end_ms).items()
        }
        by_place = kpis_by_sql(events, config, as_of_ms=end_ms).items()
        queried = {"|".join((*key, utc(at_ms))): parts for (*key, at_ms, _), parts in by_place}
        keys = sorted(plain.keys() | queried.keys())
        apart = [f"{key}: {plain.get(key)}, {queried.get(key)}" for key in keys if plain.get(key) != queried.get(key)]
        assert not apart[:5], f"seed {seed}"
