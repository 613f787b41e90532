"""The numbers of `kpi-stream feed run` for Prometheus: served at an address, or kept in a file."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.feeds.feed_counts import FeedCounts
    from stream.publish.feed_numbers import FeedNumbers
    from stream.settings import Settings

WRITE_EVERY_S = 2.0


class FeedMetrics:
    """The numbers of one feed, brought up to date as it runs. `file`: where they are kept, too. `clock`: Unix time."""

    def __init__(self, feed: str, file: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        from stream.publish.feed_numbers import FeedNumbers

        self.numbers = FeedNumbers(feed)
        self._file, self._clock = file, clock
        self._records = 0
        self._written_s = 0.0
        self.write()

    def look(self, counts: "FeedCounts", open_joins: int) -> None:
        """Takes what has been counted since the process began, and how many joins are open."""
        numbers, now_s = self.numbers, self._clock()
        if counts.records > self._records:
            numbers.last_record_s = now_s
        self._records = counts.records
        numbers.mapped, numbers.unused = counts.mapped, counts.unused
        numbers.refused = counts.malformed + counts.unmapped
        numbers.open_joins, numbers.clock_ahead, numbers.overflow = open_joins, counts.clock_ahead, counts.overflow
        if now_s - self._written_s >= WRITE_EVERY_S:
            self.write()

    def write(self) -> None:
        """Writes the file, if there is one, whole or not at all. CommandError: it cannot be written."""
        from stream.publish.feed_numbers import text_of

        if self._file is None:
            return
        self._written_s = self._clock()
        beside = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            beside.write_bytes(text_of(self.numbers))
            beside.replace(self._file)
        except OSError as error:
            raise CommandError(f"--metrics-file: {self._file}: {error.strerror or error}") from error


@contextmanager
def serving(settings: "Settings", port: int | None, read: Callable[[], Iterable["FeedNumbers"]]) -> Iterator[int]:
    """Serves what `read` gives at /metrics of `http.host` as long as it lasts, in a thread of its own; gives the port
    (0: none is served, since `port` is None). CommandError: the address is taken, or a file of `http` cannot be used.
    """
    if port is None:
        yield 0
        return
    from prometheus_client import CollectorRegistry, ProcessCollector

    from stream.http.access import access_of
    from stream.publish.feed_numbers import FeedCollector
    from stream.publish.web import HealthAnswers, Web
    from stream.settings import SettingsError

    try:
        access = access_of(settings)
    except SettingsError as error:
        raise CommandError(str(error), exit_code=2) from error
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    FeedCollector(read, registry)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="metrics", daemon=True)
    thread.start()
    web = Web(registry, HealthAnswers(), access=access)
    try:
        try:
            taken = asyncio.run_coroutine_threadsafe(web.start(settings.http.host, port), loop).result()
        except OSError as error:
            raise CommandError(f"--metrics-port: {settings.http.host}:{port}: {error.strerror or error}") from error
        try:
            yield taken
        finally:
            asyncio.run_coroutine_threadsafe(web.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def numbers_beside(folder: Path) -> list["FeedNumbers"]:
    """What the feeds that run in processes of their own have written to a folder."""
    from stream.publish.feed_numbers import numbers_in

    found = []
    for file in sorted(folder.glob("*.prom")):
        with suppress(OSError, ValueError):
            found += numbers_in(file.read_text("utf-8"))
    return found
