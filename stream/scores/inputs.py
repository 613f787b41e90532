"""Records of the scoring topic: what scores are computed from beside KPI records (ADR 0073).

Key `m|ID`: a measurement as it counts, a tombstone where it was taken back; written by the debtor stage. Key `c|N`: how
far entity partition N is; whatever it has published by then lies in the topic of KPI records before that.
"""

from __future__ import annotations

from typing import NamedTuple

from stream.facts import fact as facts
from stream.scores.evidence import MeasuredValue
from stream.windows.exact import FORMAT, dumps, loads


class UnknownRecordError(ValueError):
    """A record of the scoring topic that this version does not know. The message names its kind."""


class Reached(NamedTuple):
    """How far an entity partition is, in ms: its KPI records count what occurred before `as_of_ms`, and all that are
    final at this watermark are published as that. None: nothing is final."""

    as_of_ms: int
    watermark_ms: int | None


class StatedMeasurement(NamedTuple):
    """What the topic says of a measurement; None: it was taken back."""

    measurement_id: str
    measurement: MeasuredValue | None


class StatedClock(NamedTuple):
    """What the topic says of an entity partition."""

    partition: int
    reached: Reached


def measurement_of(fact: facts.Measurement) -> MeasuredValue:
    """The fields of a measurement that scores ask for."""
    return MeasuredValue(
        fact.occurred_at, fact.measurement_id, fact.indicator, fact.site_id or "", fact.level, fact.entity,
        fact.period, fact.period_start, fact.currency or "", fact.numerator, fact.denominator,
    )  # fmt: skip


def measurement_record(fact: facts.Measurement) -> tuple[bytes, bytes | None]:
    """Key and value that state a measurement."""
    value = None if fact.void else dumps({"f": FORMAT, "measurement": list(measurement_of(fact))})
    return f"m|{fact.measurement_id}".encode(), value


def clock_record(partition: int, reached: Reached) -> tuple[bytes, bytes]:
    """Key and value that state how far an entity partition is."""
    fields = {"f": FORMAT, "as_of": reached.as_of_ms, "watermark": reached.watermark_ms}
    return f"c|{partition}".encode(), dumps(fields)


def stated(key: bytes, value: bytes | None) -> StatedMeasurement | StatedClock | None:
    """What a record says; None: nothing. ValueError: it is none of the topic, or of a newer version."""
    kind, _, name = key.decode().partition("|")
    if kind == "m":
        return StatedMeasurement(name, None if value is None else MeasuredValue(*loads(value)["measurement"]))
    if kind == "c":
        if value is None:
            return None
        record = loads(value)
        return StatedClock(int(name), Reached(record["as_of"], record["watermark"]))
    raise UnknownRecordError(f"the scoring topic has a record of unknown kind {kind!r}")
