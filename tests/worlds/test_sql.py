"""The queries and the product agree: numerator and denominator of every KPI of every entity and window."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stream.cli.main import run
from stream.facts.decode import Rejection, decode
from stream.windows.calendar import day_begins
from tests.effort import examples
from tests.facts.events import wire
from tests.oracle.catalogue import CATALOGUE
from tests.oracle.config import Config, read_config
from tests.oracle.identity import utc
from tests.oracle.reading import Event, Rejected, read_event
from tests.oracle.replay import sort_lines
from tests.oracle.sql import Parts, kpis_by_sql
from tests.oracle.timing import timed
from tests.worlds.folded import settings_of
from tests.worlds.lived import Floor
from tests.worlds.replayed import replayed
from tests.worlds.world import world

WORLDS = int(os.environ.get("KPI_WORLDS", examples(12)))
FROM = int(os.environ.get("KPI_WORLDS_FROM", "0"))
Raw = dict[str, Any]


def parts_of(record: Raw) -> Parts:
    return {(k["kpi"], k.get("currency")): (k["numerator"], k["denominator"]) for k in record["kpis"]}


def by_replay(config: Raw, lines: Sequence[bytes], folder: Path) -> dict[str, Parts]:
    got = replayed(config, [b"".join(line + b"\n" for line in lines)], folder, options=("--as-of", "end"))
    return {"|".join(r[n] for n in ("site", "level", "entity", "window", "start")): parts_of(r) for r in got.kpis}


def by_sql(events: Sequence[Event], config: Config) -> dict[str, Parts]:
    return {"|".join((*key, utc(at_ms))): parts for (*key, at_ms, _), parts in kpis_by_sql(events, config).items()}


def differences(got: dict[str, Parts], expected: dict[str, Parts]) -> list[str]:
    keys = sorted(got.keys() | expected.keys())
    return [
        f"{key}: got {got.get(key)}, expected {expected.get(key)}" for key in keys if got.get(key) != expected.get(key)
    ]


def agreed(config: Raw, lines: Sequence[bytes], folder: Path) -> dict[str, Parts]:
    """What replay and the queries both say; fails with the first records on which they differ."""
    got, expected = by_replay(config, lines, folder), by_sql(sort_lines(lines)[0], read_config(config))
    assert differences(got, expected)[:5] == []
    return expected


@pytest.mark.timeout(60 + WORLDS * 4)
def test_random_worlds_in_odd_zones_have_the_numbers_of_the_queries(tmp_path: Path) -> None:
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed)
        agreed(drawn.config, drawn.lines, tmp_path)


@pytest.mark.timeout(300)
def test_a_simulated_floor_has_the_numbers_of_the_queries_in_every_kpi(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    mess = "duplicates=0.02,late=0.02,corrections=0.03,conflicts=0.02,malformed=0.002,invalid=0.002"
    size = ["--events", "4000", "--rate", "0.05", "--seed", "11", "--mess", mess]
    assert run(["simulate", "--out", str(events), *size]) == 0
    config = {
        "sites": {
            "main": {"zone": "Asia/Kathmandu", "shifts": {"night": ["22:00", "06:00"], "day": ["09:00", "18:00"]}}
        },
        "windows": {"intervals": ["30m", "8h"]},
    }
    lines = events.read_bytes().splitlines()
    day = json.loads(lines[0])["occurred_at"][:10]
    call = {"call_id": "z-1", "direction": "inbound", "outcome": "callback", "ended_at": f"{day}T10:01:00Z"}
    # So small a floor hardly ever has a colleague free for a transfer, or a caller who wants to be called back.
    later_leg = call | {"call_id": "z-2", "outcome": "human", "agent_id": "a-1", "transferred_from": "z-0"}
    for number, more in enumerate((call, later_leg)):
        lines.append(wire("call", occurred_at=f"{day}T10:00:00Z", event_id=f"z-{number}", **more))
    lines.append(wire("payment", occurred_at=f"{day}T10:00:00Z", event_id="z-p", payment_id="z-p"))
    lines.append(wire("payment_reversal", occurred_at=f"{day}T11:00:00Z", event_id="z-r", payment_id="z-p"))
    told = agreed(config, lines, tmp_path / "replay")
    assert {kpi for parts in told.values() for kpi, _ in parts} == set(CATALOGUE)


REAL = {
    "anonymous-bank": ("anonymous_bank_1999_02_calls.tsv", "Asia/Jerusalem", {"night": ["20:00", "07:00"]}),
    "berka": ("berka_trans.asc", "Europe/Prague", {"desk": ["08:00", "16:30"]}),
    "cfpb": ("cfpb_complaints_2013_1000.csv", "America/New_York", {"late": ["12:00", "00:00"]}),
}


@pytest.mark.shared_data
@pytest.mark.timeout(300)
@pytest.mark.parametrize("source", sorted(REAL))
def test_real_data_have_the_numbers_of_the_queries(source: str, shared_data: Path, tmp_path: Path) -> None:
    name, zone, shifts = REAL[source]
    events = tmp_path / "events.jsonl"
    assert run(["import", source, str(shared_data / name), "--out", str(events)]) == 0
    config = {"sites": {"main": {"zone": zone, "shifts": shifts}}, "windows": {"intervals": ["1h"]}}
    told = agreed(config, events.read_bytes().splitlines(), tmp_path / "replay")
    assert len(told) > 1_000


def happened(line: bytes, config: Config) -> int:
    (event,) = timed(sort_lines([line])[0], config)
    return int(event["occurred_at"])


def rolling_words(floor: Floor) -> dict[str, Parts]:
    """What a reader of the topic holds of the rolling windows, by key."""
    kept: dict[str, Parts] = {}
    for record in (record for part in floor.parts for record in part.kpis):
        if record["window"].startswith("rolling"):
            kept["|".join(record[n] for n in ("site", "level", "entity", "window"))] = parts_of(record)
    return {key: parts for key, parts in kept.items() if parts}


@pytest.mark.timeout(60 + WORLDS * 12)
@pytest.mark.parametrize("late", [False, True], ids=["in order", "late"])
def test_rolling_windows_hold_what_the_queries_count_before_the_next_pane(late: bool, tmp_path: Path) -> None:
    """Looked at halfway and at the end, with crashes between; what is told late counts where it belongs."""
    compared = 0
    for seed in range(FROM, FROM + WORLDS):
        drawn, random = world(seed), Random(seed)
        raw = drawn.config | {"windows": drawn.config["windows"] | {"rolling": ["15m", "24h"]}}
        config, settings = read_config(raw), settings_of(raw, tmp_path)
        lines = [line for line in drawn.lines if not isinstance(read_event(line), Rejected)]
        random.shuffle(lines)
        if not late:
            lines.sort(key=lambda line: happened(line, config))
        floor, last_ms, half = Floor(settings, random, rolling=True), 0, len(lines) // 2
        for part, known in ((lines[:half], lines[:half]), (lines[half:], lines)):
            midnight_ms = day_begins(settings.plan())
            facts = [fact for line in part if not isinstance(fact := decode(line, midnight_ms), Rejection)]
            last_ms = floor.take_in(facts, last_ms)
            told = kpis_by_sql(sort_lines(known)[0], config, rolling_at_ms=last_ms)
            expected = {"|".join(key[:4]): parts for key, parts in told.items() if key[3].startswith("rolling")}
            assert differences(rolling_words(floor), expected)[:5] == [], f"seed {seed}"
            compared += len(expected)
    assert compared > 10 * WORLDS
