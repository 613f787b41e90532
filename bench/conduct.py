"""Conduct: CPU an event that three packs of rules cost the debtor stage, on two floors, without Kafka.

`floor` is the simulated day of `bench.throughput`, whose few debtors are called all day and all night, so that a third
as many records of conduct as events come of it. `dialler` keeps to the rules as a real one does: 40,000 debtors, in
their hours, an attempt every other day, mostly none in the week after a conversation; every event is a contact.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from random import Random
from typing import NamedTuple

import orjson

from bench.result import Row
from bench.setting import Setting
from bench.stage2_core import PLAN, floor
from stream.conduct.rulebook import Rulebook
from stream.engine.debtors.stage import DebtorStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.identity import expected_key
from stream.facts.instant import instant_ms, instant_text
from stream.ledger.definitions import Definitions, FactLimits
from stream.partition.intake import key_partition
from stream.settings import load

PACKS = "[us_reg_f, cn_gbt_45251, any]"
EVENTS = 200_000
NUMBERS = 4
COMMIT_EVENTS = 4_000
ROUNDS = 3
DEBTORS = 40_000
DAY_MS = 86_400_000
MORNING_MS = instant_ms("2026-11-02T00:30:00Z")
"""08:30 in Shanghai."""


class Spent(NamedTuple):
    """CPU seconds, and what came out. `longest`: of one take."""

    seconds: float
    longest: float
    records: int


def rows(setting: Setting) -> Iterator[Row]:
    """The part `conduct`."""
    rulebook = _rulebook(setting.path)
    events = setting.events(EVENTS)
    for name, facts in (("floor", floor(events)), ("dialler", dialler(events))):
        parts = _numbers(facts)
        runs = [(_run(parts, None), _run(parts, rulebook)) for _ in range(ROUNDS)]
        without, having = min(one.seconds for one, _ in runs), min(other for _, other in runs)
        more_us = (having.seconds - without) / len(facts) * 1e6
        yield Row(f"conduct.{name}.more_us", f"{name}: three packs of rules cost", round(more_us, 2), "us an event")
        share = round(100 * having.records / len(facts), 1)
        yield Row(f"conduct.{name}.records", f"{name}: records of breaches and standings, of the events", share, "%")
        yield Row(f"conduct.{name}.take_ms", f"{name}: the longest take", round(1e3 * having.longest, 1), "ms")


def dialler(events: int) -> list[Fact]:
    """Contacts of a dialler that keeps to the rules."""
    chance = Random(3)
    paused: dict[int, int] = {}
    found: list[Fact] = []
    day = 0
    while len(found) < events:
        tries = sorted(
            (MORNING_MS + day * DAY_MS + chance.randrange(DAY_MS // 2), chance.randrange(DEBTORS))
            for _ in range(DEBTORS // 2)
        )
        for at_ms, debtor in tries:
            if paused.get(debtor, -1) <= day or chance.random() < 0.05:
                fact = _contact(len(found), at_ms, debtor, chance)
                if getattr(fact, "outcome", None) == "human":
                    paused[debtor] = day + 7
                found.append(fact)
        day += 1
    return found[:events]


def _contact(number: int, at_ms: int, debtor: int, chance: Random) -> Fact:
    raw: dict[str, object] = {
        "event_id": f"e{number}", "occurred_at": instant_text(at_ms), "debtor_id": f"d-{debtor:06}",
        "case_id": f"c-{debtor:06}", "team_id": f"t-{debtor % 12}", "agent_id": f"a-{chance.randrange(512):03}",
    }  # fmt: skip
    drawn = chance.random()
    if drawn < 0.15:
        raw |= {"type": "message", "message_id": f"s{number}", "channel": "sms", "direction": "outbound"}
    else:
        raw |= {"type": "call", "call_id": f"k{number}", "direction": "outbound", "outcome": "no_answer"}
        raw |= {"number_id": f"n{debtor}-1", "ended_at": instant_text(at_ms + 60_000)}
        if drawn < 0.30:
            raw |= {"outcome": "human", "party": "right", "talk_ms": 40_000, "recorded": True}
    fact = decode(orjson.dumps(raw))
    assert not isinstance(fact, Rejection), fact
    return fact


def _rulebook(folder: Path) -> Rulebook | None:
    file = folder / "conduct.yaml"
    file.write_text(
        f"sites: {{main: {{zone: Asia/Shanghai}}, prague: {{zone: Europe/Prague}}}}\nconduct: {{packs: {PACKS}}}\n"
    )
    return load(file, {}).conduct()


def _numbers(facts: list[Fact]) -> list[list[Fact]]:
    """The facts by partition number, the topics of each merged by event time as a worker merges them."""
    topics: dict[tuple[int, str], list[tuple[int, int, Fact]]] = defaultdict(list)
    latest: dict[tuple[int, str], int] = defaultdict(int)
    for at, fact in enumerate(facts):
        place = key_partition(expected_key(fact).encode(), NUMBERS), fact.TOPIC
        latest[place] = max(latest[place], fact.occurred_at)
        topics[place].append((latest[place], at, fact))
    return [
        [fact for _, _, fact in merge(*(rows for (number, _), rows in topics.items() if number == wanted))]
        for wanted in range(NUMBERS)
    ]


def _run(parts: list[list[Fact]], rulebook: Rulebook | None) -> Spent:
    seconds, longest, records = 0.0, 0.0, 0
    clock = time.process_time
    for number, facts in enumerate(parts):
        stage = DebtorStage(Definitions(), PLAN, FactLimits(), number, frozenset(), rulebook)
        for first in range(0, len(facts), COMMIT_EVENTS):
            began = clock()
            for fact in facts[first : first + COMMIT_EVENTS]:
                stage.apply(fact)
            applied = clock()
            found = stage.take(facts[first].occurred_at).conduct
            longest = max(longest, clock() - applied)
            for each in found:
                each.encoded(1, "live")
            seconds += clock() - began
            records += len(found)
    return Spent(seconds, longest, records)
