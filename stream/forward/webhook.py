"""A webhook: every record is posted, in order per alert, until it is taken or refused (alerting 3)."""

import asyncio
from collections import deque
from collections.abc import Callable

from stream.forward.channel import Told
from stream.forward.payload import webhook_headers
from stream.forward.place import PartitionPlace
from stream.forward.posting import NotTaken, Poster
from stream.forward.refused import RefusedFile, refused_line
from stream.forward.silences import Silences
from stream.publish.reading import PublishedAlert

Waiting = tuple[int, PublishedAlert, bytes]


class Webhook:
    """Posts records to `poster`. `refused`: where those go that the receiver does not want."""

    needs_past = False

    def __init__(
        self, target: str, poster: Poster, silences: Silences, refused: RefusedFile, secret: bytes | None
    ) -> None:
        self.target, self.told = target, Told()
        self.poster, self.silences, self.refused, self.secret = poster, silences, refused, secret

    def open(self, place: PartitionPlace, failed: Callable[[BaseException], None]) -> "WebhookChannel":
        """A channel for a partition."""
        return WebhookChannel(self, place, failed)


class WebhookChannel:
    """The alerts of one partition. Each alert has a line of its own: one that the receiver is slow about, or fails at,
    keeps no other one waiting, and its records keep their order."""

    def __init__(self, webhook: Webhook, place: PartitionPlace, failed: Callable[[BaseException], None]) -> None:
        self._webhook, self._place, self._failed = webhook, place, failed
        self._lines: dict[str, deque[Waiting]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def remember(self, alert: PublishedAlert) -> None:
        """Nothing: what was told is told."""

    def begin(self) -> None:
        """Nothing: it needs no past."""

    def take(self, offset: int, alert: PublishedAlert, value: bytes, /) -> None:
        """Puts a record at the end of its alert's line."""
        self._place.take(offset)
        line = self._lines.setdefault(alert.alert_id, deque())
        line.append((offset, alert, value))
        if alert.alert_id not in self._tasks:
            task = asyncio.create_task(self._work(alert.alert_id, line))
            self._tasks[alert.alert_id] = task
            task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Stops; what is not done is left."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, alert_id: str, line: deque[Waiting]) -> None:
        try:
            while line:
                offset, alert, value = line[0]
                await self._tell(alert, value)
                self._place.done(offset)
                line.popleft()
        finally:
            del self._lines[alert_id], self._tasks[alert_id]

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    async def _tell(self, alert: PublishedAlert, value: bytes) -> None:
        of, place = self._webhook, self._place
        # Whoever was told of the beginning is told of the end, silenced or not; and nobody else.
        ends = alert.state == "resolved"
        if ends and place.holds(alert.alert_id):
            place.let_go(alert.alert_id)
            of.told.held_back += 1
            return
        attempts = 0

        def wanted() -> bool:
            nonlocal attempts
            if not ends and of.silences.holds_back(alert):
                return False
            attempts += 1
            return True

        taken = await of.poster.post(value, webhook_headers(alert, value, of.secret), wanted)
        if isinstance(taken, NotTaken):
            of.refused.write(refused_line(of.poster.host, alert, value, taken))
            of.told.refused += 1
        elif taken:
            of.told.posted += 1
        else:
            of.told.held_back += 1
        # An attempt without an answer may have been heard.
        if attempts:
            place.let_go(alert.alert_id)
        elif alert.state == "firing":
            place.hold(alert.alert_id)
