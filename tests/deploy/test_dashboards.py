"""Dashboards: generated, provisioned, and readable on a wall. Their queries run in test_queries.py."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from deploy.prometheus.recording import ACTIVE, series
from stream.kpis.catalogue import CATALOGUE
from stream.publish.metrics import METRICS
from stream.windows.measures import LEVELS
from tests.deploy.expressions import DEPLOY, dashboards, panels, selectors, targets

RECORDED = {series(kpi): kpi for kpi in CATALOGUE.values()}


def test_the_committed_dashboards_are_what_the_generator_writes() -> None:
    done = subprocess.run(
        [sys.executable, DEPLOY / "grafana" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "expression"), targets(), ids=[name for name, _ in targets()])
def test_a_query_reads_recorded_series_with_site_level_and_window_fixed(name: str, expression: str) -> None:
    found = list(selectors(expression))
    assert found
    for metric, matched in found:
        if metric in RECORDED:
            assert matched.get("site") == "main"
            assert matched.get("level") in LEVELS
            assert matched.get("window") == "day"
            assert ("currency" in matched) == RECORDED[metric].per_currency
        else:
            assert not metric.startswith("collections_window_"), "a wall reads recorded series"
            assert set(matched) <= set(METRICS["collections_alert_active" if metric == ACTIVE else metric].labels)


@pytest.mark.parametrize(("name", "dashboard"), dashboards(), ids=[name for name, _ in dashboards()])
def test_a_dashboard_has_a_stable_uid_its_variables_in_order_and_no_ids(name: str, dashboard: dict[str, Any]) -> None:
    assert name == f"{dashboard['uid']}.json"
    assert "id" not in dashboard
    variables = dashboard["templating"]["list"]
    assert [v["name"] for v in variables] == ["datasource", "site", "team", "window", "currency"]
    for variable in variables[1:]:
        (metric, _), *_ = selectors(
            re.findall(r"label_values\((.+), \w+\)", variable["query"]["query"])[0].replace("$site", "x")
        )
        assert metric in METRICS or metric in RECORDED
        assert variable["datasource"]["uid"] == "${datasource}"
    assert dashboard["refresh"] == "10s"
    assert dashboard["editable"] is False


@pytest.mark.parametrize(("title", "panel"), panels(), ids=[title for title, _ in panels()])
def test_a_panel_has_a_source_a_unit_and_words_for_no_data(title: str, panel: dict[str, Any]) -> None:
    assert title
    assert panel["datasource"]["uid"] == "${datasource}"
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    defaults = panel["fieldConfig"]["defaults"]
    if panel["type"] != "timeseries":
        assert defaults["noValue"]
    if panel["type"] != "table":
        assert defaults["unit"]
    place = panel["gridPos"]
    assert 0 <= place["x"] < place["x"] + place["w"] <= 24


@pytest.mark.parametrize(("name", "dashboard"), dashboards(), ids=[name for name, _ in dashboards()])
def test_panels_do_not_overlap(name: str, dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not taken & cells, (name, panel["title"])
        taken |= cells


def test_grafana_is_told_where_the_dashboards_and_the_data_are() -> None:
    folder = DEPLOY / "grafana" / "provisioning"
    provider = yaml.safe_load((folder / "dashboards" / "collections.yaml").read_text("utf-8"))["providers"][0]
    source = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text("utf-8"))["datasources"][0]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    mounts = dict(mount.split(":")[:2] for mount in compose["grafana"]["volumes"])
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert provider["allowUiUpdates"] is False
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in compose
