"""State records a second that a worker restores from a real broker, and what the state takes in memory.

    .venv/bin/python -m bench.restore [--debtors 100000] [--bootstrap 127.0.0.1:9092]

Ten facts a debtor go through stage 1, what it says goes through stage 2; the state of both is written to the topics of
number 0, by the product's own writer, and read back by the product's own restore, each in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from aiokafka import TopicPartition

from bench.memory import facts_of, rss_bytes
from deploy.local.broker import LocalBroker
from stream.engine.stage1 import Stage1
from stream.engine.stage2 import Stage2
from stream.facts.decode import Rejection, decode
from stream.kafka.names import Names
from stream.kafka.restore import Restoring, restore
from stream.kafka.topics import create_topics
from stream.kafka.writer import Line, Writer
from stream.settings import Settings, load

TAKE_EVERY = 10_000


class Restored(NamedTuple):
    """What one restore took: wall and CPU seconds, and what the process grew by."""

    records: int
    seconds: float
    cpu_seconds: float
    grown_bytes: int

    def told(self, what: str) -> tuple[str, str]:
        """A row of the report."""
        rate = f"{self.records / self.seconds:,.0f} records/s"
        cpu = f"{self.cpu_seconds / self.records * 1e6:.2f} us of CPU a record"
        return what, f"{rate} ({self.records:,} in {self.seconds:.1f} s, {cpu}, {self.grown_bytes / 2**20:,.0f} MiB)"


def settings_of(bootstrap: str, prefix: str) -> Settings:
    """Topics of one partition each, so that all of the state is one number's."""
    kafka = {"BOOTSTRAP_SERVERS": bootstrap, "TOPIC_PREFIX": prefix, "GROUP": prefix, "PARTITIONS": "1"}
    return load(None, {f"KPI_STREAM_KAFKA__{key}": value for key, value in kafka.items()})


def stage1_of(settings: Settings) -> Stage1:
    return Stage1(settings.definitions(), settings.plan(), settings.limits(), 0, settings.watched())


def stage2_of(settings: Settings) -> Stage2:
    return Stage2(settings.plan(), settings.rules(), settings.publication(), 0, 1)


async def fill(settings: Settings, debtors: int) -> None:
    """Writes the state of so many debtors."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    writer = Writer(settings.kafka_client_options(), names.transactional_id(1, 0), 60_000)
    await writer.fence()
    one, two = stage1_of(settings), stage2_of(settings)
    for debtor in range(debtors):
        for event in facts_of(debtor):
            fact = decode(orjson.dumps(event))
            assert not isinstance(fact, Rejection), fact
            one.apply(fact)
        if debtor % (TAKE_EVERY // 10) == 0 or debtor == debtors - 1:
            deltas, state = one.take()
            for key, value in deltas:
                two.apply(key, value)
            windows = two.tick(debtor * 1_000).state
            await writer.commit(
                {
                    (names.ledger, 0): [Line(key, value) for key, value in state],
                    (names.windows, 0): [Line(key, value) for key, value in windows],
                },
                {(names.inbound[0], 0): debtor},
                settings.kafka.group,
            )
    await writer.close()


def measured(bootstrap: str, prefix: str, topic: str, make: Callable[[Settings], Any] | None) -> Restored:
    """What the restore of one topic takes; for a process of its own. `make` None: reading alone."""
    settings = settings_of(bootstrap, prefix)
    engine = make(settings) if make else None
    take = engine.restore if engine else lambda _, __: None
    told: list[Restoring] = []
    options = settings.kafka_client_options()
    before, began, cpu = rss_bytes(), time.perf_counter(), time.process_time()
    asyncio.run(restore(options, TopicPartition(topic, 0), 0, take, told.append))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return Restored(told[-1].records, seconds, cpu_seconds, rss_bytes() - before)


def lines(bootstrap: str, debtors: int) -> Iterator[tuple[str, str]]:
    """The rows of the report."""
    prefix = f"bench-restore-{os.getpid()}"
    settings = settings_of(bootstrap, prefix)
    create_topics(settings)
    names = Names(prefix, prefix)
    sys.stderr.write(f"writing the state of {debtors:,} debtors\n")
    asyncio.run(fill(settings, debtors))
    for what, topic, make in (
        ("reading a ledger topic", names.ledger, None),
        (f"restore of stage 1, {debtors:,} debtors with ten facts each", names.ledger, stage1_of),
        ("restore of stage 2, windows of the same", names.windows, stage2_of),
    ):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            yield process.submit(measured, bootstrap, prefix, topic, make).result().told(what)


def main() -> None:
    """Prints the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--debtors", type=int, default=100_000)
    parser.add_argument("--bootstrap", help="a broker that runs; default: one of our own")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.bootstrap:
            rows = list(lines(asked.bootstrap, asked.debtors))
        else:
            with LocalBroker(Path(folder) / "kafka") as broker:
                rows = list(lines(broker.bootstrap, asked.debtors))
    for what, found in rows:
        print(f"{what}: {found}")


if __name__ == "__main__":
    main()
