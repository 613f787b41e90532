"""Dashboards: generated, provisioned, and readable on a wall. Their queries run in test_queries.py."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.prometheus.recording import ACTIVE, series
from stream.kpis.catalogue import CATALOGUE
from stream.publish.metrics import METRICS
from stream.windows.measures import LEVELS
from tests.deploy.expressions import DEPLOY, dashboards, filled, panels, selectors, targets

RECORDED = {series(kpi): kpi for kpi in CATALOGUE.values()}


def test_the_committed_dashboards_are_what_the_generator_writes() -> None:
    done = subprocess.run(
        [sys.executable, DEPLOY / "grafana" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "expression"), targets(), ids=[name for name, _ in targets()])
def test_a_query_reads_series_that_exist_with_site_level_and_window_fixed(name: str, expression: str) -> None:
    """Recorded ones of windows, but of agents, who are not recorded; the overview has every site."""
    everywhere = name.startswith(("overview ", "pipeline "))
    found = [each for each in selectors(expression) if each[0] not in ("up", "process_start_time_seconds")]
    assert found or "up{" in expression or "process_start" in expression
    for metric, matched in found:
        if metric in RECORDED:
            assert everywhere or matched.get("site") == "main"
            assert matched.get("level") in set(LEVELS) - {"agent"}
            assert matched.get("window") == "day"
            assert ("currency" in matched) == RECORDED[metric].per_currency
        elif metric.startswith("collections_window_") and metric != "collections_window_entities":
            assert (matched["site"], matched["level"], matched["window"]) == ("main", "agent", "day")
        else:
            known = METRICS["collections_alert_active" if metric == ACTIVE else metric.removesuffix("_bucket")]
            assert set(matched) <= set(known.labels)
            assert everywhere or "site" not in known.labels or matched.get("site") == "main" or "threshold" in metric


def test_there_are_eight_dashboards_in_two_languages_that_ask_the_same() -> None:
    names = ["overview", "site", "team", "agent", "queue", "compliance", "scores", "pipeline"]
    assert {dashboard["uid"] for _, dashboard in dashboards()} == {
        f"collections-{name}{suffix}" for name in names for suffix in ("", "-zh")
    }
    assert [asked for _, asked in targets("en")] == [asked for _, asked in targets("zh")]


@pytest.mark.parametrize(("name", "panel"), panels("zh"), ids=[name for name, _ in panels("zh")])
def test_a_chinese_panel_is_in_chinese(name: str, panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    heads = next((step["options"]["renameByName"] for step in panel.get("transformations", [])[-1:]), {})
    words = [panel["title"], panel["description"], defaults["noValue"], *heads.values()]
    assert [each for each in words if not re.search(r"[\u4e00-\u9fff]", each)] == []


@pytest.mark.parametrize(("name", "dashboard"), dashboards(), ids=[name for name, _ in dashboards()])
def test_a_dashboard_has_a_stable_uid_its_variables_in_order_and_no_ids(name: str, dashboard: dict[str, Any]) -> None:
    assert name == f"{dashboard['uid']}.json"
    assert "id" not in dashboard
    variables = dashboard["templating"]["list"]
    named = [v["name"] for v in variables]
    order = ["datasource", "site", "team", "agent", "queue", "window", "currency"]
    assert named == [each for each in order if each in named]
    assert named[0] == "datasource"
    for variable in variables[1:]:
        (metric, _), *_ = selectors(
            re.findall(r"label_values\((.+), \w+\)", variable["query"]["query"])[0].replace("$site", "x")
        )
        assert metric in METRICS or metric in RECORDED or metric.startswith("collections_window_")
        assert variable["datasource"]["uid"] == "${datasource}"
    asked = json.dumps(dashboard["panels"])
    for one in order[1:]:
        assert (f"${one}" in asked) <= (one in named), f"${one} is used and cannot be chosen"
        assert (one in named) <= (f"${one}" in asked), f"${one} can be chosen and changes nothing"
    assert dashboard["refresh"] == "10s"
    assert dashboard["editable"] is False


@pytest.mark.parametrize(("name", "dashboard"), dashboards(), ids=[name for name, _ in dashboards()])
def test_a_dashboard_leads_to_the_others_and_to_itself_in_the_other_language(
    name: str, dashboard: dict[str, Any]
) -> None:
    known = {each["uid"]: each for _, each in dashboards()}
    others, same = dashboard["links"]
    assert others["type"] == "dashboards"
    assert sum(set(others["tags"]) <= set(each["tags"]) for each in known.values()) == 8
    assert set(others["tags"]) <= set(dashboard["tags"])
    there = known[same["url"].removeprefix("/d/")]
    assert there["links"][1]["url"] == f"/d/{dashboard['uid']}"
    assert all(link["keepTime"] and link["includeVars"] for link in dashboard["links"])
    for uid, asked in re.findall(r'"/d/([\w-]+)\?([^"]+)"', json.dumps(dashboard["panels"])):
        chosen = {variable["name"] for variable in known[uid]["templating"]["list"]}
        assert uid.endswith("-zh") == name.endswith("-zh.json"), "a click stays in its language"
        assert set(re.findall(r"var-(\w+)=", asked)) <= chosen


@pytest.mark.parametrize(("name", "dashboard"), dashboards(), ids=[name for name, _ in dashboards()])
def test_a_dashboard_is_annotated_with_alerts_restarts_and_changes_of_definitions(
    name: str, dashboard: dict[str, Any]
) -> None:
    notes = dashboard["annotations"]["list"]
    assert len(notes) == 3
    read = set()
    for note in notes:
        assert note["enable"]
        assert note["target"]["expr"] == note["expr"]
        assert note["datasource"]["uid"] == "${datasource}"
        found = list(selectors(filled(note["expr"])))
        read |= {metric for metric, _ in found}
        by_site = [matched for metric, matched in found if metric == ACTIVE]
        chooses = "site" in {variable["name"] for variable in dashboard["templating"]["list"]}
        assert [matched.get("site") for matched in by_site] == (["main"] if chooses else [None])[: len(by_site)]
    assert read == {
        ACTIVE, "process_start_time_seconds", "collections_build_info", "collections_threshold",
        "collections_target_value",
    }  # fmt: skip


def test_a_site_is_opened_in_its_own_zone_and_a_zone_can_be_fixed(tmp_path: Path) -> None:
    (table,) = (panel for name, panel in panels() if name == "overview Sites" and panel["type"] == "table")
    assert '&timezone=${__data.fields[\\"Zone\\"]}' in json.dumps(table)
    assert "Zone" in table["transformations"][-1]["options"]["renameByName"].values()
    assert {dashboard["timezone"] for _, dashboard in dashboards()} == {"browser"}
    command: list[str | Path] = [
        sys.executable,
        DEPLOY / "grafana" / "generate.py",
        "--zone",
        "Asia/Shanghai",
        "--out",
        tmp_path,
    ]
    subprocess.run(command, check=True, timeout=60)
    written = [json.loads(file.read_text("utf-8")) for file in sorted(tmp_path.iterdir())]
    assert written == [dashboard | {"timezone": "Asia/Shanghai"} for _, dashboard in dashboards()]


@pytest.mark.parametrize(("title", "panel"), panels(), ids=[title for title, _ in panels()])
def test_a_panel_has_a_source_a_description_a_unit_and_words_for_no_data(title: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"]
    assert panel["datasource"]["uid"] == "${datasource}"
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["noValue"]
    if panel["type"] != "table":
        assert defaults["unit"]
    place = panel["gridPos"]
    assert 0 <= place["x"] < place["x"] + place["w"] <= 24


@pytest.mark.parametrize(("name", "dashboard"), dashboards(), ids=[name for name, _ in dashboards()])
def test_panels_stand_in_rows_and_do_not_overlap(name: str, dashboard: dict[str, Any]) -> None:
    assert dashboard["panels"][0]["type"] == "row"
    titles = [panel["title"] for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len(set(titles)) == len(titles)
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
