"""A broker, or a machine, that has too much to do: the worker gives way, answers its health checks, and goes on."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.broker import LocalBroker
from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from tests.kafka.records import call
from tests.kafka.workers import WorkerProcess, configured, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.faults, pytest.mark.timeout(400)]

AGENTS = 5


def calls(first: int, count: int) -> list[tuple[bytes | None, bytes | None]]:
    return [
        (b"d-%d" % (n % 60), call(n, n * 100, f"d-{n % 60}", agent_id=f"a-{n % AGENTS}"))
        for n in range(first, first + count)
    ]


def by_agent(count: int) -> dict[str, int]:
    return dict(Counter(f"a-{n % AGENTS}" for n in range(count)))


@asynccontextmanager
async def asked_all_the_while(worker: WorkerProcess, *paths: str) -> AsyncIterator[list[str]]:
    """The pages are asked without a pause; what is yielded names those that took more than 2 s."""
    late: list[str] = []
    over = asyncio.Event()

    async def ask() -> None:
        while not over.is_set():
            for path in paths or ("/health/live", "/metrics"):
                began = time.monotonic()
                if await asyncio.to_thread(worker.get, path) != 200:  # its own limit is 2 s
                    late.append(f"{path} after {time.monotonic() - began:.1f} s")
            await asyncio.sleep(0.2)

    asking = asyncio.create_task(ask())
    try:
        yield late
    finally:
        over.set()
        await asking


async def stops_and_starts(broker: LocalBroker, seconds: float, *, stopped: float, runs: float) -> None:
    """The broker has a share of its processor only: it stands still for so long, again and again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with broker.paused():
            await asyncio.sleep(stopped)
        await asyncio.sleep(runs)


async def test_a_transaction_that_the_broker_gave_up_is_done_again_and_the_worker_goes_on(
    own_broker: LocalBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """The broker stands still for longer than a transaction may be open, and shorter than a session."""
    kafka = {"transaction_timeout": "2s", "session_timeout": "60s"}
    config, settings = configured(own_broker.bootstrap, topic_prefix, tmp_path, kafka=kafka)
    await asyncio.to_thread(create_topics, settings)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    async with WorkerProcess(config) as worker:
        await worker.ready()
        done = 0
        for _ in range(6):
            async with asked_all_the_while(worker) as late:
                for _ in range(4):
                    await produce(own_broker.bootstrap, inbound, calls(done, 50))
                    done += 50
                with own_broker.paused():
                    await asyncio.sleep(12)  # it looks for such transactions every ten seconds
                await until_counted(settings, "dials", "agent", by_agent(done), 60)
            assert late == []
            if worker.events("a transaction took too long; going on from the last commit"):
                break
        lost = worker.events("a transaction took too long; going on from the last commit")
        assert lost, "in none of the pauses a transaction was open"
        assert worker.code is None
        assert any(worker.metric(f'collections_transactions_lost_total{{stage="{n}"}}') > 0 for n in (1, 2))


async def test_a_broker_that_runs_for_a_tenth_of_the_time_slows_the_worker_down_and_does_not_stop_it(
    own_broker: LocalBroker, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(
        own_broker.bootstrap, topic_prefix, tmp_path, kafka={"transaction_timeout": "5s", "session_timeout": "30s"}
    )
    await asyncio.to_thread(create_topics, settings)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await produce(own_broker.bootstrap, inbound, calls(0, 4_000))
        async with asked_all_the_while(worker) as late:
            await stops_and_starts(own_broker, 40, stopped=1.8, runs=0.2)
        assert worker.code is None, worker.log[-3000:]
        await until_counted(settings, "dials", "agent", by_agent(4_000), 60)
        assert late == []


async def test_calls_that_each_have_an_agent_a_team_and_a_site_of_their_own_stop_no_worker(
    own_broker: LocalBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Each makes three entities, and each of these a dozen records: a transaction is bounded by what it writes."""
    count = 6_000
    config, settings = configured(own_broker.bootstrap, topic_prefix, tmp_path, kafka={"transaction_timeout": "5s"})
    await asyncio.to_thread(create_topics, settings)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    events: list[tuple[bytes | None, bytes | None]] = [
        (b"d-%d" % n, call(n, n, f"d-{n}", agent_id=f"a-{n}", team_id=f"t-{n}", site_id=f"s-{n}")) for n in range(count)
    ]
    await produce(own_broker.bootstrap, inbound, events)
    async with WorkerProcess(config) as worker:
        await worker.ready()
        async with asked_all_the_while(worker, "/health/live") as late:
            await until_counted(settings, "dials", "agent", {f"a-{n}": 1 for n in range(count)}, 200)
        assert worker.code is None
        assert late == []
