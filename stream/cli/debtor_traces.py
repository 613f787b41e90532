"""What Kafka holds of one debtor: which topics, how much, since when, and what an erasure makes of it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stream.cli.broker import committed_records

if TYPE_CHECKING:
    from stream.settings import Settings

DAY_MS = 86_400_000


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


def traces(settings: "Settings", debtor: str, partition: int) -> Iterator[Trace]:
    """What there is, topic by topic, in the order in which it is read; `partition`: of the debtor's events. To be used
    inside `reached`. A topic of dead letters or of conduct that is not there holds nothing."""
    from stream.kafka.names import Names
    from stream.kafka.topics import topic_settings

    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    others = (*names.inbound, names.deadletter, names.conduct)
    configs = topic_settings(settings, (names.ledger, *others))
    yield _in_ledger(settings, names.ledger, debtor, partition, configs)
    for topic in names.inbound:
        trace = Trace(topic)
        for each in committed_records(settings, [topic], (partition, 0)):
            if each.key == debtor.encode():
                trace.add(each.timestamp, "event" if each.value is not None else "tombstone")
        trace.becomes = _stays(trace, configs[topic], "no rebuild brings it back")
        yield trace
    if names.deadletter in configs:
        trace, named = Trace(names.deadletter), naming(debtor)
        for each in committed_records(settings, [names.deadletter]):
            if each.key == debtor.encode() or named.search(each.value or b""):
                trace.add(each.timestamp, _reason(each))
        trace.becomes = _stays(trace, configs[names.deadletter], "re-submitted it would begin anew")
        yield trace
    if names.conduct in configs:
        yield _in_conduct(settings, names.conduct, debtor, configs)


def _in_ledger(
    settings: "Settings", topic: str, debtor: str, partition: int, configs: dict[str, dict[str, str]]
) -> Trace:
    from stream.ledger.store import record

    held: dict[bytes, Any] = {}
    start = f"{debtor}|".encode()
    for each in committed_records(settings, [topic], (partition, 0)):
        if each.key is not None and each.key.startswith(start):
            held[each.key] = each.value
    trace = Trace(topic, f"erased; compaction takes it off the disks within {_days(configs[topic])} days")
    for value in held.values():
        fact = None if value is None else record.decode(debtor, record.from_value(value))
        if fact is not None and fact.debtor_id is not None:
            trace.add(fact.occurred_at, fact.TYPE)
    return trace


def _in_conduct(settings: "Settings", topic: str, debtor: str, configs: dict[str, dict[str, str]]) -> Trace:
    kinds = {b"B": "breach", b"S": "standing"}
    held: dict[bytes, tuple[int, Any]] = {}
    for each in committed_records(settings, [topic]):
        kind, _, rest = (each.key or b"").partition(b"|")
        if kind in kinds and rest.startswith(f"{debtor}|".encode()):
            held[each.key] = each.timestamp, each.value
    ruled = settings.conduct() is not None
    trace = Trace(topic, f"erased; compaction takes it off the disks within {_days(configs[topic])} days"
                  if ruled else "stays: no conduct rules are configured, so no worker may write there")  # fmt: skip
    for key, (at_ms, value) in held.items():
        if value is not None:
            trace.add(at_ms, kinds[key[:1]])
    return trace


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
