"""The web server, asked over a real socket."""

import asyncio
import gzip
import json
import threading
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from stream.publish import views
from stream.publish.meters import Meters
from stream.publish.wallboard import Wallboard
from stream.publish.web import ASSETS, HealthAnswers, Web
from stream.settings import load
from tests.publish.records import AS_OF, breach, floor, kpi, standing, value

NOW_MS = 1_793_582_243_000  # three seconds after AS_OF
SITES = """{
  main: {zone: Asia/Shanghai, shifts: {early: ["06:00", "14:00"], late: ["14:00", "22:00"]}},
  pune: {zone: Asia/Kolkata},
}"""


class Served:
    """A running server of a floor whose feed is the test."""

    def __init__(self) -> None:
        self.troubles: dict[str, str | None] = {"live": None, "ready": None}
        self.registry = CollectorRegistry()
        self.meters = Meters(self.registry)
        settings = load(environ={"KPI_STREAM_SITES": SITES})
        self.wallboard = Wallboard(settings, clock_ms=lambda: NOW_MS)
        self.wallboard.start = lambda: None  # type: ignore[method-assign]
        health = HealthAnswers(live=lambda: self.troubles["live"], ready=lambda: self.troubles["ready"])
        self.web = Web(self.registry, health, self.wallboard)
        self.base = ""

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, aiohttp.ClientResponse]:
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(self.base + path, headers=headers) as answer,
        ):
            return answer.status, await answer.read(), answer

    async def floor(self, query: str = "") -> dict[str, Any]:
        status, body, _ = await self.get(f"/api/floor{query}")
        assert status == 200, body
        return dict(json.loads(body))


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    of = Served()
    port = await of.web.start("127.0.0.1", 0)
    assert port > 0
    of.base = f"http://127.0.0.1:{port}"
    yield of
    await of.web.stop()


async def test_health_says_ok_or_why_not(served: Served) -> None:
    assert (await served.get("/health/live"))[:2] == (200, b"ok\n")
    served.troubles["ready"] = "number 3 is being restored"
    assert (await served.get("/health/ready"))[:2] == (503, b"number 3 is being restored\n")
    assert (await served.get("/health/live"))[0] == 200


async def test_the_page_counts_debtors_near_limits_and_no_address_names_one(served: Served) -> None:
    on = served.wallboard.latest
    for record in floor(AS_OF):
        on.on_kpi(*record)
    on.on_conduct(*standing("debtor-secret", case="case-secret"))
    on.on_conduct(*standing("debtor-secret", state="reached", rule="any.secret_free", case=None, team="t-10"))
    on.on_conduct(*standing("debtor-secret-2", state="breached", team="unassigned"))
    on.on_conduct(*breach("debtor-secret"))
    rule = "us_reg_f.calls_in_7_days"
    assert (await served.floor())["standings"] == [
        {"team": "t-3", "rule": rule, "near": 1, "reached": 0, "breached": 0, "name": None},
        {"team": "t-10", "rule": "any.secret_free", "near": 0, "reached": 1, "breached": 0, "name": None},
        {"team": "unassigned", "rule": rule, "near": 0, "reached": 0, "breached": 1, "name": None},
    ]
    assert (await served.floor("?site=pune"))["standings"] == []
    paths = ["/", "/metrics", "/health/live", "/health/ready", *(f"/board/{name}" for name in ASSETS)]
    for path in (*paths, "/api/floor", "/api/floor?window=day&agents=2000", "/api/headroom?debtor=d-1"):
        _, body, _ = await served.get(path)
        assert b"debtor-secret" not in body, path
        assert b"case-secret" not in body, path


async def test_metrics_are_the_registrys_plain_or_zipped(served: Served) -> None:
    served.meters.add("collections_kpi_records_total", by=7)
    status, body, answer = await served.get("/metrics", **{"Accept-Encoding": "identity"})
    assert status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert b"\ncollections_kpi_records_total 7.0\n" in body
    _, zipped, answer = await served.get("/metrics", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped) == body


async def test_the_page_asks_nobody_else_for_anything(served: Served) -> None:
    status, body, answer = await served.get("/")
    assert status == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    for name in ASSETS:
        status, asset, answer = await served.get(f"/board/{name}")
        assert status == 200, name
        assert answer.headers["Content-Type"].split(";")[0] == ASSETS[name]
        assert b"http://" not in asset.replace(b"http://www.w3.org/2000/svg", b"")
        assert b"https://" not in asset
    assert b"board/board.js" in body


async def test_the_snapshot_tells_its_clocks(served: Served) -> None:
    served.wallboard.latest.on_kpi(*kpi(value("dials", 3), level="site", entity="main"))
    data = await served.floor()
    assert (data["site"], data["zone"], data["choice"]) == ("main", "Asia/Shanghai", "rolling_15m")
    assert data["now_ms"] - data["as_of_ms"] == 3_000
    assert (data["loading"], data["problem"]) == (True, "not connected to Kafka yet")
    assert data["sites"] == ["main", "pune"]


@pytest.mark.parametrize("window", ["rolling_15m", "interval_30m", "last_interval_30m", "day", "month"])
async def test_every_choice_is_answered(served: Served, window: str) -> None:
    for record in floor(AS_OF):
        served.wallboard.latest.on_kpi(*record)
    data = await served.floor(f"?window={window}&site=main&kpis=dials,connect_rate&rank=dials&agents=3")
    assert data["choice"] == window
    assert [column["id"] for column in data["columns"]] == ["dials", "connect_rate"]
    expected = 0 if window == "last_interval_30m" else 4
    assert len(data["teams"]) == expected


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("site=elsewhere", "site"),
        ("window=week", "window"),
        ("kpis=dials,made_up", "made_up"),
        ("kpis=" + ",".join(["dials"] + [f"k{n}" for n in range(20)]), "k0"),
        ("rank=made_up", "rank"),
        ("agents=-1", "agents"),
        ("agents=1000000", "agents"),
    ],
)
async def test_a_wrong_parameter_is_named_in_one_line(served: Served, query: str, word: str) -> None:
    status, body, _ = await served.get(f"/api/floor?{query}")
    assert status == 400
    assert word in json.loads(body)["error"]
    assert "\n" not in json.loads(body)["error"]


@pytest.mark.parametrize(
    ("site", "window", "empty"),
    [
        ("main", "shift_late", {"why": "begins", "at_ms": 1_793_599_200_000}),  # 14:00 in Shanghai
        ("main", "shift_early", {"why": "nothing"}),
        ("main", "rolling_15m", {"why": "nothing"}),
        ("main", "last_interval_30m", {"why": "nothing"}),
        ("pune", "shift_late", {"why": "not_here"}),
    ],
)
async def test_a_window_without_numbers_says_why(
    served: Served, site: str, window: str, empty: dict[str, object]
) -> None:
    assert (await served.floor(f"?site={site}&window={window}"))["empty"] == empty


async def test_a_port_that_is_taken_is_an_error_that_leaves_nothing_behind(served: Served) -> None:
    taken = int(served.base.rsplit(":", 1)[1])
    other = Web(CollectorRegistry(), HealthAnswers())
    with pytest.raises(OSError, match="address already in use"):
        await other.start("127.0.0.1", taken)
    assert await other.start("127.0.0.1", 0) > 0
    await other.stop()


def test_the_pages_files_lie_in_a_package_whose_kinds_of_file_are_installed() -> None:
    """A wheel holds what pyproject.toml lists as package data, and only of packages."""
    root = Path(__file__).parents[2]
    kinds = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]["*"]
    folder = root / "stream" / "publish" / "board"
    assert (folder / "__init__.py").exists()
    assert {path.name for path in folder.iterdir() if path.is_file()} == {*ASSETS, "__init__.py"}
    assert [name for name in ASSETS if not any(Path(name).match(kind) for kind in kinds)] == []


async def test_health_answers_while_scrapes_and_views_are_being_made(served: Served) -> None:
    """Both stand in their threads until the test lets them go; the loop turns."""
    gate = threading.Event()

    def held(*_: object) -> bytes:
        assert gate.wait(90)
        return b"{}"

    served.meters.collect = held  # type: ignore[method-assign, assignment]
    served.wallboard._views._make = held
    paths = ["/metrics"] * 20 + [f"/api/floor?agents={n}" for n in range(20)]
    asking = [asyncio.create_task(served.get(path)) for path in paths]
    for _ in range(20):
        assert (await asyncio.wait_for(served.get("/health/live"), 60))[0] == 200
    assert not any(task.done() for task in asking)
    gate.set()
    served.meters.collect = lambda: iter(())  # type: ignore[method-assign]
    await asyncio.gather(*asking)


async def test_more_views_than_there_is_room_for_are_refused_in_words(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_VIEWS", 16)
    queries = [f"?agents={n}&kpis=dials" for n in range(16)]
    assert {(await served.get(f"/api/floor{query}"))[0] for query in queries} == {200}
    status, body, answer = await served.get("/api/floor?agents=499")
    assert (status, answer.headers["Retry-After"]) == (503, "2")
    assert "different views are being looked at" in json.loads(body)["error"]
    assert (await served.get(f"/api/floor{queries[0]}"))[0] == 200


@pytest.mark.parametrize("digits", [4, 5_000])
async def test_a_number_of_thousands_of_digits_is_refused_in_a_line_that_fits(served: Served, digits: int) -> None:
    status, body, _ = await served.get(f"/api/floor?agents={'9' * digits}")
    assert status == 400
    assert len(json.loads(body)["error"]) < 120


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.00", False),
        ("x-gzip", False),
        ("", False),
    ],
)
async def test_an_answer_is_zipped_only_for_who_takes_it(served: Served, accepted: str, zipped: bool) -> None:
    _, _, answer = await served.get("/metrics", **{"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == ("gzip" if zipped else None)
