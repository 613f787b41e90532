# ruff: noqa: E501  (a scheme is read best on one line)
"""Sources, periods, entities and leaders (scores 0)."""

from pathlib import Path
from typing import Any

import pytest

from tests.scores.floor import computed, kpi_record, measurement, outcome, settings_of, written

CARD = """
indicators: [mark, other]
scorecards: [{scorecard: card, version: 1, from: 2026-01-01, level: LEVEL, period: PERIOD, only_one: "a test", only_recovery: "a test",
  components: [{component: c, SOURCE, weight: 10, scoring: {attainment: {}}, target: 1}]MORE}]
"""


def part(
    tmp_path: Path, source: str, records: list[bytes], measured: Any = (), *, who: str = "a-1", level: str = "agent",
    period: str = "month", more: str = "",
) -> dict[str, Any]:  # fmt: skip
    text = CARD.replace("SOURCE", source).replace("LEVEL", level).replace("PERIOD", period).replace("MORE", more)
    found: dict[str, Any] = outcome(tmp_path, text, records, measured)[who]["parts"][0]
    return found


def told(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found[name] for name in ("value", "numerator", "denominator", "status"))


@pytest.mark.parametrize(
    ("source", "kpis", "expected"),
    [
        ("kpi: visits", {"dials": 1}, ("0", 0, None, "ok")),
        ("kpi: visits", {"visits": 7}, ("7", 7, None, "ok")),
        ("kpi: connect_rate", {"dials": 1}, (None, 0, 0, "no_data")),
        ("kpi: connect_rate", {"connect_rate": (1, 3)}, ("0.333333333333", 1, 3, "ok")),
        ("kpi: complaint_rate", {"complaint_rate": (1, 400)}, ("2.5", 1, 400, "ok")),
        ("kpi: dials_per_hour", {"dials_per_hour": (50, 1_800_000)}, ("100", 50, 1_800_000, "ok")),
        ("kpi: plans, over: promises", {"plans": 1, "promises": 4}, ("0.25", 1, 4, "ok")),
        ("kpi: plans, over: promises", {"plans": 1}, (None, 1, 0, "no_data")),
        ("kpi: complaints, over: connect_rate", {"complaints": 2, "connect_rate": (8, 90)}, ("0.25", 2, 8, "ok")),
        ("kpi: recovered_amount, currency: CNY, over: placed_amount",
         {"recovered_amount CNY": 5, "recovered_amount EUR": 9, "placed_amount CNY": 20}, ("0.25", 5, 20, "ok")),
        ("kpi: payments, over: placed_amount, currency: CNY", {"payments": 5, "placed_amount CNY": 20}, ("0.25", 5, 20, "ok")),
        ("kpi: recovered_per_hour, currency: CNY",
         {"recovered_per_hour CNY": (500, 1_800_000), "dials_per_hour": (1, 1_800_000)}, ("1000", 500, 1_800_000, "ok")),
        # not listed, since nothing was recovered: its denominator is that of dials_per_hour
        ("kpi: recovered_per_hour, currency: CNY", {"dials_per_hour": (0, 1_800_000)}, ("0", 0, 1_800_000, "ok")),
        ("kpi: conduct_breaches", {"dials": 1}, (None, None, None, "no_data")),
        ("kpi: conduct_breach_rate", {"dials": 1}, (None, None, None, "no_data")),
    ],
)  # fmt: skip
def test_a_kpi_is_read_exactly(tmp_path: Path, source: str, kpis: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert told(part(tmp_path, source, [kpi_record("a-1", kpis)])) == expected


def test_an_integer_longer_than_64_bits_stays_exact(tmp_path: Path) -> None:
    record = kpi_record("a-1", {"visits": 777}).replace(b"777", b"123456789012345678901234567890")
    assert part(tmp_path, "kpi: visits", [record])["value"] == "123456789012345678901234567890"


def test_a_quarter_adds_up_the_numerators_and_denominators_of_its_months(tmp_path: Path) -> None:
    records = [
        kpi_record("a-1", {"connect_rate": parts}, start=start, revision=revision)
        for parts, start, revision in (
            ((1, 2), "2026-04-01", 3),
            ((1, 8), "2026-06-01", 9),
            ((99, 99), "2026-07-01", 1),
        )
    ]
    text = CARD.replace("SOURCE", "kpi: connect_rate").replace("LEVEL", "agent").replace("PERIOD", "quarter")
    found = written(computed(settings_of(tmp_path, text.replace("MORE", "")), records))
    record = found["card", 1, "a-1", "2026-04-01"]
    assert told(record["parts"][0]) == ("0.2", 2, 10, "ok")
    assert (record["end"], record["parts"][0]["kpi_revision"]) == ("2026-07-01", 9)
    assert ("card", 1, "a-1", "2026-07-01") in found


def test_of_several_measurements_the_latest_counts_then_the_greatest_id(tmp_path: Path) -> None:
    measured = [
        measurement("mark", "a-1", 1, at=5, name="m-9"), measurement("mark", "a-1", 2, at=6, name="m-1"),
        measurement("mark", "a-1", 3, 4, at=6, name="m-2"), measurement("mark", "a-1", 9, at=9, start="2026-05-01"),
        measurement("mark", "a-1", 9, at=9, level="team"), measurement("mark", "a-1", 9, at=9, period="quarter"),
        measurement("other", "a-1", 9, at=9), measurement("mark", "a-1", 9, at=9, site="east"),
    ]  # fmt: skip
    text = (
        CARD.replace("SOURCE", "indicator: mark")
        .replace("LEVEL", "agent")
        .replace("PERIOD", "month")
        .replace("MORE", "")
    )
    found = written(computed(settings_of(tmp_path, text), [], [each for each in measured if each.site == "main"]))
    assert told(found["card", 1, "a-1", "2026-04-01"]["parts"][0]) == ("0.75", 3, 4, "ok")


def test_a_currency_of_an_indicator_is_asked_for_only_if_it_is_named(tmp_path: Path) -> None:
    measured = [
        measurement("mark", "a-1", 1, currency="CNY", at=1),
        measurement("mark", "a-1", 2, currency="EUR", at=2),
    ]
    assert part(tmp_path, "indicator: mark, currency: CNY", [], measured)["value"] == "1"
    assert part(tmp_path, "indicator: mark", [], measured)["value"] == "2"
    assert part(tmp_path, "indicator: mark, currency: USD", [], measured)["status"] == "no_data"  # but it is there


def test_who_is_there_has_a_record_or_a_measurement_that_the_definition_names(tmp_path: Path) -> None:
    text = CARD.replace("SOURCE", "indicator: mark").replace("LEVEL", "agent").replace("PERIOD", "month")
    records = [kpi_record("a-1", {"dials": 1}), kpi_record("a-2", {}), kpi_record("unassigned", {"dials": 1})]
    measured = [measurement("mark", "a-3", 1), measurement("other", "a-4", 1), measurement("mark", "unassigned", 1)]
    assert outcome(tmp_path, text.replace("MORE", ""), records, measured).keys() == {"a-1", "a-3"}
    chosen = outcome(tmp_path, text.replace("MORE", ", entities: [a-3, a-9]"), records, measured)
    assert chosen.keys() == {"a-3"}
    assert chosen["a-3"]["of"] == 1


def test_a_record_that_empties_is_no_record(tmp_path: Path) -> None:
    text = (
        CARD.replace("SOURCE", "kpi: visits").replace("LEVEL", "agent").replace("PERIOD", "month").replace("MORE", "")
    )
    scores = computed(settings_of(tmp_path, text), [kpi_record("a-1", {"visits": 1})])
    assert len(written(scores)) == 1
    scores.put_record(kpi_record("a-1", {}, revision=2))
    ((_, sheet),) = scores.changed(scores._clock)
    assert sheet == {}


def test_ranks_run_over_one_site_and_at_level_site_over_all(tmp_path: Path) -> None:
    text = CARD.replace("SOURCE", "kpi: visits").replace("PERIOD", "month").replace("MORE", "")
    records = [
        kpi_record(who, {"visits": visits}, level=level, site=site)
        for level, who, site, visits in (
            ("agent", "a-1", "main", 1), ("agent", "a-2", "east", 2), ("site", "main", "main", 1), ("site", "east", "east", 2),
        )
    ]  # fmt: skip
    agents = outcome(tmp_path, text.replace("LEVEL", "agent"), records)
    assert {who: (each["place"], each["of"]) for who, each in agents.items()} == {"a-1": (1, 1), "a-2": (1, 1)}
    sites = outcome(tmp_path, text.replace("LEVEL", "site"), records)
    assert {who: (each["site"], each["place"], each["of"]) for who, each in sites.items()} == {
        "main": ("main", 2, 2), "east": ("east", 1, 2),
    }  # fmt: skip


LEADERS = ", leader_of: {leaders: {l-1: [t-1, t-2], l-2: [t-3]}}"


def test_a_leader_has_the_sum_of_his_teams(tmp_path: Path) -> None:
    records = [
        kpi_record("t-1", {"connect_rate": (1, 10)}, level="team"), kpi_record("t-2", {"connect_rate": (4, 10)}, level="team"),
        kpi_record("l-1", {"connect_rate": (9, 9)}, level="agent"),
    ]  # fmt: skip
    text = CARD.replace("SOURCE", "kpi: connect_rate").replace("LEVEL", "team").replace("PERIOD", "month")
    found = outcome(tmp_path, text.replace("MORE", LEADERS), records)
    assert found.keys() == {"l-1"}
    assert (found["l-1"]["level"], told(found["l-1"]["parts"][0])) == ("leader", ("0.25", 5, 20, "ok"))


def test_a_leader_has_his_own_measurement_or_the_sum_of_his_teams(tmp_path: Path) -> None:
    def value(*measured: Any) -> tuple[Any, ...]:
        return told(
            part(
                tmp_path,
                "indicator: mark",
                [kpi_record("t-1", {"dials": 1}, level="team")],
                measured,
                who="l-1",
                level="team",
                more=LEADERS,
            )
        )

    first, second = (measurement("mark", team, 3, 4, level="team") for team in ("t-1", "t-2"))
    assert value(first, second) == ("0.75", 6, 8, "ok")
    assert value(first, measurement("mark", "t-2", 3, level="team")) == ("6", 6, None, "ok")
    assert value(first, second, measurement("mark", "l-1", 5)) == ("5", 5, None, "ok")
    assert value() == (None, None, None, "no_data")


def test_shifts_are_periods_of_their_own(tmp_path: Path) -> None:
    text = "sites: {main: {shifts: {early: ['09:00', '18:00']}}}\n" + CARD.replace("SOURCE", "kpi: visits").replace(
        "LEVEL", "agent"
    ).replace("PERIOD", "early").replace("MORE", "")
    records = [
        kpi_record("a-1", {"visits": 4}, window="shift_early", start="2026-04-30"),
        kpi_record("a-1", {"visits": 9}, window="day", start="2026-04-30"),
    ]
    found = outcome(tmp_path, text, records)["a-1"]
    assert (found["period"], found["start"], found["end"], found["parts"][0]["value"]) == (
        "early",
        "2026-04-30",
        "2026-05-01",
        "4",
    )
    assert found["as_of"] == "2026-04-30T18:00:00Z"
