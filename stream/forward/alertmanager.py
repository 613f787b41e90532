"""Alertmanager: every change of an alert is posted, and every alert that fires again each minute (alerting 3).

So an Alertmanager that was restarted hears of all that fires within a minute. One that has heard nothing of an alert
for five ends it by itself, and says so: an alert of which it was told is posted as long as it fires, whether or not
somebody silences it meanwhile. A silence is no end.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import msgspec
import orjson

from stream.forward.channel import Told
from stream.forward.payload import alertmanager_alert
from stream.forward.place import PartitionPlace
from stream.forward.posting import NotTaken, Poster, Timing
from stream.forward.refused import RefusedFile, refused_line
from stream.forward.silences import Silences
from stream.publish.reading import PublishedAlert

PATH = "/api/v2/alerts"
EVERY_SECONDS = 60.0
MOST_AT_ONCE = 200
HEADERS = {"Content-Type": "application/json"}


def alerts_url(url: str) -> str:
    """The address to which alerts are posted, of that of an Alertmanager."""
    return url if urlsplit(url).path.endswith(PATH) else url.rstrip("/") + PATH


class Alertmanager:
    """Posts to `poster`, whose address ends in PATH. `refused`: where those go that it does not want."""

    needs_past = True

    def __init__(
        self, target: str, poster: Poster, silences: Silences, refused: RefusedFile, clock: Timing | None = None
    ) -> None:
        self.target, self.told = target, Told()
        self.poster, self.silences, self.refused, self.clock = poster, silences, refused, clock or Timing()

    def open(self, place: PartitionPlace, failed: Callable[[BaseException], None]) -> "AlertmanagerChannel":
        """A channel for a partition."""
        return AlertmanagerChannel(self, place, failed)


class AlertmanagerChannel:
    """The alerts of one partition: one post at a time, in the order of the records."""

    def __init__(self, of: Alertmanager, place: PartitionPlace, failed: Callable[[BaseException], None]) -> None:
        self._of, self._place = of, place
        self._firing: dict[str, PublishedAlert] = {}
        self._told: set[str] = set()  # of those that fire: who would be ended by silence
        self._waiting: deque[tuple[int, PublishedAlert]] = deque()
        self._something = asyncio.Event()
        self._failed = failed
        self._task: asyncio.Task[None] | None = None

    def remember(self, alert: PublishedAlert) -> None:
        """What fires is posted again."""
        if alert.state == "firing":
            self._firing[alert.alert_id] = alert
        elif alert.state == "resolved":
            self._firing.pop(alert.alert_id, None)

    def begin(self) -> None:
        """From now on it posts."""
        if not self._place.first:
            self._told = {each for each in self._firing if not self._place.holds(each)}
        self._task = asyncio.create_task(self._work())
        self._task.add_done_callback(self._ended)

    def take(self, offset: int, alert: PublishedAlert, _value: bytes, /) -> None:
        """Puts a record in the line."""
        self._place.take(offset)
        self._waiting.append((offset, alert))
        self._something.set()

    async def close(self) -> None:
        """Stops; what is not done is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    async def _work(self) -> None:
        clock = self._of.clock
        due = clock.now() + (0.0 if self._firing else EVERY_SECONDS)  # what fired before this run is posted at once
        while True:
            if self._waiting:
                await self._post_next()
            elif clock.now() >= due:
                due = clock.now() + EVERY_SECONDS
                await self._post_again()
            else:
                self._something.clear()
                await self._until(due - clock.now())

    async def _until(self, seconds: float) -> None:
        """Until something is in the line, or the time is over."""
        waits = [asyncio.ensure_future(self._something.wait()), asyncio.ensure_future(self._of.clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _post_next(self) -> None:
        """Posts the next records of the line, each alert once at most."""
        taken: list[int] = []
        posted: dict[str, PublishedAlert] = {}
        for offset, alert in self._waiting:
            if alert.alert_id in posted or len(posted) == MOST_AT_ONCE:
                break
            taken.append(offset)
            known = self._firing.get(alert.alert_id)
            if self._is_wanted(alert):
                posted[alert.alert_id] = alert if known is None else _labelled(alert, known)
        await self._post(list(posted.values()))
        self._of.told.posted += len(posted)
        for offset in taken:
            self._waiting.popleft()
            self._place.done(offset)

    def _is_wanted(self, alert: PublishedAlert) -> bool:
        """Notes whether it fires. Whoever was told of the beginning is told of the end, silenced or not."""
        if alert.state == "resolved":
            self._forget(alert.alert_id)
            wanted = not self._place.holds(alert.alert_id)
            self._place.let_go(alert.alert_id)
        elif alert.state == "firing":
            self._firing[alert.alert_id] = alert
            wanted = not self._of.silences.holds_back(alert)
            if not wanted:
                self._place.hold(alert.alert_id)
        else:
            return False
        self._of.told.held_back += not wanted
        return wanted

    def _forget(self, alert_id: str) -> None:
        self._firing.pop(alert_id, None)
        self._told.discard(alert_id)

    async def _post_again(self) -> None:
        silences = self._of.silences
        firing = [
            alert
            for alert in self._firing.values()
            if alert.alert_id in self._told or not silences.holds_back(alert)
        ]  # fmt: skip
        for first in range(0, len(firing), MOST_AT_ONCE):
            await self._post(firing[first : first + MOST_AT_ONCE])

    async def _post(self, alerts: Sequence[PublishedAlert]) -> None:
        """Posts until they are taken. Where they are refused together each is posted alone, to find which it is."""
        if not alerts:
            return
        for alert in alerts:
            self._place.let_go(alert.alert_id)
            if alert.state == "firing":
                self._told.add(alert.alert_id)
        body = orjson.dumps([alertmanager_alert(alert, self._of.silences.silence_of(alert)) for alert in alerts])
        refused = await self._of.poster.post(body, HEADERS)
        if not isinstance(refused, NotTaken):
            return
        if len(alerts) > 1:
            for alert in alerts:
                await self._post([alert])
            return
        self._of.refused.write(refused_line(self._of.poster.host, alerts[0], body, refused))
        self._of.told.refused += 1
        self._forget(alerts[0].alert_id)


def _labelled(alert: PublishedAlert, before: PublishedAlert) -> PublishedAlert:
    """The alert with the labels under which Alertmanager knows it, whatever its rule has now."""
    return msgspec.structs.replace(alert, labels=before.labels, severity=before.severity, rule=before.rule)
