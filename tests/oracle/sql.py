"""The second independent reading of definitions 1 to 6, as queries: the files of `queries/`, in order, in DuckDB.

What an event says and which lines are events is read by `reading.py`; everything after it is the queries'. They share
no line with the product, and with the plain oracle only the table of KPIs and the zone data.
"""

from __future__ import annotations

import json
import tempfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from tests.oracle.calendar import zone
from tests.oracle.catalogue import CATALOGUE
from tests.oracle.config import Config, duration_ms
from tests.oracle.contribution import site_of
from tests.oracle.identity import canonical, identity, is_void, key_of, version
from tests.oracle.reading import Event
from tests.oracle.timing import ordered_at, timed

QUERIES = sorted((Path(__file__).parent / "queries").glob("*.sql"))

Place = tuple[str, str, str, str, int, int]
"""(site, level, entity, window, start_ms, end_ms); the start of a rolling window is E - S."""
Parts = dict[tuple[str, str | None], tuple[int, int | None]]
"""(KPI, currency) -> (numerator, denominator)."""

TEXTS = (
    *("type", "event_id", "debtor_id", "case_id", "agent_id", "team_id", "call_id", "payment_id", "promise_id"),
    *("complaint_id", "visit_id", "step_id", "direction", "outcome", "party", "channel", "currency", "change"),
    *("status", "state", "site", "key", "own_id", "canonical", "queue_id", "segment_id", "transferred_from"),
)
WHOLES = (
    *("occurred_at", "ordered_at", "ended_at", "received_at", "closed_at"),
    *("queue_ms", "talk_ms", "hold_ms", "wrap_ms", "effective_ms"),
    *("amount_minor", "overdue_minor", "dpd", "score", "version"),
)
FLAGS = ("passed", "met_debtor", "handed_over", "handover_correct", "mandate_signed", "upheld", "delivered", "void")
EVENTS = {
    **dict.fromkeys(TEXTS, "varchar"),
    **dict.fromkeys(WHOLES, "bigint"),
    **dict.fromkeys(FLAGS, "boolean"),
    "due_on_day": "date",
    "due_on": "date[]",
    "amounts": "bigint[]",
}
LEVELS = ("agent", "team", "queue", "segment", "site")
FOREVER_MS = 2**60
DEFINITIONS = (
    *("promise_grace_days", "attribution_days", "effective_talk_floor_ms", "service_level_ms", "short_abandon_ms"),
    *("first_contact_hours", "first_contact_max_dpd", "coverage_days", "complaint_deadline_days"),
    *("service_level_formula", "calls_counted_at", "open_state_max_ms"),
)


def row_of(event: Event) -> dict[str, Any]:
    """A timed event as a row of the table `events`."""
    parts = event.get("instalments", [])
    derived = {
        "site": site_of(event),
        "key": key_of(event),
        "own_id": "|".join(identity(event)[2:]),
        "ordered_at": ordered_at(event),
        "void": is_void(event),
        "version": version(event),
        "canonical": canonical(event).decode(),
        "due_on_day": event["due_on"].isoformat() if "due_on" in event else None,
        "due_on": [part["due_on"].isoformat() for part in parts],
        "amounts": [part["amount_minor"] for part in parts],
    }
    return {name: derived[name] if name in derived else event.get(name) for name in EVENTS}


def fill(
    sql: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Makes a table of rows, through a file of JSON lines."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        file.flush()
        struct = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
        source = f"read_json('{file.name}', columns = {{{struct}}}, format = 'newline_delimited')"
        sql.execute(f"create table {table} as from {source}")


def settings_row(config: Config, as_of_ms: int | None) -> dict[str, int | str]:
    flags = {"with_day": config.day, "with_month": config.month, "with_shifts": config.shifts}
    flags["states_end_with_shift"] = config.open_state_ends_with_shift
    return {
        **{name: getattr(config, name) for name in DEFINITIONS},
        "as_of_ms": FOREVER_MS if as_of_ms is None else as_of_ms,
        "tolerance_numerator": config.promise_tolerance.numerator,
        "tolerance_denominator": config.promise_tolerance.denominator,
        **{name: int(flag) for name, flag in flags.items()},
    }


@cache
def offsets_of(zone_name: str, first_year: int, last_year: int) -> dict[str, list[int]]:
    """The offsets of a zone, and since when each holds, to the second; days with two changes do not occur."""

    def offset(at_s: int) -> int:
        shift = datetime.fromtimestamp(at_s, UTC).astimezone(zone(zone_name)).utcoffset()
        assert shift is not None
        return round(shift.total_seconds()) * 1000

    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first_year, last_year))
    found = {start: offset(start)}
    for day_s in range(start, end, 86_400):
        if offset(day_s) != offset(day_s + 86_400):
            change = bisect_left(range(day_s, day_s + 86_400), True, key=lambda s: offset(s) != offset(day_s))
            found[day_s + change] = offset(day_s + change)
    return {"since": [at_s * 1000 for at_s in found], "offsets": list(found.values())}


def fill_settings(
    sql: duckdb.DuckDBPyConnection,
    sites: Iterable[str],
    config: Config,
    years: tuple[int, int],
    settings: Mapping[str, int | str],
) -> None:
    """Everything that is given beside the events, whose deadlines and windows lie in these years."""
    text, whole = "varchar", "bigint"
    kinds = {name: whole if isinstance(value, int) else text for name, value in settings.items()}
    fill(sql, "settings", kinds, [settings])
    rows = [{"site": site, "zone": offsets_of(config.site(site).zone, *years)} for site in sites]
    fill(sql, "sites", {"site": text, "zone": "struct(since bigint[], offsets bigint[])"}, rows)
    shifts = [
        {"site": site, "name": name, "from_minute": start, "to_minute": end}
        for site, found in config.sites.items()
        for name, (start, end) in found.shifts.items()
    ]
    fill(sql, "shifts", {"site": text, "name": text, "from_minute": whole, "to_minute": whole}, shifts)
    for table, prefix, lengths in (("intervals", "interval", config.intervals), ("rolling", "rolling", config.rolling)):
        named = [{"name": f"{prefix}_{length}", "length_ms": duration_ms(length)} for length in lengths]
        fill(sql, table, {"name": text, "length_ms": whole}, named)
    lists = [
        {
            "kpi": k.kpi,
            "numerator": k.numerator,
            "denominator": k.denominator,
            "per_currency": k.per_currency,
            "levels": [level for level in LEVELS if k.exists_at(level)],
        }
        for k in CATALOGUE.values()
    ]
    names = {"kpi": text, "per_currency": "boolean"}
    columns = names | dict.fromkeys(("numerator", "denominator", "levels"), "varchar[]")
    fill(sql, "catalogue", columns, lists)


@contextmanager
def queried(
    told: Sequence[Event], config: Config, rolling_at_ms: int | None = None, as_of_ms: int | None = None
) -> Iterator[Any]:
    """All tables of the queries over all valid events. `rolling_at_ms`: an instant whose rolling windows are wanted.

    `as_of_ms`: where replay ends; None: all windows are over.
    """
    events = timed(told, config)
    with duckdb.connect(config={"threads": 1}) as sql:
        fill(sql, "events", EVENTS, (row_of(event) for event in events))
        years = {datetime.fromtimestamp(event["occurred_at"] / 1000, UTC).year for event in events} or {2000}
        lived = (min(years) - 2, max(years) + 8)
        sites = sorted({site_of(event) for event in events})
        fill_settings(sql, sites, config, lived, settings_row(config, as_of_ms))
        at = {"pane_ms": config.pane_ms, "at_ms": rolling_at_ms}
        fill(sql, "rolling_at", dict.fromkeys(at, "bigint"), [at] if rolling_at_ms is not None else [])
        for path in QUERIES:
            sql.execute(path.read_text(encoding="utf-8"))
        yield sql


def kpis_by_sql(
    events: Sequence[Event], config: Config, rolling_at_ms: int | None = None, as_of_ms: int | None = None
) -> dict[Place, Parts]:
    """Every KPI of every record, numerator and denominator."""
    found: dict[Place, Parts] = {}
    with queried(events, config, rolling_at_ms, as_of_ms) as sql:
        for *place, kpi, currency, numerator, denominator in sql.execute("from per_kpi").fetchall():
            found.setdefault((*place,), {})[kpi, currency] = (numerator, denominator)
    return found
