"""`kpi-stream feed run` with a topic, and what the section `feeds` of the configuration says of a run."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from stream.cli.broker import refuse_denied
from stream.cli.failure import CommandError, warn
from stream.cli.feed_metrics import FeedMetrics
from stream.cli.progress import show_line

if TYPE_CHECKING:
    from stream.feed_kafka.topic_feed import Shown
    from stream.feeds.feed_counts import FeedCounts
    from stream.feeds.loading import Feed
    from stream.settings import Settings
    from stream.settings.feeds import FeedSection


def run_topic(
    settings: "Settings",
    feed: "Feed",
    topic: str,
    group: str | None,
    most_open: int,
    progress: bool | None = None,
    name: str | None = None,
    metrics: FeedMetrics | None = None,
) -> int:
    """Runs a feed from a topic to Kafka until SIGTERM or Ctrl-C, and gives the exit code: 0 then, even where records
    were refused; 1 where it cannot go on. `group` None: `<kafka.group>.<feed>`.
    `name`: what its lines begin with, if not with the mapping's; `metrics` is kept up to date.

    CommandError: a mapping that no topic can have, or a broker that lets nobody in (exit code 2).
    """
    from stream.feed_kafka.topic_feed import CannotSend, TooManyRefused, TopicFeed, TopicWish
    from stream.kafka.versions import WrongVersionError, check_versions

    if feed.needs_header:
        raise CommandError(f"{feed.name}: input.columns: is required: the records of a topic have no header", 2)
    try:
        check_versions()
    except WrongVersionError as error:
        raise CommandError(str(error), 2) from error
    refuse_denied(settings)
    called = f"feed {name or feed.name}"
    wish = TopicWish(feed, topic, group or f"{settings.kafka.group}.{feed.name}", most_open)
    line = _Progress(progress)

    def report(shown: "Shown") -> None:
        line.report(shown)
        if metrics is not None:
            metrics.look(shown.counts, shown.open_joins)

    async def run() -> "FeedCounts":
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        running = TopicFeed(settings, wish, lambda line: warn(f"{called}: {line}"), report)
        return await running.run(stopped)

    try:
        counts = asyncio.run(run())
    except (CannotSend, TooManyRefused) as error:
        raise CommandError(f"{called}: {error}") from error
    show_line("", progress)
    print(f"{called}: {counts.line()}", file=sys.stderr)
    return 0


class _Progress:
    """A line a second: records, records a second, and how many wait in the topic."""

    def __init__(self, wanted: bool | None) -> None:
        self._wanted, self._at, self._before = wanted, monotonic(), 0

    def report(self, shown: "Shown") -> None:
        """Shows it, if a second has passed."""
        now, records = monotonic(), shown.counts.records
        if now - self._at < 1:
            return
        rate = (records - self._before) / (now - self._at)
        show_line(f"{records:,} records, {rate:,.0f} records/s, {shown.lag:,} to come", self._wanted)
        self._at, self._before = now, records


def entry_of(settings: "Settings", name: str) -> "FeedSection | None":
    """The feed of this name in the section `feeds` of the configuration."""
    return next((entry for entry in settings.document.feeds if entry.name == name), None)


def mapping_of(config: Path | None, text: str, *, configured: bool) -> tuple[str, str]:
    """The text of a mapping, and the name that its errors begin with. `text`: a shipped name or a file; `configured`:
    the configuration says it, so that the file lies beside that. CommandError, exit code 2: there is none."""
    from stream.feeds.shipped import shipped_names, shipped_text

    if text in shipped_names():
        return shipped_text(text), text
    file = Path(text)
    if configured:
        beside = config or (Path(given) if (given := os.environ.get("KPI_STREAM_CONFIG")) else None)
        file = file if beside is None else beside.parent / file
    try:
        return file.read_text(encoding="utf-8-sig"), str(file)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "not UTF-8 text") or error
        also = f"; no shipped mapping has this name (there are {', '.join(shipped_names())})"
        raise CommandError(f"{file}: {reason}{'' if '/' in text or '.' in text else also}", 2) from error
