"""Microseconds per new fact of a debtor whose case has few facts and whose case has many, of every type that is linked
to others; run as `python -m bench.fold`, part of `make bench`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from statistics import median
from typing import Any

import orjson

from bench.result import Row
from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.instant import instant_text
from stream.ledger.definitions import Definitions, FactLimits
from stream.windows.plan import WindowPlan

START_MS = 1_793_577_600_000
HOUR_MS = 3_600_000
NEW = 40
SIZES = (10, 1_000, 10_000)
SPREAD_HOURS = 2_000
"""Over how long the facts of a case lie: many are nearer to each other."""

KINDS: dict[str, dict[str, Any]] = {
    "call": {"call_id": "{}", "direction": "outbound", "outcome": "human", "party": "right", "agent_id": "a-1"},
    "message": {"message_id": "{}", "channel": "sms", "direction": "outbound"},
    "payment": {"payment_id": "{}", "amount_minor": 900, "currency": "CNY", "channel": "field"},
    "payment_reversal": {"payment_id": "payment-1", "amount_minor": 1, "currency": "CNY"},
    "promise": {"promise_id": "{}", "agent_id": "a-2", "currency": "CNY"},
    "promise_cancelled": {"promise_id": "promise-1"},
    "complaint": {"complaint_id": "{}", "status": "received"},
    "case": {"change": "stage", "agent_id": "a-1", "dpd": 5, "overdue_minor": 5_000, "currency": "CNY"},
    "visit": {"visit_id": "{}", "agent_id": "a-1", "met_debtor": True},
    "legal_step": {"step_id": "{}", "status": "due", "due_on": "2026-12-01"},
}
"""Every linked type, with what its facts say; {} is the fact's own name."""


def fact(kind: str, name: str, at_ms: int) -> Fact:
    """A fact of the debtor's only case."""
    event: dict[str, Any] = {"type": kind, "event_id": name, "occurred_at": instant_text(at_ms), "debtor_id": "d-1"}
    event |= {"case_id": "c-1"} | {key: name if said == "{}" else said for key, said in KINDS[kind].items()}
    if kind == "call":
        event["ended_at"] = instant_text(at_ms + 60_000)
    if kind == "complaint":
        event["received_at"] = event["occurred_at"]
    if kind == "promise":
        event["instalments"] = [{"due_on": instant_text(at_ms + 120 * HOUR_MS)[:10], "amount_minor": 4_000}]
    found = decode(orjson.dumps(event))
    assert not isinstance(found, Rejection), found
    return found


def long_case(facts: int) -> DebtorStage:
    """A ledger with one case of so many facts, of all types, in the order of time."""
    one = DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0)
    kinds = [kind for kind in KINDS if kind not in ("payment_reversal", "promise_cancelled")]
    for number in range(facts):
        kind = kinds[number % len(kinds)]
        one.apply(fact(kind, f"{kind}-{number // len(kinds) + 1}", START_MS + number * SPREAD_HOURS * HOUR_MS // facts))
    one.take()
    return one


def fold_us(facts: int) -> dict[str, float]:
    """Median time in microseconds of one more fact, by type and by where it lands: `late` in the middle of the case,
    `next` after all others; of payments also `again`, a redelivery, and `better`, an event that takes its place."""
    one, chance = long_case(facts), Random(7)
    found: dict[str, float] = {}

    def measure(name: str, some: list[Fact]) -> None:
        took = []
        for each in some:
            began = time.process_time_ns()
            one.apply(each)
            took.append(time.process_time_ns() - began)
        found[name] = median(took) / 1e3
        one.take()

    for kind in KINDS:
        late = [START_MS + chance.randrange(SPREAD_HOURS * HOUR_MS) for _ in range(NEW)]
        measure(f"{kind}.late", [fact(kind, f"{kind}-late-{n}", at_ms) for n, at_ms in enumerate(late)])
        next_ms = START_MS + (SPREAD_HOURS + 1) * HOUR_MS
        measure(f"{kind}.next", [fact(kind, f"{kind}-next-{n}", next_ms + n * HOUR_MS) for n in range(NEW)])
        if kind == "payment":
            measure("payment.again", [fact(kind, f"{kind}-late-{n}", at_ms) for n, at_ms in enumerate(late)])
            better = [fact(kind, f"{kind}-late-{n}", at_ms + 1_000) for n, at_ms in enumerate(late)]
            for each in better:
                each.version = 2
            measure("payment.better", better)
    return found


def lines() -> Iterator[Row]:
    """The rows of the report: the times on the longest case, and how much they are of those on the shortest."""
    by_size = {facts: fold_us(facts) for facts in SIZES}
    few, many = by_size[SIZES[0]], by_size[SIZES[-1]]
    for name, each_us in many.items():
        kind, where = name.split(".")
        words = f"one more {kind}, {where}, on a case of {SIZES[-1]:,} facts"
        yield Row(f"fold.{name}", words, round(each_us, 1), "us")
    dearest = max(many, key=lambda name: many[name] / few[name])
    words = f"the same against a case of {SIZES[0]} facts, the worst ({dearest})"
    yield Row("fold.spread", words, round(many[dearest] / few[dearest], 2), "times")
    whole = sum(many.values()) / sum(few.values())
    yield Row("fold.spread_mean", "the same, all types together", round(whole, 2), "times")


if __name__ == "__main__":
    for row in lines():
        print(f"{row.what}: {row.text}")
