"""What Grafana asks of a dashboard, as far as its files tell: fields that its models know, units, transformations and
matchers that exist, names that resolve. No Grafana runs here; numbers are `test_queries.py`'s."""

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins

from tests.deploy.expressions import DEPLOY, dashboards

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # a newer model is offered, which Grafana 12 does not yet read
    from grafana_foundation_sdk.models.dashboard import Dashboard

UNITS = re.compile(r"percentunit|locale|s|dateTimeAsIsoNoDateIfToday|suffix:.+")
"""Ids of Grafana's value formats that panels use; `suffix:` takes any text."""
COLOURS = re.compile(r"dark-(green|orange|red|blue)|red|blue|purple|transparent|text|#[0-9a-f]{6}")
PROPERTIES = {
    "unit", "decimals", "links", "mappings", "thresholds", "color", "custom.cellOptions", "custom.lineStyle",
}  # fmt: skip
FORMATS = {"stat": ("table", True, False), "table": ("table", True, False), "timeseries": (None, False, True)}
"""Kind of panel -> how its queries are asked: format, instant, range."""
BUILT_IN = {"__url_time_range", "__data", "__all", "__name"}

files = pytest.mark.parametrize(("name", "dashboard"), dashboards(), ids=[name for name, _ in dashboards()])


def shown(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Its panels without the heads of rows."""
    return (panel for panel in dashboard["panels"] if panel["type"] != "row")


@files
def test_grafanas_own_models_know_every_field_of_it(name: str, dashboard: dict[str, Any]) -> None:
    register_default_plugins()
    read = Dashboard.from_json(dashboard)
    assert json.loads(JSONEncoder(sort_keys=True, indent=2).encode(read)) == dashboard


@files
def test_units_colours_and_properties_are_grafanas(name: str, dashboard: dict[str, Any]) -> None:
    for panel in shown(dashboard):
        field = panel["fieldConfig"]
        properties = [each for override in field["overrides"] for each in override["properties"]]
        assert {each["id"] for each in properties} <= PROPERTIES
        units = [each["value"] for each in properties if each["id"] == "unit"]
        units += [field["defaults"]["unit"]] if "unit" in field["defaults"] else []
        assert [unit for unit in units if not UNITS.fullmatch(unit)] == [], panel["title"]
        told = json.dumps(field)
        for colour in re.findall(r'"(?:color|fixedColor)": "([^"]+)"', told):
            assert COLOURS.fullmatch(colour), (panel["title"], colour)
        steps = field["defaults"]["thresholds"]["steps"]
        assert steps[0]["value"] is None, "the first colour holds from nothing on"
        values = [step["value"] for step in steps[1:]]
        assert values == sorted(values)


@files
def test_a_table_names_every_column_once_and_hides_the_rest(name: str, dashboard: dict[str, Any]) -> None:
    """Grafana calls the number of a query `Value`, and `Value #A` where there are several; the time is not shown."""
    for panel in shown(dashboard):
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs)
        asked = {
            (each.get("format"), each.get("instant", False), each.get("range", False)) for each in panel["targets"]
        }
        assert asked == {FORMATS[panel["type"]]}, panel["title"]
        heads: dict[str, str] = {}
        if panel["type"] == "table":
            *joined, organised = panel["transformations"]
            heads = organised["options"]["renameByName"]
            assert organised["id"] == "organize"
            assert [each["id"] for each in joined] in ([], ["joinByField"], ["merge"])
            assert bool(joined) == (len(refs) > 1)
            numbers = {"Value"} if len(refs) == 1 else {f"Value #{ref}" for ref in refs}
            assert {head for head in heads if head.startswith("Value")} <= numbers
            assert len(refs) == 1 or numbers <= heads.keys()
            assert set(organised["options"]["includeByName"]) == set(organised["options"]["indexByName"]) == set(heads)
            assert all(each["options"]["byField"] in heads for each in joined if each["id"] == "joinByField")
            assert len(set(heads.values())) == len(heads)
            labels = [head for head in heads if not head.startswith("Value")]
            for target in panel["targets"]:
                by = re.match(r"(?:max|sum|count) by \(([^)]*)\)", target["expr"])
                assert by is None or set(by[1].split(", ")) <= {*labels, "zone"}, target["expr"]
            assert panel["options"]["sortBy"][0]["displayName"] in heads.values()
        for override in panel["fieldConfig"]["overrides"]:
            matcher = override["matcher"]
            assert matcher["id"] in ("byName", "byFrameRefID")
            assert matcher["options"] in (heads.values() if matcher["id"] == "byName" else refs), panel["title"]


@files
def test_every_variable_that_is_used_is_there_and_every_link_leads_somewhere(
    name: str, dashboard: dict[str, Any]
) -> None:
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard)))
    assert used - BUILT_IN <= variables
    for panel in shown(dashboard):
        heads = {
            h for step in panel.get("transformations", []) for h in step["options"].get("renameByName", {}).values()
        }
        linked = [
            link["url"]
            for override in panel["fieldConfig"]["overrides"]
            for each in override["properties"]
            if each["id"] == "links"
            for link in each["value"]
        ]
        for url in linked:
            assert set(re.findall(r'__data\.fields\["([^"]+)"\]', url)) <= heads, url
    known = {each["uid"] for _, each in dashboards()}
    assert set(re.findall(r"/d/([\w-]+)", json.dumps(dashboard))) <= known


def test_uids_and_titles_are_unique_and_the_source_of_data_is_of_the_kind_that_is_asked() -> None:
    every = [dashboard for _, dashboard in dashboards()]
    for key in ("uid", "title"):
        assert len({each[key] for each in every}) == len(every)
    assert all(re.fullmatch(r"[\w-]{1,40}", each["uid"]) for each in every)
    (source,) = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    assert source["isDefault"]
    kinds = {
        each["query"] for document in every for each in document["templating"]["list"] if each["type"] == "datasource"
    }
    assert kinds == {source["type"]}
