"""Milliseconds per new fact of a debtor who has 2,000 facts; run as `python -m bench.fold`, part of `make bench`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

import orjson

from bench.memory import MIX, event_of
from bench.result import Row
from stream.engine.stage1 import Stage1
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_text
from stream.ledger.definitions import Definitions, Limits
from stream.windows.plan import WindowPlan

START_MS = 1_793_577_600_000
HOUR_MS = 3_600_000
NEW = 20


def _fact(kind: str, number: int, debtor: str, hours: int) -> Fact:
    """A fact like the last of its kind in the mix of `bench.memory`, with ids of its own."""
    event = event_of(1, max(place for place, (each, *_) in enumerate(MIX) if each == kind))
    own = {"call": "call_id", "payment": "payment_id", "promise": "promise_id"}.get(kind, "event_id")
    event |= {"debtor_id": debtor, "case_id": debtor, "event_id": f"{kind}-{number}", own: f"{kind}-{number}"}
    event["occurred_at"] = instant_text(START_MS + hours * HOUR_MS)
    fact = decode(orjson.dumps(event))
    assert not isinstance(fact, Rejection), fact
    return fact


def fold_ms(facts: int) -> dict[str, float]:
    """Median time in ms, by kind of the new fact, for one more fact of a debtor with so many on one case."""
    one = Stage1(Definitions(), WindowPlan(), Limits(), 0)
    one.apply(_fact("case", 0, "d-1", 0))
    kinds = ("call", "call", "call", "call", "call", "call", "call", "payment", "promise", "call")
    for number in range(1, facts):
        one.apply(_fact(kinds[number % len(kinds)], number, "d-1", number % 2_000))
    one.take()
    found = {}
    for kind in ("call", "payment", "promise"):
        took = []
        for number in range(NEW):
            fact = _fact(kind, 1_000_000 + number, "d-1", 100 + number)
            began = time.process_time()
            one.apply(fact)
            took.append(time.process_time() - began)
        found[kind] = median(took) * 1e3
    return found


def lines(facts: int = 2_000) -> Iterator[Row]:
    """The rows of the report."""
    for kind, each_ms in fold_ms(facts).items():
        yield Row(f"fold.{kind}", f"one more {kind}, late, of a debtor with {facts:,} facts", round(each_ms, 2), "ms")


if __name__ == "__main__":
    for row in lines():
        print(f"{row.what}: {row.text}")
