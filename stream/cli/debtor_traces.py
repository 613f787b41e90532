"""What Kafka holds of one debtor: which topics, how much, since when, and what an erasure makes of it."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from stream.cli.broker import committed_records

if TYPE_CHECKING:
    from stream.kafka.names import Names
    from stream.settings import Settings

DAY_MS = 86_400_000
LOOKED_AT = 20_000
"""After so many records each it is said how many were looked at."""


@dataclass
class Trace:
    """What one topic holds of a debtor. `first`, `last`: of a ledger's facts `occurred_at`, else when the records were
    written. `becomes`: what is left of it after an erasure, and until when."""

    topic: str
    becomes: str = ""
    records: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    first_ms: int | None = None
    last_ms: int | None = None

    def add(self, at_ms: int, kind: str) -> None:
        """One record more."""
        self.records += 1
        self.kinds[kind] += 1
        self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
        self.last_ms = at_ms if self.last_ms is None else max(self.last_ms, at_ms)

    def row(self) -> dict[str, Any]:
        """For a table or JSON."""
        from stream.facts.instant import instant_text

        first, last = (None if at is None else instant_text(at) for at in (self.first_ms, self.last_ms))
        return {"topic": self.topic, "records": self.records, "kinds": dict(sorted(self.kinds.items())),
                "first": first, "last": last, "becomes": self.becomes}  # fmt: skip


def traces(settings: "Settings", debtor: str, partition: int, looked_at: Callable[[int], None]) -> list[Trace]:
    """What there is, topic by topic; `partition`: of the debtor's events. `looked_at` hears of how many records so far.

    To be used inside `reached`. A topic of dead letters or of conduct that is not there holds nothing.
    """
    from stream.kafka.names import Names
    from stream.kafka.topics import topic_settings

    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    theirs, everybodys = (names.ledger, *names.inbound), (names.deadletter, names.conduct)
    configs = topic_settings(settings, (*theirs, *everybodys))
    found = {topic: Trace(topic) for topic in (*theirs, *everybodys) if topic in configs}
    key, facts, named, conduct = debtor.encode(), f"{debtor}|".encode(), naming(debtor), _conduct_of(debtor)
    held: dict[tuple[str, bytes], Any] = {}
    records = chain(
        committed_records(settings, theirs, (partition, 0)),
        committed_records(settings, [topic for topic in everybodys if topic in configs]),
    )
    for number, each in enumerate(records, 1):
        if number % LOOKED_AT == 0:
            looked_at(number)
        topic, of = each.topic, each.key or b""
        if topic in (names.ledger, names.conduct):
            if of.startswith(facts if topic == names.ledger else conduct):
                held[topic, of] = each
        elif topic == names.deadletter:
            if of == key or named.search(each.value or b""):
                found[topic].add(each.timestamp, _reason(each))
        elif of == key:
            found[topic].add(each.timestamp, "event" if each.value is not None else "tombstone")
    for (topic, _), each in held.items():
        if each.value is not None:
            _add_state(found[topic], each, debtor, is_ledger=topic == names.ledger)
    ruled = settings.conduct() is not None
    for topic, trace in found.items():
        trace.becomes = _becomes(trace, names, configs[topic], ruled=ruled)
    return list(found.values())


def _conduct_of(debtor: str) -> tuple[bytes, ...]:
    return tuple(f"{kind}|{debtor}|".encode() for kind in "BS")


def _add_state(trace: Trace, record: Any, debtor: str, *, is_ledger: bool) -> None:
    """Adds what a topic of state holds now under one key."""
    from stream.ledger.store import record as ledger

    if not is_ledger:
        trace.add(record.timestamp, "breach" if record.key.startswith(b"B") else "standing")
        return
    fact = ledger.decode(debtor, ledger.from_value(record.value))
    if fact.debtor_id is not None:
        trace.add(fact.occurred_at, fact.TYPE)


def _becomes(trace: Trace, names: "Names", config: dict[str, str], *, ruled: bool) -> str:
    if trace.topic == names.conduct and not ruled:
        return "stays: no conduct rules are configured, so no worker may write there" if trace.records else ""
    if trace.topic in (names.ledger, names.conduct):
        return f"erased; compaction takes it off the disks within {_days(config)} days"
    is_letter = trace.topic == names.deadletter
    return _stays(trace, config, "re-submitted it would begin anew" if is_letter else "no rebuild brings it back")


def _days(config: dict[str, str]) -> int | str:
    """Days until compaction has taken a record and then its tombstone away, each in its turn."""
    lag_ms, kept_ms = int(config["max.compaction.lag.ms"]), int(config["delete.retention.ms"])
    return "?" if lag_ms > 3_650 * DAY_MS else -(-(2 * lag_ms + kept_ms) // DAY_MS)


def _stays(trace: Trace, config: dict[str, str], more: str) -> str:
    from stream.facts.instant import instant_text

    if trace.last_ms is None:
        return ""
    retention_ms = int(config["retention.ms"])
    if "delete" not in config["cleanup.policy"] or retention_ms < 0:
        return f"stays for ever: the topic has no end of retention; {more}"
    return f"stays until {instant_text(trace.last_ms + retention_ms)} (retention.ms); {more}"


def naming(debtor: str) -> re.Pattern[bytes]:
    """Finds the name in any text, but not within a longer one."""
    return re.compile(rb"(?<![\w-])" + re.escape(debtor.encode()) + rb"(?![\w-])")


def _reason(letter: Any) -> str:
    return next((value.decode(errors="replace") for name, value in letter.headers if name == "reason"), "?")
