# ruff: noqa: E501  (a scheme is read best on one line)
"""Scores in a replay (scores 6): the same bytes whatever the order, on their own periods, up to `--as-of`."""

import random
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.engine.entities.outputs import KpiRecord
from stream.engine.entities.publication import NO_END_MS
from stream.facts.instant import instant_ms
from stream.replay import replay
from stream.scores.outputs import ScoreRecord
from stream.settings import Settings, yaml
from tests.replay.runs import silent
from tests.scores.floor import settings_of
from tests.worlds.world import world

SCHEMES = """
indicators: [mark]
targets:
  - {kpi: dials, level: agent, entity: "*", period: day, value: 5, from: 2020-01-01}
  - {kpi: recovered_amount, currency: CNY, level: agent, entity: "*", period: month, value: 500, from: 2020-01-01}
  - {kpi: connect_rate, level: site, entity: "*", period: month, value: "0.5", from: 2020-01-01}
scorecards:
  - scorecard: card
    version: 1
    from: 2020-01-01
    level: agent
    period: quarter
    settle: 30d
    components:
      - {component: a, kpi: connect_rate, weight: 50, scoring: {rank: {points: [50, 20, 0]}}}
      - {component: b, kpi: recovered_amount, currency: CNY, weight: 50, scoring: {attainment: {cap: 2}}, target: {of: site}}
    gates: [{gate: g, kpi: qa_pass_rate, below: {of: site}, effect: {factor: "0.5"}}]
    streaks: [{place: 1, periods: 1, flag: best}]
  - {scorecard: day, version: 1, from: 2020-01-01, level: team, period: day, components: [
      {component: a, kpi: dials, weight: 1, target: {before: 1}, scoring: {attainment: {}}}, {component: b, indicator: mark, weight: 1, scoring: {steps: [[1, 1]]}}]}
contests: [{contest: c, version: 1, from: 2020-01-01, level: agent, period: day, kpi: connect_rate, currency: CNY, top: {amounts: [50, 20]}, ties: {by: dials}}]
"""


def measured(name: str, **more: Any) -> bytes:
    return orjson.dumps({
        "type": "measurement", "event_id": f"e-{name}", "occurred_at": "2026-03-02T08:00:00Z", "measurement_id": name,
        "indicator": "mark", "level": "team", "entity": "t-1", "period_start": "2026-03-02", "period": "day",
        "numerator": 1, **more,
    })  # fmt: skip


def call(name: str, agent: str, at: str, outcome: str = "human", **more: Any) -> bytes:
    return orjson.dumps({
        "type": "call", "event_id": name, "call_id": name, "debtor_id": f"d-{name}", "agent_id": agent, "team_id": "t-1",
        "occurred_at": at, "ended_at": at, "direction": "outbound", "outcome": outcome, **more,
    })  # fmt: skip


def run(
    settings: Settings, lines: list[bytes], folder: Path, *, files: int = 1, windows: tuple[str, ...] = ("day",),
    end_ms: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    folder.mkdir()
    sources = []
    for number in range(files):
        sources.append(str(folder / f"in-{number}.jsonl"))
        Path(sources[-1]).write_bytes(b"".join(line + b"\n" for line in lines[number::files]))
    wish = replay.ReplayOptions("replay", frozenset(windows), 1, end_ms=end_ms)
    summary = replay.replay(settings, sources, folder / "out", wish, silent)
    found = {name: (folder / "out" / name).read_bytes() for name in ("kpi.jsonl", "scores.jsonl")}
    records = [orjson.loads(line) for line in found["scores.jsonl"].splitlines()]
    assert summary.scores == len(records)
    return {**found, "records": records, "summary": summary}


def key(record: dict[str, Any]) -> str:
    return "|".join(str(record[name]) for name in ("kind", "name", "version", "site", "level", "entity", "start"))


def worlds() -> list[int]:
    """Some worlds without a shift that is named like a period."""
    sites = ((seed, world(seed, with_rules=True).config["sites"].values()) for seed in range(100))
    return list(islice((seed for seed, each in sites if not any("day" in site.get("shifts", ()) for site in each)), 5))


@pytest.mark.parametrize("seed", worlds())
def test_scores_are_the_same_bytes_in_any_order_and_by_either_way(tmp_path: Path, seed: int) -> None:
    """With rules events are folded step by step, without at once; windows that are not listed change no score."""
    made = world(seed, with_rules=True)
    config = made.config | yaml.parse(SCHEMES)
    lines = [*made.lines, measured("m-1"), measured("m-1", numerator=2, version=2), measured("m-2", indicator="else")]
    text = orjson.dumps(config).decode()
    settings = settings_of(tmp_path, text)
    first = run(settings, lines, tmp_path / "1", windows=("day", "month"))
    assert first["records"]
    assert [key(record) for record in first["records"]] == sorted(key(record) for record in first["records"])
    for record in first["records"]:
        ScoreRecord.model_validate(record, strict=True)
    random.Random(seed).shuffle(lines)
    second = run(settings, lines, tmp_path / "2", files=3, windows=("month",))
    assert second["scores.jsonl"] == first["scores.jsonl"]
    assert b'"window":"day"' not in second["kpi.jsonl"]
    other = settings_of(tmp_path, orjson.dumps(config | {"alerts": []}).decode())
    third = run(other, lines, tmp_path / "3", windows=("month",))
    assert third["scores.jsonl"] == first["scores.jsonl"]
    assert third["kpi.jsonl"] == second["kpi.jsonl"]
    agents = 0
    for line in third["kpi.jsonl"].splitlines():
        KpiRecord.model_validate_json(line, strict=True)
        record = orjson.loads(line)
        found = {(kpi["kpi"], kpi.get("currency")): kpi for kpi in record["kpis"]}
        if record["level"] == "agent" and record["entity"] != "unassigned":
            assert found["recovered_amount", "CNY"]["target"] == 500
            agents += 1
    assert agents
    assert first["summary"].measurements_undeclared >= 1


CARD = """
indicators: [mark]
scorecards: [{scorecard: day, version: 1, from: 2020-01-01, level: team, period: day, settle: 1d, components: [
   {component: a, kpi: dials, weight: 1, target: 1, scoring: {attainment: {}}}, {component: b, indicator: mark, weight: 5, scoring: {steps: [[1, 5]]}}]}]
"""
LINES = [
    call("c-1", "a-1", "2026-03-02T09:00:00Z"),
    call("c-2", "a-1", "2026-03-03T09:00:00Z"),
    measured("m-1"),
    measured("m-2", period_start="2026-03-03", occurred_at="2026-03-02T10:00:00Z"),
]


def told(records: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(each["start"], each["score"], each["provisional"], each["as_of"]) for each in records]


def test_as_of_bounds_what_counts_and_what_is_provisional(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, CARD)

    def at(name: str, end: str | None) -> list[tuple[Any, ...]]:
        end_ms = NO_END_MS if end == "end" else instant_ms(end) if end else None
        return told(run(settings, LINES, tmp_path / name, end_ms=end_ms)["records"])

    assert at("default", None) == [
        ("2026-03-02", "6.0000", True, "2026-03-03T00:00:00Z"),  # its day is settled on the 4th
        ("2026-03-03", "6.0000", True, "2026-03-03T09:00:10Z"),
    ]
    assert at("settled", "2026-03-04T00:00:00Z") == [
        ("2026-03-02", "6.0000", False, "2026-03-03T00:00:00Z"),
        ("2026-03-03", "6.0000", True, "2026-03-04T00:00:00Z"),
    ]
    assert at("end", "end") == [
        ("2026-03-02", "6.0000", False, "2026-03-03T00:00:00Z"),
        ("2026-03-03", "6.0000", False, "2026-03-04T00:00:00Z"),
    ]
    # a period that begins at the end is not written, and a measurement of then does not count
    assert at("early", "2026-03-03T00:00:00Z") == [("2026-03-02", "6.0000", True, "2026-03-03T00:00:00Z")]
    assert at("earlier", "2026-03-02T08:00:00Z") == []
    assert at("morning", "2026-03-02T08:00:10Z") == [("2026-03-02", "5.0000", True, "2026-03-02T08:00:10Z")]


def test_a_void_measurement_counts_nothing_and_a_higher_version_replaces(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, CARD)
    lines = [
        *LINES,
        measured("m-1", version=2, void=True),
        measured("m-2", period_start="2026-03-03", version=2, numerator=0),
    ]
    assert [each[1] for each in told(run(settings, lines, tmp_path / "a")["records"])] == ["1.0000", "1.0000"]


def test_bounds_of_time_leave_out_periods_and_change_none(tmp_path: Path) -> None:
    """As a backfill has them: a period is computed from all there is, and written if it lies within."""
    settings = settings_of(tmp_path, CARD.replace("target: 1,", "target: {before: 1},"))
    whole = run(settings, LINES, tmp_path / "whole", end_ms=NO_END_MS)
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(LINES))
    start_ms, end_ms = instant_ms("2026-03-03T00:00:00Z"), instant_ms("2026-03-04T00:00:00Z")
    options = replay.ReplayOptions("replay", frozenset(["day"]), 1, start_ms, end_ms, end_ms=NO_END_MS)
    replay.replay(settings, [str(tmp_path / "in.jsonl")], tmp_path / "out", options, silent)
    found = (tmp_path / "out" / "scores.jsonl").read_bytes()
    assert [orjson.loads(found)] == [record for record in whole["records"] if record["start"] == "2026-03-03"]
    assert orjson.loads(found)["parts"][0]["target"] == "1"
    days = [orjson.loads(line)["start"] for line in (tmp_path / "out" / "kpi.jsonl").read_bytes().splitlines()]
    assert set(days) == {"2026-03-03T00:00:00Z"}


def test_without_schemes_there_is_an_empty_file(tmp_path: Path) -> None:
    found = run(settings_of(tmp_path, ""), LINES, tmp_path / "a")
    assert (found["scores.jsonl"], found["summary"].measurements_undeclared) == (b"", 2)
