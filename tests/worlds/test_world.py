"""Random worlds hold everything that the pages know; what they never drew would never be compared."""

from __future__ import annotations

from tests.oracle.catalogue import CATALOGUE
from tests.oracle.config import read_config
from tests.oracle.fold import contributions_of
from tests.oracle.identity import facts_of, is_void, version
from tests.oracle.reading import TYPES, Event
from tests.oracle.records import kpi_records
from tests.oracle.replay import sort_lines
from tests.worlds.world import world

AT_MOST = 400
"""How many worlds may pass before everything was met; it takes about 100."""
ALONE = ("occurred_on", "reversal_id", "queue_id", "transferred_from", "reason")
LEVELS = ("agent", "team", "queue", "segment", "site")


def traits(event: Event) -> set[str]:
    """What is worth meeting in an event."""
    kind = event["type"]
    found = {
        f"{kind} void": is_void(event),
        f"{kind} version 2": version(event) == 2,
        f"{kind} segment": "segment_id" in event,
        "payment without case": kind == "payment" and "case_id" not in event,
        "call without debtor": kind == "call" and "debtor_id" not in event,
        **{name: name in event for name in ALONE},
    }
    return {name for name, met in found.items() if met} | {str(event.get("outcome", kind))}


def test_worlds_draw_every_trait_of_every_type() -> None:
    wanted = {f"{kind} {trait}" for kind in TYPES for trait in ("void", "version 2", "segment")}
    wanted |= {*ALONE, "frame", "cloud event", "payment without case", "call without debtor", "callback", "abandoned"}
    for seed in range(AT_MOST):
        lines = world(seed).lines
        wanted -= {"frame"} if any(line.startswith(b"\0\0") for line in lines) else set()
        wanted -= {"cloud event"} if any(b"specversion" in line for line in lines) else set()
        for event in sort_lines(lines)[0]:
            wanted -= traits(event)
        if not wanted:
            return
    assert sorted(wanted) == []


def test_worlds_count_every_kpi_at_every_level_at_which_it_exists() -> None:
    wanted = {(level, kpi.kpi) for kpi in CATALOGUE.values() for level in LEVELS if kpi.exists_at(level)}
    for seed in range(AT_MOST):
        drawn = world(seed)
        config = read_config(drawn.config)
        contributions = contributions_of(facts_of(sort_lines(drawn.lines)[0]), config)
        for record in kpi_records(contributions, config, "replay").values():
            assert all(CATALOGUE[kpi["kpi"]].exists_at(record["level"]) for kpi in record["kpis"])
            wanted -= {(record["level"], kpi["kpi"]) for kpi in record["kpis"]}
        if not wanted:
            return
    assert sorted(wanted) == []
