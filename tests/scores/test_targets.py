# ruff: noqa: E501  (a scheme is read best on one line)
"""Targets in KPI records (scores 1): which one applies, attainment, pace, and what is listed."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.entities.stage import EntityStage
from stream.kpis.records import Records, RecordSpan
from stream.settings import Settings
from stream.windows.calendar import local_midnight_ms
from stream.windows.packed import pack
from tests.engine.deltas import delta
from tests.scores.floor import settings_of

HOUR_MS = 3_600_000
DAY = "2026-04-07"  # a Tuesday
AT_MS = local_midnight_ms("UTC", DAY)


def entries(
    settings: Settings, sums: dict[str, int], as_of_ms: int, *, window: str = "day", level: str = "agent",
    entity: str = "a-1", hours: tuple[int, int] = (0, 24),
) -> dict[str, Any]:  # fmt: skip
    records = Records("live", settings.document.minimum_sample, settings.targets())
    span = RecordSpan("main", level, entity, window, AT_MS + hours[0] * HOUR_MS, AT_MS + hours[1] * HOUR_MS)
    packed = pack(sums)
    kpis = records.complete(span, as_of_ms, packed, records.kpis(level, packed))
    return {" ".join((each["kpi"], each.get("currency", ""))).strip(): each for each in orjson.loads(kpis)}


def target(more: str) -> str:
    return f"targets: [{{level: agent, entity: '*', from: 2026-01-01, {more}}}]\n"


def told(entry: dict[str, Any]) -> tuple[Any, ...]:
    return entry["target"], entry["attainment"], entry["pace"]


def test_without_targets_nothing_is_said(tmp_path: Path) -> None:
    found = entries(settings_of(tmp_path, ""), {"dials": 4}, AT_MS)
    assert "target" not in found["dials"]


@pytest.mark.parametrize(
    ("as_of_hour", "pace"), [(0, None), (6, 0.4), (12, 0.2), (24, 0.1), (30, 0.1)]
)  # fmt: skip
def test_pace_is_attainment_over_the_share_of_working_time(tmp_path: Path, as_of_hour: int, pace: float | None) -> None:
    settings = settings_of(tmp_path, target("kpi: visits, period: day, value: 20"))
    found = entries(settings, {"visits": 2}, AT_MS + as_of_hour * HOUR_MS)
    assert told(found["visits"]) == (20, 0.1, pace)


SHIFTS = """
calendar: {workdays: [mon, tue, wed, thu, fri]}
sites: {main: {shifts: {early: ["08:00", "14:00"], late: ["12:00", "18:00"], night: ["22:00", "02:00"]}}}
"""


@pytest.mark.parametrize(
    ("as_of_hour", "pace"),
    [
        (1, 0.1 * 14),  # of Monday's night 2 h are Tuesday's; with 08-18 and 22-24 there are 14
        (2, 0.1 * 14 / 2),
        (8, 0.1 * 14 / 2),
        (13, 0.1 * 14 / 7),
        (24, 0.1),
    ],
)
def test_working_time_is_the_union_of_the_shifts_that_begin_on_workdays(
    tmp_path: Path, as_of_hour: int, pace: float
) -> None:
    settings = settings_of(tmp_path, SHIFTS + target("kpi: visits, period: day, value: 20"))
    found = entries(settings, {"visits": 2}, AT_MS + as_of_hour * HOUR_MS)
    assert found["visits"]["pace"] == pytest.approx(pace, rel=1e-15)


def test_a_shift_has_its_own_target_and_its_own_time(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, SHIFTS + target("kpi: visits, period: early, value: 4"))
    found = entries(settings, {"visits": 2}, AT_MS + 11 * HOUR_MS, window="shift_early", hours=(8, 14))
    assert told(found["visits"]) == (4, 0.5, 1.0)
    assert "target" not in entries(settings, {"visits": 2}, AT_MS)["visits"]


def test_there_is_no_pace_where_there_is_no_working_time(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, f'calendar: {{holidays: ["{DAY}"]}}\n' + target("kpi: visits, period: day, value: 20")
    )
    assert told(entries(settings, {"visits": 2}, AT_MS + 24 * HOUR_MS)["visits"]) == (20, 0.1, None)
    settings = settings_of(
        tmp_path,
        f'calendar: {{holidays: ["{DAY}"]}}\nsites: {{main: {{calendar: {{workdays: [tue]}}}}}}\n'
        + target("kpi: visits, period: day, value: 20"),
    )
    assert told(entries(settings, {"visits": 2}, AT_MS + 24 * HOUR_MS)["visits"]) == (20, 0.1, 0.1)


def test_of_a_ratio_the_pace_is_the_attainment(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, target("kpi: connect_rate, period: day, value: '0.5'"))
    assert told(entries(settings, {"connects": 1, "dials": 8}, AT_MS)["connect_rate"]) == (0.5, 0.25, 0.25)
    settings = settings_of(tmp_path, target("kpi: complaint_rate, period: day, value: 5"))
    assert told(entries(settings, {"complaints": 1, "contacts": 400}, AT_MS)["complaint_rate"]) == (5, 0.5, 0.5)


def test_without_a_value_or_with_a_target_of_nought_nothing_is_attained(tmp_path: Path) -> None:
    text = "minimum_sample: {connect_rate: 10}\n" + target("kpi: connect_rate, period: day, value: '0.5'")
    settings = settings_of(tmp_path, text)
    assert told(entries(settings, {"connects": 1, "dials": 8}, AT_MS)["connect_rate"]) == (0.5, None, None)
    zero = settings_of(tmp_path, target("kpi: visits, period: day, value: 0"))
    assert told(entries(zero, {"visits": 3}, AT_MS + HOUR_MS)["visits"]) == (0, None, None)


def test_a_kpi_with_a_target_is_listed_at_nought_in_every_record_that_lists_another(tmp_path: Path) -> None:
    text = """targets:
  - {kpi: visits, level: agent, entity: "*", period: day, value: 20, from: 2026-01-01}
  - {kpi: qa_pass_rate, level: agent, entity: "*", period: day, value: "0.98", from: 2026-01-01}
  - {kpi: recovered_amount, currency: EUR, level: agent, entity: "*", period: day, value: 100, from: 2026-01-01}
  - {kpi: recovered_per_hour, currency: CNY, level: agent, entity: "*", period: day, value: 100, from: 2026-01-01}
"""
    settings = settings_of(tmp_path, text)
    assert entries(settings, {}, AT_MS) == {}
    found = entries(settings, {"letters": 1, "productive_ms": 9}, AT_MS + 24 * HOUR_MS)
    assert list(found) == sorted(found)
    assert {name: (each["numerator"], each["denominator"], each["value"], each["status"], *told(each)) for name, each in found.items() if "target" in each} == {
        "visits": (0, None, 0, "ok", 20, 0.0, 0.0),
        "qa_pass_rate": (0, 0, None, "no_data", 0.98, None, None),
        "recovered_amount EUR": (0, None, 0, "ok", 100, 0.0, 0.0),
        "recovered_per_hour CNY": (0, 9, 0.0, "ok", 100, 0.0, 0.0),
    }  # fmt: skip


def test_which_target_applies(tmp_path: Path) -> None:
    rows = (
        ("'*'", "", "2026-01-01", 1), ("'*'", "", "2026-03-01", 2), ("'*'", "", "2026-03-01", 3),
        ("a-2", "", "2026-01-01", 4), ("'*'", "site: main, ", "2026-02-01", 5), ("a-3", "site: east, ", "2026-01-01", 6),
        ("a-3", "", "2026-01-01", 7), ("a-4", "until: 2026-04-01, ", "2026-01-01", 8), ("unassigned", "", "2026-01-01", 9),
    )  # fmt: skip
    text = "targets:\n" + "\n".join(
        f"  - {{kpi: visits, level: agent, entity: {entity}, period: month, {more}from: {begin}, value: {value}}}"
        for entity, more, begin, value in rows
    )
    targets = settings_of(tmp_path, text).targets()
    what = ("visits", None, "", "agent", "month")

    def applies(entity: str, site: str = "main", first: date = date(2026, 4, 1)) -> Fraction | None:
        return targets.of(what, site, entity, first)

    assert applies("a-1", "other") == 3  # the latest from, then the last listed
    assert applies("a-1") == 5  # one with a site beats one without
    assert applies("a-2") == 4  # the entity's own beats *
    assert applies("a-3") == 7  # a site elsewhere does not fit
    assert applies("a-3", "east") == 6
    assert applies("a-4") == 5  # no longer in force
    assert applies("a-4", first=date(2026, 3, 1)) == 8
    assert applies("unassigned") is None
    assert applies("a-1", first=date(2025, 12, 1)) is None


def test_a_quarter_without_its_own_has_the_sum_of_its_months_of_a_kpi_without_a_denominator(tmp_path: Path) -> None:
    text = """targets:
  - {kpi: visits, level: agent, entity: "*", period: month, value: 10, from: 2026-01-01, until: 2026-09-01}
  - {kpi: visits, level: agent, entity: "*", period: month, value: 12, from: 2026-02-01}
  - {kpi: visits, level: agent, entity: a-2, period: quarter, value: 99, from: 2026-01-01}
  - {kpi: connect_rate, level: agent, entity: "*", period: month, value: 1, from: 2026-01-01}
  - {kpi: visits, over: dials, level: agent, entity: "*", period: month, value: 1, from: 2026-01-01}
"""
    targets = settings_of(tmp_path, text).targets()

    def of(kpi: str, entity: str, first: date, over: str | None = None) -> Fraction | None:
        return targets.of((kpi, over, "", "agent", "quarter"), "main", entity, first)

    assert of("visits", "a-1", date(2026, 1, 1)) == 10 + 12 + 12
    assert of("visits", "a-2", date(2026, 1, 1)) == 99
    assert of("visits", "a-1", date(2025, 10, 1)) is None  # none if one lacks
    assert of("connect_rate", "a-1", date(2026, 1, 1)) is None
    assert of("visits", "a-1", date(2026, 1, 1), "dials") is None


def stage_of(settings: Settings) -> EntityStage:
    return EntityStage(settings.plan(), (), settings.publication(), 0, 1)


def days(records: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    found = [orjson.loads(value) for _, value in records]
    return [record for record in found if record["window"] == "day"]


def test_a_change_of_targets_alone_publishes_the_changed_records_with_a_higher_revision(tmp_path: Path) -> None:
    text = target("kpi: dials, period: day, value: 20")
    stage = stage_of(settings_of(tmp_path, text))
    state: dict[bytes, bytes | None] = {}
    grain = AT_MS // stage._plan.grain_ms
    stage.apply(b"main|agent|a-1", delta(0, AT_MS, [((grain, 0, 0, 1), {"dials": 2})]))
    stage.apply(STATEMENT_KEY, encode_statement(0, AT_MS, AT_MS))
    output = stage.tick(0)
    (first,) = days(output.kpis)
    assert told(first["kpis"][1])[:2] == (20, 0.1)
    state |= dict(output.state)

    def restarted(more: str) -> tuple[EntityStage, list[dict[str, Any]]]:
        again = stage_of(settings_of(tmp_path, more))
        for key, value in state.items():
            again.restore(key, value)
        output = again.tick(10_000_000)
        state.update(output.state)
        return again, days(output.kpis)

    assert restarted(text)[1] == []
    (changed,) = restarted(text.replace("value: 20", "value: 4"))[1]
    assert (changed["revision"], told(changed["kpis"][1])[:2]) == (first["revision"] + 1, (4, 0.5))
    assert restarted(text.replace("value: 20", "value: 4"))[1] == []
    (without,) = restarted("")[1]
    assert without["revision"] == changed["revision"] + 1
    assert "target" not in without["kpis"][1]
    assert restarted("")[1] == []
