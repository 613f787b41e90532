"""A world lived through the two stages as the service does it: numbers, deltas, ticks, crashes, restores; no Kafka.

The watermark is the greatest `occurred_at` so far: a fact out of order is late. A crash loses what was not committed:
the stage is restored from its state records and takes the same input again, as from the offsets in the state.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from zlib import crc32

from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.deltas.routing import Routing
from stream.engine.entities.stage import EntityStage
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.facts.identity import expected_key
from stream.settings import Settings
from stream.windows.calendar import day_begins
from tests.oracle.config import DAY_MS
from tests.oracle.reading import instant

Raw = dict[str, Any]
NUMBERS, PARTS = 3, 2
FOREVER_MS = 200 * 366 * DAY_MS
State = dict[bytes, bytes]


def commit(state: State, records: Sequence[tuple[bytes, bytes | None]]) -> None:
    """A compacted topic: the latest record of a key, at its latest place."""
    for key, value in records:
        state.pop(key, None)
        if value is not None:
            state[key] = value


@dataclass
class Number:
    """One number of stage 1 with its state topic, what it published of conduct, and the facts since the last commit."""

    settings: Settings
    number: int
    state: State = field(default_factory=dict)
    conduct: dict[str, Raw] = field(default_factory=dict)
    judged_ms: int | None = None
    revision: int = 0
    uncommitted: list[Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        s = self.settings
        self.stage = DebtorStage(
            s.definitions(), s.plan(), s.limits(), self.number, s.watched(), s.conduct(), teams=s.asks_teams()
        )
        for key, value in self.state.items():
            self.stage.restore(key, value)
        if self.stage.conduct is not None:
            self.stage.conduct.judged_ms = self.judged_ms
        for fact in self.uncommitted:
            self.stage.apply(fact)

    def take(self, watermark_ms: int) -> list[tuple[bytes, bytes]]:
        """A commit: what a reader keeps of the topic of conduct is the last record of each key."""
        changes = self.stage.take(watermark_ms)
        commit(self.state, changes.state)
        self.revision += 1
        for finding in changes.conduct:
            key, value = finding.encoded(self.revision, "replay")
            self.conduct[key.decode()] = json.loads(value)
        self.judged_ms = None if self.stage.conduct is None else self.stage.conduct.judged_ms
        self.uncommitted.clear()
        return changes.deltas


@dataclass
class Part:
    """One number of stage 2 with its state topic, the records since its last commit, and what it published."""

    settings: Settings
    number: int
    run: str
    rolling: bool = False
    state: State = field(default_factory=dict)
    uncommitted: list[tuple[bytes, bytes]] = field(default_factory=list)
    kpis: list[Raw] = field(default_factory=list)
    alerts: list[Raw] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        plan = self.settings.plan()
        publication = replace(
            self.settings.publication(self.run),
            horizon_ms=FOREVER_MS,
            rolling_records=self.rolling,
            alert_delay_ms=0,
        )
        self.stage = EntityStage(plan, self.settings.rules(), publication, self.number, NUMBERS)
        for key, value in self.state.items():
            self.stage.restore(key, value)
        for key, value in self.uncommitted:
            self.stage.apply(key, value)

    def apply(self, key: bytes, value: bytes) -> None:
        self.uncommitted.append((key, value))
        self.stage.apply(key, value)

    def tick(self, now_ms: int) -> None:
        output = self.stage.tick(now_ms)
        commit(self.state, output.state)
        self.uncommitted.clear()
        self.kpis += [json.loads(value) for _, value in output.kpis]
        self.alerts += [json.loads(value) for _, value in output.alerts]


@dataclass
class Floor:
    """The whole service."""

    settings: Settings
    random: Random
    run: str = "replay"
    rolling: bool = False
    now_ms: int = 0

    def __post_init__(self) -> None:
        self.routing = Routing(self.settings.rules(), PARTS)
        self.numbers = [Number(self.settings, n) for n in range(NUMBERS)]
        self.parts = [Part(self.settings, n, self.run, self.rolling) for n in range(PARTS)]

    def deliver(self, number: Number, watermark_ms: int) -> None:
        """A commit of stage 1: its deltas, then what it knows of time, to stage 2."""
        for key, value in number.take(watermark_ms):
            for home, name in self.routing.places(key):
                self.parts[home].apply(name, value)
        for part in self.parts:
            part.apply(STATEMENT_KEY, encode_statement(number.number, watermark_ms, watermark_ms))

    def disturb(self, watermark_ms: int) -> None:
        """Now and then: a commit of some number, a tick of some part, a crash of either."""
        if self.random.random() < 0.3:
            self.deliver(self.random.choice(self.numbers), watermark_ms)
        if self.random.random() < 0.3:
            self.now_ms += self.random.choice((10, 300, 5000))
            self.random.choice(self.parts).tick(self.now_ms)
        if self.random.random() < 0.05:
            self.random.choice(self.numbers).restart()
        if self.random.random() < 0.05:
            self.random.choice(self.parts).restart()

    def flush(self, watermark_ms: int) -> None:
        self.now_ms += 10_000
        for number in self.numbers:
            self.deliver(number, watermark_ms)
        for part in self.parts:
            part.tick(self.now_ms)

    def take_in(self, facts: Sequence[Fact], since_ms: int = 0) -> int:
        """Takes facts in, in this order, and says all there is to say at the greatest `occurred_at`, which it gives."""
        last_ms = since_ms
        for fact in facts:
            number = self.numbers[crc32(expected_key(fact).encode()) % NUMBERS]
            number.uncommitted.append(fact)
            number.stage.apply(fact)
            last_ms = max(last_ms, fact.occurred_at)
            self.disturb(last_ms)
        self.flush(last_ms)
        return last_ms

    def live(self, facts: Sequence[Fact]) -> list[Raw]:
        """Takes all facts in, in this order, and gives the alerts; then time goes on until every window is final."""
        if not facts:
            return []
        last_ms = self.take_in(facts)
        alerts = [record for part in self.parts for record in part.alerts]
        self.flush(last_ms + 800 * DAY_MS)
        return sorted(alerts, key=lambda a: (a["at"], a["rule"], a["site"], a["level"], a["entity"]))

    def last_words(self) -> dict[str, Raw]:
        """What a reader keeps: per key the record with the highest revision. AssertionError if revisions fall."""
        kept: dict[str, Raw] = {}
        for record in (record for part in self.parts for record in part.kpis):
            key = "|".join(record[name] for name in ("site", "level", "entity", "window", "start"))
            before = kept.get(key)
            assert before is None or record["revision"] > before["revision"] or record == before, key
            kept[key] = record
        return kept

    def last_of_conduct(self) -> dict[str, Raw]:
        """What a reader of the topic of conduct keeps: per key the record with the highest revision."""
        return {key: record for number in self.numbers for key, record in number.conduct.items()}

    def breaches(self) -> list[Raw]:
        """Those that stand, as conduct.jsonl has them."""
        return breaches_in(self.last_of_conduct())


def breaches_in(topic: dict[str, Raw]) -> list[Raw]:
    """The breaches that stand for a reader who keeps the last record of each key, as conduct.jsonl has them."""
    said = [record | {"revision": 1} for record in topic.values() if record["record"] == "breach"]
    return sorted((record for record in said if not record["withdrawn"]), key=in_file_order)


def in_file_order(breach: Raw) -> tuple[Any, ...]:
    names = (breach["rule"], breach["debtor"], breach["case"] or "", breach["number"] or "")
    return instant(breach["at"]), *names, breach["fact"]["type"], breach["fact"]["id"]


def facts_in(lines: Sequence[bytes], settings: Settings) -> list[Fact]:
    """The facts of the lines in the order of `occurred_at`."""
    midnight_ms = day_begins(settings.plan())
    decoded = [decode(line, midnight_ms) for line in lines]
    facts = [fact for fact in decoded if not isinstance(fact, Rejection)]
    return sorted(facts, key=lambda fact: fact.occurred_at)
