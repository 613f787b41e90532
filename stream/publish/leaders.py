"""The leaders of a site beside its teams: who has a score by a scorecard of leaders, and which teams count for it."""

from typing import Any

from stream.publish.rows import FloorRows, among_equals, score_cell
from stream.scores.schemes import LEADER

Json = dict[str, Any]


def leaders(rows: FloorRows) -> list[Json]:
    """Rows of leaders: entity, name, alert (there is none), teams, score, cells (none: KPIs have no such level). By
    place, those without a score last; where nobody is named, equal ones in no order."""
    if not rows.sees(LEADER, ""):
        return []
    view, nameless = rows.view, not rows.view.sight.names
    teams = rows.policy.teams_of_leaders(rows.card(LEADER))
    known = rows.people.entities(view.site, LEADER)
    found = [(rows.head(LEADER, leader), leader) for leader in known]

    def stands(one: tuple[Any, str]) -> tuple[Any, ...]:
        head, leader = one
        place = None if head is None else head.place
        return place is None, place or 0, among_equals(leader, nameless=nameless)

    return [
        rows.called(LEADER, leader)
        | {"alert": None, "score": None if head is None else score_cell(head), "cells": []}
        | {"teams": list(teams.get(leader, ()))}
        for head, leader in sorted(found, key=stands)
    ]
