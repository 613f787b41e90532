"""Every query of the dashboards on a real Prometheus that scrapes our web server: it shows what a run of the simulated
world has published, and what is right a replay of the same events says."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import pytest
import pytest_asyncio

from deploy.prometheus.recording import agent_expression, expression, series
from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.publish.exposition import AGENT_KPIS
from stream.publish.monitoring import Monitoring, build_monitoring
from stream.publish.web import HealthAnswers
from tests.deploy.expected import agree, annotations, expected_of, known_of, shown, work
from tests.deploy.expressions import dashboards, filled, groups
from tests.deploy.prometheus import Prometheus, running
from tests.deploy.simulated import CONFIG, Run, run_of

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
LAST = [group["rules"][-1]["record"] for group in groups() if group["name"].startswith("collections-kpis")]
RECORDED = {rule["record"] for group in groups() for rule in group["rules"] if "record" in rule}


@dataclass(frozen=True)
class Scraped:
    """A front that commits the same records every second, and the Prometheus that scrapes it."""

    front: Monitoring
    prometheus: Prometheus
    run: Run
    committing: asyncio.Task[None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(CONFIG, tmp_path_factory.mktemp("simulated"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scraped(
    run: Run, program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scraped]:
    """One for all tests: who changes what is shown changes it back, and the last test ends it."""
    of = build_monitoring(run.settings, HealthAnswers())
    of.collector.on_committed(0, run.records, run.alerts)
    score = orjson.dumps({"score": "80.5000", "trial": False, "period": "month", "place": 1})
    of.collector.on_scores([(b"scorecard|card|1|main|team|t-3|2026-11-01", score)])
    numbers = run.settings.deltas_partitions
    port = await of.web.start("127.0.0.1", 0)

    async def commit() -> None:
        while True:
            for number in range(numbers):
                of.collector.on_committed(number, [])
            await asyncio.sleep(1)

    committing = asyncio.create_task(commit())
    working = asyncio.create_task(work(of.meters))
    try:
        async with running(
            program("prometheus"), tmp_path_factory.mktemp("scraped") / "prometheus", [f"127.0.0.1:{port}"]
        ) as prometheus:
            for last_of_its_group in LAST:
                await prometheus.until(last_of_its_group, bool)
            await prometheus.until('collections_window_dials{level="agent"}', bool)
            await prometheus.until('collections_target_pace_ratio{level="agent"}', bool)
            yield Scraped(of, prometheus, run, committing)
    finally:
        committing.cancel()
        working.cancel()
        await of.web.stop()


async def test_every_query_of_every_dashboard_gives_the_right_numbers_of_those_it_is_about(scraped: Scraped) -> None:
    """What a panel of a KPI shows is the record's, in the panel's unit; all others have an expected number each."""
    known, left, wrong = known_of(scraped.run), shown(), list[str]()
    assert len(left) > 150
    end_s = time.monotonic() + 120
    while left and time.monotonic() < end_s:  # counters need some scrapes, and the first rules an evaluation
        wrong, asked, left = [], left, []
        for query in asked:
            found = await scraped.prometheus.query(re.sub(r"\[(5m|1h)\]", "[6s]", query.expression))
            expected = expected_of(query, known)
            if not agree(query, found, expected):
                left.append(query)
                wrong.append(f"{query.name}: {query.expression}: {found[:3]}; expected {dict(expected)}")
        await asyncio.sleep(0.5)
    assert not left, "\n".join(wrong)


async def test_annotations_say_when_alerts_fire_workers_start_and_definitions_change(scraped: Scraped) -> None:
    firing, restarts, changes = (note["expr"] for note in annotations())
    at_main = [alert for alert in known_of(scraped.run).firing if alert["site"] == "main"]
    assert len(at_main) > 5
    await scraped.prometheus.until(filled(firing), lambda found: len(found) == len(at_main))
    await scraped.prometheus.until(
        restarts.replace("< 60", "> 0"), lambda found: [each["metric"]["job"] for each in found] == ["kpi-stream"]
    )
    changes = changes.replace("2m", "6s")
    seen = f"max_over_time(({changes})[3m:1s])"  # a look of a busy machine may come late

    def told(label: str, found: list[dict[str, Any]]) -> set[str]:
        return {each["metric"][label] for each in found if label in each["metric"]}

    await scraped.prometheus.until(changes, lambda found: found == [])
    meters = scraped.front.meters
    meters.set("collections_threshold", "waits", "answer_wait_mean", "queue", "warning", "above", to=30_000)
    await scraped.prometheus.until(seen, lambda found: told("rule", found) == {"waits"} and not told("version", found))
    await scraped.prometheus.until(changes, lambda found: found == [])
    meters.set("collections_build_info", "9.9.9", "99", "compiled", to=1)
    await scraped.prometheus.until(seen, lambda found: told("version", found) == {"9.9.9"})
    meters.drop("collections_build_info", "9.9.9", "99", "compiled")
    meters.set("collections_threshold", "waits", "answer_wait_mean", "queue", "warning", "above", to=20_000)
    await scraped.prometheus.until("collections_build_info", lambda found: len(found) == 1)


async def test_every_variable_offers_what_there_is(scraped: Scraped) -> None:
    offered = {}
    for _, dashboard in dashboards():
        for variable in dashboard["templating"]["list"][1:]:
            selector, label = re.findall(r"label_values\((.+), (\w+)\)", variable["query"]["query"])[0]
            offered[variable["name"]] = await scraped.prometheus.label_values(label, filled(selector))
    there = known_of(scraped.run).there
    assert offered["site"] == ["main", "prague"]
    for level in ("team", "agent", "queue"):
        windows = {key[2] for key in there if level != "agent" or key[2] in ("rolling_15m", "day")}
        at_main = {entity for window in windows for entity in there.get(("main", level, window), [])}
        of_level = at_main - {"unassigned"}
        assert offered[level] == sorted(of_level)
    assert set(offered["window"]) == {window for _, level, window in there if level == "site"}
    assert {"rolling_5m", "rolling_15m", "rolling_1h", "interval_30m", "day", "month"} < set(offered["window"])
    assert offered["currency"] == ["CNY", "EUR"]


async def test_what_is_recorded_or_could_be_is_the_value_of_the_record(scraped: Scraped) -> None:
    """Of every KPI, entity and window that is exported: one definition, whoever divides. What is not recorded is asked
    for by the query that `recording.py --all` would record; of agents, by that of a panel."""
    known, compared, recorded = known_of(scraped.run), 0, 0
    for kpi in CATALOGUE.values():
        expected: dict[tuple[str, ...], Any] = {}
        for (of, site, level, window), numbers in known.numbers.items():
            if of == kpi.id and level != "agent":
                expected |= {_place(site, level, who, window, kpi): _just(number) for who, number in numbers.items()}
        asked = [expression(kpi), *([series(kpi)] if series(kpi) in RECORDED else [])]
        for query in asked:
            await scraped.prometheus.until(query, partial(_holds, expected), 60)
        compared += len(expected)
        recorded += len(expected) * (len(asked) - 1)
        for site in ("main", "prague") if kpi.id in AGENT_KPIS else ():
            agents = {
                _place(site, "agent", who, window, kpi): _just(number)
                for window in ("rolling_15m", "day")
                for who, number in known.numbers.get((kpi.id, site, "agent", window), {}).items()
            }
            query = agent_expression(kpi, f'site="{site}"')
            await scraped.prometheus.until(query, partial(_holds, agents), 60)
            compared += len(agents)
    assert compared > 1000
    assert recorded > 1000


def _just(number: float) -> Any:
    return pytest.approx(number, rel=1e-12)


def _place(site: str, level: str, entity: str, window: str, kpi: Kpi) -> tuple[str, ...]:
    return (site, level, entity, window, "CNY" if kpi.per_currency else "")


def _holds(wanted: Mapping[tuple[str, ...], Any], samples: Sequence[dict[str, Any]]) -> bool:
    """Whether what is wanted is there; beside it there may be zeros and other currencies."""
    held = _held(samples)
    return all(place in held and held[place] == number for place, number in wanted.items())


def _held(samples: Sequence[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    """Site, level, entity, window and currency -> the number."""
    labels = ("site", "level", "entity", "window", "currency")
    return {tuple(s["metric"].get(x, "") for x in labels): float(s["value"][1]) for s in samples}


async def test_an_alert_of_the_stream_is_forwarded_until_it_resolves(scraped: Scraped) -> None:
    firing = 'ALERTS{alertname="CollectionsKpiWarning",alertstate="firing",entity="t-3",rule="promises_few"}'
    (fired,) = (a for a in known_of(scraped.run).firing if (a["rule"], a["entity"]) == ("promises_few", "t-3"))
    ended = fired | {"state": "resolved", "resolved_at": fired["at"]}
    await scraped.prometheus.until(firing, lambda found: len(found) == 1)
    scraped.front.collector.on_committed(0, [], [(ended["alert_id"].encode(), orjson.dumps(ended))])
    await scraped.prometheus.until('collections_alert_active{entity="t-3",rule="promises_few"} == 0', bool)
    await scraped.prometheus.until(firing, lambda found: found == [])
    threshold = 'collections_threshold{rule="connect_rate_low"}'
    await scraped.prometheus.until(threshold, lambda found: [sample["value"][1] for sample in found] == ["0.1"])
    again = fired | {"alert_id": "again"}
    scraped.front.collector.on_committed(0, [], [(b"again", orjson.dumps(again))])
    await scraped.prometheus.until(firing, bool)


async def test_a_series_that_is_withdrawn_is_stale_at_the_next_scrape(scraped: Scraped) -> None:
    await scraped.prometheus.until('collections_window_dials{level="site",window="day"}', bool)
    scraped.committing.cancel()
    scraped.front.collector.on_revoked(0)
    await scraped.prometheus.until("collections_window_dials", lambda found: found == [])
    await scraped.prometheus.until("entity:collections_window_dials:max", lambda found: found == [])
