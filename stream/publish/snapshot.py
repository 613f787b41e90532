"""What the page shows of one site and one choice of window, as plain data for JSON.

Shape: `{site, sites, zone, choice, choices, from, to, final, empty, as_of_ms, now_ms, limit_ms, loading, problem,
trouble, columns, rank_by, floor, teams, queues, segments, agents, agents_total, apart, standings, alerts, recent}`.
`columns`: id, kpi, currency, digits (of the currency), unit, direction, names. `floor`: one row or null; `teams`,
`queues`, `segments`, `agents`: rows. `apart`: the rows (or null) of the entity `unassigned` of teams and agents, which
is ranked nowhere. `standings`: team, rule, near, reached, breached (debtors, as counts; conduct 4), by team. Row:
entity, place (agents: 1 is best, equal values share it), alert (severity or null), cells in the order of the columns.
Cell: n, d (null: no denominator), v (null: see s), s, c, r. `s`: ok, few, no_data, or absent (nothing published for the
entity, or no such KPI at its level); `c`: a colour of `colour.ORDER`; `r`: its rule (null: none, or
its target). Where a target applies also t (target, in the KPI's unit), a (attainment) and p (pace; null: undefined).
Alerts: `taken` {by, since, note}, `silenced` {id, by, until, why} (null: neither), `judged` (null, or whether it was a
true alarm), `muted` (another alert speaks for it)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stream.alerts.handling import Handling, StandingSilence, covering
from stream.alerts.rules import Rule
from stream.facts.currency import exponent
from stream.facts.instant import instant_text
from stream.http.roles import EVERYTHING, Sight
from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.publish.choices import Choice
from stream.publish.colour import ORDER, colour, coloured, judging, target_colour
from stream.publish.latest_records import LatestRecords
from stream.publish.reading import PublishedAlert, PublishedKpi, PublishedKpis
from stream.windows.measures import LEVELS, UNASSIGNED

Json = dict[str, Any]

DEFAULT_KPIS = (
    "dials", "connect_rate", "right_party_contacts", "promises", "promise_kept_rate", "recovered_amount",
    "recovered_per_hour", "talk_time_mean", "occupancy_ratio", "complaint_rate",
)  # fmt: skip
MOST_KPIS = 12
RANK_BY = "recovered_amount"


@dataclass(frozen=True)
class View:
    """What to show. `kpis`: catalogue ids in order; `rank_by`: the leaderboard's; `agents`: rows of it at most.
    `sight`: what of it may be seen."""

    site: str
    choice: Choice
    kpis: tuple[str, ...] = DEFAULT_KPIS
    rank_by: str = RANK_BY
    agents: int = 20
    sight: Sight = EVERYTHING


@dataclass(frozen=True)
class _Column:
    kpi: Kpi
    currency: str | None

    def as_json(self) -> Json:
        return {
            "id": self.kpi.id if self.currency is None else f"{self.kpi.id}:{self.currency}",
            "kpi": self.kpi.id,
            "currency": self.currency,
            "digits": exponent(self.currency) if self.currency else 0,
            "unit": self.kpi.unit,
            "direction": self.kpi.direction,
            "en": self.kpi.name_en,
            "zh": self.kpi.name_zh,
            "about": self.kpi.description,
        }


def snapshot(
    latest: LatestRecords,
    rules: Sequence[Rule],
    view: View,
    records: Sequence[PublishedKpis] | None = None,
    now_ms: int | None = None,
) -> Json:
    """The part of the page that follows from the records; the wallboard adds clocks, choices and whether it still
    loads.

    `records`: those of the view's site and choice, if they have been read already. `now_ms`: the wall clock, by which
    silences begin and end; None: the site's as_of.
    """
    if records is None:
        records = list(latest.records(view.site, view.choice.window, view.choice.last))
    named = [rule for rule in rules if UNASSIGNED in (rule.entities or ())]
    firing = latest.open_alerts(view.site)
    columns = _columns(view.kpis, records)
    silences = latest.handlings.silences(now_ms if now_ms is not None else latest.as_of_ms(view.site) or 0)
    severity = _severities(
        alert
        for alert in firing
        if not _is_apart(alert, named) and not alert.muted and covering(silences, alert) is None
    )
    by_name = {rule.rule: rule for rule in rules}

    def row(record: PublishedKpis) -> Json:
        cells = _cells(record, columns, named if _is_unassigned(record) else rules)
        return {"entity": record.entity, "alert": severity.get((record.level, record.entity)), "cells": cells}

    def rows(level: str) -> list[Json]:
        return [row(record) for record in sorted(by_level[level], key=lambda record: natural(record.entity))]

    def told(alert: PublishedAlert) -> Json:
        handling = latest.handlings.of(alert.alert_id)
        return _alert(alert, by_name, named) | _handled(handling, covering(silences, alert))

    by_level: dict[str, list[PublishedKpis]] = {level: [] for level in LEVELS}
    apart: dict[str, Json | None] = {"team": None, "agent": None}
    for record in records:
        if _is_unassigned(record):
            apart[record.level] = row(record)
        else:
            by_level.get(record.level, []).append(record)
    sites = by_level["site"]
    rank_columns = _columns((view.rank_by,), records)
    return {
        "site": view.site,
        "from": min((record.start for record in sites or records), default=None),
        "to": max((record.end for record in sites or records), default=None),
        "final": bool(sites) and all(record.final for record in sites),
        "columns": [column.as_json() for column in columns],
        "rank_by": rank_columns[0].as_json(),
        "floor": row(sites[0]) if sites else None,
        "teams": rows("team"),
        "queues": rows("queue"),
        "segments": rows("segment"),
        "agents": _leaderboard(by_level["agent"], rank_columns[0], view.agents, row),
        "agents_total": len(by_level["agent"]),
        "apart": apart,
        "standings": sorted(latest.standings.rows(view.site), key=_team_then_rule),
        "alerts": [told(alert) for alert in firing],
        "recent": [told(alert) for alert in latest.recent_alerts(view.site)[:8]],
    }


def _is_unassigned(thing: PublishedKpis | PublishedAlert) -> bool:
    """Whether it is of `unassigned`, which stands for events that name no team or no agent (definitions 1)."""
    return thing.entity == UNASSIGNED and thing.level in ("team", "agent")


def _is_apart(alert: PublishedAlert, named: Sequence[Rule]) -> bool:
    """Whether it is of `unassigned`, and its rule does not name that entity: nobody can act on it."""
    return _is_unassigned(alert) and alert.rule not in {rule.rule for rule in named}


def _team_then_rule(standing: Json) -> tuple[bool, list[tuple[int, str, str]], str]:
    """What names no team comes last."""
    return standing["team"] == UNASSIGNED, natural(standing["team"]), standing["rule"]


@lru_cache(maxsize=65_536)
def natural(entity: str) -> list[tuple[int, str, str]]:
    """A key that sorts t-7 before t-10, as people do; ties by the text itself."""
    parts = re.split(r"([0-9]+)", entity)
    # Length before digits, and no int(): it refuses thousands of digits.
    return [(len(part.lstrip("0")), part.lstrip("0"), part) if n % 2 else (0, "", part) for n, part in enumerate(parts)]


def _columns(kpis: Sequence[str], records: Sequence[PublishedKpis]) -> list[_Column]:
    """One column per KPI; a KPI per currency has one for each currency among the records, by code, or one without."""
    seen: dict[str, set[str]] = {}
    for record in records:
        for value in record.kpis:
            if value.currency is not None:
                seen.setdefault(value.kpi, set()).add(value.currency)
    return [
        _Column(CATALOGUE[kpi], currency)
        for kpi in kpis
        for currency in (sorted(seen.get(kpi, ())) if CATALOGUE[kpi].per_currency else ()) or (None,)
    ]


def _cells(record: PublishedKpis, columns: Sequence[_Column], rules: Sequence[Rule]) -> list[Json]:
    values = {(value.kpi, value.currency): value for value in record.kpis}
    return [_cell(record, column, values.get((column.kpi.id, column.currency)), rules) for column in columns]


def _cell(record: PublishedKpis, column: _Column, value: PublishedKpi | None, rules: Sequence[Rule]) -> Json:
    kpi = column.kpi
    if record.level not in kpi.levels:
        return {"n": 0, "d": None, "v": None, "s": "absent", "c": "plain", "r": None}
    held = value or _unnamed(record, kpi)
    judges = judging(rules, kpi.id, record.level, record.entity, record.window, column.currency)
    by_rules = colour(judges, kpi.id, held.numerator, held.denominator) if held.status == "ok" else ("plain", None)
    shade, rule = coloured(by_rules, target_colour(kpi.id, held.pace))
    cell = {"n": held.numerator, "d": held.denominator, "v": held.value, "s": held.status, "c": shade, "r": rule}
    return cell if held.target is None else cell | {"t": held.target, "a": held.attainment, "p": held.pace}


def _unnamed(record: PublishedKpis, kpi: Kpi) -> PublishedKpi:
    """The value of a KPI that a record does not name: numerator 0, and the denominator that another of its KPIs has.

    Only recovered_per_hour is left out while its denominator is not 0 (contract 2); occupancy_ratio has the same one.
    """
    if kpi.denominator is None:
        return PublishedKpi(kpi.id, 0, None, 0.0, "ok")
    same = (v for v in record.kpis if v.kpi in CATALOGUE and CATALOGUE[v.kpi].denominator == kpi.denominator)
    denominator = next((v.denominator for v in same if v.denominator), 0)
    return PublishedKpi(kpi.id, 0, denominator, 0.0 if denominator else None, "ok" if denominator else "no_data")


def _leaderboard(
    records: Sequence[PublishedKpis], by: _Column, most: int, row: Callable[[PublishedKpis], Json]
) -> list[Json]:
    """The best `most` by the KPI, the catalogue's direction deciding what is best (none: higher); equal values share
    a place and stand in order of their id; those without a value come last, without a place."""
    scored = []
    for record in records:
        cell = _cell(record, by, _value_of(record, by), ())
        scored.append((cell["v"] if cell["s"] == "ok" else None, record))
    sign = 1 if by.kpi.direction == "lower" else -1
    scored.sort(key=lambda pair: (pair[0] is None, sign * (pair[0] or 0), natural(pair[1].entity)))
    rows, place, before = [], 0, object()
    for position, (value, record) in enumerate(scored[:most], start=1):
        if value != before:
            place, before = position, value
        rows.append({**row(record), "place": place if value is not None else None, "score": value})
    return rows


def _value_of(record: PublishedKpis, column: _Column) -> PublishedKpi | None:
    return next((v for v in record.kpis if (v.kpi, v.currency) == (column.kpi.id, column.currency)), None)


def _severities(alerts: Iterable[PublishedAlert]) -> Mapping[tuple[str, str], str]:
    """The worst severity that fires for each (level, entity)."""
    worst: dict[tuple[str, str], str] = {}
    for alert in alerts:
        place = (alert.level, alert.entity)
        if alert.state == "firing" and _weight(alert.severity) > _weight(worst.get(place)):
            worst[place] = alert.severity
    return worst


def _weight(severity: str | None) -> int:
    return ORDER.index(severity) if severity in ORDER else 0


def _alert(alert: PublishedAlert, by_name: Mapping[str, Rule], named: Sequence[Rule]) -> Json:
    """An alert as JSON. Its currency is the rule's: the record names none. A rule on a target has a share as value."""
    kpi, rule = CATALOGUE.get(alert.kpi), by_name.get(alert.rule)
    on_target = rule is not None and rule.on != "value"
    currency = None if rule is None or on_target else rule.currency
    return {
        "id": alert.alert_id,
        "rule": alert.rule,
        "severity": alert.severity,
        "state": alert.state,
        "level": alert.level,
        "entity": alert.entity,
        "apart": _is_apart(alert, named),
        "muted": alert.muted,
        "window": alert.window,
        "v": alert.value,
        "n": alert.numerator,
        "d": alert.denominator,
        "threshold": alert.threshold,
        "since": alert.active_since,
        "at": alert.at,
        "unit": "ratio" if on_target else kpi.unit if kpi else "count",
        "currency": currency,
        "digits": exponent(currency) if currency else 0,
        "en": kpi.name_en if kpi else alert.kpi,
        "zh": kpi.name_zh if kpi else alert.kpi,
    }


def _handled(handling: Handling, silence: StandingSilence | None) -> Json:
    """What people did about an alert, as JSON."""
    taken, silenced = None, None
    if handling.since_ms is not None:
        taken = {"by": handling.by, "since": instant_text(handling.since_ms), "note": handling.note}
    if silence is not None:
        until = instant_text(silence.until_ms)
        silenced = {"id": silence.id, "by": silence.by, "until": until, "why": silence.why}
    return {"taken": taken, "silenced": silenced, "judged": handling.true_alarm}
