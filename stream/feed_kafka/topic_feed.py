"""`kpi-stream feed run MAPPING --topic T`: the records of a topic become events, each exactly once (ADR 0062).

    assigned   fence ──> ask for the position ──> seek ──> step, commit, step, commit ...     revoked: let go

A partition is open once its former owner cannot commit any more; all that is given is committed with the position at
once, so that there is nothing to be done when it is let go.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from stream.feed_kafka.destination import GONE, Destination, TopicsChanged, destination
from stream.feed_kafka.errors import CannotSend, TooManyRefused
from stream.feed_kafka.position import SourcePosition, position_of
from stream.feed_kafka.source_partition import Given, SourcePartition
from stream.feeds.feed_counts import FeedCounts
from stream.feeds.loading import Feed
from stream.kafka.batches import FETCH_BYTES, fetch
from stream.kafka.group_member import CLOSE_SECONDS, GroupMember
from stream.kafka.topics import admin_client, partition_counts
from stream.kafka.writer import Writer
from stream.settings import Settings

__all__ = ["CannotSend", "TooManyRefused", "TopicFeed"]

LONGEST_SECONDS = 60.0
COUNTS_EVERY_SECONDS = 10.0
SAME_AGAIN_SECONDS = 0.1


@dataclass
class Open:
    """A partition that is read. `epoch`: what was fetched under another one is dropped."""

    source: SourcePartition
    writer: Writer
    epoch: int


@dataclass(frozen=True)
class TopicWish:
    """What is to be run: `group` is that of the consumers, one runner of it has a partition at a time."""

    feed: Feed
    topic: str
    group: str
    most_open: int = 100_000


@dataclass
class Shown:
    """How far it has come, for a line of progress. `lag`: records that were there and not read yet; `open_joins`: joins
    that wait for further rows."""

    counts: FeedCounts = field(default_factory=FeedCounts)
    lag: int = 0
    open_joins: int = 0


class TopicFeed(GroupMember):
    """Reads the topic as a member of the group until it is stopped. It waits for a broker that is gone, and begins
    anew from the last commit where a transaction is lost."""

    def __init__(
        self,
        settings: Settings,
        wish: TopicWish,
        warn: Callable[[str], None] = lambda _line: None,
        report: Callable[[Shown], None] = lambda _shown: None,
    ) -> None:
        super().__init__(settings, wish.group, warn, GONE, LONGEST_SECONDS)
        self._wish, self._report = wish, report
        self._turn = asyncio.Lock()
        self._assigned: set[TopicPartition] = set()
        self._open: dict[TopicPartition, Open] = {}
        self._kept: dict[TopicPartition, SourcePartition] = {}
        """Partitions that were let go, in case they come back: then their rows need not be read again."""
        self._ends: dict[TopicPartition, int] = {}
        self._done = FeedCounts()
        self._epoch = 0
        self._destination: Destination | None = None

    async def run(self, stopped: asyncio.Event) -> FeedCounts:
        """Runs until `stopped` is set; gives what became of all records that this process has read. CannotSend,
        TooManyRefused: it cannot go on."""
        await self._attempt_until(stopped)
        return self._done

    async def _attempt(self, stopped: asyncio.Event) -> None:
        """Joins the group, and works until it is stopped or something fails; then leaves the group."""
        self._destination = await destination(self._settings)
        if self._wish.topic not in self._destination.partitions:
            raise CannotSend(f"{self._settings.kafka.bootstrap_servers}: there is no topic {self._wish.topic}")
        self._assigned, self._open, self._kept, self._ends = set(), {}, {}, {}
        self._join(self._settings.kafka.fetch_wait_ms, max_partition_fetch_bytes=FETCH_BYTES)
        working: list[asyncio.Task[Any]] = []
        try:
            self._consumer.subscribe([self._wish.topic], listener=self)
            stop = asyncio.create_task(stopped.wait())
            working = [stop, asyncio.create_task(self._work(stopped)), asyncio.create_task(self._watch())]
            done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            if stop in done:
                # A step in hand is written, for as long as a stop may take.
                done, _ = await asyncio.wait(working[1:2], timeout=CLOSE_SECONDS)
            for task in done:
                task.result()
        finally:
            await self._leave(working, self._open)

    # the group --------------------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Lets them go, once the step in hand is committed."""
        async with self._turn:
            await self._let_go(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Notes them; nothing is fetched of them until they are open."""
        self._assigned = set(assigned)
        self._consumer.pause(*self._assigned)

    async def _let_go(self, partitions: Iterable[TopicPartition]) -> None:
        """All that was stepped through is committed, or the attempt ends and with it what is kept."""
        partitions = list(partitions)
        gone = {tp: opened for tp in partitions if (opened := self._open.pop(tp, None)) is not None}
        self._assigned.difference_update(partitions)
        for tp, opened in gone.items():
            self._done.add(opened.source.rest())
            self._kept[tp] = opened.source
        await asyncio.gather(*(opened.writer.close() for opened in gone.values()))

    # the work ---------------------------------------------------------------------------------------------------------

    async def _work(self, stopped: asyncio.Event) -> None:
        await self._consumer.start()
        pause = self._settings.kafka.commit_every_ms / 1000
        budgets = {self._wish.topic: self._settings.batch_bytes}
        fetcher = self._consumer._fetcher
        while not stopped.is_set():
            began = time.monotonic()
            async with self._turn:
                await self._open_assigned()
                epochs = {tp: opened.epoch for tp, opened in self._open.items()}
            if not epochs:
                await asyncio.sleep(pause)
                continue
            with fetcher._subscriptions.fetch_context():
                batches = await fetch(fetcher, epochs, pause, epochs, budgets)
            async with self._turn:
                for tp, batch in batches.items():
                    opened = self._open.get(tp)
                    if opened is not None and opened.epoch == batch.epoch:
                        opened.source.feed(batch.records, batch.next_offset)
                        self._ends[tp] = batch.log_end
            await self._steps(stopped)
            self._tell()
            await asyncio.sleep(max(0.0, began + pause - time.monotonic()))

    async def _steps(self, stopped: asyncio.Event) -> None:
        """Takes and commits everything that was fetched; between two steps a partition may be revoked."""
        while not stopped.is_set():
            async with self._turn:
                busy = [opened for opened in self._open.values() if opened.source.busy]
                if not busy:
                    return
                given = [(opened, opened.source.step()) for opened in busy]
                await asyncio.gather(*(self._commit(opened, each) for opened, each in given))

    async def _commit(self, opened: Open, given: Given) -> None:
        """The one transaction of a step: events, dead letters and the position."""
        if given.position is None:
            return
        assert self._destination is not None
        source = opened.source
        outgoing = self._destination.outgoing(given.events, given.letters, source.partition)
        place = self._wish.topic, source.partition
        committed = OffsetAndMetadata(given.position.offset, given.position.metadata(self._wish.feed.name))
        await opened.writer.commit(outgoing, {place: committed}, self._wish.group)

    async def _open_assigned(self) -> None:
        """Opens the partitions that were assigned. Fenced first: after that no former owner can move the position."""
        new = sorted(self._assigned - self._open.keys())
        if not new:
            return
        assert self._destination is not None
        names, kafka = self._destination.names, self._settings.kafka
        options = self._settings.kafka_client_options()
        writers = {
            tp: Writer(
                options, names.feed_id(self._wish.group, tp.topic, str(tp.partition)), kafka.transaction_timeout_ms
            )
            for tp in new
        }
        await asyncio.gather(*(writer.fence() for writer in writers.values()))
        positions = await self._positions(new)
        for tp in new:
            self._epoch += 1
            source = self._kept.get(tp)
            if source is None or source.position != positions[tp]:  # somebody else went on with it meanwhile
                source = self._new_source(tp, positions[tp])
            self._open[tp] = Open(source, writers[tp], self._epoch)
            self._consumer.seek(tp, source.next_offset)
            self._consumer.resume(tp)
        self._kept.clear()

    def _new_source(self, tp: TopicPartition, position: SourcePosition) -> SourcePartition:
        assert self._destination is not None
        return SourcePartition(
            self._wish.feed,
            tp.topic,
            tp.partition,
            position,
            most_open=self._wish.most_open,
            limits=self._settings.document.limits,
            deadletter_bytes=self._destination.deadletter_bytes,
        )

    async def _positions(self, partitions: list[TopicPartition]) -> dict[TopicPartition, SourcePosition]:
        """The committed positions, held against what the topic has."""
        committed = await self._committed(partitions)
        starts = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        return {tp: self._there(tp, committed.get(tp), starts[tp], ends[tp]) for tp in partitions}

    async def _committed(self, partitions: list[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        """What the group has committed. Asked until it is the same twice: a broker may say that a transaction has ended
        a moment before it shows the offsets of it."""
        async with admin_client(self._settings) as admin:
            before = None
            while True:
                found = await admin.list_consumer_group_offsets(self._wish.group, partitions=partitions)
                if found == before:
                    return {tp: at for tp, at in found.items() if at.offset >= 0}
                before = found
                await asyncio.sleep(SAME_AGAIN_SECONDS)

    def _there(self, tp: TopicPartition, committed: OffsetAndMetadata | None, start: int, end: int) -> SourcePosition:
        if committed is None or not self._is_there(tp, committed.offset, start, end):
            return SourcePosition(start, start, start)
        found = position_of(committed.offset, committed.metadata, self._wish.feed.name)
        if found.through > end:
            self._warn(f"{tp.topic}-{tp.partition}: the log ends at {end}, before {found.through}: records were lost")
            return SourcePosition(found.offset, found.offset, end)
        if found.begin < start:
            return SourcePosition(found.offset, found.offset, found.through, "", found.refused)
        return found

    async def _watch(self) -> None:
        """Never returns. TopicsChanged where the inbound topics have other partitions than at the start: keys belong to
        others then."""
        assert self._destination is not None
        watched = {*self._destination.names.inbound, self._destination.names.deadletter}
        while True:
            await asyncio.sleep(COUNTS_EVERY_SECONDS)
            async with admin_client(self._settings) as admin:
                now = await partition_counts(admin)
            before = self._destination.partitions
            changed = next((name for name in sorted(watched) if now.get(name) != before[name]), None)
            if changed is not None:
                raise TopicsChanged(f"{changed} has {now.get(changed, 0)} partitions now")

    def _tell(self) -> None:
        shown = Shown()
        shown.counts.add(self._done)
        for tp, opened in self._open.items():
            shown.counts.add(opened.source.counts)
            shown.open_joins += opened.source.open_joins
            shown.lag += max(0, self._ends.get(tp, 0) - opened.source.next_offset)
        self._report(shown)
