"""A server of a floor whose records come from the test, and a browser that opens its page."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from deploy.local.chromium import Chromium, Tab
from stream.publish.facts import FactsPage
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import load

NOW_MS = 1_793_582_243_000  # three seconds after tests.publish.records.AS_OF
CONFIG = """
sites: {main: {zone: Asia/Shanghai, shifts: {early: ["06:00", "14:00"], late: ["14:00", "22:00"]}}}
alerts:
  - {rule: low, kpi: connect_rate, level: team, window: rolling_15m, below: 0.10, exit: 0.12, min_denominator: 50}
"""


class Page:
    """Serves the page; its clock stands until it is moved. Tabs are closed at the end."""

    def __init__(self, browser: Chromium, folder: Path, config: str = CONFIG) -> None:
        self.now_ms = NOW_MS
        file = folder / "kpi-stream.yaml"
        file.write_text(config)
        self._settings = load(file, environ={})
        self.wallboard = self._board()
        self.facts = FactsPage()
        self.web = Web(CollectorRegistry(), HealthAnswers(), self.wallboard, facts=self.facts)
        self.base = ""
        self.port = 0
        self._browser = browser
        self._tabs: list[Tab] = []

    def _board(self) -> Wallboard:
        board = Wallboard(self._settings, clock_ms=lambda: self.now_ms)
        board.start = lambda: None  # type: ignore[method-assign]
        board.feed.loaded, board.feed.reported = True, None
        return board

    async def start(self) -> None:
        """Listens on the port it had before, or on a free one."""
        self.port = await self.web.start("127.0.0.1", self.port)
        self.base = f"http://127.0.0.1:{self.port}"

    async def serve_again(self) -> None:
        """After the server has stopped: another one on the same port, which shows the same records."""
        latest, self.wallboard = self.wallboard.latest, self._board()
        self.wallboard.latest = latest
        self.web = Web(CollectorRegistry(), HealthAnswers(), self.wallboard, facts=self.facts)
        await self.start()

    async def stop(self) -> None:
        """Closes the tabs and stops listening."""
        for tab in self._tabs:
            await tab.close()
        await self.web.stop()

    async def open(
        self, query: str = "", size: tuple[int, int] = (1920, 1080), lang: str = "en", init: str = ""
    ) -> Tab:
        """A tab that has shown the server's first answer. `init`: a script that runs before the page's own."""
        tab = await self._browser.open(f"{self.base}/?lang={lang}&{query}", *size, init)
        self._tabs.append(tab)
        await self.settled(tab)
        return tab

    async def settled(self, tab: Tab) -> None:
        """Waits until the tab shows all that the server has been told, or that it may not."""
        changes = self.wallboard.latest.changes
        await tab.until(
            f"document.querySelector('main').dataset.changes >= {changes} || document.body.className === 'wrong'"
        )

    async def text(self, query: str = "", size: tuple[int, int] = (1920, 1080), lang: str = "en") -> str:
        """The page as its elements' HTML, once the server has answered."""
        tab = await self.open(query, size, lang)
        html = await tab.value("document.documentElement.outerHTML")
        assert not tab.errors
        return f"<!doctype html>{html}"
