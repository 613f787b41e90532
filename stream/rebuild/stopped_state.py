"""The state that stopped workers left behind, as far as a hand-over needs it (live 4): clocks, open alerts, records."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import TopicPartition

from stream.engine.entities.windows_state import CLOCK_KEY
from stream.kafka.batches import fetch, opened
from stream.partition.context import WorkerSetup
from stream.partition.positions import KEY, Positions, decode
from stream.windows.exact import loads
from stream.wire.consumer import AIOKafkaConsumer

TAIL_RECORDS = 1_000
"""Every transaction ends with the offset record, so it is among the last records of its partition."""


@dataclass
class StoppedState:
    """What one partition of the windows topic holds. `positions`: its offset record; None: there is none. `clock`: the
    fields of the clock record; empty: there is none. `keys`: of all other records. `alerts`: key -> record of alert
    states. `kept`: key -> record of windows that stay as they are."""

    positions: Positions | None = None
    clock: Mapping[str, object] = field(default_factory=dict)
    keys: set[bytes] = field(default_factory=set)
    alerts: dict[bytes, bytes] = field(default_factory=dict)
    kept: dict[bytes, bytes] = field(default_factory=dict)


async def read_stopped(setup: WorkerSetup, partition: int, keeps: Callable[[bytes], bool]) -> StoppedState:
    """Reads a partition of the windows topic. `keeps`: by a record's key, whether it belongs into `kept`."""
    state = StoppedState()

    def take(key: bytes, value: bytes | None) -> None:
        if key == KEY:
            state.positions = None if value is None else decode(value)
        elif value is None:
            state.keys.discard(key)
            state.alerts.pop(key, None)
            state.kept.pop(key, None)
        elif key == CLOCK_KEY:
            state.clock = loads(value)
        else:
            state.keys.add(key)
            if key.startswith(b"a|") and key.endswith(b"|s"):
                state.alerts[key] = value
            elif keeps(key):
                state.kept[key] = value

    await _read(setup, TopicPartition(setup.names.windows, partition), take)
    return state


async def read_positions(setup: WorkerSetup, topic: str, partition: int) -> Positions | None:
    """The offset record of a partition of a state topic, which is the last one there; None: there is none."""
    found: list[Positions] = []

    def take(key: bytes, value: bytes | None) -> None:
        if key == KEY and value is not None:
            found.append(decode(value))

    tp = TopicPartition(topic, partition)
    _, end = await offsets(setup, tp)
    await _read(setup, tp, take, max(0, end - TAIL_RECORDS))
    if not found:
        await _read(setup, tp, take)
    return found[-1] if found else None


@dataclass(frozen=True)
class Published:
    """What the KPI topic holds: the highest `revision` of all records, and the `keys` whose latest record has KPIs."""

    revision: int
    keys: frozenset[bytes]


async def read_published(setup: WorkerSetup) -> Published:
    """Reads the whole KPI topic; revision 0 where it is empty."""
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
    """Key -> the record with the highest revision in the KPI topic, for those of `keys` that it holds."""
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


@dataclass(frozen=True)
class ConductPublished:
    """What the topic of conduct holds: the highest `revision` of all records, and the `latest` record of each key."""

    revision: int
    latest: dict[bytes, dict[str, object]]


async def read_conduct(setup: WorkerSetup) -> ConductPublished:
    """Reads the whole topic of conduct; revision 0 where it is empty."""
    latest: dict[bytes, dict[str, Any]] = {}
    revisions = [0]

    def take(key: bytes, value: bytes | None) -> None:
        if value is None:  # of a debtor who was erased
            latest.pop(key, None)
            return
        record = orjson.loads(value)
        revisions.append(record["revision"])
        if key not in latest or record["revision"] >= latest[key]["revision"]:
            latest[key] = record

    await _read_all(setup, setup.names.conduct, take)
    return ConductPublished(max(revisions), dict(latest))


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
    for partition in range(setup.partitions[topic]):
        await _read(setup, TopicPartition(topic, partition), take)


async def _read(
    setup: WorkerSetup, tp: TopicPartition, take: Callable[[bytes, bytes | None], None], start: int = 0
) -> None:
    """Calls `take` with the key and value of every committed record from `start` to the log end as of now."""
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


def merged_clock(states: Iterable[StoppedState]) -> dict[str, object]:
    """The fields `as_of`, `greatest`, `evaluated` and `watermark`, each the greatest of all clocks, so that none goes
    back; a field that no clock has is absent."""
    clocks = [state.clock for state in states if state.clock]
    found: dict[str, object] = {}
    for name in ("as_of", "greatest", "evaluated"):
        known = [clock[name] for clock in clocks if clock.get(name) is not None]
        if known:
            found[name] = max(known)  # type: ignore[type-var]  # integers all
    marks = [clock["watermark"]["value"] for clock in clocks if clock["watermark"]["value"] is not None]  # type: ignore[index]
    if marks:
        found["watermark"] = max(marks)
    return found
