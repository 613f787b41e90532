"""How long an event takes to the KPI record that counts it: surveys of one agent, a second apart."""

import asyncio
import json
import time
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from stream.simulate.route import key_of, topic_of
from tests.soak.world import PREFIX, measured, survey, today

EVERY_SECONDS = 1.0
MEASURE_EVERY = 60
"""Surveys between two measurements of the same agent."""


class Probes:
    """Sends while it is not paused. `sent`: when each survey was acknowledged, in order. `took`: seconds since `taken`
    was last called."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._sent: list[float] = []
        self._seen = 0
        self._counts: dict[str, int] = {}
        self._took: list[float] = []
        self._measured = 0
        self._producer: AIOKafkaProducer | None = None
        self._consumer = AIOKafkaConsumer(
            f"{PREFIX}.kpi.v1", bootstrap_servers=bootstrap, isolation_level="read_committed",
            auto_offset_reset="latest", fetch_max_wait_ms=50,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        await self._consumer.seek_to_end()
        await self.go_on()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pause()
        await self._consumer.stop()

    async def pause(self) -> None:
        """Nothing is sent from now on: what was sent is acknowledged."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def go_on(self) -> None:
        """Sends again; a new producer, which sees the partitions that there are now."""
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, enable_idempotence=True)
        await producer.start()
        self._producer = producer

    async def send(self) -> None:
        """Until cancelled."""
        while True:
            began = time.monotonic()
            if self._producer is not None:
                if len(self._sent) % MEASURE_EVERY == 0:
                    await self._say(self._producer, measured(self._measured, today()))
                    self._measured += 1
                self._sent.append(began)
                await self._say(self._producer, survey(len(self._sent)))
            await asyncio.sleep(max(0.0, began + EVERY_SECONDS - time.monotonic()))

    async def _say(self, producer: AIOKafkaProducer, event: dict[str, Any]) -> None:
        sent = await producer.send(
            topic_of(event["type"], PREFIX), json.dumps(event).encode(), key=str(key_of(event)).encode()
        )
        await asyncio.shield(sent)

    async def read(self) -> None:
        """Until cancelled."""
        async for record in self._consumer:
            if b"|agent|soak-probe|month|" in record.key:
                self._take(json.loads(record.value))

    def _take(self, record: dict[str, Any]) -> None:
        for kpi in record["kpis"]:
            if kpi["kpi"] == "surveys":
                self._counts[record["start"]] = kpi["numerator"]
        now, seen = time.monotonic(), min(sum(self._counts.values()), len(self._sent))
        self._took += [now - at for at in self._sent[self._seen : seen]]
        self._seen = max(self._seen, seen)

    def taken(self) -> list[float]:
        """What was measured since the last call, in seconds."""
        took, self._took = self._took, []
        return took
