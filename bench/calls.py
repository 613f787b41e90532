"""The job that we share with the peers: calls of a floor of 1,000 agents, on topics keyed by agent and by debtor.

One event is one call of the contract, about 330 bytes, with what makes the peers' work easy beside it: `occurred_at_ms`
(no time to parse), `connected` and `amount_minor`; our worker skips all three as unknown fields.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from typing import NamedTuple

from aiokafka.partitioner import murmur2

from bench.filling import Filler
from bench.setting import say
from stream.facts.instant import instant_text

START_MS = 1_793_577_600_000
STEP_MS = 5
PARTITIONS = 4
APART_MS = 180_000
"""How far each partition's event times lie before the next one's: nine minutes between the first and the last."""
END_AGENT = "~"
"""Agent of the record after all others of a partition, which lets a peer close its windows."""
MINUTE_MS = 60_000
DAY_MS = 86_400_000


class Call(NamedTuple):
    """One event, and where it goes."""

    at_ms: int
    partition: int
    debtor: str
    agent: str
    value: bytes


@dataclass(frozen=True)
class Floor:
    """Which calls there are. `late`: this share of them tells of something up to 30 days before."""

    events: int
    debtors: int = 100_000
    agents: int = 1_000
    teams: int = 50
    apart_ms: int = APART_MS
    late: float = 0.0
    seed: int = 7


def partition_of(key: str) -> int:
    """Kafka's default partitioner."""
    return (int(murmur2(key.encode())) & 0x7FFFFFFF) % PARTITIONS


def calls(floor: Floor) -> Iterator[Call]:
    """All calls in the order of event time (late ones in the order in which they would have come)."""
    chance = random.Random(floor.seed)
    queues: list[deque[Call]] = [deque() for _ in range(PARTITIONS)]
    homes: dict[int, int] = {}
    for number in range(floor.events):
        debtor = number * 7_919 % floor.debtors
        home = homes.get(debtor)
        if home is None:
            home = homes[debtor] = partition_of(f"d-{debtor:07}")
        now_ms = START_MS + number * STEP_MS
        at_ms = now_ms + home * floor.apart_ms
        if floor.late and chance.random() < floor.late:
            at_ms -= int(chance.random() * 30 * DAY_MS)
        drawn = chance.getrandbits(32)
        agent = drawn % floor.agents
        name = f"a-{agent:05}"
        value = _value(number, at_ms, debtor, name, agent % floor.teams, drawn)
        queues[home].append(Call(at_ms, home, f"d-{debtor:07}", name, value))
        for queue in queues:
            while queue and queue[0].at_ms <= now_ms:
                yield queue.popleft()
    yield from merge(*queues, key=lambda call: call.at_ms)


def _value(number: int, at_ms: int, debtor: int, agent: str, team: int, drawn: int) -> bytes:
    human = drawn >> 8 & 0xFF < 48
    talk_ms = (drawn >> 16) * 3 if human else 0
    outcome = '"outcome":"human","party":"right"' if human else '"outcome":"no_answer"'
    return (
        f'{{"type":"call","event_id":"e-{number:09}","occurred_at":"{_instant(at_ms)}","call_id":"k-{number:09}",'
        f'"debtor_id":"d-{debtor:07}","case_id":"c-{debtor:07}","agent_id":"{agent}","team_id":"t-{team:02}",'
        f'"direction":"outbound",{outcome},"ended_at":"{_instant(at_ms + 20_000 + talk_ms)}","talk_ms":{talk_ms},'
        f'"occurred_at_ms":{at_ms},"connected":{int(human)},"amount_minor":{drawn % 9_973}}}'
    ).encode()


@lru_cache(10_000)
def _second(second: int) -> str:
    return instant_text(second * 1_000).removesuffix("Z")


def _instant(at_ms: int) -> str:
    second, ms = divmod(at_ms, 1_000)
    return f"{_second(second)}.{ms:03}Z"


async def fill(bootstrap: str, floor: Floor, *, by_debtor: str | None, by_agent: str | None, file: str = "") -> None:
    """Writes the calls to the topics named, which must be there; to a file of JSON Lines (.zst), too, if named."""
    agents: dict[str, int] = {}
    at_ms = START_MS
    async with Filler(bootstrap, file) as filler:
        for number, call in enumerate(calls(floor)):
            at_ms = max(at_ms, call.at_ms)
            if by_debtor is not None:
                filler.add(by_debtor, call.partition, call.debtor.encode(), call.value)
            if by_agent is not None:
                partition = agents.get(call.agent)
                if partition is None:
                    partition = agents[call.agent] = partition_of(call.agent)
                filler.add(by_agent, partition, call.agent.encode(), call.value)
            if file:
                filler.write(call.value)
            if number % 2_000 == 0:
                await filler.settle()
                say(f"filling: {number:,} of {floor.events:,} calls")
                await asyncio.sleep(0)
        if by_agent is not None:
            for partition in range(PARTITIONS):
                name = f"{END_AGENT}{partition}"
                value = _value(floor.events + partition, at_ms + 120 * MINUTE_MS, 0, name, 0, 0)
                filler.add(by_agent, partition, name.encode(), value)
