"""The life cycle is Prometheus': the evaluator and `promtool test rules` agree on the same series, by severity.

What Prometheus does not know (an exit level apart from the threshold, cooldown, inhibition) is left out here.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stream.alerts.evaluation import Evaluator
from stream.facts.instant import instant_ms
from stream.settings.alert_rules import alert_rules
from stream.settings.document import Document
from stream.windows.calendar import Calendar
from stream.windows.plan import WindowPlan

PANE_MS, STEPS, SERIES, BASE_MS = 10_000, 40, 48, 1_728_028_800_000
PLAN = WindowPlan(rolling=(("rolling_10s", PANE_MS),))
RULES: list[dict[str, Any]] = [
    {
        "rule": "high", "keep_firing_for": "0s",
        "severities": [
            {"severity": "info", "above": 3},
            {"severity": "warning", "above": 3, "for": "30s"},
            {"severity": "critical", "above": 6, "for": "10s"},
        ],
    },
    {
        "rule": "low", "keep_firing_for": "20s",
        "severities": [
            {"severity": "warning", "below": 4, "for": "0s"}, {"severity": "critical", "below": 2, "for": "25s"}
        ],
    },
    {"rule": "held", "keep_firing_for": "45s", "above": 7, "for": "20s"},
]  # fmt: skip


def series(number: int) -> list[int]:
    """Counts that stay for a while and then change, so that `for` and `keep_firing_for` end within them or do not."""
    random, counts = Random(number), [1 + Random(number).randrange(9)]
    while len(counts) < STEPS:
        counts += [random.randrange(1, 10)] * random.choice((1, 1, 2, 3, 4, 8))
    return counts[:STEPS]


def fired_here(counts: dict[str, list[int]]) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """(alert, entity) -> [begin, end) of its episodes, as steps of the series."""
    document = Document.model_validate(
        {"alerts": [each | {"kpi": "dials", "level": "team", "window": "rolling_10s"} for each in RULES]}
    )
    evaluator = Evaluator(PLAN, Calendar(PLAN), alert_rules(document.alerts), "live", None)
    for name, each in counts.items():
        feed = evaluator.feed(f"main|team|{name}")
        assert feed is not None
        for step, count in enumerate(each):
            evaluator.take(feed, BASE_MS // PLAN.grain_ms + step * PANE_MS // PLAN.grain_ms, 0, {"dials": count})
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for decided in evaluator.advance(BASE_MS + STEPS * PANE_MS):
        record = json.loads(decided.value)
        step = (instant_ms(record["at"]) - BASE_MS) // PANE_MS - 1
        episodes = spans.setdefault((record["rule"], record["entity"]), [])
        if record["state"] == "firing":
            assert not episodes or episodes[-1][1] < STEPS, "fired twice without resolving in between"
            episodes.append((step, STEPS))
        else:
            episodes[-1] = (episodes[-1][0], step)
    return spans


def alert_file() -> dict[str, Any]:
    rules = []
    for each in RULES:
        for levels in each.get("severities", [each]):
            side, sign = ("above", ">") if "above" in levels else ("below", "<")
            name = f"{each['rule']}.{levels['severity']}" if "severity" in levels else each["rule"]
            rules.append(
                {
                    "alert": name.replace(".", "_"), "expr": f"dials {sign} {levels[side]}",
                    "for": levels.get("for", "0s"), "keep_firing_for": each["keep_firing_for"],
                }
            )  # fmt: skip
    return {"groups": [{"name": "alerts", "interval": "10s", "rules": rules}]}


@pytest.mark.prometheus
def test_the_life_cycle_agrees_with_promtool_on_every_series(program: Callable[[str], str], tmp_path: Path) -> None:
    counts = {f"t-{number}": series(number) for number in range(SERIES)}
    spans = fired_here(counts)
    alerts = [rule["alert"] for rule in alert_file()["groups"][0]["rules"]]
    checks = []
    for step in range(STEPS):
        for alert in alerts:
            firing = [
                {"exp_labels": {"team": name}}
                for name in counts
                if any(begin <= step < end for begin, end in spans.get((alert.replace("_", "."), name), ()))
            ]
            checks.append({"eval_time": f"{step * 10}s", "alertname": alert, "exp_alerts": firing})
    (tmp_path / "rules.yml").write_text(json.dumps(alert_file()))
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "10s",
        "tests": [
            {
                "interval": "10s",
                "input_series": [
                    {"series": f'dials{{team="{name}"}}', "values": " ".join(map(str, each))}
                    for name, each in counts.items()
                ],
                "alert_rule_test": checks,
            }
        ],
    }
    (tmp_path / "rules.test.yml").write_text(json.dumps(tests))
    command = [program("promtool"), "test", "rules", "rules.test.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert len(spans) >= SERIES
    assert sum(map(len, spans.values())) > 200
