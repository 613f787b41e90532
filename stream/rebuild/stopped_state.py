"""What stopped workers left, as far as a hand-over takes it along (live 4): clocks, open alerts, published records."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import orjson
from aiokafka import TopicPartition

from stream.engine.entities.windows_state import CLOCK_KEY
from stream.kafka.batches import fetch, opened
from stream.partition.context import WorkerSetup
from stream.partition.positions import KEY, Positions, decode
from stream.windows.exact import loads
from stream.wire.consumer import AIOKafkaConsumer

TAIL_RECORDS = 1_000
"""Every transaction ends with the offset record: it is among the last ones of its partition."""


@dataclass
class StoppedState:
    """The state of one partition of the windows topic. `keys`: all that it holds; `alerts`: by key, those that say what
    is open and what was seen; `kept`: records that stay as they are."""

    positions: Positions | None = None
    clock: Mapping[str, object] = field(default_factory=dict)
    keys: set[bytes] = field(default_factory=set)
    alerts: dict[bytes, bytes] = field(default_factory=dict)
    kept: dict[bytes, bytes] = field(default_factory=dict)


async def windows_left(setup: WorkerSetup, number: int, keeps: Callable[[bytes], bool]) -> StoppedState:
    """What partition `number` of the windows topic holds. `keeps`: whether a record is wanted as it is."""
    left = StoppedState()

    def take(key: bytes, value: bytes | None) -> None:
        if key == KEY:
            left.positions = None if value is None else decode(value)
        elif value is None:
            left.keys.discard(key)
            left.alerts.pop(key, None)
            left.kept.pop(key, None)
        elif key == CLOCK_KEY:
            left.clock = loads(value)
        else:
            left.keys.add(key)
            if key.startswith(b"a|") and key.endswith(b"|s"):
                left.alerts[key] = value
            elif keeps(key):
                left.kept[key] = value

    await _read(setup, TopicPartition(setup.names.windows, number), take)
    return left


async def positions_left(setup: WorkerSetup, topic: str, number: int) -> Positions | None:
    """The offset record of a state topic's partition."""
    found: list[Positions] = []

    def take(key: bytes, value: bytes | None) -> None:
        if key == KEY and value is not None:
            found.append(decode(value))

    tp = TopicPartition(topic, number)
    _, end = await offsets(setup, tp)
    await _read(setup, tp, take, max(0, end - TAIL_RECORDS))
    if not found:
        await _read(setup, tp, take)
    return found[-1] if found else None


@dataclass(frozen=True)
class Published:
    """What the KPI topic says: the highest revision of all, and the keys whose latest record has KPIs."""

    revision: int
    keys: frozenset[bytes]


async def published(setup: WorkerSetup) -> Published:
    """Reads the KPI topic."""
    latest: dict[bytes, tuple[int, bool]] = {}

    def take(key: bytes, value: bytes | None) -> None:
        if value is not None:
            record = orjson.loads(value)
            revision = record["revision"]
            if revision >= latest.get(key, (0, False))[0]:
                latest[key] = revision, bool(record["kpis"])

    await _read_all(setup, setup.names.kpi, take)
    highest = max((revision for revision, _ in latest.values()), default=0)
    return Published(highest, frozenset(key for key, (_, full) in latest.items() if full))


async def latest_records(setup: WorkerSetup, keys: frozenset[bytes]) -> dict[bytes, dict[str, object]]:
    """The latest record of each of the keys in the KPI topic."""
    found: dict[bytes, dict[str, object]] = {}

    def take(key: bytes, value: bytes | None) -> None:
        if value is not None and key in keys:
            record = orjson.loads(value)
            if key not in found or record["revision"] >= found[key]["revision"]:
                found[key] = record

    if keys:
        await _read_all(setup, setup.names.kpi, take)
    return found


async def agents_revision(setup: WorkerSetup) -> int:
    """The highest revision in the topic of agents' states; 0 where it holds none."""
    revisions = [0]

    def take(_: bytes, value: bytes | None) -> None:
        if value is not None:
            revisions.append(orjson.loads(value)["revision"])

    await _read_all(setup, setup.names.agents, take)
    return max(revisions)


async def offsets(setup: WorkerSetup, tp: TopicPartition) -> tuple[int, int]:
    """(log start, log end) of a partition, for readers of committed records."""
    consumer = AIOKafkaConsumer(
        **setup.client_options, group_id=None, enable_auto_commit=False, isolation_level="read_committed"
    )
    await consumer.start()
    try:
        return (await consumer.beginning_offsets([tp]))[tp], (await consumer.end_offsets([tp]))[tp]
    finally:
        await consumer.stop()


async def _read_all(setup: WorkerSetup, topic: str, take: Callable[[bytes, bytes | None], None]) -> None:
    for number in range(setup.partitions[topic]):
        await _read(setup, TopicPartition(topic, number), take)


async def _read(
    setup: WorkerSetup, tp: TopicPartition, take: Callable[[bytes, bytes | None], None], start: int = 0
) -> None:
    first, end = await offsets(setup, tp)
    at = max(start, first)
    if at >= end:
        return
    consumer = await opened(setup.client_options, tp, at)
    try:
        while at < end:
            batch = (await fetch(consumer._fetcher, (tp,), 1.0)).get(tp)
            if batch is not None:
                for record in batch.records:
                    take(record.key or b"", record.value)
                at = batch.next_offset
    finally:
        await consumer.stop()


def merged_clock(lefts: Iterable[StoppedState]) -> dict[str, object]:
    """What all clocks together say: nothing goes back. Empty: there is none."""
    clocks = [left.clock for left in lefts if left.clock]
    found: dict[str, object] = {}
    for name in ("as_of", "greatest", "evaluated"):
        known = [clock[name] for clock in clocks if clock.get(name) is not None]
        if known:
            found[name] = max(known)  # type: ignore[type-var]  # integers all
    marks = [clock["watermark"]["value"] for clock in clocks if clock["watermark"]["value"] is not None]  # type: ignore[index]
    if marks:
        found["watermark"] = max(marks)
    return found
