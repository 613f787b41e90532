"""Sends a stream of events to Kafka: as fast as it goes, or each event at its time."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from stream.simulate.mess import Item
from stream.simulate.outlet import CannotProduce, Outlet, Ready
from stream.simulate.stamp import instant

Sendable = Item | tuple[int, Ready] | None
"""An event with the instant at which it is sent; None: there is none at the moment, another may come."""

_BATCH_BYTES = 256 * 1024
_YIELD_EVERY = 500
_LEAST_SLEEP_S = 0.05
_REPORT_EVERY_S = 1.0
_UNEASY_AFTER_S = 5.0
_STOP_WITHIN_S = 10.0
_CLOSE_WITHIN_S = 2.0


@dataclass(frozen=True)
class Produced:
    """What was acknowledged, and how long it took; `stopped`: the sender was asked to stop before the end."""

    events: int
    seconds: float
    stopped: bool


def send(
    items: Iterable[Sendable],
    client_options: Mapping[str, Any],
    *,
    topic_prefix: str = "collections",
    clock_ms: Callable[[], int] | None = None,
    report: Callable[[str], None] = lambda _line: None,
    warn: Callable[[str], None] = lambda _line: None,
    give_up_s: float = 60.0,
) -> Produced:
    """Sends all items, lz4-compressed, until they end or SIGINT or SIGTERM comes; then what was begun is finished.

    `client_options` go to the aiokafka producer as they are (`bootstrap_servers` is required). With `clock_ms` an item
    waits until its instant; without, everything goes at once. `report` gets a line of progress a second, `warn`
    one whenever the broker stops answering. Raises CannotProduce when it stays silent for `give_up_s`, for 10 s after a
    stop, or a topic is missing.
    """

    async def run() -> Produced:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        return await produce(
            items,
            client_options,
            stop,
            topic_prefix=topic_prefix,
            clock_ms=clock_ms,
            report=report,
            warn=warn,
            give_up_s=give_up_s,
        )

    # aiokafka logs every attempt to connect; the user gets one line from `warn` instead.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return asyncio.run(run())


async def produce(
    items: Iterable[Sendable],
    client_options: Mapping[str, Any],
    stop: asyncio.Event,
    *,
    topic_prefix: str = "collections",
    clock_ms: Callable[[], int] | None = None,
    report: Callable[[str], None] = lambda _line: None,
    warn: Callable[[str], None] = lambda _line: None,
    give_up_s: float = 60.0,
) -> Produced:
    """As `send`, in the caller's loop; ends when `stop` is set."""
    loop = asyncio.get_running_loop()
    producer = await _connected(client_options, stop, warn, give_up_s)
    if producer is None:
        return Produced(0, 0.0, stopped=True)
    begun = loop.time()
    progress = _Progress(str(client_options["bootstrap_servers"]), begun, report, warn)
    work: set[asyncio.Task[None]] = set()
    try:
        outlet = Outlet(producer, progress.servers, topic_prefix)
        await outlet.open()
        work.add(loop.create_task(_pour(items, outlet, progress, stop, clock_ms)))
        work.add(loop.create_task(progress.watch(outlet, stop, give_up_s)))
        # A client waits for ever for a broker that is gone: the watch ends that with an error.
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        return Produced(progress.count, loop.time() - begun, stopped=stop.is_set())
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        with suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(producer.stop(), _CLOSE_WITHIN_S)


async def _pour(
    items: Iterable[Sendable],
    outlet: Outlet,
    progress: _Progress,
    stop: asyncio.Event,
    clock_ms: Callable[[], int] | None,
) -> None:
    for item in items:
        if item is None:
            await outlet.flush()
            await asyncio.sleep(0)
            if stop.is_set():
                break
            continue
        at_ms, event = item
        while clock_ms is not None and not stop.is_set():
            wait_s = (at_ms - clock_ms()) / 1000
            if wait_s <= 0:
                break
            await outlet.flush()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(max(wait_s, _LEAST_SLEEP_S), 1.0))
        if stop.is_set():
            break
        await outlet.put(event)
        progress.count += 1
        progress.at_ms = at_ms
        if progress.count % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
    await outlet.settle()


class _Progress:
    """Counts, and tells once a second."""

    def __init__(self, servers: str, begun: float, report: Callable[[str], None], warn: Callable[[str], None]) -> None:
        self.servers = servers
        self.count = 0
        self.at_ms = 0
        self._begun = begun
        self._report = report
        self._warn = warn

    async def watch(self, outlet: Outlet, stop: asyncio.Event, give_up_s: float) -> None:
        """Never returns. Raises CannotProduce where the broker has not answered for so long, or a stop waits for it."""
        loop = asyncio.get_running_loop()
        before, before_at, uneasy, stopped_at = 0, self._begun, False, None
        while True:
            await asyncio.sleep(_REPORT_EVERY_S)
            now = loop.time()
            if stop.is_set() and stopped_at is None:
                stopped_at = now
            oldest = min(outlet.unanswered.values(), default=now)
            if now - oldest > give_up_s or (stopped_at is not None and now - max(oldest, stopped_at) > _STOP_WITHIN_S):
                raise CannotProduce(
                    f"{self.servers}: no answer for {now - oldest:.0f} s; of {self.count:,} events the last ones may "
                    "not have arrived"
                )
            if now - oldest > _UNEASY_AFTER_S:
                told = self._report if uneasy else self._warn
                told(f"{self.servers}: no answer for {now - oldest:.0f} s, still trying")
                uneasy = True
            elif self.count:
                uneasy = False
                rate = (self.count - before) / (now - before_at)
                self._report(f"{self.count:,} events, {rate:,.0f} events/s, at {instant(self.at_ms // 1000 * 1000)}")
            before, before_at = self.count, now


async def _connected(
    client_options: Mapping[str, Any], stop: asyncio.Event, warn: Callable[[str], None], give_up_s: float
) -> AIOKafkaProducer | None:
    loop = asyncio.get_running_loop()
    servers = client_options["bootstrap_servers"]
    deadline = loop.time() + give_up_s
    told = False
    while not stop.is_set():
        producer = AIOKafkaProducer(
            **client_options,
            compression_type="lz4",
            max_batch_size=_BATCH_BYTES,
            enable_idempotence=True,
            request_timeout_ms=int(give_up_s * 1000),
        )
        try:
            await _started(producer, stop)
        except KafkaError as error:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), _CLOSE_WITHIN_S)
            if loop.time() >= deadline:
                raise CannotProduce(f"{servers}: no broker answers for {give_up_s:.0f} s") from error
            if not told:
                warn(f"{servers}: no broker answers yet, trying for {give_up_s:.0f} s")
                told = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)
        else:
            return producer
    return None


async def _started(producer: AIOKafkaProducer, stop: asyncio.Event) -> None:
    """Starts it. Raises KafkaTimeoutError if `stop` is set before: some brokers take a connection and never answer."""
    starting, stopping = asyncio.ensure_future(producer.start()), asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        raise KafkaTimeoutError
    starting.result()
