"""Faust's transport, changed in one thing: a message is a whole batch of one partition (ADR 0010).

Faust keeps what it is good at: the consumer's thread, the group, the assignor, agents, flow control over a rebalance.
Which partitions are read, and from where, is decided here and by the partition tasks, never by the group's offsets.
"""

import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, cast

from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from stream.kafka.batches import NO_BUDGETS, Batch, fetch
from stream.kafka.clocks import monotonic_ms
from stream.wire.consumer import AIOKafkaConsumer

WAIT_SECONDS = 0.05
LATEST_MS = 2**63 - 1
"""The greatest timestamp that a record can have; a producer may say anything where the broker does not stamp."""


class BulkSchema(Schema[Any, Any]):
    """Hands the agent each batch as it is, without decoding."""

    def loads_key(self, *_: Any, **__: Any) -> None:
        return None

    def loads_value(self, app: Any, message: Any, **_: Any) -> Batch:  # noqa: ARG002  Faust's signature
        return cast("Batch", message.value)


class BulkThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread. A partition is paused from its assignment until `open_partitions`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._epochs: dict[TopicPartition, int] = {}
        self._answers: dict[TP, tuple[int, int]] = {}

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        self._assignor = self.app.assignor
        self._budgets = transport.budgets
        conf = self.app.conf
        return AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=transport.group_instance_id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=transport.fetch_wait_ms,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            # The watchdog judges progress; a worker that waits for the broker must not leave its group for it.
            max_poll_interval_ms=2**31 - 1,
            # How soon a topic that has grown is noticed, and nothing more of it is read (worker/startup.py).
            metadata_max_age_ms=5_000,
            retry_backoff_ms=200,
            **transport.client_options,
        )

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._ensure_consumer().pause(*driver.ensure_aiokafka_TPset(assigned))
        await super().on_partitions_assigned(assigned, generation_id)

    async def open_partitions(self, starts: Mapping[TP, tuple[int, int]]) -> None:
        """Seeks each partition to its (offset, epoch) and lets it be fetched. IllegalStateError: not assigned."""
        await self.call_thread(self._open_partitions, starts)

    async def _open_partitions(self, starts: Mapping[TP, tuple[int, int]]) -> None:
        consumer = self._ensure_consumer()
        for start, (offset, epoch) in starts.items():
            tp = driver.ensure_aiokafka_TP(start)
            consumer.seek(tp, offset)
            self._epochs[tp] = epoch
            consumer.resume(tp)

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: Any,
        timeout: float | None = None,  # noqa: ASYNC109  Faust's signature
        max_records: int | None = None,  # noqa: ARG002  Faust's signature
    ) -> Any:
        fetcher = consumer._fetcher
        if not self.consumer.flow_active:
            return {}
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        with fetcher._subscriptions.fetch_context():
            return await fetch(fetcher, active_partitions, timeout or 0, self._epochs, self._budgets)

    async def committed_offsets(self, partitions: Iterable[TP]) -> dict[TP, int]:
        """What the group has committed, of those partitions of which it has committed anything."""
        return cast("dict[TP, int]", await self.call_thread(self._committed_offsets, partitions))

    async def _committed_offsets(self, partitions: Iterable[TP]) -> dict[TP, int]:
        consumer = self._ensure_consumer()
        asked = {tp: await consumer.committed(driver.ensure_aiokafka_TP(tp)) for tp in partitions}
        return {tp: offset for tp, offset in asked.items() if offset is not None}

    async def offsets_after(self, instants: Mapping[TP, int]) -> dict[TP, int]:
        """The first offset of each partition whose record has a later timestamp (ms); absent if there is none."""
        return cast("dict[TP, int]", await self.call_thread(self._offsets_after, instants))

    async def _offsets_after(self, instants: Mapping[TP, int]) -> dict[TP, int]:
        asked = {driver.ensure_aiokafka_TP(tp): min(at_ms + 1, LATEST_MS) for tp, at_ms in instants.items()}
        found = await self._ensure_consumer().offsets_for_times(asked)
        return {TP(tp.topic, tp.partition): at.offset for tp, at in found.items() if at is not None}

    def counts(self, topics: Iterable[str]) -> dict[str, int]:
        """Topic -> its partitions, as of the last metadata; those that it does not know are left out."""
        if self._consumer is None:
            return {}
        cluster = self._consumer._client.cluster
        known = {topic: cluster.partitions_for_topic(topic) for topic in topics}
        return {topic: len(partitions) for topic, partitions in known.items() if partitions}

    @property
    def member_id(self) -> str:
        """The id by which the group knows this worker; empty while it is no member."""
        coordinator = getattr(self._consumer, "_coordinator", None)
        return str(getattr(coordinator, "member_id", ""))

    def log_end(self, tp: TP) -> tuple[int | None, int]:
        """(log end for readers of committed data, monotonic ms at which it was first seen) of the last fetch that
        answered for this partition; (None, 0) before the first. The client stamps an answer by the wall clock, which
        may step: only that the stamp is another one says anything."""
        consumer = self._ensure_consumer()
        state = consumer._subscription.subscription.assignment.state_value(tp)
        if state is None or state.timestamp is None:
            return None, 0
        stamp, seen_ms = self._answers.get(tp, (None, 0))
        if stamp != state.timestamp:
            seen_ms = monotonic_ms()
            self._answers[tp] = state.timestamp, seen_ms
        return (state.highwater if state.lso is None else state.lso), seen_ms

    def on_crash(self, msg: str, *fmt: Any, **_: Any) -> None:
        print(msg.format(*fmt), file=sys.stderr)  # noqa: T201  the app's crash() logs it; this is its last resort


class SilentProducer(driver.Producer):
    """Faust's own producer, never connected: each partition task has a transactional one of its own (writer.py)."""

    async def on_start(self) -> None:
        """Nothing."""

    async def on_stop(self) -> None:
        """Nothing."""

    async def flush(self) -> None:
        """Nothing."""


class BulkConsumer(driver.Consumer):
    """Delivers one message per batch, of the partitions in `readable` only; commits and seeks nothing by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.readable: set[TP] = set()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> BulkThread:
        return BulkThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def thread(self) -> BulkThread:
        return cast("BulkThread", self._thread)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109
        if not self.readable:
            await self.sleep(WAIT_SECONDS)
            return
        fetched = cast("dict[TP, Batch]", await self._getmany(self.readable, timeout))
        for tp, batch in fetched.items():
            # The position is behind the batch already: it must not be dropped here, whatever has happened meanwhile.
            # What was fetched before a rebalance is known by its epoch, and dropped by its partition task.
            await self.flowing()
            if self.should_stop:
                return
            # Faust drops a message whose offset is below the last one that it delivered: after a seek all are news.
            self._read_offset[tp] = None
            message = ConsumerMessage(
                tp.topic, tp.partition, batch.next_offset - 1, 0.0, 0, None, None, cast("Any", batch), None, 0, 0, tp,
                generation_id=self.app.consumer_generation_id,
            )  # fmt: skip
            yield tp, message

    async def flowing(self) -> None:
        """Returns when Faust lets messages pass, after a rebalance; while it does not, it drops what is under way."""
        while not self.flow_active and not self.should_stop:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # Faust passes an asyncio.Event here too

    async def open_partitions(self, starts: Mapping[TP, tuple[int, int]]) -> None:
        """Reads each partition from its (offset, epoch) on. IllegalStateError: not assigned (any more)."""
        await self.thread.open_partitions(starts)
        self.readable.update(starts)

    def close_partitions(self, partitions: Iterable[TP]) -> None:
        """Nothing more of these is delivered until they are opened again."""
        self.readable.difference_update(partitions)

    def hold(self, tp: TP, held: bool) -> None:
        """Back-pressure: a held partition keeps what it has fetched and fetches no more."""
        (self.readable.discard if held else self.readable.add)(tp)

    async def perform_seek(self) -> None:
        """Nothing: a partition task seeks to the offsets of its own state (live 1)."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: the watchdog (worker/watchdog.py) judges progress, and acts on it."""


class BulkTransport(driver.Transport):
    """Plugged in through the app's `transport` setter."""

    Consumer = BulkConsumer
    Producer = SilentProducer

    client_options: Mapping[str, Any]
    fetch_wait_ms: int
    group_instance_id: str | None
    budgets: Mapping[str, int]

    def configure(
        self,
        client_options: Mapping[str, Any],
        fetch_wait_ms: int,
        group_instance_id: str | None = None,
        budgets: Mapping[str, int] = NO_BUDGETS,
    ) -> "BulkTransport":
        """How every consumer of this transport connects, how long a fetch waits for the first record, the name of a
        static member of the group, and how large a batch may be, unpacked, by topic (batches.py)."""
        self.client_options = client_options
        self.fetch_wait_ms = fetch_wait_ms
        self.group_instance_id = group_instance_id
        self.budgets = budgets
        return self
