"""Recording and alerting rules: valid, up to date, tested, documented, and only over metrics that exist."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.prometheus.recording import ACTIVE, GROUP_SIZE, series
from stream.kpis.catalogue import CATALOGUE
from stream.publish.metrics import METRICS
from tests.deploy.expressions import DEPLOY, dashboards, filled, rules, selectors, targets

ROOT = DEPLOY.parent
RECORDED = {series(kpi) for kpi in CATALOGUE.values()}
EXAMPLE = r"^( *)# (authorization:|scheme:|- job_name:|  static_configs:|    - targets:)"
RUNBOOK = '{{ or $externalLabels.runbook (printf "%s/user/runbook.md" $externalURL) }}'
"""An absolute address, whatever Prometheus' own is, and one's own where the configuration names it."""
ALERTS = [rule for rule in rules() if "alert" in rule]


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.prometheus
def test_promtool_accepts_configuration_and_rules_and_every_rule_test_passes(program: Callable[[str], str]) -> None:
    promtool, folder = program("promtool"), DEPLOY / "prometheus"
    run(promtool, "check", "config", folder / "prometheus.yml")
    run(promtool, "check", "rules", *sorted((folder / "rules").glob("*.yml")))
    assert "SUCCESS" in run(promtool, "test", "rules", *sorted((folder / "tests").glob("*.test.yml")))


@pytest.mark.prometheus
def test_the_lines_for_tokens_and_feeds_are_right_once_they_are_taken_in(
    program: Callable[[str], str], tmp_path: Path
) -> None:
    """What stands in prometheus.yml as a comment, to be uncommented."""
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8")
    token = tmp_path / "token"
    token.write_text("a-token")
    taken = re.sub(
        r"^( *)# (authorization:|scheme:|- job_name:|  static_configs:|    - targets:)",
        r"\1\2",
        text,
        flags=re.MULTILINE,
    )
    taken = taken.replace("/run/secrets/prometheus-token", str(token)).replace(
        "external_labels: {}", "external_labels:"
    )
    taken = re.sub(r"^( *)# (runbook|grafana): (\S+).*$", r"\1\2: \3", taken, flags=re.MULTILINE)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    (folder / "rules").symlink_to(DEPLOY / "prometheus" / "rules")
    (folder / "prometheus.yml").write_text(taken)
    run(program("promtool"), "check", "config", folder / "prometheus.yml")
    jobs = {job["job_name"]: job for job in yaml.safe_load(taken)["scrape_configs"]}
    assert jobs.keys() == {"kpi-stream", "kpi-stream-agents", "kpi-stream-feeds", "prometheus"}
    assert jobs["kpi-stream"]["authorization"] == jobs["kpi-stream-agents"]["authorization"]
    assert jobs["kpi-stream-agents"]["metrics_path"] == "/metrics/agents"
    labels = yaml.safe_load(taken)["global"]["external_labels"]
    dropped = yaml.safe_load(taken)["alerting"]["alert_relabel_configs"][0]
    assert labels.keys() == set(dropped["regex"].split("|"))


@pytest.mark.prometheus
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=CollectionsKpiCritical site=main severity=critical", "floor"),
        ("alertname=CollectionsKpiWarning site=elsewhere severity=warning", "floor"),
        ("alertname=CollectionsSiteSilent site=main severity=warning", "floor"),
        ("alertname=CollectionsAlert rule=lines_down site=main level=site severity=critical", "floor"),
        ("alertname=CollectionsCommitsStalled severity=critical", "platform"),
    ],
)
def test_alertmanager_sends_the_floor_its_alerts_and_the_platform_its_own(
    labels: str, receiver: str, program: Callable[[str], str]
) -> None:
    file = DEPLOY / "alertmanager" / "alertmanager.yml"
    run(program("amtool"), "check-config", file)
    routed = run(program("amtool"), "config", "routes", "test", f"--config.file={file}", *labels.split())
    assert routed.split() == [receiver]


def test_the_recording_rules_and_the_list_of_metrics_are_what_the_catalogue_gives() -> None:
    run(sys.executable, DEPLOY / "prometheus" / "recording.py", "--check")
    run(sys.executable, DEPLOY / "prometheus" / "reference.py", "--check")
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert {ACTIVE} < recorded <= RECORDED | {ACTIVE}
    assert len(RECORDED) == len(CATALOGUE)


def test_what_is_recorded_is_what_a_dashboard_or_an_alert_reads_and_all_kpis_where_asked(tmp_path: Path) -> None:
    read = {metric for _, expression in targets() for metric, _ in selectors(expression)}
    read |= {metric for _, dashboard in dashboards() for each in offered(dashboard) for metric, _ in selectors(each)}
    read |= {metric for rule in rules() if "alert" in rule for metric, _ in selectors(rule["expr"])}
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert recorded == {metric for metric in read if metric.startswith("entity:")}
    every = tmp_path / "all.yml"
    run(sys.executable, DEPLOY / "prometheus" / "recording.py", "--all", "--out", every)
    groups = yaml.safe_load(every.read_text())["groups"]
    assert {rule["record"] for group in groups for rule in group["rules"]} == RECORDED
    assert max(len(group["rules"]) for group in groups) <= GROUP_SIZE
    assert len({group["name"] for group in groups}) == len(groups)


def offered(dashboard: dict[str, Any]) -> list[str]:
    """What the variables of a dashboard look through."""
    asked = [variable["query"]["query"] for variable in dashboard["templating"]["list"][1:]]
    return [filled(re.findall(r"label_values\((.+), \w+\)", each)[0]) for each in asked]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("record") or rule["alert"])
def test_a_rule_reads_only_metrics_that_are_exported_with_labels_that_they_have(rule: dict[str, Any]) -> None:
    found = list(selectors(rule["expr"]))
    assert found
    for name, matched in found:
        if name == "up":
            continue
        metric = METRICS["collections_alert_active" if name == ACTIVE else name]
        assert set(matched) <= set(metric.labels), name


@pytest.mark.parametrize("rule", [r for r in rules() if "record" in r], ids=lambda rule: str(rule["record"]))
def test_a_recorded_series_keeps_every_label_but_the_instance(rule: dict[str, Any]) -> None:
    """Window and level are never added over: each aggregation takes away `instance` alone."""
    aggregations = re.findall(r"\b(?:sum|max|min|avg|count)\b[^(]*\(([^)]*)\)", rule["expr"])
    assert aggregations
    assert set(aggregations) == {"instance"}
    assert "without (instance)" in rule["expr"]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_an_alert_has_a_name_a_severity_a_summary_and_a_section_in_the_runbook(alert: dict[str, Any]) -> None:
    name, notes = alert["alert"], alert["annotations"]
    assert re.fullmatch(r"Collections([A-Z][a-z]+)+", name)
    severity = alert.get("labels", {}).get("severity")
    assert severity in ("critical", "warning") or 'severity="' in alert["expr"]
    assert notes["summary"].endswith(".")
    assert "{{" not in notes["summary"], "a static sentence: it groups"
    assert notes["runbook_url"] == f"{RUNBOOK}#{name.lower()}"
    sections = re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text("utf-8"), re.MULTILINE)
    assert sections.count(name) == 1


def test_every_section_of_the_runbook_is_of_an_alert_and_every_alert_is_tested() -> None:
    names = [alert["alert"] for alert in ALERTS]
    sections = re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text("utf-8"), re.MULTILINE)
    assert sections == names
    tests = (DEPLOY / "prometheus" / "tests" / "alerts.test.yml").read_text("utf-8")
    assert [name for name in names if name not in tests] == []


def test_no_alert_uses_an_expression_that_never_is_false_or_a_moving_set() -> None:
    for alert in ALERTS:
        assert re.search(r"[<>]|==|absent", alert["expr"]), alert["alert"]
        assert "topk" not in alert["expr"]
        assert "$value" not in str(alert.get("labels", {})), "a value in a label makes a new alert of each value"
