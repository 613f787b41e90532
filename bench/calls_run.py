"""Our worker on the peers' job: calls keyed by debtor, in partitions that lie minutes apart; all levels and windows."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.calls import Floor, fill
from bench.filling import make_topics
from bench.setting import Setting, step
from bench.system import System
from bench.throughput import Throughput, worker

EVENTS = 2_000_000
QUIET_S = 6
RULES = [
    {"rule": "low", "kpi": "connect_rate", "level": "team", "window": "rolling_15m", "below": 0.185, "exit": 0.19,
     "min_denominator": 500, "for": "2m", "keep_firing_for": "1m"},
    {"rule": "busy", "kpi": "connect_rate", "level": "team", "window": "rolling_5m", "above": 0.21,
     "min_denominator": 20},
]  # fmt: skip
"""Rules that fire now and then on calls of which 48 in 256 are answered."""
TIME = {"idle_advance": False, "idle_after": "3s"}
"""The topics other than the calls are empty, and say so sooner than after the default half minute."""


def system(setting: Setting) -> System:
    """The system whose worker reads the backlog."""
    return System(setting.bootstrap, setting.path, "calls", alerts=RULES, time=TIME)


def events_file(setting: Setting) -> str:
    """The same events as JSON Lines, for a replay."""
    return str(setting.path / "calls.jsonl.zst")


async def staged(setting: Setting, events: int, *, ours: bool = False) -> tuple[str, str]:
    """Topics of so many calls, (keyed by agent, keyed by debtor), filled the first time that one asks.

    `ours`: the second is the inbound topic of `system`, and the calls are in `events_file`, too.
    """
    by_agent = setting.named(f"{events}-agents")
    by_debtor = f"{system(setting).prefix}.calls.v1" if ours else setting.named(f"{events}-debtors")
    marker = setting.path / f"{by_agent}.filled"
    if not marker.exists():
        step(f"producing {events:,} calls")
        if ours:
            system(setting).run("topics", "create")
            await make_topics(setting.bootstrap, {by_agent: 4})
        else:
            await make_topics(setting.bootstrap, {by_agent: 4, by_debtor: 4})
        file = events_file(setting) if ours else ""
        await fill(setting.bootstrap, Floor(events), by_debtor=by_debtor, by_agent=by_agent, file=file)
        marker.touch()
    return by_agent, by_debtor


async def settled(ours: System) -> None:
    """Returns when no KPI record and no alert has come for a while: what was paced has been published, and the clock
    has reached the end of the history."""
    partitions = [
        TopicPartition(f"{ours.prefix}.{name}.v1", number) for name in ("kpi", "alerts") for number in range(4)
    ]
    consumer = AIOKafkaConsumer(bootstrap_servers=ours.bootstrap)
    await consumer.start()
    try:
        ends, same = await consumer.end_offsets(partitions), 0
        while same < QUIET_S:
            await asyncio.sleep(1)
            before, ends = ends, await consumer.end_offsets(partitions)
            same = same + 1 if ends == before else 0
    finally:
        await consumer.stop()


def worked_off(setting: Setting) -> Throughput:
    """What our worker did with the backlog; it does it once in a run of the bench."""
    kept = setting.path / "calls.json"
    if not kept.exists():
        asyncio.run(staged(setting, setting.events(EVENTS), ours=True))
        step("our worker on the calls")
        found = asyncio.run(worker(system(setting), setting, after=settled))
        kept.write_text(json.dumps(asdict(found)))
    return Throughput(**json.loads(kept.read_text()))
