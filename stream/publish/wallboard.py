"""The page's data: the latest records, read while somebody looks, and snapshots of them for the choices in an
address."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from stream.http.roles import ANYBODY, Caller
from stream.kpis.catalogue import CATALOGUE
from stream.publish.address import Address
from stream.publish.choices import choices
from stream.publish.debtors import DebtorsPage
from stream.publish.events import floor_event
from stream.publish.latest_records import LatestRecords
from stream.publish.meters import Meters
from stream.publish.names_file import NamesFile
from stream.publish.reading import PublishedKpis
from stream.publish.sight import seen
from stream.publish.snapshot import snapshot
from stream.publish.topic_reader import TopicReader
from stream.publish.view import Policy, View
from stream.publish.views import Views, Watching
from stream.settings import Settings
from stream.windows.calendar import SiteCalendar, local_date
from stream.windows.zone import load_zone

LIMIT_S = 120
SHARED_S = 0.5
"""Records of one site and window are read for all views of it, half a second old at most."""


def _counting(meters: Meters | None) -> Callable[[str], None]:
    def refused(topic: str) -> None:
        if meters is not None:
            meters.add("collections_board_records_refused_total", topic)

    return refused


class Wallboard:
    """Answers requests with snapshots as JSON. `linger_s`: seconds without a request after which reading the topics
    stops (None: never), so that a page that nobody looks at costs a worker nothing. `clock_ms`: Unix time. `meters`:
    counts records that cannot be read.

    `latest`: the records that it shows; `feed`: what reads them; `debtors`: who stands behind its counts.
    """

    def __init__(
        self,
        settings: Settings,
        linger_s: float | None = None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        rest: float | None = None,
        meters: Meters | None = None,
    ) -> None:
        self._plan = plan = settings.plan()
        self.latest = LatestRecords(dict(plan.rolling), plan, debtors=settings.board.debtors)
        self.feed = TopicReader(settings, self.latest, refused=_counting(meters))
        self._rules = settings.rules()
        self._choices = choices(plan)
        self._sites = sorted(plan.sites)
        self._policy = Policy(settings.board.opt_out, settings.board.pay, settings.schemes().definitions)
        self.debtors = DebtorsPage(self.latest.standings, allowed=settings.board.debtors)
        self._names = NamesFile(settings)
        self.latest.people.names = self._names.latest()
        self._address = Address(self._choices, self.latest, self._policy, self._known_sites, lambda: self.feed.loaded)
        self._linger_s = linger_s
        self._clock_ms = clock_ms
        self._asked_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._views: Views[View] = Views(self._made, changes=self._changes, rest=rest, pack=floor_event)
        self._shared: dict[tuple[str, str, bool], tuple[float, int, list[PublishedKpis]]] = {}
        self._behind = 0  # snapshots that were made of shared records while there were newer ones

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
        body = await self._views.body(self._address.view(query, caller))
        return body[:-1] + b',"you":' + self.you(caller) + b"," + self.now()[1:]

    def watch(self, query: Mapping[str, str], caller: Caller = ANYBODY) -> Watching:
        """Begins to watch the snapshot that an address asks for; it lacks what `now` and `you` have.

        AddressError: a wrong parameter. Refused: it is not his. BusyError: more is looked at than can be made.
        """
        self.start()
        return self._views.watch(self._address.view(query, caller))

    @staticmethod
    def you(caller: Caller) -> bytes:
        """Who looks, as JSON."""
        return orjson.dumps({"name": caller.name, "role": caller.role})

    @property
    def renderings(self) -> int:
        """How many snapshots were made."""
        return self._views.made

    def now(self) -> bytes:
        """What does not follow from the records, as JSON: the time, and whether they are read."""
        trouble = self.feed.trouble
        return orjson.dumps(
            {
                "now_ms": self._clock_ms(),
                "limit_ms": LIMIT_S * 1_000,
                "loading": not self.feed.loaded,
                "problem": trouble.text if trouble else None,
                "trouble": trouble.code if trouble else None,
            }
        )

    def _changes(self) -> tuple[int, int, int]:
        """Another value after every record, and every minute: some of what is shown follows from the time."""
        return self.latest.changes, self._behind, self._clock_ms() // 60_000

    def _made(self, view: View) -> bytes:
        """The part of the answer that follows from the records; runs in the thread of `Views`."""
        changes, as_of_ms = self.latest.changes, self.latest.as_of_ms(view.site)
        self.latest.people.names = self._names.latest()
        day = None if as_of_ms is None else local_date(load_zone(self._plan.clock(view.site).zone), as_of_ms)
        policy = replace(self._policy, day=day)
        records, now_ms = self._records(view), self._clock_ms()
        data = snapshot(self.latest, self._rules, view, records, policy, self._choices, now_ms)
        teams = [row["entity"] for row in data["teams"]]
        by = data["rank_by"] if data["rank_by"]["kpi"] in CATALOGUE else data["columns"][0]  # a score has no intervals
        trends = self.latest.trends.shown(view.site, view.choice, data["columns"], by, teams, as_of_ms)
        whole = data | {
            "sites": self._known_sites() if view.all_sites else [view.site],
            "choice": view.choice.id,
            "choices": [{"id": c.id, "en": c.label_en, "zh": c.label_zh} for c in self._choices],
            "zone": self._plan.clock(view.site).zone,
            "as_of_ms": as_of_ms,
            "changes": changes,
            "trends": trends,
            "empty": self._empty(view) if data["from"] is None else None,
        }
        return orjson.dumps(seen(whole, view.sight, lambda agent: self.latest.team_of(view.site, agent)))

    def _records(self, view: View) -> list[PublishedKpis]:
        key, now_s = (view.site, view.choice.window, view.choice.last), time.monotonic()
        found = self._shared.get(key)
        if found is None or now_s - found[0] >= SHARED_S:
            self._shared = {one: held for one, held in self._shared.items() if now_s - held[0] < SHARED_S}
            found = self._shared[key] = (now_s, self.latest.changes, list(self.latest.records(*key)))
        self._behind += found[1] != self.latest.changes
        return found[2]

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
