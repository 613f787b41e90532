"""Writes records to partitions in batches, as fast as one process can."""

from __future__ import annotations

import asyncio
from typing import IO, Any, Self

import zstandard
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

BATCH_BYTES = 262_144
IN_FLIGHT = 24


class Filler:
    """A producer that is told each record's partition; what it wrote is acknowledged when it is left.

    `file`: lines go there, compressed by zstd.
    """

    def __init__(self, bootstrap: str, file: str = "") -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, compression_type="lz4", max_batch_size=BATCH_BYTES, linger_ms=0
        )
        self._open: dict[tuple[str, int], Any] = {}
        self._full: list[tuple[str, int, Any]] = []
        self._waiting: list[asyncio.Future[Any]] = []
        self._file: IO[bytes] | None = None
        self._path = file

    async def __aenter__(self) -> Self:
        await self._producer.start()
        if self._path:
            self._file = zstandard.open(self._path, "wb")
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            self._full += [(*at, batch) for at, batch in self._open.items()]
            await self.settle()
            await asyncio.gather(*self._waiting)
        finally:
            await self._producer.stop()
            if self._file:
                self._file.close()

    def add(self, topic: str, partition: int, key: bytes | None, value: bytes) -> None:
        """Takes a record; it goes out at a later `settle`."""
        at = topic, partition
        batch = self._open.get(at)
        if batch is not None and batch.append(timestamp=None, key=key, value=value) is not None:
            return
        if batch is not None:
            self._full.append((*at, batch))
        batch = self._open[at] = self._producer.create_batch()
        batch.append(timestamp=None, key=key, value=value)

    def write(self, value: bytes) -> None:
        """Appends a line to the file."""
        assert self._file is not None
        self._file.write(value + b"\n")

    async def settle(self) -> None:
        """Sends what is full; waits while too much is under way."""
        full, self._full = self._full, []
        for topic, partition, batch in full:
            batch.close()
            self._waiting.append(await self._producer.send_batch(batch, topic, partition=partition))
        while len(self._waiting) > IN_FLIGHT:
            await self._waiting.pop(0)


async def make_topics(bootstrap: str, topics: dict[str, int]) -> None:
    """Makes topics with so many partitions, stamped by the broker so that old event times do not age them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"message.timestamp.type": "LogAppendTime"}
        await admin.create_topics([NewTopic(name, count, 1, topic_configs=config) for name, count in topics.items()])
    finally:
        await admin.close()
