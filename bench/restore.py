"""State records a second that a worker restores from a real broker, and what the state takes in memory.

    make bench ARGS="--only restore"              of 1,000,000 debtors
    .venv/bin/python -m bench.restore 100000      of so many, nothing kept

Ten facts a debtor go through stage 1, what it says goes through stage 2; the state of both is written to the topics of
number 0, by the product's own writer, and read back by the product's own restore, each in a process of its own.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from aiokafka import TopicPartition

from bench.memory import FACTS, TAKE_EVERY, facts_in_order, rss_bytes
from bench.result import Row
from bench.setting import Setting, step
from deploy.local.broker import LocalBroker
from stream.engine.debtors.stage import DebtorStage
from stream.engine.entities.stage import EntityStage
from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from stream.kafka.writer import Line, Writer
from stream.partition.restore import Restoring, restore
from stream.settings import Settings, load
from stream.worker.main import GC_THRESHOLD

DEBTORS = 1_000_000


class Restored(NamedTuple):
    """What one restore took: wall and CPU seconds, and what the process grew by."""

    records: int
    seconds: float
    cpu_seconds: float
    grown_bytes: int

    def rows(self, key: str, what: str) -> Iterator[Row]:
        """The rows of the report."""
        yield Row(f"{key}.records", f"{what}: state records", self.records)
        yield Row(f"{key}.rate", f"{what}: restore", round(self.records / self.seconds), "records/s")
        yield Row(f"{key}.seconds", f"{what}: restore", round(self.seconds, 2), "s")
        cpu_us = round(self.cpu_seconds / self.records * 1e6, 2)
        yield Row(f"{key}.cpu_us", f"{what}: CPU of the restore", cpu_us, "us a record")
        yield Row(f"{key}.mib", f"{what}: what the process grew by", round(self.grown_bytes / 2**20), "MiB")


def settings_of(bootstrap: str, prefix: str) -> Settings:
    """Topics of one partition each, so that all of the state is one number's."""
    kafka = {"BOOTSTRAP_SERVERS": bootstrap, "TOPIC_PREFIX": prefix, "GROUP": prefix, "PARTITIONS": "1"}
    return load(None, {f"KPI_STREAM_KAFKA__{key}": value for key, value in kafka.items()})


def stage1_of(settings: Settings) -> DebtorStage:
    return DebtorStage(settings.definitions(), settings.plan(), settings.limits(), 0, settings.watched())


def stage2_of(settings: Settings) -> EntityStage:
    return EntityStage(settings.plan(), settings.rules(), settings.publication(), 0, 1)


async def fill(settings: Settings, debtors: int) -> None:
    """Writes the state of so many debtors."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    writer = Writer(settings.kafka_client_options(), names.transactional_id(1, 0), 60_000)
    await writer.fence()
    one, two = stage1_of(settings), stage2_of(settings)
    for number, fact in enumerate(facts_in_order(debtors), 1):
        one.apply(fact)
        if number % TAKE_EVERY == 0 or number == FACTS * debtors:
            deltas, state, *_ = one.take()
            for key, value in deltas:
                two.apply(key, value)
            windows = two.tick(number).state
            await writer.commit(
                {
                    (names.ledger, 0): [Line(key, value) for key, value in state],
                    (names.windows, 0): [Line(key, value) for key, value in windows],
                },
                {(names.inbound[0], 0): number},
                settings.kafka.group,
            )
    await writer.close()


def measured(bootstrap: str, prefix: str, topic: str, make: Callable[[Settings], Any] | None) -> Restored:
    """What the restore of one topic takes; for a process of its own. `make` None: reading alone."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # rows go to standard output
    gc.set_threshold(*GC_THRESHOLD)
    settings = settings_of(bootstrap, prefix)
    engine = make(settings) if make else None
    take = engine.restore if engine else lambda _, __: None
    told: list[Restoring] = []
    options = settings.kafka_client_options()
    before, began, cpu = rss_bytes(), time.perf_counter(), time.process_time()
    asyncio.run(restore(options, TopicPartition(topic, 0), 0, take, told.append))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return Restored(told[-1].records, seconds, cpu_seconds, rss_bytes() - before)


def rows(setting: Setting, debtors: int = 0) -> Iterator[Row]:
    """The part `restore`."""
    debtors = debtors or setting.events(DEBTORS)
    prefix = setting.named("restore")
    settings = settings_of(setting.bootstrap, prefix)
    create_topics(settings)
    names = Names(prefix, prefix)
    step(f"writing the state of {debtors:,} debtors")
    asyncio.run(fill(settings, debtors))
    for key, what, topic, make in (
        ("restore.reading", "reading a ledger topic", names.ledger, None),
        ("restore.stage1", f"stage 1, {debtors:,} debtors with ten facts each", names.ledger, stage1_of),
        ("restore.stage2", "stage 2, the windows of the same", names.windows, stage2_of),
    ):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            yield from process.submit(measured, setting.bootstrap, prefix, topic, make).result().rows(key, what)


def main() -> None:
    """Prints the rows for so many debtors, with a broker of its own."""
    with tempfile.TemporaryDirectory() as folder, LocalBroker(Path(folder) / "kafka") as broker:
        for row in rows(Setting(broker.bootstrap, folder, 1.0, smoke=False), int(sys.argv[1])):
            step(f"{row.what}: {row.text}")


if __name__ == "__main__":
    main()
