"""What the page shows of one site and one choice of window, as plain data for JSON.

Shape: `{site, called, sites, zone, choice, choices, from, to, final, empty, as_of_ms, now_ms, limit_ms, loading,
problem, trouble, columns, rank_by, cards, card, floor, teams, leaders, queues, segments, queue_tiles, agents,
agents_total, states, apart, standings, alerts, recent, detail}`. `called`: the site's name, if it has one. `columns`:
id, kpi, currency, digits (of the currency), unit, direction, names. `cards`, `card`: by level the scorecards there are,
and the one that is shown. `floor`: one row or null; `teams`, `queues`, `segments`, `agents`: rows; `leaders`:
leaders.py. `queue_tiles`, `states`:
agents_now.py. `detail`: what is looked at closely (detail.py). `apart`: the rows (or null) of the entity `unassigned`
of teams and agents, which is ranked nowhere. `standings`: team, rule, near, reached, breached (debtors, as counts;
conduct 4), by team. Row: entity (null: not to be named), name, team (of agents), place and value (of agents: 1 is best,
equal values share it), score (rows.py), alert (severity or null), cells in the order of the columns.
Cell: n, d (null: no denominator), v (null: see s), s, c, r. `s`: ok, few, no_data, not_kept (no such KPI at its level),
or absent (nothing published for the entity); `c`: a colour of `colour.ORDER`; `r`: its rule (null: none, or its
target). Where a target applies also t (target, in the KPI's unit), a (attainment) and p (pace; null: undefined).
Alerts: see alerts_shown.py."""

from collections.abc import Iterable, Sequence
from typing import Any

from stream.alerts.rules import Rule
from stream.publish.agents_now import queue_tiles, states
from stream.publish.alerts_shown import AlertsShown
from stream.publish.cells import columns_of
from stream.publish.choices import Choice
from stream.publish.detail import detail
from stream.publish.latest_records import LatestRecords
from stream.publish.leaderboard import leaderboard, placed, rank_column
from stream.publish.leaders import leaders
from stream.publish.reading import PublishedKpis
from stream.publish.rows import FloorRows, is_unassigned, natural
from stream.publish.view import BY_SCORE, Policy, View
from stream.windows.measures import LEVELS, UNASSIGNED

Json = dict[str, Any]


def snapshot(
    latest: LatestRecords,
    rules: Sequence[Rule],
    view: View,
    records: Sequence[PublishedKpis] | None = None,
    policy: Policy | None = None,
    choices: Sequence[Choice] = (),
    now_ms: int | None = None,
) -> Json:
    """The part of the page that follows from the records; the wallboard adds clocks, choices and whether it still
    loads.

    `records`: those of the view's site and choice, if they have been read already. `policy`: what may be shown of
    people. `choices`: the windows that are shown side by side of what is looked at closely.
    `now_ms`: the wall clock, by which silences begin and end; None: the site's as_of.
    """
    if records is None:
        records = list(latest.records(view.site, view.choice.window, view.choice.last))
    alerts = AlertsShown(latest, rules, view.site, now_ms if now_ms is not None else latest.as_of_ms(view.site) or 0)
    columns = columns_of(view.kpis, records)
    rows = FloorRows(latest.people, rules, view, policy or Policy(), columns, alerts.loud)
    by_level: dict[str, list[PublishedKpis]] = {level: [] for level in LEVELS}
    apart: dict[str, Json | None] = {"team": None, "agent": None}
    for record in records:
        if is_unassigned(record):
            apart[record.level] = rows.row(record)
        else:
            by_level.get(record.level, []).append(record)
    sites = by_level["site"]
    rank = [] if view.rank_by == BY_SCORE else columns_of((view.rank_by,), records)
    ranked = placed(by_level["agent"], rank[0] if rank else None, rows)
    return {
        "site": view.site,
        "called": latest.people.names.of("site", view.site),
        "from": min((record.start for record in sites or records), default=None),
        "to": max((record.end for record in sites or records), default=None),
        "final": bool(sites) and all(record.final for record in sites),
        "columns": [column.as_json() for column in columns],
        "rank_by": rank_column(view.rank_by, rank, rows.card("agent")),
        "cards": {level: rows.policy.cards(level) for level in ("agent", "team", "leader")},
        "card": {level: rows.card(level) for level in ("agent", "team", "leader")},
        "floor": rows.row(sites[0]) if sites else None,
        "teams": _rows(by_level["team"], rows),
        "leaders": leaders(rows),
        "queues": _rows(by_level["queue"], rows),
        "segments": _rows(by_level["segment"], rows),
        "queue_tiles": queue_tiles(by_level["queue"], rows),
        "agents": leaderboard(ranked, rows),
        "agents_total": len(ranked),
        "states": states(latest.people, rows),
        "apart": apart,
        "standings": [
            standing | {"name": latest.people.names.of("team", standing["team"])}
            for standing in sorted(latest.standings.rows(view.site), key=_team_then_rule)
        ],
        "detail": detail(latest, choices, ranked, rows),
    } | alerts.as_json(rows)


def _rows(records: Iterable[PublishedKpis], rows: FloorRows) -> list[Json]:
    shown = (record for record in records if rows.sees(record.level, record.entity))
    return [rows.row(record) for record in sorted(shown, key=lambda record: natural(record.entity))]


def _team_then_rule(standing: Json) -> tuple[bool, list[tuple[int, str, str]], str]:
    """What names no team comes last."""
    return standing["team"] == UNASSIGNED, natural(standing["team"]), standing["rule"]
