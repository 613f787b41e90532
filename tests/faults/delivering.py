"""Sends the deliveries of a schedule: in order within a number, whatever the broker goes through."""

import asyncio
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Self

from aiokafka import AIOKafkaProducer

from tests.faults.schedule import ROUND_SECONDS, ROUNDS, Disorder, Schedule
from tests.faults.story import Delivery

OUTAGE_MS = 120_000
SLICE = 20
BEHIND = 2
"""Rounds that a number which is behind the others waits for."""


class Courier:
    """`numbers`: per number what is sent, in this order. A record is sent when the one before it in its number, if that
    is of another topic, is in the log."""

    def __init__(self, bootstrap: str, schedule: Schedule, numbers: Sequence[Sequence[Delivery]]) -> None:
        self._uneven = schedule.disorder is Disorder.UNEVEN
        self._numbers = numbers
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, enable_idempotence=True, request_timeout_ms=OUTAGE_MS
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def deliver(self, turn: int) -> None:
        """The share of this round; returns when all of it is acknowledged."""
        await asyncio.gather(
            *(self._deliver(place, self._share(place, number, turn)) for place, number in enumerate(self._numbers))
        )

    def _share(self, place: int, number: Sequence[Delivery], turn: int) -> Sequence[Delivery]:
        first = BEHIND if self._uneven and place % 2 else 0
        if turn < first:
            return ()
        cut = [len(number) * part // (ROUNDS - first) for part in (turn - first, turn - first + 1)]
        return number[cut[0] : cut[1]]

    async def _deliver(self, place: int, share: Sequence[Delivery]) -> None:
        began = time.monotonic()
        for done in range(0, len(share), SLICE):
            await asyncio.sleep(max(0.0, began + ROUND_SECONDS * done / len(share) - time.monotonic()))
            for _, run in groupby(share[done : done + SLICE], key=lambda delivery: delivery.topic):
                sent = [await self._producer.send(one.topic, one.value, key=one.key, partition=place) for one in run]
                await asyncio.gather(*sent)
