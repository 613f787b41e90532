"""One entity looked at closely: its windows side by side, its people, its scores with their arithmetic, one number."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from stream.facts.currency import exponent
from stream.kpis.catalogue import CATALOGUE, CATALOGUE_VERSION, Kpi
from stream.kpis.chinese import chinese
from stream.publish.agents_now import state_row, states
from stream.publish.cells import BoardColumn, cells_of, columns_of
from stream.publish.choices import Choice
from stream.publish.colour import judging
from stream.publish.facts import command_line
from stream.publish.latest_records import LatestRecords
from stream.publish.leaderboard import Placed
from stream.publish.reading import PublishedKpi, PublishedKpis
from stream.publish.rows import FloorRows
from stream.publish.view import Focus
from stream.scores.arithmetic import lines_of
from stream.scores.words import LANGUAGES
from stream.windows.measures import in_words

Json = dict[str, Any]

TOLD = (
    "kind", "version", "trial", "period", "start", "end", "score", "amount_minor", "currency", "place", "of", "grade",
    "flags", "provisional", "revision",
)  # fmt: skip
"""What is told of a score as its record has it."""


def detail(latest: LatestRecords, choices: Sequence[Choice], ranked: Sequence[Placed], rows: FloorRows) -> Json | None:
    """What the page shows of the view's focus; None where there is none.

    `across`: each window with its cells; `members`: of a team, the rows of its agents, with their places among all;
    `scores`: each with the lines of its arithmetic; `number`: of a focus on a KPI, what it is and its parts."""
    focus = rows.view.focus
    if focus is None:
        return None
    site, people = rows.view.site, rows.people
    place = next((one[0] for one in ranked if (focus.level, focus.entity) == ("agent", one[2].entity)), None)
    said = people.agent(site, focus.entity) if focus.level == "agent" else None
    called: Json = {"name": people.names.of(focus.level, focus.entity)}
    if focus.level == "agent":
        team = people.team_of(site, focus.entity)
        called |= {"team": team, "team_name": None if team is None else people.names.of("team", team)}
    return {
        "level": focus.level,
        "entity": focus.entity,
        **called,
        "place": place,
        "of": sum(one[0] is not None for one in ranked) if focus.level == "agent" else None,
        "state": None if said is None else state_row(said, rows),
        "states": states(people, rows, focus.entity) if focus.level == "team" else None,
        "across": _across(latest, focus, choices, rows),
        "members": _members(ranked, rows) if focus.level == "team" else None,
        "scores": _scores(focus, rows),
        "number": None if focus.kpi is None else _number(latest, focus, choices, rows),
    }


def _records(
    latest: LatestRecords, focus: Focus, choices: Sequence[Choice], site: str
) -> list[tuple[Choice, PublishedKpis | None]]:
    place = (site, focus.level, focus.entity)
    return [(choice, latest.of((*place, choice.window), choice.last)) for choice in choices]


def _across(latest: LatestRecords, focus: Focus, choices: Sequence[Choice], rows: FloorRows) -> list[Json]:
    return [
        _heading(choice, record) | {"cells": None if record is None else cells_of(record, rows.columns, rows.rules)}
        for choice, record in _records(latest, focus, choices, rows.view.site)
    ]


def _heading(choice: Choice, record: PublishedKpis | None) -> Json:
    named = {"choice": choice.id, "window": choice.window, "en": choice.label_en, "zh": choice.label_zh}
    if record is None:
        return named | {"from": None, "to": None, "final": False}
    return named | {"from": record.start, "to": record.end, "final": record.final}


def _members(ranked: Sequence[Placed], rows: FloorRows) -> list[Json]:
    focus, site = rows.view.focus, rows.view.site
    assert focus is not None
    return [
        {**rows.row(record), "place": place}
        for place, _, record in ranked
        if rows.people.team_of(site, record.entity) == focus.entity
    ]


def _scores(focus: Focus, rows: FloorRows) -> list[Json]:
    """The scores of an entity: the record, and the lines that `scores show` prints of it, in each language (None: the
    focus is on another scheme)."""
    day, policy = rows.policy.day, rows.policy
    if day is None:
        return []
    definitions = {(each.KIND, each.name, each.version): each for each in policy.definitions}
    found = []
    for record in rows.people.records(rows.view.site, focus.level, focus.entity, day):
        if record["kind"] != "scorecard" and not policy.pay:
            continue
        definition = definitions.get((record["kind"], record["name"], record["version"]))
        shown = focus.scheme in (None, record["name"])
        lines = {of: list(lines_of(record, definition, say=say)) for of, say in LANGUAGES.items()} if shown else None
        currency = record["currency"]
        found.append(
            {name: record[name] for name in TOLD}
            | {
                "scheme": record["name"],
                "digits": exponent(currency) if currency else 0,
                "named": _period_name(record),
                "lines": lines,
                # What a payout was computed from is not in its record: the command reads it.
                "whole": record["kind"] == "scorecard",
            }
        )
    return found


def _period_name(record: Json) -> str:
    """The period as `scores show --period` takes it."""
    start = date.fromisoformat(record["start"])
    if record["period"] == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return start.isoformat()[:7] if record["period"] == "month" else start.isoformat()


def _number(latest: LatestRecords, focus: Focus, choices: Sequence[Choice], rows: FloorRows) -> Json:
    assert focus.kpi is not None
    kpi = CATALOGUE[focus.kpi]
    found = _records(latest, focus, choices, rows.view.site)
    column = _column(focus, [record for _, record in found if record is not None])
    return {
        "column": column.as_json(),
        "numerator": kpi.numerator,
        "denominator": kpi.denominator,
        "over_money": kpi.denominator_per_currency,
        "says": {language: _says(kpi, language) for language in LANGUAGES},
        "version": kpi.version,
        "catalogue": CATALOGUE_VERSION,
        "windows": [
            _heading(choice, record) | _said(record, column, rows) for choice, record in found if record is not None
        ],
    }


def _says(kpi: Kpi, language: str) -> Json:
    """The definition of a KPI in words."""
    said = chinese(kpi) if language == "zh" else kpi.said
    return {
        "numerator": in_words(kpi.numerator, language),
        "denominator": None if kpi.denominator is None else in_words(kpi.denominator, language),
        **said._asdict(),
    }


def _column(focus: Focus, records: Sequence[PublishedKpis]) -> BoardColumn:
    assert focus.kpi is not None
    if focus.currency is not None:
        return BoardColumn(CATALOGUE[focus.kpi], focus.currency)
    return columns_of((focus.kpi,), records)[0]


def _said(record: PublishedKpis, column: BoardColumn, rows: FloorRows) -> Json:
    """A number in one window: its cell, the record's revision, and the rules that judge it."""
    judges = judging(rows.judges(record), column.kpi.id, record.level, record.entity, record.window, column.currency)
    return {
        "cell": cells_of(record, [column], rows.judges(record))[0],
        "revision": record.revision,
        "as_of": record.as_of,
        "command": _command(record, column),
        "listed": any(_is(value, column) for value in record.kpis),
        "rules": [
            {
                "rule": rule.rule, "severity": rule.severity, "above": rule.above,
                "threshold": rule.threshold[0] / rule.threshold[1],
            }
            for rule in judges
        ],
    }  # fmt: skip


def _command(record: PublishedKpis, column: BoardColumn) -> str:
    asked = {
        "site": record.site, "level": record.level, "entity": record.entity, "kpi": column.kpi.id,
        "window": record.window, "start": record.start, "currency": column.currency or "",
    }  # fmt: skip
    return command_line(asked)


def _is(value: PublishedKpi, column: BoardColumn) -> bool:
    return (value.kpi, value.currency) == (column.kpi.id, column.currency)
