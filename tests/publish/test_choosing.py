"""What /metrics shows of sites, teams, queues and segments: whole columns, the chief ones first, within its limit."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from stream.kpis.catalogue import CATALOGUE
from stream.publish.choosing import Chosen, Column, ColumnSize, choose, in_order
from stream.publish.collector import KpiCollector
from stream.publish.exposition import AGENT_KPIS, exposition
from stream.settings import load
from tests.publish.records import floor, kpi, value

PLAN = load(environ={}).plan()
SHOWN = exposition(PLAN)
LEVELS = ("site", "team", "queue", "segment")
USED = {level: frozenset(k.id for k in CATALOGUE.values() if level in k.levels) for level in LEVELS}


def sizes(teams: int) -> Mapping[tuple[str, str], ColumnSize]:
    many = {"site": 1, "team": teams, "queue": 5, "segment": 3}
    return {
        (level, window): ColumnSize(many[level], 60 * many[level])
        for level in LEVELS
        for window in SHOWN.windows[level]
    }


def chosen(room_bytes: int, teams: int = 50, before: frozenset[Column] = frozenset()) -> Chosen:
    return choose(SHOWN, USED, sizes(teams), dict.fromkeys(LEVELS, 1), room_bytes, before)


def test_every_column_has_one_place_in_the_order() -> None:
    columns = list(in_order(SHOWN, USED))
    assert len(columns) == len(set(columns))
    assert set(columns) == {(lv, window, k) for lv in LEVELS for window in SHOWN.windows[lv] for k in USED[lv]}


def test_sites_come_before_teams_and_the_chief_kpis_of_teams_before_queues_and_the_rest() -> None:
    columns = list(in_order(SHOWN, USED))
    levels = [level for level, window, _ in columns if window in SHOWN.short]
    assert list(dict.fromkeys(levels)) == ["site", "team", "queue", "segment"]
    team = [kpi for level, window, kpi in columns if (level, window) == ("team", "rolling_15m")]
    assert set(team[: len(AGENT_KPIS)]) == set(AGENT_KPIS)


@given(room_bytes=st.integers(0, 3_000_000), teams=st.integers(1, 80))
def test_more_room_never_shows_less_and_what_is_not_shown_is_counted(room_bytes: int, teams: int) -> None:
    small, all_of_it = chosen(room_bytes, teams), chosen(10**9, teams)
    assert all_of_it.left_out == {}
    assert small.columns <= all_of_it.columns
    for at, metrics in all_of_it.metrics.items():
        hidden = metrics - small.metrics.get(at, frozenset())
        assert bool(hidden) == (small.left_out.get(at, 0) > 0)


def test_a_column_that_was_shown_stays_a_little_longer_than_it_would_come() -> None:
    """So that a team that comes and goes takes no panel with it."""
    room = next(r for r in range(20_000, 200_000, 500) if ("team", "day", "promises") in chosen(r, 20).columns)
    before = chosen(room, 20).columns
    assert ("team", "day", "promises") not in chosen(room - 1_000, 20).columns
    assert ("team", "day", "promises") in chosen(room - 1_000, 20, before).columns


def test_the_text_is_within_its_limit_whatever_the_limit() -> None:
    for limit_kib in (40, 60, 100, 200, 1_000, 4_000):
        collector = KpiCollector(exposition(PLAN, limit_bytes=limit_kib * 1024))
        collector.on_committed(0, floor(agents=60, teams=50))
        text = collector.text(beside_bytes=30_000)
        assert len(text) + 30_000 <= limit_kib * 1024
        assert b"collections_series_left_out{" in text


def test_a_thousand_agents_in_fifty_teams_are_a_hundred_kib_and_one_and_a_half_mib() -> None:
    collector = KpiCollector(exposition(PLAN))
    collector.on_committed(0, floor(agents=1_000, teams=50))
    rest, agents = collector.text(beside_bytes=35_000), collector.agents_text()
    assert len(rest) + 35_000 < 100 * 1024
    assert len(agents) < 1.5 * 1024 * 1024
    assert b'level="agent"' not in rest
    assert b'collections_window_dials{site="main",level="team",entity="t-50",window="rolling_15m"}' in rest


def test_a_column_is_there_for_all_entities_or_for_none() -> None:
    collector = KpiCollector(exposition(PLAN))
    collector.on_committed(0, floor(agents=200, teams=50))
    seen: dict[tuple[str, str], int] = {}
    for family in text_string_to_metric_families(collector.text(beside_bytes=35_000).decode()):
        for sample in family.samples:
            if sample.labels.get("level") == "team" and "entity" in sample.labels and "currency" not in sample.labels:
                place = (sample.name, sample.labels["window"])
                seen[place] = seen.get(place, 0) + 1
    assert seen
    assert set(seen.values()) == {50}


def test_a_kpi_that_no_record_of_the_level_has_named_is_left_out_and_0_for_the_others_once_one_has() -> None:
    collector = KpiCollector(exposition(PLAN))
    one, other = (kpi(value("dials", 3), level="team", entity=f"t-{n}") for n in (1, 2))
    collector.on_committed(0, [one, other])
    assert b"collections_window_promises" not in collector.text()
    collector.on_committed(0, [kpi(value("dials", 3), value("promises", 1), level="team", entity="t-1", revision=2)])
    text = collector.text().decode()
    assert 'collections_window_promises{site="main",level="team",entity="t-1",window="rolling_15m"} 1\n' in text
    assert 'collections_window_promises{site="main",level="team",entity="t-2",window="rolling_15m"} 0\n' in text
