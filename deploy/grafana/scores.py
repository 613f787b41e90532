"""The dashboard of targets and scores: attainment and pace of teams over time, of teams and agents now, and the points
of the scorecards. What is ahead of 1 is on course or there; nothing here knows a target."""

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import table, timeseries
from grafana_foundation_sdk.builders.common import TableSortByFieldState
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.panels import (
    AS_OF,
    ASSIGNED,
    SOURCE,
    new_dashboard,
    over_time,
    place,
    prop,
    query,
    step,
    thresholds,
    tile,
)

UID = "collections-scores"
ATTAINMENT, PACE = "collections_target_attainment_ratio", "collections_target_pace_ratio"
TARGET, POINTS = "collections_target_value", "collections_score_points"
COLOURS = thresholds((None, "dark-red"), (0.8, "dark-orange"), (1.0, "dark-green"))
"""Below four fifths of the target, below it, at it."""
TARGETS_AT = "entity, kpi, currency"


def _of(series: str, level: str, *matchers: str) -> str:
    fixed = ['site="$site"', f'level="{level}"', 'window="$window"', *matchers]
    return f"{series}{{{','.join(fixed)}}}"


def _trend(title: str, series: str, about: str, at: models.GridPos) -> timeseries.Panel:
    """The chosen teams' share of each target over time."""
    chosen = _of(series, "team", 'entity=~"$team"')
    expression = f"max by ({TARGETS_AT}) ({chosen})"
    return (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit("percentunit")
        .thresholds(thresholds((None, "text")))
        .with_target(over_time(expression, "A", "{{entity}} {{kpi}} {{currency}}"))
        .grid_pos(at)
    )


def _targets(level: str, title: str, at: models.GridPos) -> table.Panel:
    """One row per entity and target: the target, the share reached, and the share of what should be reached by now."""
    names = {"entity": level.capitalize(), "kpi": "KPI", "currency": "Currency"}
    panel = (
        table.Panel()
        .title(title)
        .description("Attainment: value against target. Pace: attainment against the working time that has passed.")
        .datasource(SOURCE)
        .no_value("no target in this window")
        .thresholds(COLOURS)
        .grid_pos(at)
        .sort_by([TableSortByFieldState().display_name("Pace")])
    )
    columns = {"A": ("Attainment", ATTAINMENT), "B": ("Pace", PACE)}
    if level != "agent":  # the page of agents leaves the targets themselves out: they would be a third of it
        columns["C"] = ("Target", TARGET)
    for ref, (name, series) in columns.items():
        panel = panel.with_target(query(f"max by ({TARGETS_AT}) ({_of(series, level, ASSIGNED)})", ref))
        names[f"Value #{ref}"] = name
        coloured = prop("custom.cellOptions", {"type": "color-text"})
        panel = panel.override_by_name(
            name, [prop("unit", "locale")] if name == "Target" else [prop("unit", "percentunit"), coloured]
        )
    return panel.with_transformation(step("merge", {})).with_transformation(_organized(names))


def _scores(at: models.GridPos) -> table.Panel:
    """The points of each scorecard's latest period."""
    names = {"name": "Scorecard", "level": "Level", "entity": "Who", "period": "Period", "Value": "Points"}
    return (
        table.Panel()
        .title("Scores")
        .description("The latest period of each scorecard; trials are left out. Provisional until the period is final.")
        .datasource(SOURCE)
        .no_value("no scorecard")
        .thresholds(thresholds((None, "text")))
        .with_target(query(f'max by (name, level, entity, period) ({POINTS}{{site="$site"}})'))
        .grid_pos(at)
        .sort_by([TableSortByFieldState().display_name("Points").desc(True)])
        .override_by_name("Points", [prop("unit", "locale"), prop("decimals", 1)])
        .with_transformation(_organized(names))
    )


def _organized(names: dict[str, str]) -> models.DataTransformerConfig:
    order = {name: position for position, name in enumerate(names)}
    shown = dict.fromkeys(names, True)
    return step("organize", {"renameByName": names, "indexByName": order, "includeByName": shown})


def dashboard() -> board.Dashboard:
    """The whole dashboard."""
    as_of = tile("As of", f"{AS_OF} * 1000", "dateTimeAsIsoNoDateIfToday", place(0, 0, 6, 4),
                 "Event time up to which the numbers count.").no_value("no records")  # fmt: skip
    about = "Value against target: 1 is there."
    course = "Attainment against the working time that has passed: 1 is on course."
    built = new_dashboard("Collections scores", UID).with_panel(as_of)
    for panel in (
        _trend("Attainment by team", ATTAINMENT, about, place(0, 4, 12, 9)),
        _trend("Pace by team", PACE, course, place(12, 4, 12, 9)),
        _targets("team", "Targets of teams", place(0, 13, 12, 10)),
        _targets("agent", "Targets of agents", place(12, 13, 12, 10)),
        _scores(place(0, 23, 24, 10)),
    ):
        built = built.with_panel(panel)
    return built
