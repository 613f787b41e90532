"""The latest records of the output topics: the current one of each entity and window, the alerts, counts of standings,
and people.

No clock and no I/O. Of each key the highest revision counts, of equal ones the later (contract 2). Values stay bytes
until somebody looks at them.
"""

from collections.abc import Iterator, Mapping

import msgspec

from stream.alerts.handling import Handlings
from stream.publish.people import People
from stream.publish.reading import (
    Place,
    PublishedAlert,
    PublishedKpis,
    instant,
    read_alert,
    read_key,
    read_kpi,
)
from stream.publish.standings import StandingCounts
from stream.publish.trends import Trends
from stream.windows.plan import WindowPlan

KEPT_ALERTS = 10_000
KEPT_STARTS = 2  # the running window and the one before it


class _Head(msgspec.Struct, frozen=True):
    site: str
    revision: int
    as_of: str


_HEAD = msgspec.json.Decoder(_Head)


class LatestRecords:
    """Takes the records of all topics, the partitions in any order. `rolling`: name of a rolling window -> ms.

    Records that cannot be read are left out, and counted in `unreadable`. `standings`: of conduct rules, as counts, and
    (`debtors`) whose they are.
    `trends`: the intervals of the last two days, of `plan`.
    `people`: scores, agents' states and names.
    `changes` rises with every record, so that who has shown it once knows whether there is something new.
    `handlings`: what people did about alerts.
    """

    def __init__(self, rolling: Mapping[str, int], plan: WindowPlan | None = None, *, debtors: bool = False) -> None:
        self._rolling = rolling
        self._held: dict[Place, dict[str, tuple[int, bytes]]] = {}
        self._open: dict[str, PublishedAlert] = {}
        self._resolved: dict[str, PublishedAlert] = {}
        self._published_ms: dict[str, int] = {}
        self._as_of_ms: dict[str, int] = {}
        self.standings = StandingCounts(ids=debtors)
        self.trends = Trends(plan or WindowPlan())
        self.people = People()
        self.handlings = Handlings()
        self.unreadable = 0
        self.changes = 0

    def on_kpi(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record of the KPI topic. Of each place the running window and the one before it are kept."""
        self.changes += 1
        try:
            if key is None or value is None:
                raise ValueError("a KPI record has a key and a value")
            name = read_key(key)
            head = _HEAD.decode(value)
            at_ms = instant(head.as_of)
            self.trends.put(name, head.revision, value)
            starts = self._held.setdefault(name.place, {})
            if len(starts) == KEPT_STARTS and name.start < min(starts):
                return
        except (ValueError, msgspec.MsgspecError):
            self.unreadable += 1
            return
        if name.site not in self._as_of_ms or at_ms > self._as_of_ms[name.site]:
            self._as_of_ms[name.site] = at_ms
            self.standings.advance(name.site, at_ms)
        if name.start in starts and starts[name.start][0] > head.revision:
            return
        starts[name.start] = (head.revision, value)
        if len(starts) > KEPT_STARTS:
            del starts[min(starts)]

    def on_alert(self, value: bytes | None, published_ms: int = 0) -> None:
        """Takes one record of the alerts topic. A resolved episode stays resolved, even if older records are repeated.

        `published_ms`: when the record was written, Unix time.
        """
        self.changes += 1
        try:
            alert = read_alert(value or b"")
        except msgspec.MsgspecError:
            self.unreadable += 1
            return
        if alert.alert_id in self._resolved:
            return
        self._open.pop(alert.alert_id, None)
        if alert.state != "resolved":
            self._open[alert.alert_id] = alert
            return
        self._resolved[alert.alert_id] = alert
        self._published_ms[alert.alert_id] = published_ms
        if len(self._resolved) > KEPT_ALERTS:
            oldest = next(iter(self._resolved))
            del self._resolved[oldest], self._published_ms[oldest]

    def on_action(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record of the topic of what people do about alerts."""
        self.changes += 1
        before = self.handlings.wrong
        self.handlings.put(key, value)
        self.unreadable += self.handlings.wrong - before

    def on_conduct(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record of the conduct topic. Breaches are not shown: an alert rule on their KPI is."""
        if key is not None and key.startswith(b"B|"):
            return
        self.changes += 1
        try:
            if value is None:
                self.standings.drop(*(key or b"").decode().removeprefix("S|").split("|"))
            else:
                self.standings.put(value)
        except (ValueError, TypeError, msgspec.MsgspecError):
            self.unreadable += 1

    def on_score(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record of the scores topic."""
        self.changes += 1
        self.people.on_score(key, value)

    def on_agent(self, value: bytes | None) -> None:
        """Takes one record of the agents topic."""
        self.changes += 1
        self.people.on_agent(value)

    def on_name(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record of the topic of names."""
        self.changes += 1
        self.people.on_name(key, value)

    @property
    def refused(self) -> int:
        """How many records of all topics could not be read."""
        return self.unreadable + self.people.unreadable

    def team_of(self, site: str, agent: str) -> str | None:
        """The team of an agent, as far as it is known."""
        return self.people.team_of(site, agent)

    def entities(self, site: str, level: str) -> set[str]:
        """The ids of a level that anything is known of."""
        known = self.people.entities(site, level)
        return known | {entity for of_site, at, entity, _ in list(self._held) if (of_site, at) == (site, level)}

    def current(self, site: str, level: str, entity: str, window: str) -> PublishedKpis | None:
        """The record of the window that is current at the site's as_of; None: there is none."""
        as_of_ms = self._as_of_ms.get(site)
        starts = self._held.get((site, level, entity, window))
        if as_of_ms is None or not starts:
            return None
        record = read_kpi(starts[max(starts)][1])
        return record if record.kpis and self._is_shown(record, as_of_ms, False) else None

    def sites(self) -> list[str]:
        """The sites that have records, sorted."""
        return sorted(self._as_of_ms)

    def as_of_ms(self, site: str) -> int | None:
        """The latest instant up to which a record of `site` counts; None if there is none."""
        return self._as_of_ms.get(site)

    def records(self, site: str, window: str, last: bool = False) -> Iterator[PublishedKpis]:
        """The records with KPIs of the `window` that is current at the site's as_of; `last`: of the window before
        it."""
        as_of_ms = self._as_of_ms.get(site)
        if as_of_ms is None:
            return
        for (of_site, _, _, name), starts in list(self._held.items()):
            if of_site != site or name != window:
                continue
            for record in (read_kpi(value) for _, value in list(starts.values())):
                if record.kpis and self._is_shown(record, as_of_ms, last):
                    yield record

    def of(self, place: Place, last: bool = False) -> PublishedKpis | None:
        """The record of one place that `records` would give."""
        as_of_ms = self._as_of_ms.get(place[0])
        if as_of_ms is None:
            return None
        found = (read_kpi(value) for _, value in list(self._held.get(place, {}).values()))
        return next((each for each in found if each.kpis and self._is_shown(each, as_of_ms, last)), None)

    def _is_shown(self, record: PublishedKpis, as_of_ms: int, last: bool) -> bool:
        length_ms = record.end_ms - record.start_ms
        if last:
            return record.end_ms < as_of_ms <= record.end_ms + length_ms
        return not record.is_over(as_of_ms, record.window in self._rolling)

    def firing(self) -> list[PublishedAlert]:
        """Firing alerts of all sites."""
        return [alert for alert in list(self._open.values()) if alert.state == "firing"]

    def ended(self, since_ms: int) -> list[PublishedAlert]:
        """Alerts of all sites whose end was published at `since_ms` or later."""
        late = [alert_id for alert_id, at_ms in list(self._published_ms.items()) if at_ms >= since_ms]
        return [alert for alert in map(self._resolved.get, late) if alert is not None]

    def alert(self, alert_id: str) -> PublishedAlert | None:
        """The alert of this id, open or resolved; None: it is not held."""
        return self._open.get(alert_id) or self._resolved.get(alert_id)

    def alert_sites(self) -> list[str]:
        """The sites of which alerts are held, sorted."""
        return sorted({alert.site for alert in [*list(self._open.values()), *list(self._resolved.values())]})

    def open_alerts(self, site: str) -> list[PublishedAlert]:
        """Pending and firing alerts of `site`, the latest first."""
        return _latest_first(self._open, site)

    def recent_alerts(self, site: str) -> list[PublishedAlert]:
        """The resolved alerts of `site` that are still held, the latest first."""
        return _latest_first(self._resolved, site)

    def tidy(self) -> int:
        """Drops windows that ended more than their own length ago, which no choice shows; returns how many remain."""
        remaining = 0
        for place, starts in list(self._held.items()):
            as_of_ms = self._as_of_ms.get(place[0], 0)
            for start, (_, value) in list(starts.items()):
                record = read_kpi(value)
                if as_of_ms > 2 * record.end_ms - record.start_ms:
                    del starts[start]
            if not starts:
                del self._held[place]
            remaining += len(starts)
        return remaining


def _latest_first(alerts: Mapping[str, PublishedAlert], site: str) -> list[PublishedAlert]:
    return sorted((alert for alert in list(alerts.values()) if alert.site == site), key=lambda a: a.at, reverse=True)
