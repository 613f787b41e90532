"""The options change the KPIs that they name, and no others; every measure and every key of `definitions` has words."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from stream.kpis.options import OPTIONS, options_of
from stream.settings.document import DefinitionsSection
from stream.windows.measures import MEASURES, TABLE
from tests.oracle.config import read_config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of
from tests.oracle.records import kpi_records
from tests.oracle.replay import sort_lines
from tests.worlds.world import world

OTHER: dict[str, Any] = {
    "promise_grace_days": 0,
    "promise_tolerance": "1",
    "attribution_days": 1,
    "effective_talk_floor_ms": 0,
    "first_contact_hours": 1,
    "first_contact_max_dpd": 0,
    "coverage_days": 1,
    "service_level_ms": 0,
    "short_abandon_ms": 0,
    "service_level_formula": "answered",
    "calls_counted_at": "end",
    "open_state_max": "1s",
    "open_state_ends_with_shift": True,
    "complaint_deadline_days": 1,
}
UNDER = {"short_abandon_ms": {"service_level_formula": "without_short_abandons"}}
"""What else must be set for a key to change all that it may change."""
AT_LEAST, AT_MOST = 30, 600
DAYS = {"intervals": [], "day": True, "month": False, "shifts": False}


@cache
def usual(seed: int, key: str) -> dict[tuple[str, ...], Any]:
    return told(seed, **UNDER.get(key, {}))


def told(seed: int, **definitions: Any) -> dict[tuple[str, ...], Any]:
    """(record key, KPI, currency) -> the entry, by the oracle."""
    drawn = world(seed)
    config = read_config(drawn.config | {"windows": DAYS, "definitions": definitions, "conduct": {}})
    records = kpi_records(contributions_of(facts_of(sort_lines(drawn.lines)[0]), config), config, "replay")
    return {(at, k["kpi"], k.get("currency", "")): k for at, record in records.items() for k in record["kpis"]}


@pytest.mark.parametrize("key", sorted(OTHER))
def test_an_option_changes_the_kpis_that_it_names_and_no_others(key: str) -> None:
    (option,) = [option for option in OPTIONS if option.key == key]
    changed: set[str] = set()
    for seed in range(AT_MOST):
        before, after = usual(seed, key if key in UNDER else ""), told(seed, **UNDER.get(key, {}), **{key: OTHER[key]})
        changed |= {at[1] for at in before.keys() | after.keys() if before.get(at) != after.get(at)}
        assert changed <= set(option.kpis)
        if seed >= AT_LEAST and changed == set(option.kpis):
            break
    assert changed == set(option.kpis)
    assert all(key in options_of(kpi) for kpi in changed)


def test_every_key_of_the_definitions_is_an_option() -> None:
    keys = {field.alias or name for name, field in DefinitionsSection.model_fields.items()}
    assert {option.key for option in OPTIONS} == keys == set(OTHER)


def test_every_measure_has_words_of_its_own_in_both_languages() -> None:
    for words in ([row.words_en for row in TABLE.values()], [row.words_zh for row in TABLE.values()]):
        assert all(words)
        assert len(set(words)) == len(MEASURES)
