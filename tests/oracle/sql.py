"""A third reading: the measures of `contributions.sql`, computed by DuckDB from the same valid events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.oracle.calendar import midnight_ending
from tests.oracle.config import Config
from tests.oracle.contribution import UNASSIGNED, Contribution, site_of
from tests.oracle.identity import canonical, identity, key_of, version
from tests.oracle.reading import Event

Sums = dict[tuple[str, str, str, str, str | None, int], int]
"""(site, agent, team, measure, currency, instant) -> sum, without zeros."""

MEASURES = frozenset(
    [
        *("dials", "connects", "right_party_connects", "offered", "answered", "answered_in_time", "abandons"),
        *("contacts", "right_party_contacts", "handled", "talk_ms", "hold_ms", "wrap_ms", "effective_talk_ms"),
        *("promises", "plans", "promised_minor", "promises_due", "promises_due_minor", "promises_kept"),
        *("promises_kept_minor", "payments", "recovered_minor", "field_recovered_minor", "reversed_minor"),
        *("messages", "letters", "reviews", "reviews_passed", "surveys", "surveys_satisfied", "visits", "visits_met"),
        *("bot_sessions", "bot_mandates", "bot_handovers_judged", "bot_handovers_correct"),
    ]
)
"""What the queries know."""

TEXTS = [
    "type",
    "event_id",
    "debtor_id",
    "case_id",
    "agent_id",
    "call_id",
    "payment_id",
    "promise_id",
    "direction",
    "outcome",
    "party",
    "channel",
    "currency",
]
WHOLES = ["occurred_at", "queue_ms", "talk_ms", "hold_ms", "wrap_ms", "effective_ms", "amount_minor", "score"]
FLAGS = ["passed", "met_debtor", "handed_over", "handover_correct", "mandate_signed"]
COLUMNS = {
    **dict.fromkeys(TEXTS, "varchar"),
    **dict.fromkeys(WHOLES, "bigint"),
    **dict.fromkeys(FLAGS, "boolean"),
    **dict.fromkeys(["site", "agent", "team", "key", "own_id"], "varchar"),
    "version": "bigint",
    "canonical": "blob",
    "due_on": "date[]",
    "amounts": "bigint[]",
}
SETTINGS = (
    "promise_grace_days",
    "attribution_days",
    "effective_talk_floor_ms",
    "service_level_ms",
    "short_abandon_ms",
)


def row_of(event: Event) -> list[Any]:
    derived = {
        "site": site_of(event),
        "agent": event.get("agent_id", UNASSIGNED),
        "team": event.get("team_id", UNASSIGNED),
        "key": key_of(event),
        "own_id": "|".join(identity(event)[2:]),
        "version": version(event),
        "canonical": canonical(event),
        "due_on": [part["due_on"] for part in event.get("instalments", [])],
        "amounts": [part["amount_minor"] for part in event.get("instalments", [])],
    }
    return [derived[name] if name in derived else event.get(name) for name in COLUMNS]


def midnights(events: Iterable[Event], config: Config) -> list[tuple[str, Any, int]]:
    """The last days of grace of all instalments, and the instants at which they end."""
    days = {
        (site_of(event), part["due_on"] + timedelta(days=config.promise_grace_days))
        for event in events
        for part in event.get("instalments", [])
    }
    return [(site, day, midnight_ending(config.site(site).zone, day)) for site, day in sorted(days)]


def fill(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], rows: Sequence[Any]) -> None:
    connection.execute(f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    if rows:
        connection.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", rows)


def sums_by_sql(events: Sequence[Event], config: Config) -> Sums:
    """What the queries make of all valid events."""
    tolerance = config.promise_tolerance
    settings = {name: getattr(config, name) for name in SETTINGS}
    settings |= {"tolerance_numerator": tolerance.numerator, "tolerance_denominator": tolerance.denominator}
    with duckdb.connect(config={"threads": 1}) as connection:
        fill(connection, "events", COLUMNS, [row_of(event) for event in events])
        fill(
            connection, "midnights", {"site": "varchar", "day": "date", "ends_ms": "bigint"}, midnights(events, config)
        )
        fill(connection, "settings", dict.fromkeys(settings, "bigint"), [list(settings.values())])
        connection.execute(Path(__file__).with_name("contributions.sql").read_text(encoding="utf-8"))
        found = connection.execute(
            "select site, agent, team, measure, currency, at_ms, sum(amount)::bigint from contributions group by all"
        ).fetchall()
    return {(*place,): amount for *place, amount in found if amount}


def sums_of(contributions: Iterable[Contribution]) -> Sums:
    """The plain oracle's contributions to the same measures."""
    sums: Sums = {}
    for c in contributions:
        if c.measure in MEASURES:
            place = (c.site, c.credit.agent, c.credit.team, c.measure, c.currency, c.at_ms)
            sums[place] = sums.get(place, 0) + c.amount
    return sums
