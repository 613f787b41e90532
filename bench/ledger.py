"""Where stage 1 spends its time, without Kafka: microseconds an event, by kind of fact; part of `make bench`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import orjson

from bench.throughput import RATE, START_MS
from stream.engine.stage1 import Stage1
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.ledger.definitions import Definitions, Limits
from stream.simulate.scenario import batch
from stream.windows.plan import WindowPlan

TAKE_EVERY = 20_000


def lines(events: int) -> Iterator[tuple[str, str]]:
    """The rows of the report, for so many events of the day that `bench.throughput` uses."""
    values = [
        item if isinstance(item, bytes) else orjson.dumps(item)
        for _, item in batch(7, START_MS, rate=RATE, events=events)
    ]
    began = time.perf_counter()
    read = [decode(value) for value in values]
    yield "decode and validation, us an event", f"{(time.perf_counter() - began) / events * 1e6:.1f}"
    yield from _applied([fact for fact in read if not isinstance(fact, Rejection)])


def _applied(facts: list[Fact]) -> Iterator[tuple[str, str]]:
    one = Stage1(Definitions(), WindowPlan(intervals=(("interval_30m", 1_800_000),)), Limits(), 0)
    seconds: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    took = 0.0
    clock = time.perf_counter
    for number, fact in enumerate(facts, 1):
        began = clock()
        one.apply(fact)
        seconds[fact.TYPE] += clock() - began  # type: ignore[assignment]  # a Counter of seconds
        counts[fact.TYPE] += 1
        if number % TAKE_EVERY == 0:
            began = clock()
            one.take()
            took += clock() - began
    total = len(facts)
    yield "ledger, us an event", f"{sum(seconds.values()) / total * 1e6:.1f}"
    yield "deltas and state, us an event", f"{took / total * 1e6:.1f}"
    for kind, spent in seconds.most_common(6):
        share = counts[kind] / total
        yield f"ledger: one {kind} ({share:.0%} of the events)", f"{spent / counts[kind] * 1e6:.0f} us"
