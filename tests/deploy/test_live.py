"""The whole way: events to a real broker, a real worker, a real Prometheus, every query of the dashboards, the page."""

import asyncio
import json
import re
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.kafka.topics import create_topics
from stream.settings import load
from tests.deploy.expressions import targets
from tests.deploy.prometheus import running
from tests.kafka.workers import WorkerProcess, configured, produce
from tests.worlds import events as make

pytestmark = [pytest.mark.broker, pytest.mark.prometheus, pytest.mark.timeout(240)]

TOPICS = {
    "call": "calls",
    "payment": "payments",
    "complaint": "complaints",
    "promise": "cases",
    "agent_state": "activity",
}
RULES = [
    {
        "rule": f"{level}_connect_rate_low",
        "kpi": "connect_rate",
        "level": level,
        "window": "rolling_15m",
        "below": "0.99",
    }
    for level in ("site", "team", "queue", "segment")
]


def noon_zone(now: datetime) -> str:
    """A zone in which it is about noon: what happened lately happened today, whenever the test runs."""
    ahead = 12 - now.hour
    return "Etc/GMT" if ahead == 0 else f"Etc/GMT{-ahead:+d}"


def world(now: datetime) -> list[make.Raw]:
    """Two teams with something in every tile: calls, a kept and a broken promise of last week, money, time, trouble."""

    def ago(**span: float) -> str:
        return (now - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")

    local_day = (now + timedelta(hours=12 - now.hour)).date()
    due_on = str(local_day - timedelta(days=4))  # with three days of grace: due as today begins
    raws = []
    for n in range(24):
        who = {"debtor_id": f"d-{n}", "agent_id": f"a-{n % 4}", "team_id": f"t-{n % 2 + 1}"}
        who["segment_id"] = f"m{n % 2 + 1}"
        case = who | {"case_id": f"c-{n}"}
        reached = n % 3 != 0
        said = {"outcome": "human", "party": "right", "talk_ms": 60_000} if reached else {"outcome": "no_answer"}
        raws.append(make.call(ago(seconds=400 - n), f"k-{n}", queue_id="outbound", **who, **said))
        heard = {"outcome": "human", "talk_ms": 9_000} if n % 4 else {"outcome": "abandoned"}
        waited = {"direction": "inbound", "queue_id": "inbound", "queue_ms": 6_000}
        raws.append(make.call(ago(seconds=150 - n), f"in-{n}", **who, **waited, **heard))
        raws.append(make.promise(ago(days=5), f"old-{n}", (due_on, 10_000), **case))
        if n % 2 or n % 5 == 0:
            raws.append(make.payment(ago(days=4.5), f"kept-{n}", 10_000, **case))
        raws.append(make.promise(ago(seconds=300 - n), f"new-{n}", (str(local_day), 20_000), **case))
        raws.append(make.payment(ago(seconds=200 - n), f"paid-{n}", 5_000, **case))
    raws += [
        make.complaint(ago(seconds=100), f"x-{n}", debtor_id=f"d-{n}", agent_id=f"a-{n}", team_id=f"t-{n % 2 + 1}")
        for n in range(2)
    ]
    for n in range(4):
        who = {"agent_id": f"a-{n}", "team_id": f"t-{n % 2 + 1}"}
        for minutes, name in ((30, "available"), (20, "on_call"), (5, "break")):
            raws.append(make.state(ago(minutes=minutes), f"s-{n}-{name}", name, **who))
    return raws


async def send(broker: str, prefix: str, raws: list[make.Raw]) -> None:
    for kind, topic in TOPICS.items():
        of_kind = sorted((raw for raw in raws if raw["type"] == kind), key=lambda raw: str(raw["occurred_at"]))
        keys = [str(raw["agent_id"] if kind == "agent_state" else raw["debtor_id"]).encode() for raw in of_kind]
        await produce(broker, f"{prefix}.{topic}.v1", list(zip(keys, make.lines(of_kind), strict=True)))


async def test_every_query_of_a_sites_dashboard_answers_from_a_running_worker_and_so_does_its_page(
    broker: str, topic_prefix: str, tmp_path: Path, program: Callable[[str], str]
) -> None:
    now = datetime.now(UTC)
    sites = {"main": {"zone": noon_zone(now)}}
    config, _ = configured(broker, topic_prefix, tmp_path, sites=sites)
    with config.open("a") as more:
        more.write(yaml.safe_dump({"alerts": RULES}))
    settings = load(config, {})
    await asyncio.to_thread(create_topics, settings)
    await send(broker, topic_prefix, world(now))
    async with WorkerProcess(config) as worker:
        await worker.ready()
        address = next(line.split()[-1] for line in worker.log.splitlines() if line.startswith("worker on "))
        target = address.removeprefix("http://").rstrip("/")
        async with running(program("prometheus"), tmp_path / "prometheus", [target]) as prometheus:
            # The other dashboards' queries run on a floor made for them, in test_queries.py.
            for name, expression in (each for each in targets() if each[0].startswith("site ")):
                await prometheus.until(expression, bool)
                for sample in await prometheus.query(expression):
                    labels = sample["metric"]
                    assert labels.get("site", "main") == "main", name
                    if name.startswith("site Teams"):
                        assert labels["entity"] in ("t-1", "t-2"), name
            for expression in (
                'entity:collections_window_dials:max{level="site",window="day"}',
                "sum(collections_dials_total)",
                'sum(collections_window_dials{level="agent",window="day"})',  # of a page that is scraped by itself
            ):
                await prometheus.until(expression, lambda found: [sample["value"][1] for sample in found] == ["24"])
            (kept,) = await prometheus.query(
                'entity:collections_window_promises_kept_per_promises_due:ratio{level="site",window="day"}'
            )
            assert 0 < float(kept["value"][1]) < 1
        data = await asyncio.to_thread(snapshot, address)
        firing = await asyncio.to_thread(active, address)
        assert data["floor"]["cells"][0]["v"] == 24
        assert [row["entity"] for row in data["teams"]] == ["t-1", "t-2"]
        assert {alert["rule"] for alert in data["alerts"]} == {
            f"{level}_connect_rate_low" for level in ("site", "team", "queue", "segment")
        }

    async with WorkerProcess(config) as successor:
        await successor.ready()
        address = next(line.split()[-1] for line in successor.log.splitlines() if line.startswith("worker on "))
        assert {"t-1", "t-2", "m1", "m2", "outbound"} <= firing
        for _ in range(300):
            if await asyncio.to_thread(active, address) == firing:
                return
            await asyncio.sleep(0.2)
    raise AssertionError("a worker that takes over does not export the alerts that fire")


def active(address: str) -> set[str]:
    """What an alert is active for on /metrics."""
    with urllib.request.urlopen(f"{address}metrics", timeout=60) as answer:
        return set(re.findall(r'collections_alert_active{entity="([^"]+)".*} 1\b', answer.read().decode()))


def snapshot(address: str) -> dict[str, Any]:
    """The page's data for today, once the worker has read its own topics."""
    while True:
        with urllib.request.urlopen(f"{address}api/floor?window=day&kpis=dials", timeout=60) as answer:
            data = dict(json.loads(answer.read()))
        if not data["loading"] and data["alerts"]:
            return data
