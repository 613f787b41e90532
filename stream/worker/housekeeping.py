"""What a running worker does now and then, beside its numbers: steering, purging, comparing counts, watching."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream.kafka.exits import Exit, RefusedError
from stream.kafka.topics import admin_client, leaderless, partition_counts
from stream.partition.context import LiveState, WorkerSetup
from stream.worker.app import WorkerApp, consumer_of
from stream.worker.assignments import Assignments
from stream.worker.purge import purge
from stream.worker.startup import check_unchanged
from stream.worker.watchdog import Watchdog

STEER_SECONDS = 0.1
PURGE_SECONDS = 60.0
COUNTS_SECONDS = 10.0
SILENT_MS = 3_000
TELL_AT_LEAST_EVERY_MS = 60_000

log = structlog.get_logger("stream.kafka")


class Housekeeping:
    """Runs until `stop`. An exception in a chore ends the process: none is expected."""

    def __init__(self, setup: WorkerSetup, live: LiveState, app: WorkerApp, roster: Assignments) -> None:
        self._setup, self._live = setup, live
        self._app = app
        self._roster = roster
        self._moving: dict[str, int] = {}
        self._excused: frozenset[str] = frozenset()
        self._standing: set[str] = set()
        self._missing: frozenset[str] = frozenset()
        self._leaderless: frozenset[tuple[str, int]] = frozenset()
        kafka = setup.settings.kafka
        self._watchdog = Watchdog(
            lambda: self._moving, kafka.bootstrap_servers, setup.end, kafka.stall_after_ms / 1000,
            lambda: self._excused,
        )  # fmt: skip
        self._tasks: list[asyncio.Task[None]] = []
        self._tell_at_ms, self._tell_every_ms = 0, SILENT_MS

    def start(self) -> None:
        self._watchdog.start()
        for chore, seconds in (
            (self._steer, STEER_SECONDS),
            (self._purge, PURGE_SECONDS),
            # What stands is excused before it is judged, if it waits for a leader.
            (self._compare_counts, min(COUNTS_SECONDS, self._setup.settings.kafka.stall_after_ms / 4_000)),
        ):
            self._tasks.append(asyncio.create_task(self._every(seconds, chore)))

    def stop(self) -> None:
        self._watchdog.stop()
        for task in self._tasks:
            task.cancel()

    async def _every(self, seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
        try:
            while True:
                await asyncio.sleep(seconds)
                await chore()
        except RefusedError as error:
            self._setup.end(Exit.REFUSED, str(error))
        except Exception as error:
            log.error("chore failed", chore=chore.__name__, exc_info=error)
            self._setup.end(Exit.RESTART, f"{chore.__name__} failed: {error!r}")

    async def _steer(self) -> None:
        self._watchdog.beat()
        self._roster.steer()
        self._excused, self._moving = self._roster.excused(), self._roster.moving()
        if self._app.rebalancing:
            self._moving["rebalance"] = self._app.rebalancing_count
        self._listen()
        self._tell_standing()
        thread = consumer_of(self._app).thread
        check_unchanged(self._setup.partitions, thread.counts(self._setup.names.read))

    def _tell_standing(self) -> None:
        standing, meters = dict(self._watchdog.standing), self._setup.meters
        for what in self._standing - standing.keys():
            meters.drop("collections_standing_seconds", what)
        for what, seconds in standing.items():
            meters.set("collections_standing_seconds", what, to=seconds)
        self._standing = set(standing)

    def _listen(self) -> None:
        """Whether the broker answers: fetches are answered every few hundred ms, also when there is nothing new."""
        thread = consumer_of(self._app).thread
        readable = [tp for number in self._roster.numbers if number.is_open for tp in number.reading]
        answered_ms = max((thread.log_end(tp)[1] for tp in readable), default=0)
        now_ms = self._setup.monotonic_ms()
        opened_ms = max((number.opened_ms for number in self._roster.numbers), default=now_ms)
        silent_ms = now_ms - max(answered_ms, opened_ms) if readable else 0
        answers = silent_ms <= SILENT_MS
        if answers and not self._live.broker_answers:
            log.info("the broker answers again")
        if answers:
            self._tell_at_ms, self._tell_every_ms = 0, SILENT_MS
        elif silent_ms >= self._tell_at_ms:
            self._tell_at_ms = silent_ms + self._tell_every_ms
            self._tell_every_ms = min(2 * self._tell_every_ms, TELL_AT_LEAST_EVERY_MS)
            log.warning("the broker does not answer; nothing is committed until it does", for_s=silent_ms // 1000)
        self._live.broker_answers = answers

    async def _purge(self) -> None:
        self._roster.forget()
        below = {
            TopicPartition(topic, number.work.partition): at.offset
            for number in self._roster.numbers
            if number.is_open and number.work.stage == 2 and number.work.positions
            for topic, at in number.work.positions.tps.items()
        }
        await purge(self._setup.settings, below)

    def _tell_leaderless(self, found: frozenset[tuple[str, int]]) -> None:
        ours = frozenset(place for place in found if place[0] in self._setup.partitions)
        if ours != self._leaderless:
            named = [f"{topic}-{number}" for topic, number in sorted(ours)]
            if ours:
                log.warning("partitions have no leader; they are waited for", partitions=named)
            else:
                log.info("every partition has a leader again")
        self._live.leaderless = self._leaderless = ours

    async def _compare_counts(self) -> None:
        """Ends the worker if a topic has grown, or was missing twice: a broker that has just come back may not know
        all of them yet."""
        try:
            async with admin_client(self._setup.settings) as admin:
                counts = await partition_counts(admin)
                self._tell_leaderless(await leaderless(admin))
        except (KafkaError, OSError, TimeoutError):
            return  # the broker is away; the next time does it
        check_unchanged(self._setup.partitions, counts)
        missing = frozenset(self._setup.partitions.keys() - counts.keys())
        if gone := sorted(missing & self._missing):
            raise RefusedError(f"{gone[0]} was deleted under the worker")
        self._missing = missing
