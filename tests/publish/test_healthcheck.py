"""The health check of a container asks at the address that is configured."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from stream.publish import healthcheck
from stream.publish.web import HealthAnswers, Web
from stream.settings import Settings, load


def at(port: int, host: str = "127.0.0.1") -> Settings:
    return load(
        None, {"KPI_STREAM_HTTP__PORT": str(port), "KPI_STREAM_HTTP__HOST": host, "KPI_STREAM_HTTP__OPEN": "a test"}
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_it_asks_whoever_listens_at_the_configured_port(host: str) -> None:
    troubles: list[str | None] = [None]
    web = Web(CollectorRegistry(), HealthAnswers(live=lambda: troubles[0]))
    port = await web.start("127.0.0.1", 0)
    try:
        assert await asyncio.to_thread(healthcheck.why_not, at(port, host)) is None
        troubles[0] = "wedged"
        assert (
            await asyncio.to_thread(healthcheck.why_not, at(port, host)) == f"/health/live at {host}:{port} answers 503"
        )
    finally:
        await web.stop()


def test_it_says_why_there_is_no_answer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert (healthcheck.why_not(at(1)) or "").startswith("no answer at 127.0.0.1:1: ")
    assert (healthcheck.why_not(at(0)) or "").startswith("http.port is 0")
    monkeypatch.setenv("KPI_STREAM_HTTP__PORT", "many")
    assert healthcheck.main() == 1
    assert "KPI_STREAM_HTTP__PORT: http.port: should be a whole number" in capsys.readouterr().err
