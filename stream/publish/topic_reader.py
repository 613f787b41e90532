"""Reads the output topics into `LatestRecords`: committed records only, without a consumer group or stored offsets.

The longest windows that the page shows are months, and the running one was published after it began; so reading begins
40 days back by record timestamp. Compaction keeps about the last record of each window, so that is not much.
Who has an alert, and what is silenced, was said at any time: those records, of which there are few, are all read.
A standing lasts no longer than the window of its rule: records of conduct are read as far back as the longest reaches,
and 40 days at least.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from stream.backoff import backoff_seconds
from stream.conduct.rule import Frequency
from stream.conduct.rulebook import Rulebook
from stream.publish.latest_records import LatestRecords
from stream.publish.trouble import SILENT, STARTING, Trouble, no_topic, trouble_of
from stream.settings import Settings, SettingsError
from stream.wire.consumer import AIOKafkaConsumer

DAY_MS = 86_400_000
REACH_MS = 40 * DAY_MS
PEOPLE_REACH_MS = 100 * DAY_MS  # the score of a quarter may have been published at its beginning alone
EVER_MS = 50 * 366 * DAY_MS
LATE_MS = 7 * DAY_MS  # how far behind the clock a floor may count, and a local day more
POLL_MS = 250
BATCH_RECORDS = 1_000  # a worker shares its loop with the page: some 15 ms at a time
REFRESH_S = 30.0
CREATED_S = 1.0  # between looks for topics that are not there yet
ASK_EVERY_S, SILENT_S = 2.0, 6.0
"""A quiet topic sends nothing, and neither does a broker that hangs: it is asked every two seconds, and without an
answer for six it counts as silent."""

log = structlog.get_logger(__name__)


class TopicReader:
    """Keeps `latest` up to date while `run` runs. A second `run` goes on where the first one stopped.

    `kpis` False: reads the alerts alone; else also what people do about them, the agents' states, the scores where
    there are schemes, names where `board.names_topic` says so, and the conduct topic where there is a section
    `conduct`. `refused` is called with the topic of every record that cannot be read: it changes nothing. `topics`:
    what it reads. `loaded`: whether everything that was in the topics at the start has been read. `reported`: why the
    last attempt could not read; None: it could."""

    def __init__(
        self,
        settings: Settings,
        latest: LatestRecords,
        kpis: bool = True,
        refused: Callable[[str], None] | None = None,
    ) -> None:
        prefix = settings.kafka.topic_prefix
        self._refused = refused
        self._settings = settings
        self._latest = latest
        self._kpi_topic = f"{prefix}.kpi.v1"
        self._conduct_topic = f"{prefix}.conduct.v1"
        self._actions_topic = f"{prefix}.alertactions.v1"
        self._scores_topic, self._agents_topic = f"{prefix}.scores.v1", f"{prefix}.agents.v1"
        self._topics = ([self._kpi_topic] if kpis else []) + [f"{prefix}.alerts.v1"]
        self._reach_ms = dict.fromkeys(self._topics, REACH_MS)
        if kpis:
            people = (self._scores_topic, self._agents_topic) if settings.schemes() else (self._agents_topic,)
            self._topics.extend(people)
            self._reach_ms |= dict.fromkeys(people, PEOPLE_REACH_MS)
            self._topics.append(self._actions_topic)
            self._reach_ms[self._actions_topic] = EVER_MS
        self._names_topic = f"{prefix}.names.v1"
        if kpis and settings.board.names_topic:
            self._topics.append(self._names_topic)
            self._reach_ms[self._names_topic] = EVER_MS
        if kpis and (rulebook := settings.conduct()) is not None:
            self._topics.append(self._conduct_topic)
            self._reach_ms[self._conduct_topic] = max(REACH_MS, window_days(rulebook) * DAY_MS + LATE_MS)
        self._positions: dict[TopicPartition, int] = {}
        self._heard_s: float | None = None
        self.loaded = False
        self.reported: Trouble | None = STARTING

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(self._topics)

    @property
    def trouble(self) -> Trouble | None:
        """Why nothing is being read; None: it is. One reason is that no broker has answered for six seconds."""
        silent = self._heard_s is not None and time.monotonic() - self._heard_s > SILENT_S
        return SILENT if silent and self.reported in (None, STARTING) else self.reported

    @property
    def problem(self) -> str | None:
        """`trouble` as one line; None: there is none."""
        return self.trouble.text if self.trouble else None

    async def run(self) -> None:
        """Reads until it is cancelled; a lost or missing broker is waited for."""
        self._heard_s = time.monotonic()
        try:
            await self._keep_reading()
        finally:
            self._heard_s = None  # nothing is asked now, so that no answer is missing

    async def _keep_reading(self) -> None:
        delays_s = backoff_seconds()
        while True:
            try:
                await self._read()
                delays_s = backoff_seconds()
            except (KafkaError, OSError, SettingsError) as error:
                self.reported = trouble_of(error, self._settings.kafka.bootstrap_servers)
                delay_s = next(delays_s)
                said = str(error) or type(error).__name__
                log.warning("output topics lost", problem=self.reported.text, error=said, retry_in_s=delay_s)
                await asyncio.sleep(delay_s)

    async def _read(self) -> None:
        """Reads until the topics' partitions change. Raises KafkaError or OSError when the broker is lost."""
        consumer = AIOKafkaConsumer(
            **self._settings.kafka_client_options(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=100,
        )
        try:
            await consumer.start()
            partitions = await self._partitions(consumer)
            if partitions:
                async with self._asking(consumer, partitions):
                    await self._follow(consumer, partitions)
            else:
                self.reported = no_topic(self._topics[0])
                await asyncio.sleep(CREATED_S)
        finally:
            await consumer.stop()

    async def _partitions(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        # The consumer's own look-up knows only topics that it has asked for, and asking would create a missing one.
        cluster = await consumer._client.fetch_all_metadata()
        self._heard_s = time.monotonic()
        return [TopicPartition(t, p) for t in self._topics for p in sorted(cluster.partitions_for_topic(t) or ())]

    @contextlib.asynccontextmanager
    async def _asking(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> AsyncIterator[None]:
        """Asks the brokers of all partitions for their log ends every two seconds; whenever all answer, notes the
        time."""

        async def ask() -> None:
            while True:
                with contextlib.suppress(KafkaError):
                    await consumer.end_offsets(partitions)
                    self._heard_s = time.monotonic()
                await asyncio.sleep(ASK_EVERY_S)

        asking = asyncio.create_task(ask())
        try:
            yield
        finally:
            asking.cancel()
            await asyncio.wait({asking})

    async def _follow(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        await self._seek(consumer, partitions)
        pending = dict(await consumer.end_offsets(partitions))
        checked_s = time.monotonic()
        while time.monotonic() - checked_s < REFRESH_S or partitions == await self._partitions(consumer):
            if time.monotonic() - checked_s >= REFRESH_S:
                checked_s = time.monotonic()
                self._latest.tidy()
            for partition, records in (await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH_RECORDS)).items():
                for record in records:
                    before = self._latest.refused
                    self._take(partition.topic, record)
                    if self._latest.refused != before and self._refused is not None:
                        self._refused(partition.topic)
            self._latest.standings.tidy()
            self.reported = None
            for partition in partitions:
                self._positions[partition] = await consumer.position(partition)
            pending = {tp: end for tp, end in pending.items() if self._positions[tp] < end}
            self.loaded = self.loaded or not pending
            await asyncio.sleep(0)

    def _take(self, topic: str, record: "ConsumerRecord[bytes, bytes]") -> None:
        if topic == self._kpi_topic:
            self._latest.on_kpi(record.key, record.value)
        elif topic == self._conduct_topic:
            self._latest.on_conduct(record.key, record.value)
        elif topic == self._actions_topic:
            self._latest.on_action(record.key, record.value)
        elif topic == self._scores_topic:
            self._latest.on_score(record.key, record.value)
        elif topic == self._agents_topic:
            self._latest.on_agent(record.value)
        elif topic == self._names_topic:
            self._latest.on_name(record.key, record.value)
        else:
            self._latest.on_alert(record.value, record.timestamp)

    async def _seek(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        new = [partition for partition in partitions if partition not in self._positions]
        now_ms = time.time_ns() // 1_000_000
        since_ms = {partition: max(0, now_ms - self._reach_ms[partition.topic]) for partition in new}
        found = await consumer.offsets_for_times(since_ms) if new else {}
        for partition in partitions:
            if partition in self._positions:
                consumer.seek(partition, self._positions[partition])
            elif found.get(partition) is not None:
                consumer.seek(partition, found[partition].offset)
            else:  # nothing as young as that: what there is may still be what is shown
                await consumer.seek_to_beginning(partition)


def window_days(rulebook: Rulebook) -> int:
    """The days of the longest window of a frequency rule; 0 if there is none."""
    return max((rule.parameters.days for rule in rulebook.rules if isinstance(rule.parameters, Frequency)), default=0)
