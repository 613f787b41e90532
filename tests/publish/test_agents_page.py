"""/metrics/agents: who is on it, and what of them; targets and scores on either page."""

from typing import Any

import orjson

from stream.kpis.catalogue import CATALOGUE
from stream.publish.collector import KpiCollector
from stream.publish.exposition import exposition
from stream.publish.monitoring import exposition_of
from stream.settings import load
from tests.publish.records import floor, kpi, value

DAY = {"start": "2026-11-01T16:00:00Z", "end": "2026-11-02T16:00:00Z"}
SETTINGS = """
{agent_kpis: [dials, surveys], agent_windows: [month, rolling_5m]}
"""
TARGETS = """[
  {kpi: recovered_amount, currency: CNY, level: agent, entity: "*", period: month, value: 1000, from: 2026-01-01},
  {kpi: dials, level: team, entity: "*", period: day, value: 200, from: 2026-01-01},
]"""


def test_the_configuration_says_which_kpis_and_windows_of_agents_there_are() -> None:
    collector = KpiCollector(exposition_of(load(environ={"KPI_STREAM_METRICS": SETTINGS})))
    collector.on_committed(0, floor(agents=3, teams=1))
    names = {line.split("{")[0] for line in _series(collector.agents_text())}
    assert names == {"collections_window_dials", "collections_window_surveys", "collections_window_entities"}
    windows = {
        line.split('window="')[1].split('"')[0] for line in _series(collector.agents_text()) if "window=" in line
    }
    assert windows == {"month", "rolling_5m"}


def test_an_agent_who_did_nothing_today_is_not_there_though_he_did_this_month() -> None:
    collector = KpiCollector(exposition_of(load(environ={"KPI_STREAM_METRICS": SETTINGS})))
    month = kpi(value("dials", 40), entity="a-1", window="month")
    here = [kpi(value("dials", 9), entity="a-2", window=window) for window in ("month", "day")]
    collector.on_committed(0, [month, *here])
    assert _entities(collector.agents_text()) == {"a-2"}
    collector.on_committed(0, [kpi(value("dials", 1), entity="a-1", window="day")])
    assert _entities(collector.agents_text()) == {"a-1", "a-2"}


def test_no_agent_is_on_the_page_of_the_others_and_nobody_else_on_that_of_agents() -> None:
    collector = KpiCollector(exposition(load(environ={}).plan()))
    collector.on_committed(0, floor())
    assert 'level="agent"' not in collector.text().decode()
    assert {line.split('level="')[1].split('"')[0] for line in _series(collector.agents_text())} == {"agent"}


def test_a_kpi_with_a_target_tells_target_attainment_and_pace_as_its_record_does() -> None:
    collector = KpiCollector(exposition_of(load(environ={"KPI_STREAM_TARGETS": TARGETS})))
    stated: dict[str, Any] = {"target": 200, "attainment": 0.25, "pace": 1.5}
    team = kpi(value("dials", 50, **stated), level="team", entity="t-1", window="day")
    money = value("recovered_amount", 500, currency="CNY", target=1000, attainment=0.5, pace=None)
    agent = kpi(money, entity="a-1", window="month")
    collector.on_committed(0, [team, agent, kpi(value("dials", 1), entity="a-1", window="day")])
    of_team = 'site="main",level="team",entity="t-1",window="day",kpi="dials"'
    told = [line for line in _series(collector.text()) if line.startswith("collections_target_")]
    assert told == [
        f"collections_target_attainment_ratio{{{of_team}}} 0.25",
        f"collections_target_pace_ratio{{{of_team}}} 1.5",
        f"collections_target_value{{{of_team}}} 200.0",
    ]
    of_agent = 'site="main",level="agent",entity="a-1",window="month",kpi="recovered_amount",currency="CNY"'
    told = [line for line in _series(collector.agents_text()) if line.startswith("collections_target_")]
    assert told == [f"collections_target_attainment_ratio{{{of_agent}}} 0.5"]
    assert CATALOGUE["recovered_amount"].per_currency


def _score(
    points: str | None, *, start: str = "2026-11-01", trial: bool = False, level: str = "team", version: int = 1,
    kind: str = "scorecard",
) -> tuple[bytes, bytes]:  # fmt: skip
    key = f"{kind}|card|{version}|main|{level}|x-1|{start}"
    return key.encode(), orjson.dumps({"score": points, "trial": trial, "period": "month", "place": 1})


def test_the_points_of_the_latest_period_are_told_trials_and_payouts_are_not() -> None:
    collector = KpiCollector(exposition(load(environ={}).plan()))
    trial, payout = _score("1.0000", trial=True, version=2), _score("7.0000", kind="payout")
    collector.on_scores([_score("80.5000"), _score("70.0000", start="2026-10-01"), trial, payout])
    collector.on_scores([_score("91.2500", level="agent")])
    of = 'name="card",site="main",level="{}",entity="x-1",period="month"'
    told = [line for line in _series(collector.text()) if "score_points" in line]
    assert told == [f"collections_score_points{{{of.format('team')}}} 80.5000"]
    told = [line for line in _series(collector.agents_text()) if "score_points" in line]
    assert told == [f"collections_score_points{{{of.format('agent')}}} 91.2500"]
    collector.on_scores([(_score("80.5000")[0], None)])
    assert "score_points" not in collector.text().decode()
    collector.on_revoked(0)
    assert "score_points" not in collector.agents_text().decode()


def _series(text: bytes) -> list[str]:
    return [line for line in text.decode().splitlines() if not line.startswith("#")]


def _entities(text: bytes) -> set[str]:
    return {line.split('entity="')[1].split('"')[0] for line in _series(text) if "entity=" in line}
