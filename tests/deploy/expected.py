"""What the panels of the dashboards are to show: of KPIs, targets and alerts what a replay of the same events says, of
the rest a number each; and a worker that counts at known rates."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector

from stream.core import COMPILED, installed_version
from stream.facts.currency import exponent
from stream.facts.instant import instant_ms
from stream.kpis.catalogue import CATALOGUE, CATALOGUE_VERSION
from stream.publish.meters import Meters
from tests.deploy.expressions import dashboards, filled, panels, selectors
from tests.deploy.simulated import Raw, Run

NAMED = {kpi.name_en: kpi for kpi in CATALOGUE.values()}
PER_S = {
    ("collections_dials_total", "main", "t-3"): 20.0,
    ("collections_contacts_total", "main", "t-3"): 12.0,
    ("collections_promises_total", "main", "t-3"): 6.0,
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

    @property
    def of_main(self) -> bool:
        """Whether it asks about one site; else its numbers are of each, or of none."""
        return 'site="main"' in self.expression

    def is_about(self, entity: str) -> bool:
        """Whether it asks about the entity, too."""
        matched = re.findall(r'entity(=~?|!=)"([^"]+)"', self.expression)
        return all(bool(re.fullmatch(names, entity)) == (how != "!=") for how, names in matched)


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


Numbers = dict[str, float]
"""Entity -> a number."""
Expected = Mapping[str, Any]
"""The values of a sample's labels, those that its panel is not fixed to, joined by a slash -> its number."""


@dataclass
class Known:
    """What there is to show, in the windows that hold the end of the run.

    `numbers`: (KPI, site, level, window) -> entity -> the number in the unit of the recorded series, amounts of CNY
    only; `there`: (site, level, window) -> who has a record; `targets`: (metric's part, level) -> entity/kpi -> number,
    of main's day; `as_of_s`: by site; `firing`: the alerts that fire.
    """

    as_of_s: dict[str, float]
    firing: list[Raw]
    numbers: dict[tuple[str, str, str, str], Numbers] = field(default_factory=dict)
    there: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    targets: dict[tuple[str, str], dict[str, float | None]] = field(default_factory=dict)

    def age(self, site: str) -> Any:
        return pytest.approx(time.time() - self.as_of_s[site], abs=30)


def known_of(run: Run) -> Known:
    """What a replay says, but for what stands in a record as of the instant at which it went out: `as_of` and pace."""
    as_of_ms: dict[str, int] = {}
    published: dict[str, Raw] = {}
    for _, body in run.records:
        record = json.loads(body)
        as_of_ms[record["site"]] = max(as_of_ms.get(record["site"], 0), instant_ms(record["as_of"]))
        published["|".join(record[name] for name in ("site", "level", "entity", "window"))] = record
    last = {alert["alert_id"]: alert for alert in run.told}
    firing = [alert for alert in last.values() if alert["state"] == "firing"]
    known = Known({site: ms / 1000 for site, ms in as_of_ms.items()}, firing)
    for record in run.kpis:
        _add(known, record, published)
    return known


def _add(known: Known, record: Raw, published: dict[str, Raw]) -> None:
    site, level, entity, window = (record[name] for name in ("site", "level", "entity", "window"))
    rolling = window.startswith("rolling")
    if not record["kpis"] or (not rolling and instant_ms(record["end"]) < known.as_of_s[site] * 1000):
        return  # an empty one says nothing, and one that is over is withdrawn
    known.there.setdefault((site, level, window), []).append(entity)
    paces = {one["kpi"]: one.get("pace") for one in published[f"{site}|{level}|{entity}|{window}"]["kpis"]}
    for one in record["kpis"]:
        if one["denominator"] != 0 and one.get("currency") in (None, "CNY"):
            known.numbers.setdefault((one["kpi"], site, level, window), {})[entity] = number_of(one)
        if "target" in one and (site, window) == ("main", "day"):
            told = {"attainment": one["attainment"], "pace": paces[one["kpi"]], "target": one["target"]}
            for part, number in told.items():
                known.targets.setdefault((part, level), {})[f"{entity}/{one['kpi']}"] = number


def number_of(one: Raw) -> float:
    """A KPI of a record in the unit of the recorded series, divided here."""
    kpi = CATALOGUE[one["kpi"]]
    exact = one["numerator"] * kpi.factor / (one["denominator"] or 1)
    scale = {"ms": 1000, "permille": 1000}.get(kpi.unit, 1)
    scale *= 10 ** exponent(one["currency"]) if kpi.unit.startswith("minor") and one.get("currency") else 1
    return float(exact / scale)


def expected_of(query: Shown, known: Known) -> Expected:
    """What the query is to give."""
    _, title = query.name.split(" ", 1)
    found = OTHERS.get(query.name, OTHERS.get(title))
    if found is not None:
        return found(known) if callable(found) else found
    if target := re.search(r"collections_target_(attainment|pace|value)", query.expression):
        return _targets(query, known, target[1].replace("value", "target"))
    if "entity:collections_alert_active" in query.expression:
        return _alerts(query, known)
    kpi = NAMED[re.sub(r" by (site|team|queue|agent)$| · .*$", "", query.head)]
    level = next(matched["level"] for metric, matched in selectors(query.expression) if "level" in matched)
    if "collections_threshold{" in query.expression:
        return {rule: value for rule, (of, at, value) in LIMITS.items() if (of, at) == (kpi.id, level)}
    assert query.unit == {"ratio": "percentunit", "permille": "suffix:‰", "ms": "s"}.get(kpi.unit, "locale")
    times = 1000 if kpi.unit == "permille" else 1
    sites = ["main"] if query.of_main else sorted(known.as_of_s)
    wanted = {}
    for site in sites:
        counted = kpi.denominator is None and not kpi.per_currency
        zeros = dict.fromkeys(known.there[site, level, "day"], 0.0) if counted else {}
        numbers = zeros | known.numbers.get((kpi.id, site, level, "day"), {})
        for entity, number in numbers.items():
            if query.is_about(entity):
                named = "" if level == "site" and "max by (entity)" not in query.expression else entity
                wanted[named if query.of_main else site] = pytest.approx(number * times)
    assert wanted, query.name
    return wanted


def _targets(query: Shown, known: Known, part: str) -> Expected:
    (level,) = set(re.findall(r'level="(\w+)"', query.expression))
    found = {of: number for of, number in known.targets[part, level].items() if query.is_about(of.partition("/")[0])}
    assert found, query.name
    return {of: number for of, number in found.items() if number is not None}


def _alerts(query: Shown, known: Known) -> Expected:
    """Alerts one by one, or how many of each entity or site."""
    (level,) = re.findall(r'level="(\w+)"', query.expression) or [""]
    asked = [a for a in known.firing if a["site"] == "main" or not query.of_main]
    asked = [a for a in asked if level in ("", a["level"]) and query.is_about(a["entity"])]
    assert asked, query.name
    by = re.search(r"sum by \((\w+)\)", query.expression)
    if by:
        of = [alert[by[1]] for alert in asked]
        return {each: of.count(each) for each in of}
    found = {}
    for alert in asked:
        names = [] if alert["level"] == "site" else ["entity"]
        names += ["kpi", "rule", "severity"] if query.of_main else ["kpi", "rule", "severity", "site"]
        found["/".join(alert[name] for name in names)] = 1
    assert len(found) == len(asked)
    return found


def agree(query: Shown, found: list[dict[str, Any]], expected: Expected) -> bool:
    """Whether the samples are those expected, no more and no less."""
    told = {_key(sample["metric"], query.of_main): float(sample["value"][1]) for sample in found}
    return len(told) == len(found) and told == expected


FIXED = {"__name__", "job", "instance", "window", "zone"}


def _key(metric: Mapping[str, str], of_main: bool) -> str:
    site_itself = metric.get("level") == "site" and metric.get("__name__", "entity:collections_w").startswith("entity:")
    left_out = (
        FIXED
        | ({"site"} if of_main else set())
        | ({"entity", "level", "currency"} if site_itself else {"level"} if "name" not in metric else set())
    )
    return "/".join(metric[name] for name in sorted(metric) if name not in left_out)


LIMITS: dict[str, tuple[str, str, float]] = {
    "connect_rate_low": ("connect_rate", "team", 0.1),
    "site_connects": ("connect_rate", "site", 0.05),
    "promises_few": ("promises", "team", 100),
    "idle": ("occupancy_ratio", "team", 0.4),
    "service": ("service_level", "queue", 0.8),
    "given_up": ("abandonment_rate", "queue", 0.07),
    "waits": ("answer_wait_mean", "queue", 20),
    "crowd": ("offered", "queue", 900),
    "few_dials": ("dials", "agent", 900),
    "quiet_segment": ("dials", "segment", 9000),
    "quiet_site": ("dials", "site", 90000),
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


def _age(of: float, key: str = "") -> Callable[[Known], Expected]:
    """An age that has grown since the start, by a few minutes at most."""
    return lambda known: {key: pytest.approx(of + 110, abs=130)}


P99 = pytest.approx(0.01 + 0.99 * 0.015)
"""Of what always takes 20 ms: within its bucket, 10 to 25 ms, Prometheus knows no more."""
OTHERS: dict[str, Expected | Callable[[Known], Expected]] = {
    "As of A": lambda known: {"": known.as_of_s["main"] * 1000},
    "Age A": lambda known: {"": known.age("main")},
    "Oldest numbers A": lambda known: {"": known.age("prague")},
    "Sites configured A": {"": 2},
    "Alerts firing A": lambda known: {"": len(known.firing)},
    "overview Sites A": lambda known: {site: known.age(site) for site in known.as_of_s},
    "Workers A": {"": 1},
    "Dials a minute A": {"t-3": _about(1200)},
    "Contacts a minute A": {"t-3": _about(720)},
    "Promises a minute A": {"t-3": _about(360)},
    "Agents at work A": lambda known: {"": len(set(known.there["main", "agent", "day"]) - {"unassigned"})},
    "Not judged A": {"": 2},
    "Breaches found by rule A": {"any.quiet": _about(60)},
    "Breaches withdrawn by rule A": {"any.quiet": _about(30)},
    "Debtors by state A": {"near": _about(48)},
    "Scores A": {"t-3/team/card/month": 80.5},
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
    "Started A": lambda known: {"": pytest.approx(time.time() - _started_at_s(), abs=5)},
}
