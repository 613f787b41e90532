"""What a scrape costs: CPU and size of /metrics and /metrics/agents, and how long Prometheus takes over the recording
rules, where it is installed."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest

from bench.result import Row
from bench.setting import Setting, step
from deploy.prometheus.recording import GROUP
from stream.facts.fact import TOPICS
from stream.kafka.names import Names
from stream.publish.collector import KpiCollector
from stream.publish.exposition import exposition
from stream.publish.meters import Meters
from stream.publish.metrics import CONDUCT, FACTS, FEEDS, METRICS
from stream.publish.monitoring import export_settings
from stream.publish.web import HealthAnswers, Web
from stream.settings import Settings, load
from tests.deploy.prometheus import running
from tests.publish.records import floor

AGENTS = (1_000, 2_000)
TEAMS = 50
TIMES = 7
PARTITIONS = 8
EVERYTHING = 1 << 24
EVALUATIONS = 12
SCRAPE_S = 10
OWN = ("process_cpu_seconds_total", "prometheus_rule_group_iterations_total")
COLLECTED = {"collections_series_dropped", "collections_kpi_as_of_timestamp_seconds"}
"""What the window gauges tell themselves."""


def rows(setting: Setting) -> Iterator[Row]:
    """The part `scrape`: the shipped defaults, six windows, one worker that owns all of a site."""
    for agents in AGENTS[: 1 if setting.smoke else None]:
        yield from _measured(agents, f"{agents:,} agents, {TEAMS} teams")
    prometheus = shutil.which("prometheus")
    if prometheus is not None and not setting.smoke:
        step("scrape: the recording rules on a real Prometheus")
        took, cpu, series = asyncio.run(_evaluated(prometheus))
        words = f"an evaluation of all recording rules, {TEAMS} teams with every KPI and window"
        yield Row("scrape.rules_ms", f"{words}: time, all groups", round(took * 1_000), "ms")
        yield Row("scrape.rules_cpu_ms", f"{words}: CPU of Prometheus, scrapes included", round(cpu * 1_000), "ms")
        yield Row("scrape.rules_series", f"{words}: series recorded", series)


def _measured(agents: int, words: str) -> Iterator[Row]:
    settings = load(environ={})
    registry = _worker_registry(settings)
    collector = KpiCollector(exposition(settings.plan()))
    records = floor(agents=agents, teams=TEAMS)
    texts: dict[str, bytes] = {}

    def page(name: str, make: Callable[[], bytes]) -> Callable[[], bytes]:
        def zipped() -> bytes:
            texts[name] = make()
            return gzip.compress(texts[name], 1)

        return zipped

    def all_but_agents() -> bytes:
        own = bytes(generate_latest(registry))
        return own + collector.text(len(own))

    pages = {"metrics": page("metrics", all_but_agents), "agents": page("agents", collector.agents_text)}
    changed: dict[str, list[float]] = {name: [] for name in pages}
    rest: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(TIMES):
        collector.on_committed(0, records)
        for found in (changed, rest):
            for name, made in pages.items():
                found[name].append(_cpu_ms(made))
    for name, address in (("metrics", "/metrics"), ("agents", "/metrics/agents")):
        key, what, text = f"scrape.{agents}.{name}", f"{words}: {address}", texts[name]
        series = sum(not line.startswith(b"#") for line in text.splitlines())
        yield Row(f"{key}.series", f"{what}: series", series)
        yield Row(f"{key}.kib", f"{what}: text", round(len(text) / 1024), "KiB")
        yield Row(f"{key}.zipped_kib", f"{what}: through gzip", round(len(gzip.compress(text, 1)) / 1024), "KiB")
        yield Row(
            f"{key}.cpu_ms", f"{what}: after every record has changed, gzip included, CPU", _tenths(changed[name]), "ms"
        )
        yield Row(f"{key}.rest_ms", f"{what}: after none has, CPU", _tenths(rest[name]), "ms")
    dropped = next(line for line in texts["metrics"].splitlines() if line.startswith(b"collections_series_dropped "))
    yield Row(f"scrape.{agents}.dropped", f"{words}: series of agents withheld", float(dropped.split()[1]))


def _worker_registry(settings: Settings) -> CollectorRegistry:
    """What a worker with eight partitions of each topic tells beside its windows, and counters of every team."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    meters = Meters(registry)
    export_settings(meters, settings)
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    topics = [f"{settings.kafka.topic_prefix}.{topic}.v1" for topic in TOPICS] + [names.deltas]
    values = {
        "topic": topics, "partition": [str(n) for n in range(PARTITIONS)], "stage": ["1", "2"], "site": ["main"],
        "team": [f"t-{n + 1}" for n in range(TEAMS)], "currency": ["CNY"], "type": ["call", "payment", "promise"],
        "reason": ["invalid", "malformed", "limit", "too_late"], "state": ["firing", "resolved"],
    }  # fmt: skip
    told = {metric.name for metric in (*CONDUCT, *FEEDS)} | COLLECTED
    for metric in METRICS.values():
        if metric.name in told or not all(label in values for label in metric.labels) or "window" in metric.labels:
            continue
        for labels in _products([values[label] for label in metric.labels]):
            if metric.kind == "counter":
                meters.add(metric.name, *labels, by=12_345)
            elif metric.kind == "gauge":
                meters.set(metric.name, *labels, to=1_793_582_240.25)
            else:
                meters.observe(metric.name, *labels, seconds=0.02)
    assert {metric.name for metric in FACTS} <= {f"{f.name}_total" for f in meters.collect()}
    return registry


def _products(lists: list[list[str]]) -> Iterator[tuple[str, ...]]:
    if not lists:
        yield ()
        return
    for first in lists[0]:
        for others in _products(lists[1:]):
            yield (first, *others)


async def _evaluated(prometheus: str) -> tuple[float, float, int]:
    """What an evaluation of the recorded KPIs takes: time in s, the median of some; CPU of Prometheus in s, which on a
    busy machine says more, with its scrapes, as in the shipped configuration one for each evaluation at most; and how
    many series are recorded."""
    collector = KpiCollector(exposition(load(environ={}).plan(), limit_bytes=EVERYTHING), session_s=3_600)
    collector.on_committed(0, floor(agents=AGENTS[0], teams=TEAMS))
    web = Web(CollectorRegistry(), HealthAnswers(), windows=collector)
    port = await web.start("127.0.0.1", 0)
    took: list[float] = []
    try:
        with TemporaryDirectory() as folder:
            async with running(prometheus, Path(folder), [f"127.0.0.1:{port}"], scrape_s=SCRAPE_S) as server:
                await server.until('entity:collections_window_dials:max{level="team"}', bool, 120)
                await server.until('collections_window_dials{level="agent"}', bool, 120)
                await asyncio.sleep(1.5)
                before = [await server.own(metric) for metric in OWN]
                for _ in range(EVALUATIONS):
                    await asyncio.sleep(1.5)
                    took.append(await server.rule_seconds(GROUP))
                cpu, evaluations = [await server.own(m) - was for m, was in zip(OWN, before, strict=True)]
                (series,) = await server.query('count({__name__=~"entity:collections_window_.*"})')
                groups = await server.own("prometheus_rule_group_rules", count=True)
    finally:
        await web.stop()
    return median(took), cpu / (evaluations / groups), int(series["value"][1])


def _tenths(found: list[float]) -> float:
    return round(median(found), 1)


def _cpu_ms(work: Callable[[], object]) -> float:
    """CPU of this thread, which a busy machine does not stretch."""
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1_000
