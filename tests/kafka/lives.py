"""A worker's numbers without a broker: what they ask of Kafka is written down, in order, and answered at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types import TP

from stream.kafka.batches import Batch
from stream.kafka.clocks import monotonic_ms
from stream.kafka.exits import Exit
from stream.kafka.names import INBOUND
from stream.kafka.writer import Written
from stream.partition import task as numbers
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.pace import TransactionPace
from stream.partition.positions import Positions
from stream.partition.restore import Restoring
from stream.partition.work import Commit, Work
from stream.publish.meters import Meters
from stream.settings import load
from stream.worker.assignments import Assignments, StagePartition

CALLS = "collections.calls.v1"
DELTAS = "collections.kpi-stream.deltas"
STATE_END = 100
"""Where the log of every state topic ends at first."""

Hook = Callable[[str, int], Awaitable[None]]
"""What happens before an answer: (what was asked, number)."""


async def at_once(_: str, __: int) -> None:
    """Nothing."""


@dataclass
class FakeWork:
    """A number's work that has `slices` to apply and something to commit while `says` holds."""

    place: StagePartition
    said: list[str]
    slices: int = 0
    says: bool = True
    fails: Exception | None = None
    is_full: bool | None = None
    backlog: int | None = None
    lag: int = 0
    is_due: bool = False
    positions: Positions | None = None
    fed: list[Batch] = field(default_factory=list)
    state_topic: str = "state"
    pace: TransactionPace = field(default_factory=lambda: TransactionPace(15_000))

    @property
    def stage(self) -> int:
        return self.place[0]

    @property
    def partition(self) -> int:
        return self.place[1]

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(f"collections.{name}.v1" for name in INBOUND) if self.stage == 1 else (DELTAS,)

    def restore(self, key: bytes, value: bytes | None) -> None: ...

    def resume(self, starts: Mapping[str, tuple[int, int]]) -> None:
        self.said.append(f"resume {self.partition}")

    def feed(self, batch: Batch) -> None:
        self.fed.append(batch)

    def full(self, topic: str) -> bool | None:
        return self.is_full

    def look(self, *_: Any) -> None: ...

    def step(self) -> bool:
        if self.fails is not None:
            raise self.fails
        self.slices -= 1
        if self.slices >= 0:
            self.said.append(f"applies {self.partition}")
        return self.slices >= 0

    def due(self, interval_ms: int) -> bool:
        return self.is_due

    def prepare(self) -> bool:
        return False

    def commit(self, *, force: bool = False) -> Commit | None:
        return Commit({}, {}, lambda _: None) if self.says else None

    def backlog_ms(self) -> int | None:
        return self.backlog

    def progress(self) -> Mapping[str, tuple[int, int]]:
        return dict.fromkeys(self.topics, (7, self.lag))

    def withdraw(self) -> None:
        self.said.append(f"withdraw {self.partition}")


class Floor:
    """A roster over fakes. `said`: everything that was asked of Kafka and of the works, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, partitions: int = 4, hook: Hook = at_once) -> None:
        self.said: list[str] = []
        self.ends: list[tuple[Exit, str]] = []
        self.works: dict[StagePartition, FakeWork] = {}
        self.flags: dict[str, Any] = {}
        self.restored: dict[StagePartition, list[int]] = {}
        self.held: set[TP] = set()
        settings = load(None, {})
        counts = {f"collections.{name}.v1": partitions for name in INBOUND} | {DELTAS: partitions}
        self.meters = Meters()
        self.now_ms: Callable[[], int] = monotonic_ms
        self.setup = WorkerSetup(
            settings, counts, {}, {}, meters=self.meters, end=self._end, monotonic_ms=self._monotonic_ms
        )
        self.live = LiveState(self.setup)
        self.roster = Assignments(self.setup, self.live, lambda: cast("Any", self), self._make)
        self.thread = SimpleNamespace(
            earliest_offsets=self._zeros, highwaters=self._zeros, offsets_after=self._none,
            committed_offsets=self._none, log_end=lambda _: (0, 0), member_id="me",
        )  # fmt: skip
        self._hook = hook
        monkeypatch.setattr(numbers, "Writer", self._writer)
        monkeypatch.setattr(numbers, "restore", self._restore)

    def _monotonic_ms(self) -> int:
        return self.now_ms()

    def _end(self, code: Exit, reason: str) -> None:
        self.ends.append((code, reason))

    def _make(self, place: StagePartition) -> Work:
        work = self.works[place] = FakeWork(place, self.said, **self.flags)
        return cast("Work", work)

    # a consumer -------------------------------------------------------------------------------------------------------

    async def _zeros(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    async def _none(self, *_: Any) -> dict[TP, int]:
        return {}

    async def flowing(self) -> None: ...

    async def open_partitions(self, starts: Mapping[TP, tuple[int, int]]) -> None:
        self.said.append(f"read {min(tp.partition for tp in starts)}")

    def close_partitions(self, partitions: set[TP]) -> None:
        self.said.append(f"shut {min(tp.partition for tp in partitions)}")

    def hold(self, tp: TP, held: bool) -> None:
        (self.held.add if held else self.held.discard)(tp)

    # a producer, and a state topic ------------------------------------------------------------------------------------

    def _writer(self, _: Any, transactional_id: str, __: int) -> Any:
        number = int(transactional_id.rpartition("-")[2])

        async def fence() -> None:
            self.said.append(f"fences {number}")
            await self._hook("fence", number)
            self.said.append(f"fenced {number}")

        async def commit(*_: Any) -> Written:
            self.said.append(f"commits {number}")
            await self._hook("commit", number)
            self.said.append(f"committed {number}")
            return Written({("state", number): STATE_END + 10}, None)

        async def close() -> None:
            self.said.append(f"lets go {number}")

        return SimpleNamespace(fence=fence, commit=commit, close=close, answers=0)

    async def _restore(self, _: Any, state: Any, start: int, __: Any, progress: Callable[[Restoring], None]) -> int:
        self.restored.setdefault((0, state.partition), []).append(start)
        self.said.append(f"restores {state.partition} from {start}")
        await self._hook("restore", state.partition)
        progress(Restoring(max(start, STATE_END), 1, 1.0, 0.0))
        return max(start, STATE_END)

    # what a test does -------------------------------------------------------------------------------------------------

    def assign(self, *numbers: int) -> None:
        """These numbers of stage 1, and no others."""
        self.roster.assign({TP(f"collections.{name}.v1", number) for name in INBOUND for number in numbers})

    async def until(self, *said: str) -> None:
        """Returns once all of this was said."""
        await until(lambda: set(said) <= set(self.said))

    async def serves(self, *numbers: int) -> None:
        await self.until(*(f"read {number}" for number in numbers))


async def until(holds: Callable[[], bool]) -> None:
    """Returns once it holds; the loop turns meanwhile."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110  what is waited for knows of no event
            await asyncio.sleep(0)


def order(said: list[str], *wanted: str) -> list[str]:
    """Those of the wanted, in the order in which they were said."""
    return [each for each in said if each in wanted]
