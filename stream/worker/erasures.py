"""Follows the erasures topic, and hands what is asked for to the owner of the partition: once in each of its lives.

A life begins when a partition is opened here: its former owner is fenced by then, so everything that was done before is
in the topic below the end that it has now. Only when that was read, what is still asked for is handed in (ADR 0105).
"""

import asyncio
from functools import partial
from typing import NamedTuple

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream.backoff import backoff_seconds
from stream.engine.debtors.erasure import Asked, read_erasure
from stream.facts.printable import error_text
from stream.kafka.exits import Exit
from stream.partition.context import WorkerSetup
from stream.partition.debtors import DebtorPartition
from stream.partition.restore import restore
from stream.partition.task import PartitionTask
from stream.wire.consumer import AIOKafkaConsumer
from stream.worker.assignments import Assignments

WAIT_MS = 500
"""How long a look at the topic waits for something new."""

log = structlog.get_logger(__name__)


class _Life(NamedTuple):
    """One opening of a partition here. `end`: of the erasures topic, once it was open."""

    task: PartitionTask
    work: DebtorPartition
    opened_ms: int
    end: int
    given: set[str]

    def goes_on(self) -> bool:
        """Whether the partition is still open as it was."""
        task = self.task
        return task.is_open and task.work is self.work and task.opened_ms == self.opened_ms


class Erasures:
    """What is asked for in the topic, by partition, and what was handed in. `run` until it is cancelled."""

    def __init__(self, setup: WorkerSetup, assignments: Assignments) -> None:
        self._setup, self._assignments = setup, assignments
        self._topic = setup.names.erasures
        self._asked: dict[int, dict[str, Asked]] = {}
        self._settled: set[str] = set()
        self._lives: dict[int, _Life] = {}
        self._waits = backoff_seconds()

    async def run(self) -> None:
        """Follows the topic; a broker that is away is waited for. Any other failure ends the process."""
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("erasures cannot be read", error=error_text(error))
                await asyncio.sleep(next(self._waits))
            except Exception as error:
                log.error("erasures failed", exc_info=error)
                self._setup.end(Exit.RESTART, f"erasures failed: {error_text(error)}")
                return

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._setup.client_options, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
            isolation_level="read_committed", fetch_max_wait_ms=WAIT_MS,
        )  # fmt: skip
        await consumer.start()
        try:
            tps = [TopicPartition(self._topic, each) for each in range(self._setup.debtor_partitions)]
            consumer.assign(tps)
            self._waits = backoff_seconds()
            self._asked.clear()
            await consumer.seek_to_beginning(*tps)
            while True:
                for tp, records in (await consumer.getmany(timeout_ms=WAIT_MS)).items():
                    for record in records:
                        self._heard(tp.partition, record.key, record.value)
                for number in [number for number, asked in self._asked.items() if asked]:
                    await self._hand_in(consumer, number)
        finally:
            await consumer.stop()

    def _heard(self, number: int, key: bytes | None, value: bytes | None) -> None:
        """A record of the topic. One that cannot be read is left alone: nothing is erased for it."""
        if value is None:
            return
        try:
            erasure = read_erasure(key, value)
        except ValueError as error:
            log.warning("a record of the erasures topic is left alone", partition=number, error=str(error))
            return
        if not isinstance(erasure, Asked):
            self._settled.add(erasure.id)
            self._asked.get(number, {}).pop(erasure.id, None)
        elif erasure.id not in self._settled:
            self._asked.setdefault(number, {})[erasure.id] = erasure

    async def _hand_in(self, consumer: AIOKafkaConsumer, number: int) -> None:
        tp = TopicPartition(self._topic, number)
        life = await self._life(consumer, tp)
        if life is None or await consumer.position(tp) < life.end:
            return
        for asked in list(self._asked[number].values()):
            if asked.id in life.given:
                continue
            life.work.erasing.announce()
            keys = await self._conduct_keys(asked) if self._setup.settings.conduct() is not None else set()
            if not life.goes_on():
                return
            life.given.add(asked.id)
            life.work.erasing.ask(asked, keys)
            life.task.wake()

    async def _life(self, consumer: AIOKafkaConsumer, tp: TopicPartition) -> _Life | None:
        """The present life of a partition; None: it is not open here."""
        known = self._lives.get(tp.partition)
        if known is not None and known.goes_on():
            return known
        task = self._assignments.task(1, tp.partition)
        if task is None or not task.is_open or not isinstance(task.work, DebtorPartition):
            return None
        work, opened_ms = task.work, task.opened_ms
        end = (await consumer.end_offsets([tp]))[tp]
        life = self._lives[tp.partition] = _Life(task, work, opened_ms, end, set())
        return life if life.goes_on() else None

    async def _conduct_keys(self, asked: Asked) -> set[str]:
        """The keys that the topic of conduct holds of the debtor."""
        topic = self._setup.names.conduct
        partitions = self._setup.partitions[topic]
        places = [asked.partition] if partitions == asked.partitions else range(partitions)
        keys: set[str] = set()
        for place in places:
            state = TopicPartition(topic, place)
            await restore(self._setup.client_options, state, 0, partial(_note, asked, keys), lambda _: None)
        return keys


def _note(asked: Asked, keys: set[str], key: bytes, value: bytes | None) -> None:
    text = key.decode(errors="replace")
    _, _, rest = text.partition("|")
    if asked.is_about(rest.partition("|")[0]):
        (keys.discard if value is None else keys.add)(text)
