"""The periodic tasks of a worker: steering catch-up, deleting deltas that were read, comparing partition counts."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream.facts.printable import error_text
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
WARN_AT_LEAST_EVERY_MS = 60_000

log = structlog.get_logger(__name__)


class Housekeeping:
    """Runs the periodic tasks and the watchdog from `start` to `stop`. An exception in one of them ends the process:
    none is expected. RefusedError ends it with exit code 4."""

    def __init__(self, setup: WorkerSetup, live: LiveState, app: WorkerApp, assignments: Assignments) -> None:
        self._setup, self._live = setup, live
        self._app = app
        self._assignments = assignments
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
        self._warn_at_ms, self._warn_every_ms = 0, SILENT_MS

    def start(self) -> None:
        """Starts the watchdog and the periodic tasks. Needs a running loop."""
        self._watchdog.start()
        for step, seconds in (
            (self._steer, STEER_SECONDS),
            (self._purge, PURGE_SECONDS),
            # Often enough that what waits for a leader is excused before the watchdog judges it.
            (self._compare_counts, min(COUNTS_SECONDS, self._setup.settings.kafka.stall_after_ms / 4_000)),
        ):
            self._tasks.append(asyncio.create_task(self._every(seconds, step)))

    def stop(self) -> None:
        """Stops them; one that is running is cancelled."""
        self._watchdog.stop()
        for task in self._tasks:
            task.cancel()

    async def _every(self, seconds: float, step: Callable[[], Awaitable[None]]) -> None:
        try:
            while True:
                await asyncio.sleep(seconds)
                await step()
        except RefusedError as error:
            self._setup.end(Exit.REFUSED, str(error))
        except Exception as error:
            log.error("housekeeping failed", step=step.__name__, exc_info=error)
            self._setup.end(Exit.RESTART, f"{step.__name__} failed: {error_text(error)}")

    async def _steer(self) -> None:
        """Ten times a second: the ceiling of catch-up, what the watchdog looks at, and whether counts have changed."""
        self._watchdog.beat()
        self._assignments.steer()
        self._excused, self._moving = self._assignments.excused(), self._assignments.moving()
        if self._app.rebalancing:
            self._moving["rebalance"] = self._app.rebalancing_count
        self._check_broker()
        self._export_standing()
        thread = consumer_of(self._app).thread
        check_unchanged(self._setup.partitions, thread.counts(self._setup.names.read))

    def _export_standing(self) -> None:
        """Exports how long each thing has not moved; the gauge of one that moves again is withdrawn."""
        standing, meters = dict(self._watchdog.standing), self._setup.meters
        for what in self._standing - standing.keys():
            meters.drop("collections_stalled_seconds", what)
        for what, seconds in standing.items():
            meters.set("collections_stalled_seconds", what, to=seconds)
        self._standing = set(standing)

    def _check_broker(self) -> None:
        """Sets `broker_answers`: fetches are answered every few hundred ms even when there is nothing new, so silence
        of 3 s on all open partitions means that the broker is away. Warns ever more rarely while it lasts."""
        thread = consumer_of(self._app).thread
        readable = [tp for task in self._assignments.tasks if task.is_open for tp in task.reading]
        answered_ms = max((thread.log_end(tp)[1] for tp in readable), default=0)
        now_ms = self._setup.monotonic_ms()
        opened_ms = max((task.opened_ms for task in self._assignments.tasks), default=now_ms)
        silent_ms = now_ms - max(answered_ms, opened_ms) if readable else 0
        answers = silent_ms <= SILENT_MS
        if answers and not self._live.broker_answers:
            log.info("the broker answers again")
        if answers:
            self._warn_at_ms, self._warn_every_ms = 0, SILENT_MS
        elif silent_ms >= self._warn_at_ms:
            self._warn_at_ms = silent_ms + self._warn_every_ms
            self._warn_every_ms = min(2 * self._warn_every_ms, WARN_AT_LEAST_EVERY_MS)
            log.warning("the broker does not answer; nothing is committed until it does", for_s=silent_ms // 1000)
        self._live.broker_answers = answers

    async def _purge(self) -> None:
        """Once a minute: drops kept state of revoked partitions, and deletes deltas that the entity stage has
        committed."""
        self._assignments.forget()
        below = {
            TopicPartition(topic, task.work.partition): at.offset
            for task in self._assignments.tasks
            if task.is_open and task.work.stage == 2 and task.work.positions
            for topic, at in task.work.positions.tps.items()
        }
        await purge(self._setup.settings, below)

    def _note_leaderless(self, found: frozenset[tuple[str, int]]) -> None:
        """Remembers which (topic, partition) of ours have no leader, and logs when that changes."""
        ours = frozenset(tp for tp in found if tp[0] in self._setup.partitions)
        if ours != self._leaderless:
            named = [f"{topic}-{partition}" for topic, partition in sorted(ours)]
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
                self._note_leaderless(await leaderless(admin))
        except (KafkaError, OSError, TimeoutError):
            return  # the broker is away; the next time does it
        check_unchanged(self._setup.partitions, counts)
        missing = frozenset(self._setup.partitions.keys() - counts.keys())
        if gone := sorted(missing & self._missing):
            raise RefusedError(f"{gone[0]} was deleted under the worker")
        self._missing = missing
