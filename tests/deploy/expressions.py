"""Every expression of the rules and the dashboards, and what a parser finds in it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
VARIABLES = {
    "site": "main", "team": "(t-1|t-3)", "agent": "a-001", "queue": "(in-service|out-m1)", "window": "day",
    "currency": "CNY", "datasource": "prometheus",
}  # fmt: skip
"""What is chosen; of teams and queues two, as Grafana writes them into a query."""


def groups() -> list[dict[str, Any]]:
    """Every group of rules."""
    files = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
    return [group for file in files for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]


def rules() -> list[dict[str, Any]]:
    """Every recording and alerting rule."""
    return [rule for group in groups() for rule in group["rules"]]


def dashboards() -> list[tuple[str, dict[str, Any]]]:
    """Every dashboard as committed: (file name, document)."""
    files = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
    return [(file.name, json.loads(file.read_text("utf-8"))) for file in files]


def panels(language: str = "en") -> list[tuple[str, dict[str, Any]]]:
    """Every panel of the dashboards of a language, heads of rows left out: (dashboard's name and its title, panel)."""
    return [
        (f"{dashboard['uid'].removeprefix('collections-')} {panel['title']}", panel)
        for _, dashboard in dashboards()
        if f"collections-{language}" in dashboard["tags"]
        for panel in dashboard["panels"]
        if panel["type"] != "row"
    ]


def targets(language: str = "en") -> list[tuple[str, str]]:
    """Every query of every panel, its variables filled in: (dashboard, title and ref, expression)."""
    return [(f"{name} {t['refId']}", filled(t["expr"])) for name, panel in panels(language) for t in panel["targets"]]


def filled(expression: str) -> str:
    """The expression with every variable replaced as Grafana would; where a panel is repeated, by one of the chosen."""
    for name, value in VARIABLES.items():
        one = value.strip("()").rpartition("|")[2]
        expression = expression.replace(f'="${name}"', f'="{one}"').replace(f"${name}", value)
    return expression


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every series that the expression selects: (metric, label -> matched value)."""
    yield from _selectors(promql_parser.parse(expression))


def _selectors(node: Any) -> Iterator[tuple[str, dict[str, str]]]:
    if type(node).__name__ == "VectorSelector":
        yield node.name, {matcher.name: matcher.value for matcher in node.matchers.matchers}
        return
    for name in ("expr", "lhs", "rhs", "param", "vector_selector", "vs"):
        child = getattr(node, name, None)
        if child is not None:
            yield from _selectors(child)
    for child in getattr(node, "args", None) or ():
        yield from _selectors(child)
