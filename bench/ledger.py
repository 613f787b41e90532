"""Where stage 1 spends its time, without Kafka: us an event, by kind of fact; in the part `core` of `make bench`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import orjson

from bench.result import Row
from bench.throughput import RATE, START_MS
from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.ledger.definitions import Definitions, FactLimits
from stream.simulate.scenario import batch
from stream.windows.plan import WindowPlan

TAKE_EVERY = 20_000


def lines(events: int) -> Iterator[Row]:
    """The rows of the report, for so many events of the day that `bench.throughput` uses."""
    values = [
        item if isinstance(item, bytes) else orjson.dumps(item)
        for _, item in batch(7, START_MS, rate=RATE, events=events)
    ]
    began = time.process_time()
    read = [decode(value) for value in values]
    yield _us("decode", "decode and validation", (time.process_time() - began) / events)
    yield from _applied([fact for fact in read if not isinstance(fact, Rejection)])


def _applied(facts: list[Fact]) -> Iterator[Row]:
    one = DebtorStage(Definitions(), WindowPlan(intervals=(("interval_30m", 1_800_000),)), FactLimits(), 0)
    seconds: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    took = 0.0
    clock = time.process_time
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
    yield _us("ledger", "ledger", sum(seconds.values()) / total)
    yield _us("take", "deltas and state", took / total)
    for kind, spent in seconds.most_common(6):
        share = counts[kind] / total
        yield _us(f"ledger.{kind}", f"ledger: one {kind}, {share:.0%} of the events", spent / counts[kind])


def _us(key: str, what: str, seconds: float) -> Row:
    return Row(f"core.{key}", f"stage 1 without Kafka: {what}", round(seconds * 1e6, 1), "us an event")
