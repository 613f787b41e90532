"""The kinds of panel of a dashboard: a number, lines over time, a table. Each is data, and builds itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_uppercase

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, TableSortByFieldState
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.grafana.words import Language, Words, uid

SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
NO_DATA = Words("no data", "无数据")
PLAIN: "Steps" = ((None, "text"),)
Steps = tuple[tuple[float | None, str], ...]
"""Colours from these values on; the first from nothing on."""


@dataclass(frozen=True)
class Number:
    """One number. `steps`: its background's colours, if it has any; `repeat`: one for each value of that variable."""

    title: Words
    about: Words
    expression: str
    unit: str = "locale"
    w: int = 4
    steps: Steps = PLAIN
    none: Words = NO_DATA
    repeat: str = ""
    decimals: int = 0

    def build(self, language: Language, at: models.GridPos) -> stat.Panel:
        """As Grafana's panel."""
        mode = kinds.BigValueColorMode.NONE if self.steps == PLAIN else kinds.BigValueColorMode.BACKGROUND
        built = (
            stat.Panel()
            .title(self.title.of(language))
            .description(self.about.of(language))
            .datasource(SOURCE)
            .with_target(_now(self.expression))
            .unit(self.unit)
            .decimals(self.decimals)
            .no_value(self.none.of(language))
            .color_mode(mode)
            .graph_mode(kinds.BigValueGraphMode.NONE)
            .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
            .thresholds(_thresholds(self.steps))
            .grid_pos(at)
        )
        return built.repeat(self.repeat).repeat_direction("h").max_per_row(6) if self.repeat else built


@dataclass(frozen=True)
class Lines:
    """What changes over time. `legend`: how a line is called; `levels`: thresholds of rules, dashed."""

    title: Words
    about: Words
    expression: str
    unit: str = "locale"
    legend: str = "{{entity}}"
    w: int = 12
    levels: str = ""

    def build(self, language: Language, at: models.GridPos) -> timeseries.Panel:
        """As Grafana's panel."""
        built = (
            timeseries.Panel()
            .title(self.title.of(language))
            .description(self.about.of(language))
            .datasource(SOURCE)
            .unit(self.unit)
            .no_value(NO_DATA.of(language))
            .thresholds(_thresholds(PLAIN))
            .with_target(_over_time(self.expression, "A", self.legend))
            .grid_pos(at)
        )
        if not self.levels:
            return built
        dashed = _property("custom.lineStyle", {"fill": "dash", "dash": [10, 10]})
        red = _property("color", {"mode": "fixed", "fixedColor": "dark-red"})
        return built.with_target(_over_time(self.levels, "B", "{{rule}}")).override_by_query("B", [dashed, red])


@dataclass(frozen=True)
class Column:
    """A number in each row of a table. `more`: further properties of its cells."""

    title: Words
    expression: str
    unit: str = "locale"
    decimals: int = 0
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """One row for each combination of `keys` (label -> head) that any column has. `links`: label -> (dashboard, what it
    is asked for), opened by a click on that label's cell. `shown`: whether its numbers are."""

    title: Words
    about: Words
    keys: Mapping[str, Words]
    columns: tuple[Column, ...]
    none: Words = NO_DATA
    w: int = 24
    sort: Words | None = None
    falling: bool = False
    steps: Steps = PLAIN
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    cells: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    shown: bool = True

    def build(self, language: Language, at: models.GridPos) -> table.Panel:
        """As Grafana's panel."""
        heads = {label: words.of(language) for label, words in self.keys.items()}
        sort = (self.sort or next(iter(self.keys.values()))).of(language)
        built = (
            table.Panel()
            .title(self.title.of(language))
            .description(self.about.of(language))
            .datasource(SOURCE)
            .no_value(self.none.of(language))
            .thresholds(_thresholds(self.steps))
            .grid_pos(at)
            .sort_by([TableSortByFieldState().display_name(sort).desc(self.falling)])
        )
        for label in sorted(self.links.keys() | self.cells.keys()):
            properties = [_property(name, value) for name, value in self.cells.get(label, {}).items()]
            if label in self.links:
                properties.append(_property("links", [self._link(label, language)]))
            built = built.override_by_name(heads[label], properties)
        for ref, column in zip(ascii_uppercase, self.columns, strict=False):
            head = column.title.of(language)
            built = built.with_target(_now(column.expression, ref))
            if self.shown:
                heads[f"Value #{ref}" if len(self.columns) > 1 else "Value"] = head
                cells = {"unit": column.unit, "decimals": column.decimals, **column.more}
                built = built.override_by_name(head, [_property(name, value) for name, value in cells.items()])
        if len(self.columns) > 1:
            joined = ("joinByField", {"byField": next(iter(self.keys)), "mode": "outer"})
            built = built.with_transformation(_step(*(joined if len(self.keys) == 1 else ("merge", {}))))
        order = {name: position for position, name in enumerate(heads)}
        shown = dict.fromkeys(heads, True)
        return built.with_transformation(
            _step("organize", {"renameByName": heads, "indexByName": order, "includeByName": shown})
        )

    def _link(self, label: str, language: Language) -> dict[str, object]:
        name, asked = self.links[label]
        for each, words in self.keys.items():
            asked = asked.replace(f"${{{each}}}", f'${{__data.fields["{words.of(language)}"]}}')
        return {"title": name, "url": f"/d/{uid(name, language)}?{asked}&${{__url_time_range}}"}


Panel = Number | Lines | Table


def _now(expression: str, ref: str = "A") -> prometheus.Dataquery:
    """An instant query as a table."""
    target = prometheus.Dataquery().expr(expression).ref_id(ref).datasource(SOURCE)
    return target.instant().format(PromQueryFormat.TABLE)


def _over_time(expression: str, ref: str, legend: str) -> prometheus.Dataquery:
    """A query for the chosen time."""
    return prometheus.Dataquery().expr(expression).ref_id(ref).datasource(SOURCE).legend_format(legend).range()


def _thresholds(steps: Steps) -> board.ThresholdsConfig:
    listed = [models.Threshold(value=value, color=colour) for value, colour in steps]
    return board.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(listed)


def _property(name: str, value: object) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(id_val=name, value=value)


def _step(name: str, options: object) -> models.DataTransformerConfig:
    return models.DataTransformerConfig(id_val=name, options=options)
