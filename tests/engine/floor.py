"""Rows, the floor that adds up every row for every window, and strategies for both."""

import json
from collections import Counter, defaultdict
from typing import Any

from hypothesis import Phase
from hypothesis import strategies as st

from stream.alerts.rules import Rule, exact
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.entities.publication import NO_END_MS
from stream.engine.entities.stage import EntityStage, Publication
from stream.kpis.records import Records
from stream.windows.calendar import Calendar
from stream.windows.packed import pack
from stream.windows.plan import SiteClock, WindowPlan
from tests.engine.deltas import delta

PANE = 10_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BASE = 20_000 * DAY + 10 * HOUR
PLAN = WindowPlan(
    pane_ms=PANE,
    rolling=(("rolling_1m", MINUTE), ("rolling_5m", 5 * MINUTE)),
    intervals=(("interval_30m", 30 * MINUTE),),
    sites={"main": SiteClock("Asia/Shanghai", {"late": (17 * 60 + 59, 18 * 60 + 7), "night": (22 * 60, 6 * 60)})},
)
GRAIN = PLAN.grain_ms
LIVE = Publication(every_ms=1_000, grace_ms=2 * MINUTE, horizon_ms=2 * DAY, run="live")
REPLAY = Publication(horizon_ms=None, end_ms=NO_END_MS, run="replay", rolling_records=False)
RULE = Rule("many", "dials", "team", "rolling_1m", exact("3"), exact("2"), above=True, keep_firing_for_ms=20_000)
LOW = Rule("low", "connect_rate", "team", "interval_30m", exact("0.5"), exact("0.6"), min_denominator=2, for_ms=30_000)

Row = tuple[str, int, int, dict[str, int], int]  # entity, grain, known, sums, number of grains that hold them each


PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)  # explaining a failure traces every line: too slow


def stage(publication: Publication = LIVE, rules: tuple[Rule, ...] = (), numbers: int = 1) -> EntityStage:
    return EntityStage(PLAN, rules, publication, 0, numbers)


def feed(target: EntityStage, rows: list[Row], at_ms: int) -> None:
    """The rows as deltas, one per entity, of facts up to `at_ms`."""
    entities: dict[str, list[Any]] = defaultdict(list)
    for entity, grain, known, sums, length in rows:
        entities[entity].append(((grain, known, 0, length), sums))
    for entity, places in entities.items():
        target.apply(entity.encode(), delta(0, at_ms, places))


def copied(rows: list[Row]) -> list[Row]:
    return [(entity, grain, known, dict(sums), length) for entity, grain, known, sums, length in rows]


def apart(rows: list[Row]) -> list[Row]:
    """The same rows without runs."""
    return [
        (entity, grain + offset, known, dict(sums), 1)
        for entity, grain, known, sums, length in rows
        for offset in range(length)
    ]


def state_time(target: EntityStage, watermark_ms: int, number: int = 0) -> None:
    target.apply(STATEMENT_KEY, encode_statement(number, watermark_ms, watermark_ms))


def grain_at(minute: float) -> int:
    return int(BASE + minute * MINUTE) // GRAIN


def row(minute: float, entity: str = "main|team|a", known: float | None = None, **sums: int) -> Row:
    return entity, grain_at(minute), 0 if known is None else grain_at(known), sums, 1


def kept(records: list[tuple[bytes, bytes]]) -> dict[str, dict[str, Any]]:
    """What a reader keeps: the highest revision per key, of equal ones the later."""
    latest: dict[str, dict[str, Any]] = {}
    for key, value in records:
        record = json.loads(value)
        known = latest.get(key.decode())
        if known is None or record["revision"] >= known["revision"]:
            latest[key.decode()] = record
    return latest


def text(instant_ms: int) -> str:
    from stream.facts.instant import instant_text

    return instant_text(instant_ms)


def expected(rows: list[Row], as_of_ms: int | None = None) -> dict[str, bytes]:
    """Key -> KPIs of every window, adding up every row; `as_of_ms` None: all tumbling ones, the future included."""
    calendar = Calendar(PLAN)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for entity, grain, _, amounts, _ in apart(rows):
        instant_ms = grain * GRAIN
        if as_of_ms is not None and instant_ms >= as_of_ms:
            continue
        for name, start_ms, _ in calendar.site(entity.partition("|")[0]).windows(instant_ms):
            for column, amount in amounts.items():
                sums[f"{entity}|{name}|{text(start_ms)}"][column] += amount
        for name, length_ms in PLAN.rolling if as_of_ms is not None else ():
            if as_of_ms is not None and instant_ms >= as_of_ms - length_ms:
                for column, amount in amounts.items():
                    sums[f"{entity}|{name}|"][column] += amount
    records = Records("live", {})
    found = {key: records.kpis(key.split("|")[1], pack(columns)) for key, columns in sums.items()}
    return {key: kpis for key, kpis in found.items() if kpis != b"[]"}


ROW = st.builds(
    lambda entity, minute, known, sums: (
        entity, grain_at(minute), grain_at(known) if known > minute else 0, sums, 1
    ),
    st.sampled_from(["main|team|a", "main|team|b", "elsewhere|agent|x"]),
    st.integers(0, 90),
    st.integers(0, 95),
    st.dictionaries(
        st.sampled_from(["dials", "connects", "recovered_minor:CNY", "productive_ms", "signed_in_ms"]),
        st.integers(-2, 4), min_size=1, max_size=3,
    ),
)  # fmt: skip
RUN = st.builds(  # an agent's time in one state, all of it in the past
    lambda entity, start, length, ms: (
        entity, grain_at(-start), grain_at(0), {"productive_ms": ms, "dials": 1}, length
    ),
    st.sampled_from(["main|team|a", "elsewhere|agent|x"]), st.integers(40, 60), st.integers(2, 240), st.integers(1, 9),
)  # fmt: skip
ROWS = st.lists(st.one_of(ROW, ROW, ROW, RUN), max_size=12)


def ticked(target: EntityStage, now_ms: int) -> dict[str, dict[str, Any]]:
    return kept(target.tick(now_ms).kpis)
