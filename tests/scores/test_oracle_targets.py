# ruff: noqa: E501  (a scheme is read best on one line)
"""Random targets, calendars, shifts and zones: KPI records say the target, attainment and pace that the oracle says."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from stream.kpis.records import Records, RecordSpan
from stream.windows.packed import pack
from tests.effort import examples
from tests.scores.floor import settings_of
from tests.scores.oracle_targets import instant_of, target_of, told

WORLDS = int(os.environ.get("KPI_SCORE_WORLDS", examples(24)))
FROM = int(os.environ.get("KPI_SCORE_WORLDS_FROM", "0"))
KPIS: list[dict[str, Any]] = [
    {"kpi": "visits"}, {"kpi": "dials"}, {"kpi": "connect_rate"}, {"kpi": "complaint_rate"},
    {"kpi": "recovered_amount", "currency": "CNY"}, {"kpi": "recovered_amount", "currency": "EUR"},
]  # fmt: skip
COLUMNS = {
    "visits": ("visits", None), "dials": ("dials", None), "connect_rate": ("connects", "dials"), "complaint_rate": ("complaints", "contacts"),
    "recovered_amount CNY": ("recovered_minor:CNY", None), "recovered_amount EUR": ("recovered_minor:EUR", None),
}  # fmt: skip
SHIFTS = {"early": ["06:00", "14:30"], "late": ["13:15", "22:00"], "night": ["21:45", "06:15"]}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def calendar(random: Random) -> dict[str, Any]:
    days = [
        f"2026-{month}-{day:02d}"
        for month, day in random.sample([(month, day) for month in ("03", "04") for day in range(1, 31)], 12)
    ]
    workdays = random.sample(WEEKDAYS, random.randint(1, 7))
    return {"workdays": workdays, "holidays": days[:8], "extra_workdays": days[8:]}


def world(random: Random) -> dict[str, Any]:
    site: dict[str, Any] = {"zone": random.choice(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"])}
    if random.random() < 0.7:
        site["shifts"] = {name: SHIFTS[name] for name in random.sample(sorted(SHIFTS), random.randint(1, 3))}
    if random.random() < 0.3:
        site["calendar"] = calendar(random)
    periods = ["day", "month", *site.get("shifts", {})]
    targets = [
        {
            **random.choice(KPIS), "level": random.choice(["agent", "agent", "team"]), "entity": random.choice(["*", "*", "e-1", "e-2"]),
            "period": random.choice(periods), "value": random.choice([0, 3, "0.5", 7]), "from": random.choice(["2026-01-01", "2026-04-01", "2026-04-05"]),
            **random.choice([{}, {"site": "main"}, {"site": "other"}, {"until": "2026-04-08"}]),
        }
        for _ in range(40)
    ]  # fmt: skip
    return {
        "sites": {"main": site}, "targets": targets, "minimum_sample": {"connect_rate": 3},
        **({"calendar": calendar(random)} if random.random() < 0.7 else {}),
    }  # fmt: skip


def window_of(random: Random, config: dict[str, Any]) -> tuple[str, date, datetime, datetime]:
    """A window: its name, first day, and when it begins and ends."""
    site = config["sites"]["main"]
    zone = ZoneInfo(site["zone"])
    first = random.choice([date(2026, 3, 8), date(2026, 3, 29), *(date(2026, 4, day) for day in range(1, 12))])
    name = random.choice(["day", "month", *(f"shift_{each}" for each in site.get("shifts", {}))])
    if name == "month":
        first = first.replace(day=1)
        return (
            name,
            first,
            instant_of(zone, first, "00:00"),
            instant_of(zone, (first + timedelta(days=31)).replace(day=1), "00:00"),
        )
    if name == "day":
        return name, first, instant_of(zone, first, "00:00"), instant_of(zone, first + timedelta(days=1), "00:00")
    start, stop = site["shifts"][name.removeprefix("shift_")]
    return name, first, instant_of(zone, first, start), instant_of(zone, first + timedelta(days=stop < start), stop)


@pytest.mark.parametrize("seed", range(FROM, FROM + WORLDS))
def test_targets_attainment_and_pace_are_those_of_the_oracle(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    config = world(random)
    settings = settings_of(tmp_path, orjson.dumps(config).decode())
    records = Records("live", settings.document.minimum_sample, settings.targets())
    compared = 0
    for _ in range(12):
        window, first, begin, end = window_of(random, config)
        level, entity = random.choice(["agent", "team"]), random.choice(["e-1", "e-2", "e-3", "unassigned"])
        as_of = begin + timedelta(minutes=15) * random.randint(0, 120)
        sums = {
            name: random.randint(0, 6) for pair in COLUMNS.values() for name in pair if name and random.random() < 0.7
        }
        sums["messages"] = 1
        at_ms, end_ms, as_of_ms = (int(instant.astimezone(UTC).timestamp() * 1000) for instant in (begin, end, as_of))
        packed = pack(sums)
        listed = orjson.loads(
            records.complete(
                RecordSpan("main", level, entity, window, at_ms, end_ms), as_of_ms, packed, records.kpis(level, packed)
            )
        )
        got = {
            f"{each['kpi']} {each.get('currency', '')}".strip(): (each["target"], each["attainment"], each["pace"])
            for each in listed if "target" in each
        }  # fmt: skip
        wanted = {}
        for each in KPIS:
            kpi, currency = each["kpi"], each.get("currency")
            target = target_of(config, kpi, currency, level, entity, window.removeprefix("shift_"), first)
            if target is not None:
                key = f"{kpi} {currency or ''}".strip()
                above, below = COLUMNS[key]
                parts = sums.get(above, 0), sums.get(below, 0) if below else 0
                least = 3 if kpi == "connect_rate" else 1
                wanted[key] = float(target), *told(config, kpi, parts, target, least, (begin, end), as_of)
        assert got == wanted, (window, first, as_of)
        compared += len(wanted)
    assert compared
