"""The page's data: a floor that is fed while somebody looks, and snapshots of it for the choices in an address."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from stream.kpis.catalogue import CATALOGUE
from stream.publish.choices import choices
from stream.publish.feed import Feed
from stream.publish.floor import Floor
from stream.publish.snapshot import DEFAULT_KPIS, MOST_KPIS, RANK_BY, View, snapshot
from stream.settings import Settings

LIMIT_S = 120
MOST_AGENTS = 500
CACHED_S = 0.5


class AddressError(ValueError):
    """A parameter of the page's address is wrong; the message names it and says what would do."""


class Wallboard:
    """Snapshots as JSON. `linger_s`: seconds without a request after which reading stops (None: never).

    A worker lets it linger, so that a page nobody looks at costs nothing; the `board` command keeps it.
    """

    def __init__(
        self,
        settings: Settings,
        linger_s: float | None = None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._plan = plan = settings.plan()
        self.floor = Floor(dict(plan.rolling))
        self.feed = Feed(settings, self.floor)
        self._rules = settings.rules()
        self._choices = choices(plan)
        self._sites = sorted(plan.sites)
        self._linger_s = linger_s
        self._clock_ms = clock_ms
        self._asked_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._cache: dict[View, tuple[float, bytes]] = {}

    def start(self) -> None:
        """Begins to read, if it is not reading already. Needs a running loop."""
        self._asked_s = time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._feed_while_watched())

    async def stop(self) -> None:
        """Ends reading."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _feed_while_watched(self) -> None:
        reading = asyncio.create_task(self.feed.run())
        try:
            while self._linger_s is None or time.monotonic() - self._asked_s < self._linger_s:
                done, _ = await asyncio.wait({reading}, timeout=1.0)
                if done:
                    reading.result()
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    def answer(self, query: Mapping[str, str]) -> bytes:
        """The snapshot that an address asks for, as JSON, half a second old at most. AddressError: wrong parameter."""
        view = self._view(query)
        now_s = time.monotonic()
        cached = self._cache.get(view)
        if cached is not None and now_s - cached[0] < CACHED_S:
            return cached[1]
        self._cache = {key: entry for key, entry in self._cache.items() if now_s - entry[0] < CACHED_S}
        body = orjson.dumps(self._snapshot(view))
        self._cache[view] = (now_s, body)
        return body

    def _snapshot(self, view: View) -> dict[str, Any]:
        return snapshot(self.floor, self._rules, view) | {
            "sites": self._known_sites(),
            "choice": view.choice.id,
            "choices": [{"id": c.id, "en": c.label_en, "zh": c.label_zh} for c in self._choices],
            "zone": self._plan.clock(view.site).zone,
            "as_of_ms": self.floor.as_of_ms(view.site),
            "now_ms": self._clock_ms(),
            "limit_ms": LIMIT_S * 1_000,
            "loading": not self.feed.loaded,
            "problem": self.feed.problem,
        }

    def _known_sites(self) -> list[str]:
        return sorted({*self._sites, *self.floor.sites()}) or ["main"]

    def _view(self, query: Mapping[str, str]) -> View:
        sites = self._known_sites()
        site = query.get("site") or next((s for s in self.floor.sites() if s in sites), sites[0])
        if site not in sites:
            raise AddressError(f"site: there is no {site!r} (there are {', '.join(sites)})")
        by_id = {choice.id: choice for choice in self._choices}
        window = query.get("window") or self._choices[0].id
        if window not in by_id:
            raise AddressError(f"window: there is no {window!r} (there are {', '.join(by_id)})")
        kpis = tuple(dict.fromkeys(filter(None, query.get("kpis", "").split(",")))) or DEFAULT_KPIS
        rank_by = query.get("rank") or RANK_BY
        for name, kpi in (*(("kpis", kpi) for kpi in kpis), ("rank", rank_by)):
            if kpi not in CATALOGUE:
                raise AddressError(f"{name}: there is no KPI {kpi!r} (`kpi-stream kpis` lists them)")
        if len(kpis) > MOST_KPIS:
            raise AddressError(f"kpis: at most {MOST_KPIS}")
        return View(site, by_id[window], kpis, rank_by, _agents(query.get("agents") or "20"))


def _agents(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_AGENTS):
        raise AddressError(f"agents: not a whole number from 0 to {MOST_AGENTS}: {text!r}")
    return int(text)
