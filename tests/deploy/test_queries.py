"""Every query of the dashboards on a real Prometheus that scrapes our web server; recorded series equal the records."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from deploy.prometheus.recording import agent_expression, series
from stream.facts.instant import instant_text
from stream.kpis.catalogue import CATALOGUE
from stream.publish.exposition import AGENT_KPIS
from stream.publish.monitoring import Monitoring, build_monitoring
from stream.publish.reading import read_kpi
from stream.publish.web import HealthAnswers
from stream.settings import load
from tests.deploy.expected import agree, annotations, expected_of, number_of, numbers_of, shown, work
from tests.deploy.expressions import dashboards, filled
from tests.deploy.prometheus import Prometheus, running
from tests.publish import records
from tests.publish.records import Record, alert, floor

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(240)]

CONFIG = """
kafka: {bootstrap_servers: "127.0.0.1:1"}
sites: {main: {zone: Asia/Shanghai}}
conduct: {packs: [us_reg_f]}
metrics: {limit_kib: 4096}
targets:
  - {kpi: dials, level: team, entity: "*", period: day, value: 80, from: 2020-01-01}
  - {kpi: dials, level: agent, entity: "*", period: day, value: 80, from: 2020-01-01}
alerts:
  - {rule: connect_rate_low, kpi: connect_rate, level: team, window: rolling_15m, below: 0.10, min_denominator: 50}
  - {rule: site_connects, kpi: connect_rate, level: site, window: rolling_15m, below: 0.05, min_denominator: 50}
  - {rule: promises_few, kpi: promises, level: team, window: day, below: 3}
  - {rule: idle, kpi: occupancy_ratio, level: team, window: rolling_15m, below: 0.4}
  - {rule: service, kpi: service_level, level: queue, window: rolling_15m, below: 0.8}
  - {rule: given_up, kpi: abandonment_rate, level: queue, window: rolling_15m, above: 0.07}
  - {rule: waits, kpi: answer_wait_mean, level: queue, window: rolling_15m, above: 20000}
  - {rule: crowd, kpi: offered, level: queue, window: rolling_15m, above: 900}
  - {rule: complaints, kpi: complaint_rate, level: team, window: day, above: 5}
  - {rule: breaches, kpi: conduct_breach_rate, level: team, window: day, above: 6}
"""
DAY_MS = 86_400_000


def records_of_now() -> list[Record]:
    """A floor whose windows hold the present: Prometheus knows no other time."""
    now_ms = time.time_ns() // 1_000_000
    bounds = {
        "interval_30m": (now_ms // 1_800_000 * 1_800_000, now_ms // 1_800_000 * 1_800_000 + 1_800_000),
        "day": (now_ms // DAY_MS * DAY_MS, now_ms // DAY_MS * DAY_MS + 2 * DAY_MS),
        "month": (now_ms // DAY_MS * DAY_MS - 9 * DAY_MS, now_ms // DAY_MS * DAY_MS + 9 * DAY_MS),
    }
    texts = {window: (instant_text(start), instant_text(end)) for window, (start, end) in bounds.items()}
    as_of = instant_text(now_ms // 10_000 * 10_000)
    start, end = texts["day"]
    day: dict[str, Any] = {"window": "day", "as_of": as_of, "start": start, "end": end}
    part = records.value
    calls = (
        part("offered", 40), part("service_level", 30, 40), part("abandonment_rate", 5, 40), part("dials", 90),
        part("answer_wait_mean", 400_000, 30), part("connect_rate", 20, 90), part("drop_rate", 2, 22),
        part("abandon_wait_mean", 90_000, 5), part("callbacks", 3), part("handle_time_mean", 9_000_000, 60),
    )  # fmt: skip
    money = (
        part("dials", 90), part("connect_rate", 20, 90), part("promises", 4), part("promise_kept_rate", 3, 4),
        part("recovered_amount", 12_800, currency="CNY"), part("complaint_rate", 1, 20),
    )  # fmt: skip
    rare = (
        part("offered", 40), part("service_level", 30, 40), part("abandonment_rate", 5, 40), part("drop_rate", 2, 22),
        part("complaint_timeliness", 4, 5), part("qa_score_mean", 880, 10), part("satisfaction_rate", 8, 9),
    )  # fmt: skip
    beside = [
        records.kpi(*calls, level="queue", entity="q-1", **day),
        records.kpi(*money, level="segment", entity="m-1", **day),
    ]
    floored = [with_more(each, rare) for each in floor(as_of, agents=60, bounds=texts)]
    return [aimed(each) for each in (*floored, *beside)]


def with_more(record: Record, kpis: Sequence[dict[str, Any]]) -> Record:
    """The record with these KPIs beside its own, if it is of a site's or team's day."""
    key, value = record
    document = json.loads(value)
    if document["level"] in ("site", "team") and document["window"] == "day":
        of = {each["kpi"]: each for each in (*document["kpis"], *kpis)}
        dials = of["dials"]["numerator"]
        of["conduct_breaches"] = records.value("conduct_breaches", 3)
        of["conduct_breach_rate"] = records.value("conduct_breach_rate", 3, dials)
        document["kpis"] = [of[kpi] for kpi in CATALOGUE if kpi in of]
    return key, json.dumps(document).encode()


def aimed(record: Record) -> Record:
    """The record, with what a target adds to its dials, if it is of a team's or agent's day."""
    key, value = record
    document = json.loads(value)
    if document["level"] not in ("team", "agent") or document["window"] != "day":
        return record
    for each in document["kpis"]:
        if each["kpi"] == "dials":
            each |= {"target": 80, "attainment": 0.5, "pace": 1.25}
    return key, json.dumps(document).encode()


LOUD = (("queue", "q-1"), ("segment", "m-1"), ("agent", "a-003"))
"""Who has an alert, besides team t-1."""


class Scraped:
    """A front that commits the same records every second, and the Prometheus that scrapes it."""

    def __init__(
        self, of: Monitoring, prometheus: Prometheus, records: list[Record], committing: asyncio.Task[None]
    ) -> None:
        self.committing = committing
        self.front = of
        self.prometheus = prometheus
        self.records = records


@pytest.fixture
async def scraped(program: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Scraped]:
    config = tmp_path / "kpi-stream.yaml"
    config.write_text(CONFIG)
    of = build_monitoring(load(config, environ={}), HealthAnswers())
    made = records_of_now()
    of.collector.on_committed(
        0,
        made,
        [
            alert(entity="t-1"),
            *(alert(f"9f2{n}", level=level, entity=entity) for n, (level, entity) in enumerate(LOUD)),
        ],
    )
    score = orjson.dumps({"score": "80.5000", "trial": False, "period": "month", "place": 1})
    of.collector.on_scores([(b"scorecard|card|1|main|team|t-1|2026-11-01", score)])
    numbers = load(config, environ={}).deltas_partitions
    port = await of.web.start("127.0.0.1", 0)

    async def commit() -> None:
        while True:
            for number in range(numbers):
                of.collector.on_committed(number, [])
            await asyncio.sleep(1)

    committing = asyncio.create_task(commit())
    working = asyncio.create_task(work(of.meters))
    try:
        async with running(program("prometheus"), tmp_path / "prometheus", [f"127.0.0.1:{port}"]) as prometheus:
            last_of_its_group = series(list(CATALOGUE.values())[-1])
            await prometheus.until(last_of_its_group, bool)
            await prometheus.until('collections_window_dials{level="agent"}', bool)
            await prometheus.until('collections_target_pace_ratio{level="agent"}', bool)
            yield Scraped(of, prometheus, made, committing)
    finally:
        committing.cancel()
        working.cancel()
        await of.web.stop()


async def test_every_query_of_every_dashboard_gives_the_right_numbers_of_those_it_is_about(scraped: Scraped) -> None:
    """What a panel of a KPI shows is the record's, in the panel's unit; all others have an expected number each."""
    known, left, wrong = numbers_of(scraped.records), shown(), list[str]()
    assert len(left) > 150
    end_s = time.monotonic() + 30
    while left and time.monotonic() < end_s:  # counters need some scrapes, and the first rules an evaluation
        wrong, asked, left = [], left, []
        for query in asked:
            found = await scraped.prometheus.query(re.sub(r"\[(5m|1h)\]", "[6s]", query.expression))
            expected = expected_of(query, known)
            if not agree(found, expected):
                left.append(query)
                wrong.append(f"{query.name}: {query.expression}: {found[:3]}; expected {expected}")
        await asyncio.sleep(0.5)
    assert not left, "\n".join(wrong)


async def test_annotations_say_when_alerts_fire_workers_start_and_definitions_change(scraped: Scraped) -> None:
    firing, restarts, changes = (note["expr"] for note in annotations())
    await scraped.prometheus.until(filled(firing), lambda found: len(found) == 1 + len(LOUD))
    await scraped.prometheus.until(
        restarts.replace("< 60", "> 0"), lambda found: [each["metric"]["job"] for each in found] == ["kpi-stream"]
    )
    changes = changes.replace("2m", "6s")  # long enough that a look of a busy machine falls into it
    await scraped.prometheus.until(changes, lambda found: found == [])
    meters = scraped.front.meters
    meters.set("collections_threshold", "waits", "answer_wait_mean", "queue", "warning", "above", to=30_000)
    await scraped.prometheus.until(changes, lambda found: [each["metric"].get("rule") for each in found] == ["waits"])
    await scraped.prometheus.until(changes, lambda found: found == [])
    meters.set("collections_build_info", "9.9.9", "99", "compiled", to=1)
    await scraped.prometheus.until(changes, lambda found: [e["metric"].get("version") for e in found] == ["9.9.9"])


async def test_every_variable_offers_what_there_is(scraped: Scraped) -> None:
    offered = {}
    for _, dashboard in dashboards():
        for variable in dashboard["templating"]["list"][1:]:
            selector, label = re.findall(r"label_values\((.+), (\w+)\)", variable["query"]["query"])[0]
            offered[variable["name"]] = await scraped.prometheus.label_values(label, filled(selector))
    assert offered["site"] == ["main"]
    assert offered["team"] == ["t-1", "t-2", "t-3", "t-4"]
    assert offered["agent"] == [f"a-{number:03}" for number in range(60)]
    assert offered["queue"] == ["q-1"]
    assert set(offered["window"]) == {"rolling_5m", "rolling_15m", "rolling_1h", "interval_30m", "day", "month"}
    assert offered["currency"] == ["CNY"]


async def test_a_recorded_series_is_the_value_of_the_record(scraped: Scraped) -> None:
    """Of every KPI, entity and window that is exported: one definition, whoever divides. Agents are not recorded, but
    divided by the query of a panel."""
    compared = 0
    held: dict[str, dict[tuple[str, ...], float]] = {}
    for kpi in CATALOGUE.values():
        found = await scraped.prometheus.query(series(kpi))
        assert {sample["metric"]["level"] for sample in found} <= {"site", "team", "queue", "segment"}
        if kpi.id in AGENT_KPIS:
            found += await scraped.prometheus.query(agent_expression(kpi, 'site="main"'))
        labels = ("level", "entity", "window", "currency")
        held[kpi.id] = {tuple(s["metric"].get(x, "") for x in labels): float(s["value"][1]) for s in found}
    for _, body in scraped.records:
        record = read_kpi(body)
        for value in record.kpis:
            kpi = CATALOGUE[value.kpi]
            shown = kpi.id in AGENT_KPIS and record.window in ("rolling_15m", "day")
            if (record.level == "agent" and not shown) or value.denominator == 0:
                continue
            place = (record.level, record.entity, record.window, value.currency or "")
            assert held[kpi.id][place] == pytest.approx(number_of(value), rel=1e-12), (kpi.id, place)
            compared += 1
    assert compared > 1000


async def test_an_alert_of_the_stream_is_forwarded_until_it_resolves(scraped: Scraped) -> None:
    firing = 'ALERTS{alertname="CollectionsKpiWarning",alertstate="firing",entity="t-1"}'
    await scraped.prometheus.until(firing, lambda found: len(found) == 1)
    scraped.front.collector.on_committed(0, [], [alert(entity="t-1", state="resolved")])
    await scraped.prometheus.until('collections_alert_active{entity="t-1"} == 0', bool)
    await scraped.prometheus.until(firing, lambda found: found == [], timeout_s=10)
    threshold = await scraped.prometheus.query('collections_threshold{rule="connect_rate_low"}')
    assert [sample["value"][1] for sample in threshold] == ["0.1"]


async def test_a_series_that_is_withdrawn_is_stale_at_the_next_scrape(scraped: Scraped) -> None:
    assert await scraped.prometheus.query('collections_window_dials{level="site",window="day"}')
    scraped.committing.cancel()
    scraped.front.collector.on_revoked(0)
    await scraped.prometheus.until("collections_window_dials", lambda found: found == [], timeout_s=10)
    await scraped.prometheus.until("entity:collections_window_dials:max", lambda found: found == [], timeout_s=10)
