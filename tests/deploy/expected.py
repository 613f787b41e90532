"""What the panels of the dashboards are to show: of KPIs what the records say, of the rest a number each; and a worker
that counts at known rates."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector

from stream.core import COMPILED, installed_version
from stream.facts.currency import exponent
from stream.kpis.catalogue import CATALOGUE, CATALOGUE_VERSION
from stream.publish.meters import Meters
from stream.publish.reading import read_kpi
from tests.deploy.expressions import dashboards, filled, panels, selectors
from tests.publish.records import Record

NAMED = {kpi.name_en: kpi for kpi in CATALOGUE.values()}
PER_S = {
    ("collections_dials_total", "main", "t-1"): 20.0,
    ("collections_contacts_total", "main", "t-1"): 12.0,
    ("collections_promises_total", "main", "t-1"): 6.0,
    ("collections_conduct_breaches_found_total", "any.quiet", "main"): 10.0,
    ("collections_conduct_breaches_withdrawn_total", "any.quiet", "main"): 5.0,
    ("collections_conduct_standings_total", "any.quiet", "main", "near"): 8.0,
    ("collections_events_consumed_total", "call"): 30.0,
    ("collections_events_rejected_total", "schema"): 7.0,
    ("collections_feed_records_total", "crm", "mapped"): 9.0,
    ("collections_kpi_records_total",): 40.0,
}
"""Counter and labels -> how fast it rises."""
GAUGES = {
    ("collections_consumer_lag_records", "calls", "0"): 30,
    ("collections_consumer_lag_records", "calls", "1"): 12,
    ("collections_partitions_silent", "0"): 2,
    ("collections_clock_offset_seconds",): -1.5,
    ("collections_restore_progress_ratio", "1", "3"): 0.25,
    ("collections_partitions_owned", "1"): 8,
    ("collections_partitions_owned", "2"): 4,
}
OLD = {
    ("collections_last_commit_timestamp_seconds", "1"): 100,
    ("collections_last_commit_timestamp_seconds", "2"): 50,
    ("collections_scores_timestamp_seconds",): 70,
    ("collections_watermark_timestamp_seconds", "calls", "0"): 500,
    ("collections_watermark_timestamp_seconds", "calls", "1"): 300,
}
"""Instants, as how many seconds before the start."""


async def work(meters: Meters) -> None:
    """Counts at these rates until it is cancelled, from when it was begun."""
    begun = time.time()
    for (name, *labels), to in GAUGES.items():
        meters.set(name, *labels, to=to)
    for (name, *labels), ago in OLD.items():
        meters.set(name, *labels, to=int(begun) - ago)
    meters.add("collections_conduct_failures_total", by=2)
    counted = dict.fromkeys(PER_S, 0.0)
    while True:
        for counter, rate in PER_S.items():
            due = rate * (time.time() - begun)
            meters.add(counter[0], *counter[1:], by=due - counted[counter])
            counted[counter] = due
        for stage in ("1", "2"):
            meters.observe("collections_commit_duration_seconds", stage, seconds=0.02)
        meters.observe("collections_tick_duration_seconds", seconds=0.02)
        await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Shown:
    """A query of a panel: what it is called (dashboard, title, ref), the head of its number, and the number's unit."""

    name: str
    head: str
    unit: str
    expression: str


def shown() -> list[Shown]:
    """Every query of every panel."""
    found = []
    for name, panel in panels():
        renamed: dict[str, str] = next(
            (step["options"]["renameByName"] for step in panel.get("transformations", [])[-1:]), {}
        )
        units = {
            each["matcher"]["options"]: {p["id"]: p["value"] for p in each["properties"]}.get("unit")
            for each in panel["fieldConfig"].get("overrides", [])
        }
        for target in panel["targets"]:
            ref = target["refId"]
            head = renamed.get(f"Value #{ref}") or renamed.get("Value") or panel["title"]
            unit = units.get(head) or panel["fieldConfig"]["defaults"].get("unit") or ""
            found.append(Shown(f"{name} {ref}", head, unit, filled(target["expr"])))
    return found


def annotations() -> list[dict[str, Any]]:
    """Those of the site's dashboard."""
    (document,) = (document for name, document in dashboards() if name == "collections-site.json")
    return list(document["annotations"]["list"])


Numbers = dict[tuple[str, str, str], dict[str, float]]
"""(KPI, level, window) -> entity -> the number in the unit of the recorded series; amounts of CNY only."""
Expected = Mapping[str, Any]
"""The values of a sample's labels, those that its panel is not fixed to, joined by a slash -> its number."""


def numbers_of(records: Iterable[Record]) -> Numbers:
    """What the records say, divided here, not by Prometheus."""
    found: Numbers = {}
    for _, body in records:
        record = read_kpi(body)
        for value in record.kpis:
            kpi = CATALOGUE[value.kpi]
            if value.denominator == 0 or value.currency not in (None, "CNY"):
                continue
            exact = value.numerator * kpi.factor / (value.denominator or 1)
            scale = {"ms": 1000, "permille": 1000}.get(kpi.unit, 1)
            scale *= 10 ** exponent(value.currency) if kpi.unit.startswith("minor") and value.currency else 1
            found.setdefault((value.kpi, record.level, record.window), {})[record.entity] = exact / scale
    return found


def expected_of(query: Shown, known: Numbers) -> Expected:
    """What the query is to give."""
    _, title = query.name.split(" ", 1)
    found = OTHERS.get(query.name, OTHERS.get(title))
    if found is not None:
        return found() if callable(found) else found
    if query.head == "Alerts":
        (level,) = re.findall(r'level="(\w+)"', query.expression) or [""]
        return {entity: 1 for of, entity in FIRING if of == level} if level else {"": len(FIRING)}
    kpi = NAMED[re.sub(r" by (site|team|queue|agent)$| · .*$", "", query.head)]
    level = next(matched["level"] for metric, matched in selectors(query.expression) if "level" in matched)
    if title.endswith(" B"):
        return {rule: value for rule, (of, at, value) in LIMITS.items() if (of, at) == (kpi.id, level)}
    assert query.unit == {"ratio": "percentunit", "permille": "suffix:‰", "ms": "s"}.get(kpi.unit, "locale")
    by_entity = known[kpi.id, level, "day"]
    chosen = re.search(r'entity=~?"([^"]+)"', query.expression)
    times = 1000 if kpi.unit == "permille" else 1
    wanted = {entity: number * times for entity, number in by_entity.items() if not chosen or entity == chosen[1]}
    assert wanted, query.name
    return {("" if level == "site" and "max by (entity)" not in query.expression else entity): pytest.approx(number)
            for entity, number in wanted.items()}  # fmt: skip


def agree(found: list[dict[str, Any]], expected: Expected) -> bool:
    """Whether the samples are those expected, no more and no less."""
    return {_key(sample["metric"]): float(sample["value"][1]) for sample in found} == expected


FIXED = {"__name__", "site", "job", "instance", "window", "zone"}


def _key(metric: Mapping[str, str]) -> str:
    site_itself = metric.get("level") == "site" and metric.get("__name__", "entity:collections_w").startswith("entity:")
    left_out = FIXED | (
        {"entity", "level", "currency"} if site_itself else {"level"} if "name" not in metric else set()
    )
    return "/".join(metric[name] for name in sorted(metric) if name not in left_out)


FIRING = (("team", "t-1"), ("queue", "q-1"), ("segment", "m-1"), ("agent", "a-003"))
LIMITS: dict[str, tuple[str, str, float]] = {
    "connect_rate_low": ("connect_rate", "team", 0.1),
    "site_connects": ("connect_rate", "site", 0.05),
    "promises_few": ("promises", "team", 3),
    "idle": ("occupancy_ratio", "team", 0.4),
    "service": ("service_level", "queue", 0.8),
    "given_up": ("abandonment_rate", "queue", 0.07),
    "waits": ("answer_wait_mean", "queue", 20),
    "crowd": ("offered", "queue", 900),
    "complaints": ("complaint_rate", "team", 5),
    "breaches": ("conduct_breach_rate", "team", 6),
}
"""Rule -> the KPI, the level, and where the panel draws the line, in its own unit."""


def _started_at_s() -> float:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry.get_sample_value("process_start_time_seconds") or 0


def _about(number: float, within: float = 0.3) -> Any:
    return pytest.approx(number, rel=within)


def _age(of: float = 0, key: str = "") -> Callable[[], Expected]:
    """An age that has grown since the start, by a few minutes at most."""
    return lambda: {key: pytest.approx(of + 110, abs=130)}


def _alerts(*levels: str) -> Expected:
    return {
        f"{entity}/connect_rate/connect_rate_low/warning": 1
        for level, entity in FIRING
        if not levels or level in levels
    }


TEAMS, AGENTS = [f"t-{n}" for n in range(1, 5)], [f"a-{n:03}" for n in range(60)]
P99 = pytest.approx(0.01 + 0.99 * 0.015)
"""Of what always takes 20 ms: within its bucket, 10 to 25 ms, Prometheus knows no more."""
OTHERS: dict[str, Expected | Callable[[], Expected]] = {
    "As of A": lambda: {"": pytest.approx(time.time() * 1000, abs=240_000)},
    "Age A": _age(),
    "Oldest numbers A": _age(),
    "Sites configured A": {"": 1},
    "Alerts firing A": {"": len(FIRING)},
    "overview Sites A": _age(),
    "Workers A": {"": 1},
    "overview Alerts A": _alerts(),
    "site Alerts A": _alerts(),
    "team Alerts A": _alerts("team"),
    "agent Alerts A": _alerts("agent"),
    "queue Alerts A": _alerts("queue"),
    "Dials a minute A": {"t-1": _about(1200)},
    "Contacts a minute A": {"t-1": _about(720)},
    "Promises a minute A": {"t-1": _about(360)},
    "Agents at work A": {"": len(AGENTS)},
    "Not judged A": {"": 2},
    "Breaches found by rule A": {"any.quiet": _about(60)},
    "Breaches withdrawn by rule A": {"any.quiet": _about(30)},
    "Debtors by state A": {"near": _about(48)},
    "Attainment by team A": {"t-1/dials": 0.5},
    "Pace by team A": {"t-1/dials": 1.25},
    "Scores A": {"t-1/team/card/2026-11-01": 80.5},
    "Lag A": {"": 42},
    "Last commit A": _age(100),
    "Silent partitions A": {"": 2},
    "Clock offset A": {"": 1.5},
    "Left out A": {"": 0},
    "Scores' age A": _age(70),
    "Events by type A": {"call": _about(30)},
    "Rejected by reason A": {"schema": _about(7)},
    "Feeds by result A": {"mapped": _about(9)},
    "Lag by topic A": {"calls": 42},
    "Behind by topic A": _age(500, "calls"),
    "Restored A": {"3/1": 0.25},
    "Commit, 99th percentile A": {"1": P99, "2": P99},
    "Tick, 99th percentile A": {"": P99},
    "KPI records A": {"": _about(40)},
    "Builds A": {f"{CATALOGUE_VERSION}/{'compiled' if COMPILED else 'interpreted'}/{installed_version()}": 1},
    "Partitions owned A": {"": 12},
    "Started A": lambda: {"": pytest.approx(time.time() - _started_at_s(), abs=5)},
    **{
        f"scores Targets of {level}s {ref}": {f"{who}/dials": number for who in of}
        for level, of in (("team", TEAMS), ("agent", AGENTS))
        for ref, number in (("A", 0.5), ("B", 1.25), ("C", 80))
    },
    **{
        f"{level} Targets of {level}s {ref}": {f"{who}/dials": number}
        for level, who in (("team", "t-1"), ("agent", "a-003"))
        for ref, number in (("A", 0.5), ("B", 1.25), ("C", 80))
    },
}
