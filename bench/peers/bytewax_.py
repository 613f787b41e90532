"""Bytewax: the job in its own environment, without recovery."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing
from bytewax.run import cli_main

from bench.peers.job import GRACE_MS, PANE_MS, Watch, job

asked = job()
watch = Watch(asked.records)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PANE = timedelta(milliseconds=PANE_MS)
Sums = list[int]


def parse(batch: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    events = [json.loads(message.value) for message in batch]
    if watch.saw(len(events)):
        watch.tell()
    return [(event["agent_id"], event) for event in events]


def event_time(event: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(event["occurred_at_ms"] / 1000, UTC)


def add(sums: Sums, event: dict[str, Any]) -> Sums:
    sums[0] += 1
    sums[1] += event["connected"]
    sums[2] += event["talk_ms"]
    sums[3] += event["amount_minor"]
    return sums


def merge(one: Sums, other: Sums) -> Sums:
    return [a + b for a, b in zip(one, other, strict=True)]


def told(item: tuple[str, tuple[int, Sums]]) -> KafkaSinkMessage[bytes, bytes]:
    agent, (window, (calls, connected, talk_ms, amount_minor)) = item
    value = {
        "agent": agent,
        "start": window * PANE_MS,
        "calls": calls,
        "connected": connected,
        "talk_ms": talk_ms,
        "amount_minor": amount_minor,
    }
    return KafkaSinkMessage(agent.encode(), json.dumps(value).encode())


if asked.window == "tumbling":
    windower: Any = windowing.TumblingWindower(length=PANE, align_to=EPOCH)
else:
    windower = windowing.SlidingWindower(length=timedelta(milliseconds=asked.size_ms), offset=PANE, align_to=EPOCH)
flow = Dataflow("bench")
messages = op.input("in", flow, KafkaSource([asked.bootstrap], [asked.source], tail=False, batch_size=1_000))
keyed = op.flat_map_batch("parse", messages, parse)
clock = windowing.EventClock(event_time, wait_for_system_duration=timedelta(milliseconds=GRACE_MS))
out = windowing.fold_window("sums", keyed, clock, windower, lambda: [0, 0, 0, 0], add, merge, ordered=False)
op.output("out", op.map("told", out.down, told), KafkaSink([asked.bootstrap], asked.target))
cli_main(flow)
sys.exit(0)
