"""Who is first: the agents of a site by a KPI or by their score, with places. Equal ones share a place."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from stream.publish.cells import BoardColumn, cell_of
from stream.publish.reading import PublishedKpis
from stream.publish.rows import FloorRows, among_equals, natural
from stream.publish.view import BY_SCORE

Json = dict[str, Any]
Placed = tuple[int | None, float | Decimal | None, PublishedKpis]


def placed(records: Sequence[PublishedKpis], by: BoardColumn | None, rows: FloorRows) -> list[Placed]:
    """The records with their places and what gives these, the best first: by a KPI, the catalogue's direction deciding
    what is best (none: higher), or (`by` None) by the score, whose record has the place among all who have one. Equal
    ones share a place and stand in order of their id, those who are not named last and in no order; those without a
    value come last, without a place."""

    def stands(record: PublishedKpis) -> tuple[bytes, list[tuple[int, str, str]]]:
        return among_equals(record.entity, nameless=rows.nameless(record.entity))

    if by is None:
        heads = [(rows.head(record.level, record.entity), record) for record in records]
        scored: list[Placed] = [
            (head.place, Decimal(head.score), record) if head is not None and head.score else (None, None, record)
            for head, record in heads
        ]
        return sorted(scored, key=lambda one: (one[1] is None, -(one[1] or 0), stands(one[2])))
    found = [(_value(record, by), record) for record in records]
    sign = 1 if by.kpi.direction == "lower" else -1
    found.sort(key=lambda pair: (pair[0] is None, sign * (pair[0] or 0), stands(pair[1])))
    ranked: list[Placed] = []
    place, before = 0, None
    for position, (value, record) in enumerate(found, start=1):
        if value != before or position == 1:
            place, before = position, value
        ranked.append((place if value is not None else None, value, record))
    return ranked


def leaderboard(ranked: Sequence[Placed], rows: FloorRows) -> list[Json]:
    """The rows that the view asks for: the best, the worst, or the first by id or name; their places stay."""
    view = rows.view
    ranked = [one for one in ranked if rows.sees("agent", one[2].entity)]
    if view.order == "worst":
        with_value = [one for one in ranked if one[1] is not None]
        ranked = [*reversed(with_value), *(one for one in ranked if one[1] is None)]
    elif view.order == "name":
        names = rows.people.names

        def by_name(one: Placed) -> tuple[bool, list[tuple[int, str, str]]]:
            entity = one[2].entity
            hidden = rows.nameless(entity)  # a place in the alphabet would say who it is
            return hidden, [] if hidden else natural(names.of("agent", entity) or entity)

        ranked = sorted(ranked, key=by_name)
    return [
        {**rows.row(record), "place": place, "value": None if value is None else float(value)}
        for place, value, record in ranked[: view.agents]
    ]


def rank_column(rank_by: str, columns: Sequence[BoardColumn], card: str | None) -> Json:
    """What agents are ranked by, as a column."""
    if rank_by == BY_SCORE:
        return {
            "id": BY_SCORE, "kpi": BY_SCORE, "currency": None, "digits": 0, "unit": "points", "direction": "higher",
            "en": f"score {card}" if card else "score", "zh": f"得分 {card}" if card else "得分",
            "about": "", "about_zh": "",
        }  # fmt: skip
    return columns[0].as_json()


def _value(record: PublishedKpis, by: BoardColumn) -> float | None:
    named = next((v for v in record.kpis if (v.kpi, v.currency) == (by.kpi.id, by.currency)), None)
    cell = cell_of(record, by, named, ())
    return cell["v"] if cell["s"] == "ok" else None
