"""The floor's dashboard: as of, the site's tiles, its teams side by side and over time, and the alerts that fire.

Reads recorded series only, each with `site`, `level` and `window` fixed (ADR 0020). Thresholds are series, from
the alert rules; nothing here knows a level.
"""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, TableSortByFieldState
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.prometheus.recording import ACTIVE, series
from stream.kpis.catalogue import CATALOGUE, Kpi

UID = "collections-floor"
SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
AS_OF = 'max(collections_kpi_as_of_timestamp_seconds{site="$site"})'
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
ASSIGNED = 'entity!="unassigned"'  # what names no team is none: it stands among them nowhere
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


def query(expression: str, ref: str = "A", legend: str = "") -> prometheus.Dataquery:
    """An instant query as a table."""
    target = prometheus.Dataquery().expr(expression).ref_id(ref).datasource(SOURCE).legend_format(legend)
    return target.instant().format(PromQueryFormat.TABLE)


def _place(x: int, y: int, w: int, h: int) -> models.GridPos:
    return models.GridPos(x=x, y=y, w=w, h=h)


def _thresholds(*steps: tuple[float | None, str]) -> board.ThresholdsConfig:
    listed = [models.Threshold(value=value, color=colour) for value, colour in steps]
    return board.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(listed)


def _stat(title: str, expression: str, unit_name: str, place: models.GridPos, about: str) -> stat.Panel:
    return (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .with_target(query(expression))
        .unit(unit_name)
        .no_value("no data")
        .color_mode(kinds.BigValueColorMode.NONE)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds((None, "text")))
        .grid_pos(place)
    )


def tiles() -> list[stat.Panel]:
    """As of and its age, then the site's KPIs."""
    age = _stat("Age", f"time() - {AS_OF}", "s", _place(4, 0, 4, 5), "Green: live. Orange: slow. Red: do not trust it.")
    age = age.color_mode(kinds.BigValueColorMode.BACKGROUND).thresholds(
        _thresholds((None, "dark-green"), (OLD_S, "dark-orange"), (TOO_OLD_S, "dark-red"))
    )
    panels = [
        _stat("As of", f"{AS_OF} * 1000", "dateTimeAsIsoNoDateIfToday", _place(0, 0, 4, 5),
              "Event time up to which the numbers count.").no_value("no records"),
        age,
    ]  # fmt: skip
    for position, kpi in enumerate((CATALOGUE[kpi] for kpi in TILES), start=2):
        place = _place(position % 6 * 4, position // 6 * 5, 4, 5)
        panels.append(_stat(kpi.name_en, select(kpi, "site"), unit(kpi), place, kpi.description))
    return panels


def entities(level: str, columns: Sequence[str], place: models.GridPos) -> table.Panel:
    """One row per entity of a level (a team, queue or segment), the alerts that fire for it as a sign and a number."""
    panel = (
        table.Panel()
        .title(f"{level.capitalize()}s")
        .description("Empty: off shift, or nothing to divide.")
        .datasource(SOURCE)
        .no_value(f"no {level} in this window")
        .thresholds(_thresholds((None, "text")))
        .grid_pos(place)
        .sort_by([TableSortByFieldState().display_name(level.capitalize())])
    )
    names = {"entity": level.capitalize()}
    for ref, kpi in zip("ABCDEFGHIJ", (CATALOGUE[kpi] for kpi in columns), strict=False):
        panel = panel.with_target(query(f"max by (entity) ({select(kpi, level, ASSIGNED)})", ref))
        names[f"Value #{ref}"] = kpi.name_en
        panel = panel.override_by_name(
            kpi.name_en, [_property("unit", unit(kpi)), _property("decimals", _decimals(kpi))]
        )
    firing = f'sum by (entity) ({ACTIVE}{{site="$site",level="{level}"}} == 1)'
    panel = panel.with_target(query(firing, "Z"))
    names["Value #Z"] = ALERTS
    steps = [{"color": "transparent", "value": None}, {"color": "dark-red", "value": 1}]
    panel = panel.override_by_name(
        ALERTS,
        [
            _property("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
            _property("thresholds", {"mode": "absolute", "steps": steps}),
            _property("mappings", [{"type": "special", "options": {"match": "null", "result": {"text": "✓"}}}]),
            _property("unit", "suffix: ▲"),
        ],
    )
    panel = panel.with_transformation(_step("joinByField", {"byField": "entity", "mode": "outer"}))
    order = {name: position for position, name in enumerate(names)}
    return panel.with_transformation(
        _step("organize", {"renameByName": names, "indexByName": order, "includeByName": dict.fromkeys(names, True)})
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
        .thresholds(_thresholds((None, "text")))
        .with_target(query(f'{ACTIVE}{{site="$site"}} == 1'))
        .grid_pos(_place(16, 10, 8, 10))
        .sort_by([TableSortByFieldState().display_name("Severity")])
        .override_by_name(
            "Severity",
            [
                _property("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
                _property("mappings", [{"type": "value", "options": marks}]),
            ],
        )
        .with_transformation(
            _step("organize", {"renameByName": shown, "indexByName": {name: n for n, name in enumerate(shown)},
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
        .thresholds(_thresholds((None, "text")))
        .with_target(_over_time(select(kpi, "team", 'entity=~"$team"'), "A", "{{entity}}"))
        .grid_pos(_place(x, 20, 12, 9))
    )
    if kpi.per_currency:
        return panel
    level = f'max by (rule) (collections_threshold{{kpi="{kpi.id}",level="team"}})'
    dashed = _property("custom.lineStyle", {"fill": "dash", "dash": [10, 10]})
    red = _property("color", {"mode": "fixed", "fixedColor": "dark-red"})
    return panel.with_target(_over_time(level, "B", "{{rule}}")).override_by_query("B", [dashed, red])


def dashboard() -> board.Dashboard:
    """The whole dashboard."""
    built = (
        board.Dashboard("Collections floor")
        .uid(UID)
        .tags(["collections"])
        .refresh("10s")
        .time("now-6h", "now")
        .timezone("browser")
        .readonly()
        .description("Generated by deploy/grafana/generate.py: change that, not this.")
    )
    for variable in variables():
        built = built.with_variable(variable)
    for panel in (
        *tiles(),
        entities("team", COLUMNS, _place(0, 10, 16, 10)),
        alerts(),
        trend(CATALOGUE["connect_rate"], 0),
        trend(CATALOGUE["recovered_amount"], 12),
    ):
        built = built.with_panel(panel)
    each = select(CATALOGUE["promise_kept_rate"], "team", 'entity="$team"')
    repeated = _stat(
        "Kept promises · $team", each, "percentunit", _place(0, 29, 4, 5), "One tile for each chosen team."
    )
    built = built.with_panel(repeated.repeat("team").repeat_direction("h").max_per_row(6))
    built = built.with_panel(entities("queue", QUEUE_COLUMNS, _place(0, 34, 12, 8)))
    return built.with_panel(entities("segment", SEGMENT_COLUMNS, _place(12, 34, 12, 8)))


def variables() -> list[board.DatasourceVariable | board.QueryVariable]:
    """In order: datasource, site, team, window, currency."""
    site = 'collections_kpi_as_of_timestamp_seconds{site!=""}'
    teams = f'{series(CATALOGUE["dials"])}{{site="$site",level="team"'
    recovered = series(CATALOGUE["recovered_amount"])
    return [
        board.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _variable("site", f"label_values({site}, site)"),
        _variable("team", f"label_values({teams},{ASSIGNED}}}, entity)").multi(True).include_all(True)
        .current(models.VariableOption(selected=True, text="All", value="$__all")),
        _variable("window", f"label_values({teams}}}, window)")
        .current(models.VariableOption(selected=True, text="rolling_15m", value="rolling_15m")),
        _variable("currency", f'label_values({recovered}{{site="$site",level="site"}}, currency)'),
    ]  # fmt: skip


def _variable(name: str, definition: str) -> board.QueryVariable:
    variable = board.QueryVariable(name).label(name.capitalize()).datasource(SOURCE)
    variable = variable.query(
        {"qryType": 1, "query": definition, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
    )
    return variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(models.VariableSort.ALPHABETICAL_ASC)


def _over_time(expression: str, ref: str, legend: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expression).ref_id(ref).datasource(SOURCE).legend_format(legend).range()


def _property(name: str, value: object) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(id_val=name, value=value)


def _step(name: str, options: object) -> models.DataTransformerConfig:
    return models.DataTransformerConfig(id_val=name, options=options)


def _decimals(kpi: Kpi) -> int:
    return 1 if kpi.unit in ("ratio", "permille") else 0
