"""The life of an owned partition: fence, restore, open, apply and commit, close (live 1). One task does all of it.

    assigned   fence ──> restore ──> check ──> seek ──> apply, commit, apply, commit ...    revoked: commit, close
               (all partitions first)           open

Until it is open it is paused at the consumer. Its state outlives a revocation: if the partition comes back, only what
lies beyond the last own offset of the state topic is read.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import count

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaConnectionError, KafkaError, KafkaTimeoutError
from faust.types import TP

from stream.backoff import backoff_seconds
from stream.facts.printable import error_text
from stream.kafka.batches import Batch
from stream.kafka.bulk import BulkConsumer
from stream.kafka.exits import Exit, RefusedError
from stream.kafka.writer import Writer
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.membership import ending_of, given_up, is_lost
from stream.partition.merge import NO_CEILING_MS
from stream.partition.opening import Range, check_state, lost, starting_offsets
from stream.partition.positions import stamp_of
from stream.partition.restore import Restoring, restore
from stream.partition.work import Commit, Work

LOOK_EVERY_MS = 100
WAIT_SECONDS = 0.05
SLOW_COMMIT_SECONDS = 2.0
CANCEL_AGAIN_SECONDS = 0.5
LOST_IN_A_ROW = 5
LEADER_SECONDS = 0.5
RESTORE_GAUGES = (
    "collections_restore_progress_ratio",
    "collections_restore_records",
    "collections_restore_remaining_seconds",
)

log = structlog.get_logger(__name__)
_epochs = count(1)


class PartitionTask:
    """Runs one partition of one stage on this worker, from its assignment to its revocation. `work` lives longer.

    `read_through`: offset of the state topic up to which `work` knows it. `make_work`: gives an empty work of this
    partition. It replaces `work` when the broker has given a transaction up, because what the old one holds beyond the
    last commit cannot be undone.
    """

    def __init__(
        self,
        setup: WorkerSetup,
        live: LiveState,
        consumer: BulkConsumer,
        work: Work,
        read_through: int,
        make_work: Callable[[], Work],
    ) -> None:
        self.work = work
        self._make_work = make_work
        self.read_through = read_through
        self.is_open = False
        self.restored_offsets = 0
        self.opened_ms = 0
        self.commits = 0
        self._setup, self._live = setup, live
        self._consumer = consumer
        self._topics = {TP(topic, work.partition) for topic in work.topics}
        self._paused: set[str] = set()
        self._writer = self._new_writer()
        self._closing = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._looked_ms = 0
        self._commit: asyncio.Task[None] | None = None
        self._commit_began = 0.0
        self._next_commit_ms = 0
        self._lost_in_a_row = 0

    def _new_writer(self) -> Writer:
        setup, work = self._setup, self.work
        return Writer(
            setup.client_options,
            setup.names.transactional_id(work.stage, work.partition),
            setup.settings.kafka.transaction_timeout_ms,
        )

    @property
    def name(self) -> str:
        return f"{'debtor' if self.work.stage == 1 else 'entity'} partition {self.work.partition}"

    @property
    def reading(self) -> set[TP]:
        """The topic partitions that are being fetched at the moment."""
        return {tp for tp in self._topics if tp.topic not in self._paused}

    @property
    def leaderless(self) -> set[str]:
        """The topics whose partition no broker leads at the moment; the state topic may be one of them."""
        partition, lost = self.work.partition, self._live.leaderless
        return {topic for topic in (*self.work.topics, self.work.state_topic) if (topic, partition) in lost}

    def run(self, steps: Callable[["PartitionTask"], Awaitable[None]]) -> None:
        """Runs `steps` in a task of its own; an exception in it ends the process."""
        self._task = asyncio.create_task(self._guarded(steps))

    async def _guarded(self, steps: Callable[["PartitionTask"], Awaitable[None]]) -> None:
        try:
            while True:
                try:
                    return await steps(self)
                except KafkaError as error:
                    if not is_lost(error):
                        raise
                    if not await self._recovers(error):
                        return None
        except asyncio.CancelledError:
            if not self._closing:
                raise
        except RefusedError as error:
            self._setup.end(Exit.REFUSED, str(error))
        except Exception as error:
            log.error("partition failed", partition=self.name, exc_info=error)
            self._setup.end(Exit.RESTART, f"{self.name} failed: {error_text(error)}")

    async def _recovers(self, error: Exception) -> bool:
        """After a commit that the broker refused, or did not take in time. True: the partition is still ours and starts
        again from its last commit; False: the worker ends."""
        setup = self._setup
        timeout_ms = setup.settings.kafka.transaction_timeout_ms
        ending = await ending_of(error, self.name, setup.settings, lambda: self._consumer.thread.member_id)
        if ending is None and (self._closing or self._lost_in_a_row >= LOST_IN_A_ROW):
            ending = Exit.RESTART, f"{self.name}: {given_up(timeout_ms, error)}"
        if ending is not None:
            if ending[0] is Exit.FENCED:
                setup.meters.add("collections_fences_total")
            setup.end(*ending)
            return False
        self._lost_in_a_row += 1
        log.warning("a transaction took too long; going on from the last commit", partition=self.name,
                    why=given_up(timeout_ms, error), error=repr(error), in_a_row=self._lost_in_a_row)  # fmt: skip
        setup.meters.add("collections_transactions_lost_total", str(self.work.stage))
        await self._restart()
        return True

    async def _restart(self) -> None:
        """Goes back to just after the assignment, with nothing of what the lost transaction held. The work is replaced
        first, so that a close meanwhile keeps nothing that is not committed."""
        old, self.work, self.read_through, self.is_open = self.work, self._make_work(), 0, False
        self.work.pace = old.pace
        self.work.pace.lost()
        self._consumer.close_partitions(self._topics)
        self._commit, self._looked_ms = None, 0
        self._paused.clear()
        old.withdraw()
        await self._writer.close()
        self._writer = self._new_writer()

    async def fence(self) -> None:
        """Makes sure that a former owner can write no more. Waits for a broker that cannot be reached."""
        await self._retried(self._writer.fence, "fence")

    async def open(self) -> None:
        """Restores, checks and seeks; when this returns the partition is open, or was closed meanwhile. RefusedError:
        the state or a topic is not what it should be."""
        work, setup = self.work, self._setup
        began, start = time.monotonic(), self.read_through
        state = TopicPartition(work.state_topic, work.partition)

        async def read() -> None:
            through = await restore(setup.client_options, state, self.read_through, work.restore, self._progress)
            self.read_through = through

        await self._retried(read, "restore")
        for gauge in RESTORE_GAUGES:
            setup.meters.drop(gauge, str(work.stage), str(work.partition))
        check_state(setup, work.state_topic, work.partition, work.positions)
        # The consumer answers few questions at a time: one to which there is no answer would hold up the others.
        while self.leaderless:  # noqa: ASYNC110  the next look at the topics tells
            await asyncio.sleep(LEADER_SECONDS)
        ranges: dict[str, Range] = {}
        await self._retried(lambda: self._ask_ranges(ranges), "ask for offsets")
        starts = starting_offsets(
            work.positions, work.state_topic, work.partition, ranges, must_be_there=work.stage == 2
        )
        for topic, records in lost(work.positions, starts).items():
            setup.meters.add("collections_records_lost_total", topic, by=records)
            log.error("records were deleted unread by the topic's retention",
                      topic=topic, partition=work.partition, records=records)  # fmt: skip
        await self._consumer.flowing()
        epoch = next(_epochs)
        work.resume({topic: (offset, epoch) for topic, offset in starts.items()})
        self.is_open, self.opened_ms = True, setup.monotonic_ms()
        try:
            await self._consumer.open_partitions(
                {TP(topic, work.partition): (offset, epoch) for topic, offset in starts.items()}
            )
        except IllegalStateError:
            self.is_open = False  # revoked meanwhile; close() is on its way
            return
        if self._closing:
            self._consumer.close_partitions(self._topics)
        seconds = time.monotonic() - began
        setup.meters.observe("collections_restore_duration_seconds", str(work.stage), seconds=seconds)
        log.info("open", stage=work.stage, partition=work.partition, state_offsets=self.restored_offsets, since=start,
                 seconds=round(seconds, 2))  # fmt: skip

    async def apply_and_commit(self) -> None:
        """Applies and commits until the partition is closed. Records are applied while a transaction is in flight;
        there is never more than one, and when it takes long nothing more is applied, so that what is not committed
        stays small.

        Partitions take turns, one in each turn of the loop: a transaction waits for a dozen answers, and each answer
        would wait for the slice of every other partition.
        """
        live = self._live
        while self.is_open and not self._closing:
            async with live.turn:
                busy = self._work()
            await (asyncio.sleep(0) if busy else self._wait_for_work())
        if self.is_open:
            await self._commit_done()
            self._begin_commit()
            await self._commit_done()

    def feed(self, batch: Batch) -> None:
        """Buffers a batch; one that comes while the partition is not open is dropped."""
        if self.is_open:
            self.work.feed(batch)
            self._wake.set()

    def wake(self) -> None:
        """There may be something to do: the task looks now, not when it has waited."""
        self._wake.set()

    async def close(self) -> None:
        """Commits what is applied, and lets the partition go. `work` and `read_through` stay, for the case that it
        comes back."""
        self._closing = True
        self._consumer.close_partitions(self._topics)
        self._wake.set()
        while self._task is not None and not self._task.done():
            if not self.is_open:
                self._task.cancel()  # more than once: `asyncio.wait_for` of Python 3.11, deep in aiokafka, may lose one
            await asyncio.wait([self._task], timeout=CANCEL_AGAIN_SECONDS)
        self.is_open = False
        await self._writer.close()

    def _work(self) -> bool:
        """Applies one slice, and begins a commit if one is due; whether there may be more to apply."""
        work, setup, live = self.work, self._setup, self._live
        paused = self._look()
        busy = not self._slow and work.step()
        if busy and work.stage == 1 and live.ceiling_ms < NO_CEILING_MS:
            live.steer()
        self._apply_back_pressure()
        if self._commit is not None and self._commit.done():
            self._commit = self._commit.result()
        rested = setup.monotonic_ms() >= self._next_commit_ms
        allowed = live.broker_answers and live.writable and rested
        if self._commit is None and (paused or (allowed and work.due(live.commit_every_ms))):
            self._begin_commit(force=paused)
        return busy

    async def _commit_done(self) -> None:
        """Returns when nothing is in flight any more; raises what the transaction raised."""
        if self._commit is not None:
            await self._commit

    def _begin_commit(self, *, force: bool = False) -> None:
        """Takes what is to be committed, if there is anything, and begins its transaction."""
        began = time.monotonic()
        commit = self.work.commit(force=force)
        if commit is not None:
            self._commit_began = time.monotonic()
            self._commit = asyncio.create_task(self._send(commit, round(1000 * (self._commit_began - began))))

    async def _send(self, commit: Commit, build_ms: int) -> None:
        setup = self._setup
        try:
            state = (self.work.state_topic, self.work.partition), self.read_through
            written = await self._writer.commit(commit.outgoing, commit.offsets, setup.settings.kafka.group, state)
        finally:
            self._wake.set()
        self.commits += 1
        self._lost_in_a_row = 0
        self.read_through = max(self.read_through, written.ends.get((self.work.state_topic, self.work.partition), 0))
        commit.then(written)
        stage = str(self.work.stage)
        seconds = time.monotonic() - self._commit_began
        setup.meters.observe("collections_commit_duration_seconds", stage, seconds=seconds)
        pace = self.work.pace
        pace.committed(commit.rows, build_ms, round(1000 * seconds))
        self._next_commit_ms = setup.monotonic_ms() + pace.rest_ms
        setup.meters.set("collections_transaction_rows", stage, str(self.work.partition), to=pace.rows)
        setup.meters.set("collections_last_commit_timestamp_seconds", stage, to=setup.wall_ms() / 1000)

    @property
    def progress(self) -> int:
        """A number that rises while a transaction gets on, however slowly."""
        return self.commits + self._writer.answers

    @property
    def committing(self) -> bool:
        """Whether a transaction is in flight."""
        return self._commit is not None and not self._commit.done()

    @property
    def _slow(self) -> bool:
        return self.committing and time.monotonic() - self._commit_began > SLOW_COMMIT_SECONDS

    def _look(self) -> bool:
        """Every 100 ms tells the work how far the topics go. True if so much time has passed since then that the
        group's session may be over: the process was stopped, and only a commit tells whether the partition is still
        ours."""
        now_ms = self._setup.monotonic_ms()
        gap_ms = now_ms - self._looked_ms if self._looked_ms else 0
        if self._looked_ms and gap_ms < LOOK_EVERY_MS:
            return False
        self._looked_ms = now_ms
        partition, consumer = self.work.partition, self._consumer
        self.work.look(lambda topic: consumer.thread.log_end(TP(topic, partition)), self._paused.__contains__)
        return gap_ms > self._setup.settings.kafka.session_timeout_ms

    def _apply_back_pressure(self) -> None:
        for topic in self.work.topics:
            full = self.work.full(topic)
            if full is not None and full != (topic in self._paused):
                (self._paused.add if full else self._paused.discard)(topic)
                self._consumer.hold(TP(topic, self.work.partition), full)

    async def _wait_for_work(self) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _ask_ranges(self, ranges: dict[str, Range]) -> None:
        thread = self._consumer.thread
        starts = await thread.earliest_offsets(*self._topics)
        ends = await thread.highwaters(*self._topics)
        stamps = {tp: stamp_of(self.work.positions, tp.topic) for tp in self._topics}
        later = await thread.offsets_after({tp: at_ms for tp, at_ms in stamps.items() if at_ms is not None})
        known = self.work.positions.tps if self.work.positions else {}
        group = await thread.committed_offsets([tp for tp in self._topics if tp.topic not in known])
        ranges.update({tp.topic: Range(starts[tp], ends[tp], later.get(tp), group.get(tp)) for tp in self._topics})

    def _progress(self, done: Restoring) -> None:
        self.restored_offsets += done.offset - self.read_through
        self.read_through = done.offset
        meters, labels = self._setup.meters, (str(self.work.stage), str(self.work.partition))
        meters.set("collections_restore_progress_ratio", *labels, to=done.share)
        meters.set("collections_restore_records", *labels, to=done.records)
        meters.set("collections_restore_remaining_seconds", *labels, to=done.seconds_left)

    async def _retried(self, step: Callable[[], Awaitable[None]], what: str) -> None:
        waits = backoff_seconds()
        while True:
            try:
                return await step()
            except (KafkaConnectionError, KafkaTimeoutError, OSError) as error:
                wait = next(waits)
                log.warning(
                    "broker cannot be reached", partition=self.name, doing=what, error=str(error), retry_in_s=wait
                )
                await asyncio.sleep(wait)
