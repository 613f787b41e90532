"""Static membership: a worker that comes back within its session finds its place as it left it."""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from stream.kafka.names import Names
from stream.settings import load
from tests.kafka.records import call
from tests.kafka.workers import WorkerProcess, configured, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.faults, pytest.mark.timeout(240)]


def calls(first: int, count: int) -> list[tuple[bytes | None, bytes | None]]:
    return [(b"d-%d" % (n % 60), call(n, n * 100, f"d-{n % 60}")) for n in range(first, first + count)]


def by_agent(count: int) -> dict[str, int]:
    return dict(Counter(f"a-{n % 3}" for n in range(count)))


def owned(worker: WorkerProcess) -> tuple[list[int], list[int]]:
    """The numbers of both stages in the worker's last assignment."""
    last = worker.events("assigned")[-1]
    return last["stage_1"], last["stage_2"]


@pytest.mark.parametrize(("role", "ending"), [("leader", signal.SIGTERM), ("follower", signal.SIGKILL)])
async def test_a_static_member_that_restarts_within_its_session_disturbs_nobody(
    broker: str, topic_prefix: str, tmp_path: Path, role: str, ending: signal.Signals
) -> None:
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    slow = {"session_timeout": "45s", "heartbeat": "500ms"}
    configs = [
        configured(broker, topic_prefix, tmp_path, kafka={"group_instance_id": name} | slow)[0]
        for name in ("one", "two")
    ]
    settings = load(configs[0], {})
    async with WorkerProcess(configs[0]) as first:
        await first.ready()
        async with WorkerProcess(configs[1]) as second:
            await first.owns(2)
            await second.owns(2)
            restarts, stays = (first, second) if role == "leader" else (second, first)
            held, undisturbed = owned(restarts), len(stays.events("assigned"))
            await produce(broker, inbound, calls(0, 120))
            await until_counted(settings, "dials", "agent", by_agent(120))
            restarts.signal(ending)
            assert await restarts.ends(60) == (0 if ending is signal.SIGTERM else -signal.SIGKILL)
            await produce(broker, inbound, calls(120, 60))
            async with WorkerProcess(configs[0 if role == "leader" else 1]) as again:
                await again.owns(2)
                assert owned(again) == held
                await until_counted(settings, "dials", "agent", by_agent(180))
                assert len(stays.events("assigned")) == undisturbed, stays.log[-2000:]


async def test_of_two_workers_with_one_name_one_is_fenced_and_says_why_and_the_other_goes_on(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Which of them is a matter of moments: the one that is put out takes its place again while it can."""
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    config, settings = configured(broker, topic_prefix, tmp_path, kafka={"group_instance_id": "one"})
    async with WorkerProcess(config) as first:
        await first.ready()
        await produce(broker, inbound, calls(0, 60))
        await until_counted(settings, "dials", "agent", by_agent(60))
        async with WorkerProcess(config) as second:
            async with asyncio.timeout(60):
                while first.code is None and second.code is None:  # noqa: ASYNC110  a process tells nobody
                    await asyncio.sleep(0.1)
            out, stays = (first, second) if first.code is not None else (second, first)
            assert out.code == 3, out.log[-3000:]
            assert "kafka.group_instance_id (one)" in out.events("worker ends")[-1]["reason"]
            await stays.ready()
            await produce(broker, inbound, calls(60, 60))
            await until_counted(settings, "dials", "agent", by_agent(120))
