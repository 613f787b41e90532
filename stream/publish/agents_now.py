"""What agents do now, and queues at a glance: the parts of the page that are about the moment."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from stream.publish.cells import cells_of, columns_of
from stream.publish.people import People, StateNow
from stream.publish.reading import PublishedKpis
from stream.publish.rows import FloorRows, among_equals, natural

Json = dict[str, Any]

ORDER = ("on_call", "wrap", "available", "break", "training", "meeting", "logged_out")
QUEUE_KPIS = ("service_level", "offered", "abandonment_rate", "answer_wait_mean")


def states(people: People, rows: FloorRows, team: str | None = None) -> Json:
    """`counts`: agents by state, in a fixed order, of those that are there; `rows`: entity, name, team, state, reason,
    since_ms, who has been longest in a state first, who has signed out last; `total`: how many there are. `team`: only
    its agents. Of all agents, those whom the view may see."""
    view = rows.view
    found = [
        said
        for said in people.agents(view.site)
        if rows.sees("agent", said.agent) and (team is None or people.team_of(view.site, said.agent) == team)
    ]
    counts = Counter(said.state for said in found)
    known = [*ORDER, *sorted(str(state) for state in counts if state not in ORDER)]
    nameless = not view.sight.names
    found.sort(
        key=lambda said: (said.state == "logged_out", said.since_ms, among_equals(said.agent, nameless=nameless))
    )
    return {
        "counts": [{"state": state, "agents": counts[state]} for state in known if counts[state]],
        "rows": [state_row(said, rows) for said in found[: view.agents]],
        "total": len(found),
    }


def state_row(said: StateNow, rows: FloorRows) -> Json:
    """What one agent does. Who has opted out of being named beside a place is named here: there is no place."""
    return {
        "entity": said.agent,
        "name": rows.people.names.of("agent", said.agent),
        "team": rows.people.team_of(said.site, said.agent),
        "state": said.state,
        "reason": said.reason,
        "since_ms": said.since_ms,
    }


def queue_tiles(records: Sequence[PublishedKpis], rows: FloorRows) -> Json:
    """`columns` and `rows` (entity, name, alert, cells) of the queues, with what a queue is judged by."""
    columns = columns_of(QUEUE_KPIS, records)
    made = [
        rows.row(record) | {"cells": cells_of(record, columns, rows.judges(record))}
        for record in sorted(records, key=lambda record: natural(record.entity))
        if rows.sees(record.level, record.entity)
    ]
    return {"columns": [column.as_json() for column in columns], "rows": made}
