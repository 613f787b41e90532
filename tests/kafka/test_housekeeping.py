"""Laws of what a worker does beside its numbers (live 1, 3 and 6). No broker."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from structlog.testing import capture_logs

from stream.kafka.exits import Exit, RefusedError
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.positions import Position, Positions
from stream.settings import load
from stream.worker import housekeeping as chores
from stream.worker.app import build_app, connect
from stream.worker.housekeeping import Housekeeping

CALLS, DELTAS = "collections.calls.v1", "collections.kpi-stream.deltas"


class Ends:
    """How the worker would have ended."""

    def __init__(self) -> None:
        self.said: list[tuple[Exit, str]] = []

    def __call__(self, code: Exit, reason: str) -> None:
        self.said.append((code, reason))


def worker_setup(ends: Ends) -> WorkerSetup:
    settings = load(None, {})
    return WorkerSetup(settings, {CALLS: 4, DELTAS: 4}, {}, settings.kafka_client_options(), end=ends)


def working(stage: int, number: int, *, offset: int | None, is_open: bool = True) -> Any:
    """A number whose last commit was at this offset of its first topic."""
    tps = {DELTAS if stage == 2 else CALLS: Position(offset or 0)}
    positions = None if offset is None else Positions({}, 4, 4, tps)
    work = SimpleNamespace(stage=stage, partition=number, positions=positions)
    return SimpleNamespace(work=work, is_open=is_open, opened_ms=0, reading=set())


def chores_of(ends: Ends, *numbers: Any) -> Housekeeping:
    roster: Any = SimpleNamespace(
        tasks=numbers, forget=lambda: None, steer=lambda: None, moving=dict, excused=frozenset
    )
    app: Any = SimpleNamespace(rebalancing=False)
    setup = worker_setup(ends)
    return Housekeeping(setup, LiveState(setup), app, roster)


async def test_deltas_are_freed_below_what_stage_two_has_committed_of_the_numbers_that_are_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    freed: list[Any] = []

    async def purge(_: Any, below: Any) -> None:
        freed.append(below)

    monkeypatch.setattr(chores, "purge", purge)
    numbers = (
        working(1, 0, offset=5), working(2, 1, offset=70), working(2, 2, offset=80, is_open=False),
        working(2, 3, offset=None),
    )  # fmt: skip
    await chores_of(Ends(), *numbers)._purge()
    assert freed == [{TopicPartition(DELTAS, 1): 70}]


async def test_counts_are_compared_ten_times_a_second_with_what_the_consumer_knows_of_its_topics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {CALLS: 4}
    thread = SimpleNamespace(counts=lambda topics: {topic: known[topic] for topic in topics if topic in known})
    monkeypatch.setattr(chores, "consumer_of", lambda _: SimpleNamespace(thread=thread))
    ours = chores_of(Ends())
    await ours._steer()
    known[CALLS] = 6
    with pytest.raises(RefusedError, match=r"calls\.v1 had 4 partitions and now has 6: growing goes live by backfill"):
        await ours._steer()


async def test_partitions_without_a_leader_are_named_once_and_so_is_their_return() -> None:
    ours = chores_of(Ends())
    lost = frozenset({(CALLS, 2), ("somebody-elses", 0)})
    ours._live.leaderless = lost  # found at the start, where nobody is told
    with capture_logs() as logs:
        for found in (lost, lost, frozenset[tuple[str, int]]()):
            ours._note_leaderless(found)
    assert [line.get("partitions") for line in logs] == [[f"{CALLS}-2"], None]
    assert ours._live.leaderless == frozenset()


async def test_a_chore_that_refuses_or_fails_ends_the_worker() -> None:
    ends = Ends()
    ours = chores_of(ends)

    async def refuses() -> None:
        raise RefusedError("why")

    async def fails() -> None:
        raise ZeroDivisionError

    await ours._every(0, refuses)
    await ours._every(0, fails)
    refused, failed = ends.said
    assert refused == (Exit.REFUSED, "why")
    assert failed[0] == Exit.RESTART
    assert failed[1].startswith("fails failed: ZeroDivisionError at test_housekeeping.py:")


async def test_a_crash_inside_faust_ends_the_worker() -> None:
    ends = Ends()
    app = build_app(worker_setup(ends))
    await app.crash(ZeroDivisionError())
    app._crash(KeyError("k"))
    assert [code for code, _ in ends.said] == [Exit.RESTART, Exit.RESTART]
    assert "ZeroDivisionError" in ends.said[0][1]


async def test_the_agent_hands_every_batch_on_at_once_and_one_that_fails_ends_the_worker() -> None:
    """The loop of the one queue that all partitions of all topics share."""
    ends, fed = Ends(), []

    def feed(batch: Any) -> None:
        if batch.partition == 1:
            raise ZeroDivisionError
        fed.append(batch.partition)

    app = build_app(worker_setup(ends))
    roster: Any = SimpleNamespace(feed=feed)
    connect(app, roster)
    (agent,) = (agent for name, agent in app.agents.items() if name.endswith("batches"))

    async def batches() -> Any:
        for partition in (0, 1, 2):
            yield SimpleNamespace(topic=CALLS, partition=partition)

    await asyncio.wait_for(cast("Any", agent).fun(batches()), 60)
    assert fed == [0, 2]
    ((code, said),) = ends.said
    assert code == Exit.RESTART
    assert said.startswith(f"{CALLS}-1: ZeroDivisionError at test_housekeeping.py:")
