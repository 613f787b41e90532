"""The door of the Faust app: a worker's own app, agent and stages on `agent.test_context`; no broker.

Batches go into the agent as the consumer would give them. What the stages commit is taken out of their transactions:
deltas go into the agent again, KPI records and alerts are the outcome. Time is moved by hand.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from stream.engine.fingerprint import fingerprint
from stream.kafka.batches import Batch
from stream.kafka.exits import Exit
from stream.kafka.names import Names
from stream.kafka.writer import Line, Written
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.intake import key_partition
from stream.partition.work import Work
from stream.settings import Settings
from stream.simulate.route import key_of, topic_of
from stream.worker.app import build_app, connect, consumer_of
from stream.worker.assignments import Assignments
from stream.worker.main import make_work
from tests.kafka.records import FakeRecord, batch

Raw = dict[str, Any]
NUMBERS, DELTAS = 2, 2
AT_ONCE = 3
APPENDED_MS = 4_102_444_800_000
"""2100: later than any scenario, so that no event comes from the future."""


def refuse(code: Exit, reason: str) -> None:
    raise AssertionError(f"the worker would end with {code}: {reason}")


@dataclass
class Counts:
    """Meters that keep the counters."""

    values: dict[tuple[str, ...], float] = field(default_factory=lambda: defaultdict(float))

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        self.values[name, *labels] += by

    def set(self, name: str, *labels: str, to: float) -> None: ...
    def drop(self, name: str, *labels: str) -> None: ...
    def observe(self, name: str, *labels: str, seconds: float) -> None: ...

    def outcomes(self) -> dict[str, int]:
        """Events by what became of them, the last word aside."""
        conflicts = self.total("deadletters", "conflict")
        return {
            "facts": self.total("events_consumed") - 1,
            "repeated": self.total("events_duplicate") + self.total("events_superseded") + conflicts,
            "refused": self.total("deadletters") - conflicts,
        }

    def total(self, name: str, *labels: str) -> int:
        begin = (f"collections_{name}_total", *labels)
        return round(sum(by for key, by in self.values.items() if key[: len(begin)] == begin))


class Floor:
    """The numbers of both stages, and the agent that fills them."""

    def __init__(self, settings: Settings) -> None:
        self.now_ms = 1_000_000
        self.counts = Counts()
        self.names = Names(settings.kafka.topic_prefix, settings.kafka.group)
        outbound = {self.names.deltas: DELTAS, self.names.deadletter: 1, self.names.kpi: 1, self.names.alerts: 1,
                    self.names.agents: 1, self.names.conduct: NUMBERS}  # fmt: skip
        self.setup = WorkerSetup(
            settings,
            dict.fromkeys(self.names.inbound, NUMBERS) | outbound,
            fingerprint(settings.definitions(), settings.plan(), settings.conduct()),
            {},
            self.counts,
            end=refuse,
            monotonic_ms=lambda: self.now_ms,
            wall_ms=lambda: self.now_ms,
        )
        self.works = {
            place: make_work(self.setup, LiveState(self.setup), place)
            for place in [(1, n) for n in range(NUMBERS)] + [(2, n) for n in range(DELTAS)]
        }
        self.ends: dict[tuple[str, int], int] = defaultdict(int)
        for work in self.works.values():
            work.resume(dict.fromkeys(work.topics, (0, 1)))
            self.look(work)
        self.kpis: list[Raw] = []
        self.alerts: list[Raw] = []
        self.conduct: dict[str, Raw] = {}
        self.fed = asyncio.Event()

    def feed(self, one: Batch) -> None:
        """What the agent calls (Roster.feed)."""
        self.works[2 if one.topic == self.names.deltas else 1, one.partition].feed(one)
        self.fed.set()

    def look(self, work: Work) -> None:
        work.look(lambda topic: (self.ends[topic, work.partition], self.now_ms), lambda _: False)

    def batch_of(self, topic: str, partition: int, lines: Sequence[tuple[bytes | None, bytes | None]]) -> Batch:
        """These lines as the next fetch of a partition."""
        first = self.ends[topic, partition]
        self.ends[topic, partition] = first + len(lines)
        records = [FakeRecord(first + n, value, key, APPENDED_MS) for n, (key, value) in enumerate(lines)]
        return batch(topic, records, partition=partition)

    def inbound(self, lines: Iterable[bytes]) -> Iterator[Batch]:
        """Events as fetches of their partitions."""
        found: dict[tuple[str, int], list[tuple[bytes | None, bytes | None]]] = defaultdict(list)
        for line in lines:
            event = json.loads(line)
            key = (key_of(event) or "").encode()
            found[topic_of(event["type"], self.names.prefix), key_partition(key, NUMBERS)].append((key, line))
        for (topic, partition), records in found.items():
            yield self.batch_of(topic, partition, records)

    def committed(self, stage: int) -> Iterator[Batch]:
        """Applies what is there and commits; gives what stage 1 wrote to the deltas topic, keeps what stage 2 wrote."""
        deltas: dict[int, list[Line]] = defaultdict(list)
        for work in (work for (of, _), work in self.works.items() if of == stage):
            while work.step():
                pass
            commit = work.commit(force=True)
            assert commit is not None
            commit.then(Written({}, None))
            for (topic, partition), lines in commit.outgoing.items():
                if topic == self.names.deltas:
                    deltas[partition] += lines
                elif topic in (self.names.kpi, self.names.alerts):
                    kept = self.kpis if topic == self.names.kpi else self.alerts
                    kept += [json.loads(line.value or b"") for line in lines]
                elif topic == self.names.conduct:
                    self.conduct |= {(line.key or b"").decode(): json.loads(line.value or b"") for line in lines}
        for partition, lines in deltas.items():
            yield self.batch_of(self.names.deltas, partition, [(line.key, line.value) for line in lines])


async def live(settings: Settings, lines: Sequence[bytes], last: bytes) -> Floor:
    """Takes the lines in, some at once, until every topic is idle; then `last`: no alert that it raises is kept."""
    floor = Floor(settings)
    app = build_app(floor.setup)
    connect(app, cast("Assignments", floor))
    async with app.agents["batches"].test_context() as agent:

        async def put(batches: Iterable[Batch]) -> None:
            for one in batches:
                floor.fed.clear()
                await agent.put(one, wait=False)
                async with asyncio.timeout(60):
                    await floor.fed.wait()

        async def say() -> None:
            floor.now_ms += 1_000
            for work in floor.works.values():
                floor.look(work)
            await put(list(floor.committed(1)))
            list(floor.committed(2))

        for first in range(0, len(lines), AT_ONCE):
            await put(floor.inbound(lines[first : first + AT_ONCE]))
            await say()
        await say()
        await say()
        alerts = list(floor.alerts)
        await put(floor.inbound([last]))
        for _ in range(3):
            await say()
        floor.alerts = alerts
    consumer_of(app).thread.thread_loop.close()  # of a thread that never ran
    return floor
