"""/metrics and /metrics/agents over a real socket: plain text and OpenMetrics that parsers take, zipped when asked."""

import asyncio
import gzip
import subprocess
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from stream.publish.collector import KpiCollector
from stream.publish.exposition import exposition
from stream.publish.meters import Meters
from stream.publish.metrics import DURATION_BUCKETS_SECONDS, METRICS
from stream.publish.web import HealthAnswers, Web
from stream.settings import load
from tests.publish.records import alert, floor

PATHS = ("/metrics", "/metrics/agents")
OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"


class Served:
    """A running server of a floor, with every meter used once."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        meters = Meters(registry)
        for metric in METRICS.values():
            labels = ["x"] * len(metric.labels)
            if metric.kind == "counter":
                meters.add(metric.name, *labels, by=2)
            elif metric.kind == "histogram":
                meters.observe(metric.name, *labels, seconds=DURATION_BUCKETS_SECONDS[3])
        meters.set("collections_clock_offset_seconds", to=0.25)
        self.collector = KpiCollector(exposition(load(environ={}).plan(), limit_bytes=10**9), session_s=10**6)
        self.collector.on_committed(0, floor(), [alert()])
        self.web = Web(registry, HealthAnswers(), windows=self.collector)
        self.base = ""

    async def get(self, path: str, **headers: str) -> tuple[bytes, aiohttp.ClientResponse]:
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(self.base + path, headers={"Accept-Encoding": "identity"} | headers) as answer,
        ):
            assert answer.status == 200
            return await answer.read(), answer


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    of = Served()
    of.base = f"http://127.0.0.1:{await of.web.start('127.0.0.1', 0)}"
    yield of
    await of.web.stop()


@pytest.mark.parametrize("path", PATHS)
async def test_openmetrics_is_given_to_who_asks_for_it_and_says_the_same_without_timestamps(
    served: Served, path: str
) -> None:
    plain, plain_answer = await served.get(path)
    asked, answer = await served.get(path, Accept=OPENMETRICS)
    assert plain_answer.headers["Content-Type"].startswith("text/plain; version=")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert asked.endswith(b"\n# EOF\n")
    assert asked.count(b"# EOF\n") == 1
    families = openmetrics_families(asked.decode())  # type: ignore[no-untyped-call]
    told = [s for family in families for s in family.samples]
    assert {s.timestamp for s in told} == {None}
    expected = [s for family in plain_families(plain.decode()) for s in family.samples]
    assert {(s.name, tuple(sorted(s.labels.items()))): s.value for s in told} == {
        (s.name, tuple(sorted(s.labels.items()))): s.value for s in expected
    }


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["*/*", OPENMETRICS])
async def test_each_form_is_zipped_for_who_takes_it(served: Served, path: str, accept: str) -> None:
    plain, _ = await served.get(path, Accept=accept)
    zipped, answer = await served.get(path, **{"Accept": accept, "Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped) == plain


async def test_agents_have_a_page_of_their_own(served: Served) -> None:
    rest, _ = await served.get("/metrics")
    agents, _ = await served.get("/metrics/agents")
    assert b'level="agent"' not in rest
    assert b'collections_window_dials{site="main",level="team",entity="t-1",window="day"}' in rest
    assert b"collections_clock_offset_seconds 0.25" in rest
    assert b'collections_window_dials{site="main",level="agent",entity="a-001",window="day"}' in agents
    assert b"collections_clock_offset_seconds" not in agents


@pytest.mark.prometheus
@pytest.mark.parametrize("path", PATHS)
async def test_promtool_finds_nothing_to_say(served: Served, path: str, program: Callable[[str], str]) -> None:
    text, _ = await served.get(path)
    done = await asyncio.to_thread(
        subprocess.run, [program("promtool"), "check", "metrics"], input=text, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
