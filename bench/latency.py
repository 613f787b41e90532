"""Seconds from producing an event to the KPI record that counts it, read with read_committed, under steady load."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import quantiles

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.system import BenchError, System
from bench.throughput import say

EVERY_S = 0.1
WARM_UP_S = 8


async def latencies(system: System, rate: int, seconds: int, port: int) -> list[float]:
    """Sends a probe ten times a second beside `rate` simulated events a second; how long each took, in seconds.

    A probe is a survey of an agent of its own, so that its KPI record tells which event it counts.
    """
    system.run("topics", "create")
    async with system.worker(port):
        await system.ready()
        load = system.start("simulate", "--rate", str(rate), "--no-history", "--no-incident", "--mess", "none")
        try:
            await asyncio.sleep(WARM_UP_S)
            return await _probe(system, seconds, load)
        finally:
            load.terminate()
            load.wait(20)


async def _probe(system: System, seconds: int, load: subprocess.Popen[bytes]) -> list[float]:
    consumer = AIOKafkaConsumer(
        f"{system.prefix}.kpi.v1",
        bootstrap_servers=system.bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="latest",
        fetch_max_wait_ms=20,
    )
    producer = AIOKafkaProducer(bootstrap_servers=system.bootstrap)
    sent: dict[str, float] = {}
    took: dict[str, float] = {}
    await producer.start()
    await consumer.start()
    try:
        await consumer.seek_to_end()
        reading = asyncio.create_task(_read(consumer, sent, took))
        for number in range(int(seconds / EVERY_S)):
            if load.poll() is not None:
                raise BenchError("the simulator ended")
            agent = f"probe-{number}"
            at = time.time()
            event = {
                "type": "survey",
                "event_id": agent,
                "survey_id": agent,
                "agent_id": agent,
                "team_id": "t-probe",
                "score": 5,
                "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
            }
            sent[agent] = time.perf_counter()
            await producer.send_and_wait(f"{system.prefix}.activity.v1", orjson.dumps(event), key=agent.encode())
            say(f"latency: {number + 1} probes sent, {len(took)} seen")
            await asyncio.sleep(EVERY_S)
        for _ in range(100):
            if len(took) == len(sent):
                break
            await asyncio.sleep(0.1)
        reading.cancel()
    finally:
        await consumer.stop()
        await producer.stop()
    if len(took) < len(sent):
        raise BenchError(f"{len(sent) - len(took)} of {len(sent)} probes never reached a KPI record")
    return list(took.values())


async def _read(consumer: AIOKafkaConsumer, sent: dict[str, float], took: dict[str, float]) -> None:
    async for record in consumer:
        _, level, entity, *_ = record.key.decode().split("|")
        if level == "agent" and entity in sent and entity not in took:
            took[entity] = time.perf_counter() - sent[entity]


def lines(took: list[float], rate: int) -> Iterator[tuple[str, str]]:
    """The rows of the report."""
    cuts = quantiles(took, n=100)
    yield f"event to KPI record at {rate:,}/s, median", f"{cuts[49]:.2f} s"
    yield f"event to KPI record at {rate:,}/s, p99", f"{cuts[98]:.2f} s ({len(took)} probes)"


if __name__ == "__main__":
    sys.exit("run it through `make bench`")
