"""The floor's dashboard: as of, the site's tiles, its teams side by side and over time, and the alerts that fire.

Reads recorded series only, each with `site`, `level` and `window` fixed (ADR 0020). Thresholds are series, from
the alert rules; nothing here knows a level.
"""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.builders.common import TableSortByFieldState
from grafana_foundation_sdk.models import common as kinds
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
from deploy.prometheus.recording import ACTIVE, series
from stream.kpis.catalogue import CATALOGUE, Kpi

UID = "collections-floor"
TILES = (
    "dials", "connect_rate", "right_party_contacts", "promises", "promise_kept_rate", "recovered_amount",
    "recovered_per_hour", "talk_time_mean", "occupancy_ratio", "complaint_rate",
)  # fmt: skip
COLUMNS = (
    "dials", "connect_rate", "promises", "promise_kept_rate", "recovered_amount", "recovered_per_hour",
    "occupancy_ratio", "complaint_rate",
)  # fmt: skip
QUEUE_COLUMNS = (
    "offered", "service_level", "abandonment_rate", "answer_wait_mean", "dials", "connect_rate", "drop_rate",
)  # fmt: skip
SEGMENT_COLUMNS = ("dials", "connect_rate", "promises", "promise_kept_rate", "recovered_amount", "complaint_rate")
UNITS = {"count": "locale", "ratio": "percentunit", "permille": "suffix:‰", "ms": "s", "minor": "locale"}
ALERTS = "Alerts"
OLD_S, TOO_OLD_S = 120, 300


def select(kpi: Kpi, level: str, *matchers: str) -> str:
    """The KPI's recorded series at `level` in the chosen window, in the unit that the panel shows."""
    fixed = ['site="$site"', f'level="{level}"', 'window="$window"', *matchers]
    if kpi.per_currency:
        fixed.append('currency="$currency"')
    selector = f"{series(kpi)}{{{','.join(fixed)}}}"
    return f"{selector} * 1000" if kpi.unit == "permille" else selector


def unit(kpi: Kpi) -> str:
    """Grafana's name of the unit."""
    return UNITS.get(kpi.unit, "locale")


def tiles() -> list[stat.Panel]:
    """As of and its age, then the site's KPIs."""
    age = tile("Age", f"time() - {AS_OF}", "s", place(4, 0, 4, 5), "Green: live. Orange: slow. Red: do not trust it.")
    age = age.color_mode(kinds.BigValueColorMode.BACKGROUND).thresholds(
        thresholds((None, "dark-green"), (OLD_S, "dark-orange"), (TOO_OLD_S, "dark-red"))
    )
    panels = [
        tile("As of", f"{AS_OF} * 1000", "dateTimeAsIsoNoDateIfToday", place(0, 0, 4, 5),
              "Event time up to which the numbers count.").no_value("no records"),
        age,
    ]  # fmt: skip
    for position, kpi in enumerate((CATALOGUE[kpi] for kpi in TILES), start=2):
        at = place(position % 6 * 4, position // 6 * 5, 4, 5)
        panels.append(tile(kpi.name_en, select(kpi, "site"), unit(kpi), at, kpi.description))
    return panels


def entities(level: str, columns: Sequence[str], at: models.GridPos) -> table.Panel:
    """One row per entity of a level (a team, queue or segment), the alerts that fire for it as a sign and a number."""
    panel = (
        table.Panel()
        .title(f"{level.capitalize()}s")
        .description("Empty: off shift, or nothing to divide.")
        .datasource(SOURCE)
        .no_value(f"no {level} in this window")
        .thresholds(thresholds((None, "text")))
        .grid_pos(at)
        .sort_by([TableSortByFieldState().display_name(level.capitalize())])
    )
    names = {"entity": level.capitalize()}
    for ref, kpi in zip("ABCDEFGHIJ", (CATALOGUE[kpi] for kpi in columns), strict=False):
        panel = panel.with_target(query(f"max by (entity) ({select(kpi, level, ASSIGNED)})", ref))
        names[f"Value #{ref}"] = kpi.name_en
        panel = panel.override_by_name(kpi.name_en, [prop("unit", unit(kpi)), prop("decimals", _decimals(kpi))])
    firing = f'sum by (entity) ({ACTIVE}{{site="$site",level="{level}"}} == 1)'
    panel = panel.with_target(query(firing, "Z"))
    names["Value #Z"] = ALERTS
    steps = [{"color": "transparent", "value": None}, {"color": "dark-red", "value": 1}]
    panel = panel.override_by_name(
        ALERTS,
        [
            prop("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
            prop("thresholds", {"mode": "absolute", "steps": steps}),
            prop("mappings", [{"type": "special", "options": {"match": "null", "result": {"text": "✓"}}}]),
            prop("unit", "suffix: ▲"),
        ],
    )
    panel = panel.with_transformation(step("joinByField", {"byField": "entity", "mode": "outer"}))
    order = {name: position for position, name in enumerate(names)}
    return panel.with_transformation(
        step("organize", {"renameByName": names, "indexByName": order, "includeByName": dict.fromkeys(names, True)})
    )


def alerts() -> table.Panel:
    """What the stream says fires now; Prometheus judges no KPI."""
    shown = {
        "severity": "Severity",
        "rule": "Rule",
        "level": "Level",
        "entity": "Who",
        "kpi": "KPI",
        "window": "Window",
    }
    colours = {"critical": "dark-red", "warning": "dark-orange", "info": "dark-blue"}
    marks = {
        name: {"text": f"▲ {name}", "color": colour, "index": n} for n, (name, colour) in enumerate(colours.items())
    }
    return (
        table.Panel()
        .title(ALERTS)
        .datasource(SOURCE)
        .no_value("nothing fires")
        .thresholds(thresholds((None, "text")))
        .with_target(query(f'{ACTIVE}{{site="$site"}} == 1'))
        .grid_pos(place(16, 10, 8, 10))
        .sort_by([TableSortByFieldState().display_name("Severity")])
        .override_by_name(
            "Severity",
            [
                prop("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
                prop("mappings", [{"type": "value", "options": marks}]),
            ],
        )
        .with_transformation(
            step("organize", {"renameByName": shown, "indexByName": {name: n for n, name in enumerate(shown)},
                               "includeByName": dict.fromkeys(shown, True)})
        )
    )  # fmt: skip


def trend(kpi: Kpi, x: int) -> timeseries.Panel:
    """The chosen teams over time, with the levels of the alert rules on this KPI."""
    panel = (
        timeseries.Panel()
        .title(f"{kpi.name_en} by team")
        .description(kpi.description)
        .datasource(SOURCE)
        .unit(unit(kpi))
        .thresholds(thresholds((None, "text")))
        .with_target(over_time(select(kpi, "team", 'entity=~"$team"'), "A", "{{entity}}"))
        .grid_pos(place(x, 20, 12, 9))
    )
    if kpi.per_currency:
        return panel
    level = f'max by (rule) (collections_threshold{{kpi="{kpi.id}",level="team"}})'
    dashed = prop("custom.lineStyle", {"fill": "dash", "dash": [10, 10]})
    red = prop("color", {"mode": "fixed", "fixedColor": "dark-red"})
    return panel.with_target(over_time(level, "B", "{{rule}}")).override_by_query("B", [dashed, red])


def dashboard() -> board.Dashboard:
    """The whole dashboard."""
    built = new_dashboard("Collections floor", UID)
    for panel in (
        *tiles(),
        entities("team", COLUMNS, place(0, 10, 16, 10)),
        alerts(),
        trend(CATALOGUE["connect_rate"], 0),
        trend(CATALOGUE["recovered_amount"], 12),
    ):
        built = built.with_panel(panel)
    each = select(CATALOGUE["promise_kept_rate"], "team", 'entity="$team"')
    repeated = tile("Kept promises · $team", each, "percentunit", place(0, 29, 4, 5), "One tile for each chosen team.")
    built = built.with_panel(repeated.repeat("team").repeat_direction("h").max_per_row(6))
    built = built.with_panel(entities("queue", QUEUE_COLUMNS, place(0, 34, 12, 8)))
    return built.with_panel(entities("segment", SEGMENT_COLUMNS, place(12, 34, 12, 8)))


def _decimals(kpi: Kpi) -> int:
    return 1 if kpi.unit in ("ratio", "permille") else 0
