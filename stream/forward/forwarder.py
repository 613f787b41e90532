"""Reads the alerts topic as a member of a group, and gives each partition's records to a receiver (alerting 3).

    assigned   ask for the place ──> seek ──> read, give, commit what is done, ...       revoked: stop, commit, let go

A record counts as done once the receiver has it, or does not want it; then it is committed. So after a kill every
record that was not done is given again, in the same order.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.structs import OffsetAndMetadata

from stream.backoff import backoff_seconds
from stream.forward.channel import Channel, Receiver
from stream.forward.place import PartitionPlace, digest, said
from stream.forward.silences import Silences
from stream.kafka.names import Names
from stream.kafka.topics import admin_client, partition_counts
from stream.publish.reading import read_alert
from stream.settings import Settings
from stream.wire.consumer import AIOKafkaConsumer

COMMIT_SECONDS = 1.0
ASK_SECONDS, ANSWER_SECONDS = 10.0, 15.0
"""A place that does not move is committed again after so long, so that a broker that is gone is noticed: it does not
answer in time."""
POLL_MS = 250
MOST_WAITING, FEW_WAITING = 1_000, 500
"""A partition of which so many records wait for the receiver is not read on until fewer do."""
CLOSE_SECONDS = 5.0
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 30.0
GONE = (KafkaError, OSError, TimeoutError)
REBALANCING = (CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError)
"""The group is sharing out its partitions: what could not be committed is given again, or committed a moment later."""


class CannotForward(Exception):  # noqa: N818 a sentence for the user
    """It cannot go on; one line."""


@dataclass(frozen=True)
class Wish:
    """What is to be run. `group`: that of the consumers. `only_new`: a group that never ran begins with what is new;
    `moved`: the receiver has a new address."""

    group: str
    only_new: bool = False
    moved: bool = False


@dataclass
class _Open:
    place: PartitionPlace
    channel: Channel
    begins: int
    begun: bool = False
    committed: tuple[int, str] | None = None


class Forwarder(ConsumerRebalanceListener):  # type: ignore[misc]
    """Forwards until it is stopped. It waits for a broker that is gone."""

    def __init__(
        self,
        settings: Settings,
        wish: Wish,
        receiver: Receiver,
        silences: Silences,
        warn: Callable[[str], None] = lambda _line: None,
        report: Callable[[int], None] = lambda _waiting: None,
    ) -> None:
        self._settings, self._wish, self._receiver, self._silences = settings, wish, receiver, silences
        self._warn, self._report = warn, report
        self._names = Names(settings.kafka.topic_prefix, settings.kafka.group)
        self._open: dict[TopicPartition, _Open] = {}
        self._consumer: Any = None
        self._wrong: asyncio.Future[None] | None = None

    async def run(self, stopped: asyncio.Event) -> None:
        """Runs until `stopped` is set. CannotForward: it cannot go on."""
        for name in ("aiokafka", "asyncio"):  # a person gets one line instead of one for each attempt to connect
            logging.getLogger(name).setLevel(logging.CRITICAL)
        waits = backoff_seconds(FIRST_SECONDS, LONGEST_SECONDS)
        while not stopped.is_set():
            begun = time.monotonic()
            try:
                await self._attempt(stopped)
            except GONE as error:
                if time.monotonic() - begun > LONGEST_SECONDS:
                    waits = backoff_seconds(FIRST_SECONDS, LONGEST_SECONDS)
                wait = next(waits)
                servers = self._settings.kafka.bootstrap_servers
                self._warn(f"{servers}: {_reason(error)}; going on from the last commit in {wait:.0f} s")
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), wait)

    async def _attempt(self, stopped: asyncio.Event) -> None:
        async with admin_client(self._settings) as admin:
            there = await partition_counts(admin)
        for topic in (self._names.alerts, self._names.alertactions):
            if topic not in there:
                raise CannotForward(f"there is no topic {topic} (`kpi-stream topics create` makes it)")
        self._open, self._wrong = {}, asyncio.get_running_loop().create_future()
        self._consumer = self._new_consumer()
        tasks: list[asyncio.Future[Any]] = [
            asyncio.create_task(stopped.wait()),
            asyncio.create_task(self._silences.follow(self._settings, self._names.alertactions)),
            asyncio.create_task(self._work()),
        ]
        try:
            done, _ = await asyncio.wait([*tasks, self._wrong], return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(*GONE):
                await self._let_go(list(self._open))
            await asyncio.wait([asyncio.ensure_future(self._consumer.stop())], timeout=CLOSE_SECONDS)

    def _new_consumer(self) -> Any:
        kafka = self._settings.kafka
        return AIOKafkaConsumer(
            **self._settings.kafka_client_options(),
            group_id=self._wish.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=POLL_MS,
            session_timeout_ms=kafka.session_timeout_ms,
            heartbeat_interval_ms=kafka.heartbeat_ms,
            max_poll_interval_ms=2**31 - 1,
            metadata_max_age_ms=5_000,
        )

    # the group --------------------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Commits what is done; the rest is the next owner's."""
        with suppress(*GONE):
            await self._let_go(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Goes to the places that are committed."""
        try:
            await self._take_up(list(assigned))
        except (CannotForward, *GONE) as error:
            self._fail(error)

    async def _take_up(self, partitions: list[TopicPartition]) -> None:
        if not partitions:
            return
        async with admin_client(self._settings) as admin:
            found = await admin.list_consumer_group_offsets(self._wish.group, partitions=partitions)
        starts = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        for tp in partitions:
            committed: OffsetAndMetadata | None = found.get(tp)
            place = self._place(tp, committed if committed and committed.offset >= 0 else None, starts[tp], ends[tp])
            self._consumer.seek(tp, starts[tp] if self._receiver.needs_past else place.offset)
            self._open[tp] = _Open(place, self._receiver.open(place, self._channel_failed), place.offset)

    def _place(self, tp: TopicPartition, committed: OffsetAndMetadata | None, start: int, end: int) -> PartitionPlace:
        target = self._receiver.target
        if committed is None:
            return PartitionPlace(end if self._wish.only_new else start, target, first=True)
        name, (to, held) = f"{tp.topic}-{tp.partition}", said(committed.metadata)
        # Whoever is told of the past anew may be another one.
        if to not in ("", digest(target)) and not self._wish.moved and not self._receiver.needs_past:
            raise CannotForward(
                f"group {self._wish.group} forwards to another address: give this one a --group of its own, "
                "or --moved if it is the same receiver"
            )
        if not start <= committed.offset <= end:
            what = "records were deleted unread" if committed.offset < start else "the topic was made anew"
            self._warn(f"{name}: offset {committed.offset} is not there ({what}); going on at {start}")
            return PartitionPlace(start, target, held)
        return PartitionPlace(committed.offset, target, held)

    async def _let_go(self, partitions: Iterable[TopicPartition]) -> None:
        gone = {tp: opened for tp in partitions if (opened := self._open.get(tp)) is not None}
        await asyncio.gather(*(opened.channel.close() for opened in gone.values()))
        try:
            await self._commit(gone)
        finally:
            for tp in gone:
                del self._open[tp]

    # the work ---------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        await self._silences.loaded.wait()
        self._consumer.subscribe([self._names.alerts], listener=self)
        await self._consumer.start()
        due, asked = time.monotonic() + COMMIT_SECONDS, time.monotonic()
        while True:
            self._throttle()
            for tp, records in (await self._consumer.getmany(timeout_ms=POLL_MS, max_records=MOST_WAITING)).items():
                if (opened := self._open.get(tp)) is not None:
                    self._give(opened, records)
            for tp in list(self._open):
                with suppress(IllegalStateError):  # it was let go meanwhile
                    self._note_position(tp, await self._consumer.position(tp))
            if time.monotonic() >= due:
                due = time.monotonic() + COMMIT_SECONDS
                if time.monotonic() >= asked + ASK_SECONDS:
                    asked = time.monotonic()
                    for opened in self._open.values():
                        opened.committed = None
                with suppress(*REBALANCING):
                    await self._commit(dict(self._open))
                self._report(sum(opened.place.waiting for opened in self._open.values()))

    def _note_position(self, tp: TopicPartition, position: int) -> None:
        opened = self._open.get(tp)
        if opened is None:
            return
        if not opened.begun and position >= opened.begins:
            opened.begun = True
            opened.channel.begin()
        if opened.begun:
            opened.place.read_to(position)

    def _throttle(self) -> None:
        paused = self._consumer.paused()
        for tp, opened in self._open.items():
            if opened.place.waiting >= MOST_WAITING:
                self._consumer.pause(tp)
            elif tp in paused and opened.place.waiting <= FEW_WAITING:
                self._consumer.resume(tp)

    def _give(self, opened: _Open, records: Iterable[Any]) -> None:
        for record in records:
            if record.value is None:
                continue
            try:
                alert = read_alert(record.value)
            except msgspec.MsgspecError:
                self._receiver.told.unreadable += record.offset >= opened.begins
                continue
            if record.offset < opened.begins:
                opened.channel.remember(alert)
                continue
            if not opened.begun:
                opened.begun = True
                opened.channel.begin()
            opened.channel.take(record.offset, alert, record.value)

    async def _commit(self, partitions: dict[TopicPartition, _Open]) -> None:
        new = {tp: (opened.place.offset, opened.place.metadata) for tp, opened in partitions.items()}
        new = {tp: at for tp, at in new.items() if at != partitions[tp].committed}
        if new:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._consumer.commit({tp: OffsetAndMetadata(*at) for tp, at in new.items()})
        for tp, at in new.items():
            partitions[tp].committed = at

    def _channel_failed(self, error: BaseException) -> None:
        # The only system call of a channel that may fail is that of the file of refused alerts.
        self._fail(CannotForward(f"{error.filename}: {error.strerror}") if isinstance(error, OSError) else error)

    def _fail(self, error: BaseException) -> None:
        if self._wrong is not None and not self._wrong.done():
            self._wrong.set_exception(error)


def _reason(error: BaseException) -> str:
    """An error of the client in one line."""
    if isinstance(error, KafkaConnectionError | TimeoutError):
        return "no broker answers"
    lines = str(error).splitlines()
    return lines[0] if lines and lines[0] else type(error).__name__
