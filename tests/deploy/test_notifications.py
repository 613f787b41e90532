"""What people are notified of: events of a worker's alerts through a real Prometheus and a real Alertmanager."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web

from stream.publish.monitoring import Monitoring, build_monitoring
from stream.publish.web import HealthAnswers
from stream.settings import Settings, load
from tests.deploy.prometheus import free_port, notifying, running
from tests.publish.records import alert

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(240)]

SETTINGS = {"KPI_STREAM_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
CRITICAL = {"entity": "t-1", "severity": "critical"}
Told = list[tuple[str, str, str]]
"""(status, entity, when it began) of every alert in every notification."""


@contextlib.asynccontextmanager
async def told() -> AsyncIterator[tuple[str, Told]]:
    """A webhook's address, and what it was told of alerts of KPIs."""
    found: Told = []

    async def take(request: web.Request) -> web.Response:
        for each in (await request.json())["alerts"]:
            if each["labels"]["alertname"].startswith("CollectionsKpi"):
                one = (each["status"], each["labels"]["entity"], each["startsAt"])
                if not found or found[-1] != one:
                    found.append(one)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", found
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def worker(settings: Settings, port: int) -> AsyncIterator[Monitoring]:
    """What a worker shows that owns every number and commits every second."""
    of = build_monitoring(settings, HealthAnswers())
    await of.web.start("127.0.0.1", port)

    async def commit() -> None:
        while True:
            for number in range(settings.deltas_partitions):
                of.collector.on_committed(number, [])
            await asyncio.sleep(1)

    committing = asyncio.create_task(commit())
    try:
        yield of
    finally:
        committing.cancel()
        await of.web.stop()


async def until(holds: Callable[[], bool], timeout_s: float) -> None:
    for _ in range(round(timeout_s * 10)):
        if holds():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come true in time")


async def test_a_restart_and_a_restore_notify_nobody_and_the_end_of_an_alert_does_at_once(
    program: Callable[[str], str], tmp_path: Path
) -> None:
    """Longer than Prometheus would keep it firing by itself; five minutes are in deploy/prometheus/tests."""
    settings, port = load(environ=SETTINGS), free_port()
    async with (
        told() as (webhook, notified),
        notifying(program("prometheus-alertmanager"), tmp_path / "alertmanager", webhook) as alertmanager,
        running(
            program("prometheus"), tmp_path / "prometheus", [f"127.0.0.1:{port}"], alertmanager=alertmanager
        ) as prometheus,
    ):
        async with worker(settings, port) as first:
            first.collector.on_committed(0, [], [alert("1", **CRITICAL), alert("2", **CRITICAL | {"entity": "t-2"})])
            first.collector.on_committed(0, [], [alert("3", **CRITICAL | {"entity": "unassigned"})])
            await until(lambda: {entity for _, entity, _ in notified} == {"t-1", "t-2"}, 90)
            first.collector.on_committed(0, [], [alert("2", state="resolved", **CRITICAL | {"entity": "t-2"})])
            await until(lambda: [entity for status, entity, _ in notified if status == "resolved"] == ["t-2"], 90)
        began = len(notified)
        # It is away, long enough for what is said of that: an alert that is inhibited must not be told again later.
        await prometheus.until('ALERTS{alertname="CollectionsNoWorker",alertstate="firing"}', bool)
        await asyncio.sleep(5)
        async with worker(settings, port) as second:
            await asyncio.sleep(28)  # it restores, and has not read the alerts topic
            await prometheus.until('up{job="kpi-stream"} == 1', bool)
            assert await prometheus.query("collections_alert_active") == []
            second.collector.on_committed(0, [], [alert("1", **CRITICAL)])
            await prometheus.until("collections_alert_active", bool)
            assert notified[began:] == []
            second.collector.on_committed(0, [], [alert("1", state="resolved", **CRITICAL)])
            await until(lambda: len(notified) > began, 30)
    ((status, entity, since),) = notified[began:]
    assert (status, entity) == ("resolved", "t-1")
    assert since == next(at for _, who, at in notified if who == "t-1")
