"""The pages /metrics and /metrics/agents: plain text or OpenMetrics, zipped for who takes it, without timestamps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client import exposition as plain
from prometheus_client.openmetrics import exposition as openmetrics

from stream.publish.scrape import Scrape

END = b"# EOF\n"
OPENMETRICS = "application/openmetrics-text"


class WindowTexts(Protocol):
    """What is told beside the registry, as plain text."""

    def text(self, beside_bytes: int = 0) -> bytes: ...
    def agents_text(self) -> bytes: ...


class MetricsPages:
    """Answers the two addresses from a registry and, if given, the window gauges; both are rendered in one thread."""

    def __init__(self, registry: CollectorRegistry, windows: WindowTexts | None = None) -> None:
        thread = ThreadPoolExecutor(1, "scrape")
        more: Callable[[int], bytes] = (lambda _beside: b"") if windows is None else windows.text
        agents: Callable[[], bytes] = bytes if windows is None else windows.agents_text

        def all_but_agents(as_openmetrics: bool) -> bytes:
            if not as_openmetrics:
                own = bytes(plain.generate_latest(registry))
                return own + more(len(own))
            own = bytes(openmetrics.generate_latest(registry)).removesuffix(END)  # type: ignore[no-untyped-call]
            return own + more(len(own)) + END

        def of_agents(as_openmetrics: bool) -> bytes:
            return agents() + (END if as_openmetrics else b"")

        self._all_but_agents = Scrape(all_but_agents, thread)
        self._agents = Scrape(of_agents, thread)

    async def all_but_agents(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to `GET /metrics`."""
        return await _answer(self._all_but_agents, request)

    async def agents(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to `GET /metrics/agents`."""
        return await _answer(self._agents, request)

    def close(self) -> None:
        """Renders no more."""
        self._all_but_agents.close()
        self._agents.close()


async def _answer(scrape: Scrape, request: web.BaseRequest) -> web.StreamResponse:
    zipped = takes(request.headers.get("Accept-Encoding", ""), "gzip")
    as_openmetrics = takes(request.headers.get("Accept", ""), OPENMETRICS)
    headers = {
        "Content-Type": openmetrics.CONTENT_TYPE_LATEST if as_openmetrics else plain.CONTENT_TYPE_LATEST,
        "Vary": "Accept, Accept-Encoding",
    } | ({"Content-Encoding": "gzip"} if zipped else {})
    return web.Response(body=await scrape.body(zipped, as_openmetrics), headers=headers)


def takes(accepted: str, wanted: str) -> bool:
    """Whether an Accept or Accept-Encoding header names `wanted`, and not with a weight of 0."""
    for one in accepted.lower().split(","):
        name, *parameters = (word.strip() for word in one.split(";"))
        if name == wanted:
            return not any(each.startswith("q=0") and not each[3:].strip(".0") for each in parameters)
    return False
