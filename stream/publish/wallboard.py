"""The page's data: the latest records, read while somebody looks, and snapshots of them for the choices in an
address."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from stream.http.pages import Refused
from stream.http.roles import ANYBODY, EVERYTHING, Caller
from stream.kpis.catalogue import CATALOGUE
from stream.publish.choices import choices
from stream.publish.latest_records import LatestRecords
from stream.publish.reading import PublishedKpis
from stream.publish.sight import seen
from stream.publish.snapshot import DEFAULT_KPIS, MOST_KPIS, RANK_BY, View, snapshot
from stream.publish.topic_reader import TopicReader
from stream.publish.views import Views
from stream.settings import Settings
from stream.windows.calendar import SiteCalendar

LIMIT_S = 120
MOST_AGENTS = 500
MOST_RANKED = 1_000_000
"""All of them: whoever does not see everything sees rows from anywhere in the ranking."""
SHARED_S = 0.5
"""Records of one site and window are read for all views of it, half a second old at most."""
SHOWN_CHARACTERS = 40


class AddressError(ValueError):
    """A parameter of the page's address is wrong; the message names it and says what would do."""


class Wallboard:
    """Answers requests with snapshots as JSON. `linger_s`: seconds without a request after which reading the topics
    stops (None: never), so that a page that nobody looks at costs a worker nothing. `clock_ms`: Unix time.

    `latest`: the records that it shows; `feed`: what reads them.
    """

    def __init__(
        self,
        settings: Settings,
        linger_s: float | None = None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._plan = plan = settings.plan()
        self.latest = LatestRecords(dict(plan.rolling))
        self.feed = TopicReader(settings, self.latest)
        self._rules = settings.rules()
        self._choices = choices(plan)
        self._sites = sorted(plan.sites)
        self._linger_s = linger_s
        self._clock_ms = clock_ms
        self._asked_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._views: Views[View] = Views(self._made)
        self._shared: dict[tuple[str, str, bool], tuple[float, list[PublishedKpis]]] = {}

    def start(self) -> None:
        """Begins to read the topics, if it is not reading already. Needs a running loop."""
        self._asked_s = time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._feed_while_watched())

    async def stop(self) -> None:
        """Stops reading, and making snapshots."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._views.close()

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

    async def answer(self, query: Mapping[str, str], caller: Caller = ANYBODY) -> bytes:
        """The snapshot that an address asks for, as JSON, as far as the caller may see it; how new it is depends on how
        many other views are looked at.

        AddressError: a wrong parameter. Refused: it is not his site. BusyError: more is looked at than can be made.
        """
        body = await self._views.body(self._view(query, caller))
        trouble = self.feed.trouble
        now = {
            "now_ms": self._clock_ms(),
            "limit_ms": LIMIT_S * 1_000,
            "loading": not self.feed.loaded,
            "problem": trouble.text if trouble else None,
            "trouble": trouble.code if trouble else None,
            "sites": self._known_sites() if caller.site is None else [caller.site],
            "you": {"name": caller.name, "role": caller.role},
        }
        return body[:-1] + b"," + orjson.dumps(now)[1:]

    def _made(self, view: View) -> bytes:
        """The part of the answer that follows from the records; runs in the thread of `Views`."""
        as_of_ms = self.latest.as_of_ms(view.site)
        asked = view if view.sight == EVERYTHING else replace(view, agents=MOST_RANKED)
        of_all = snapshot(self.latest, self._rules, asked, self._records(view), self._clock_ms())
        data = seen(of_all, view.sight, self._team_of)
        data["agents"] = data["agents"][: view.agents]
        return orjson.dumps(
            data
            | {
                "choice": view.choice.id,
                "choices": [{"id": c.id, "en": c.label_en, "zh": c.label_zh} for c in self._choices],
                "zone": self._plan.clock(view.site).zone,
                "as_of_ms": as_of_ms,
                "empty": self._empty(view) if data["from"] is None else None,
            }
        )

    def _records(self, view: View) -> list[PublishedKpis]:
        key, now_s = (view.site, view.choice.window, view.choice.last), time.monotonic()
        found = self._shared.get(key)
        if found is None or now_s - found[0] >= SHARED_S:
            self._shared = {one: held for one, held in self._shared.items() if now_s - held[0] < SHARED_S}
            found = self._shared[key] = (now_s, list(self.latest.records(*key)))
        return found[1]

    def _empty(self, view: View) -> dict[str, Any]:
        """Why there are no records: the site has no such window, it has not begun, or no event has come in it."""
        calendar = SiteCalendar(self._plan, self._plan.clock(view.site))
        name, now_ms = view.choice.window, self._clock_ms()
        if view.choice.last or name in dict(self._plan.rolling):
            return {"why": "nothing"}
        if not calendar.has(name):
            return {"why": "not_here"}
        if calendar.holding(name, now_ms) is None:
            return {"why": "begins", "at_ms": calendar.change_after(name, now_ms)}
        return {"why": "nothing"}

    def _known_sites(self) -> list[str]:
        return sorted({*self._sites, *self.latest.sites()}) or ["main"]

    def _team_of(self, _: str) -> str | None:
        """Not known here yet: a lead sees his teams, and nobody by name."""
        return None

    def _view(self, query: Mapping[str, str], caller: Caller) -> View:
        sites = self._known_sites()
        if caller.site is not None and query.get("site", caller.site) != caller.site:
            raise Refused(403, f"site: yours is {caller.site}")
        site = caller.site or query.get("site") or next((s for s in self.latest.sites() if s in sites), sites[0])
        if caller.site is None and site not in sites:
            raise AddressError(f"site: there is no {_cut(site)} (there are {', '.join(sites)})")
        by_id = {choice.id: choice for choice in self._choices}
        window = query.get("window") or self._choices[0].id
        if window not in by_id:
            raise AddressError(f"window: there is no {_cut(window)} (there are {', '.join(by_id)})")
        kpis = tuple(dict.fromkeys(filter(None, query.get("kpis", "").split(",")))) or DEFAULT_KPIS
        rank_by = query.get("rank") or RANK_BY
        for name, kpi in (*(("kpis", kpi) for kpi in kpis), ("rank", rank_by)):
            if kpi not in CATALOGUE:
                raise AddressError(f"{name}: there is no KPI {_cut(kpi)} (`kpi-stream kpis` lists them)")
        if len(kpis) > MOST_KPIS:
            raise AddressError(f"kpis: at most {MOST_KPIS}")
        return View(site, by_id[window], kpis, rank_by, _agents(query.get("agents") or "20"), caller.sight())


def _agents(text: str) -> int:
    # The length first: int() refuses thousands of digits with an error of its own.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_AGENTS)) and int(text) <= MOST_AGENTS):
        raise AddressError(f"agents: not a whole number from 0 to {MOST_AGENTS}: {_cut(text)}")
    return int(text)


def _cut(text: str) -> str:
    """What somebody sent, quoted and cut so that it fits a line."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}...")
