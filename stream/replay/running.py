"""Raw events through both stages: every event is counted once, as accepted or as what else became of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from stream.engine.delta import STATEMENT_KEY, encode_statement
from stream.engine.publication import Record
from stream.engine.stage1 import Stage1
from stream.engine.stage2 import Stage2
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Fact
from stream.replay.ordering import Timed
from stream.replay.reading import CUT_BYTES, Raw
from stream.replay.writing import DeadLetters

_BATCH = 20_000
"""Facts between two hand-overs to stage 2: long enough for their rows to add up."""


@dataclass
class Tally:
    """What became of the events so far."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    superseded: int = 0
    greatest_ms: int | None = None
    alerts: list[Record] = field(default_factory=list)


class Run:
    """One replay: the two stages as a single number, and the tally of what went through them."""

    def __init__(self, stage1: Stage1, stage2: Stage2, record_bytes: int, dead: DeadLetters, tally: Tally) -> None:
        self._stage1 = stage1
        self._stage2 = stage2
        self._record_bytes = record_bytes
        self._dead = dead
        self._tally = tally

    def unordered(self, raws: Iterable[Raw]) -> None:
        """Takes all events in, whatever their order: the numbers do not depend on it, alerts are not asked for."""
        waiting = 0
        for raw in raws:
            waiting += self._take(raw)
            if waiting >= _BATCH:
                self._hand_over()
                waiting = 0
        self._hand_over()

    def ordered(self, events: Iterable[Timed]) -> None:
        """Takes all events in, which are in the order of `occurred_at`, and evaluates the alerts on the way."""
        waiting = 0
        for at_ms, value, source, line in events:
            if waiting >= _BATCH:
                # Every fact before this event's instant is in: that is what a watermark says.
                self._hand_over()
                self._evaluate(at_ms)
                waiting = 0
            waiting += self._take(Raw(value, source, line))
        self._hand_over()
        if self._tally.greatest_ms is not None:
            self._evaluate(self._tally.greatest_ms)

    def finish(self) -> list[Record]:
        """Makes everything final and gives the KPI records. To be called once, at the end."""
        greatest_ms = self._tally.greatest_ms
        self._stage2.apply(STATEMENT_KEY, encode_statement(0, greatest_ms, greatest_ms))
        output = self._stage2.close()
        self._tally.alerts += output.alerts
        return output.kpis

    def _take(self, raw: Raw) -> bool:
        """Whether the event was a fact that may have changed something."""
        tally = self._tally
        tally.read += 1
        if len(raw.value) > self._record_bytes:
            self._dead.add(raw, "oversized", self._oversized(len(raw.value)))
            return False
        fact = decode(raw.value)
        if isinstance(fact, Rejection):
            self._dead.add(raw, fact.reason, fact.detail)
            return False
        if tally.greatest_ms is None or fact.occurred_at > tally.greatest_ms:
            tally.greatest_ms = fact.occurred_at
        return self._apply(raw, fact)

    def _apply(self, raw: Raw, fact: Fact) -> bool:
        tally = self._tally
        try:
            kind, detail = self._stage1.apply(fact)
        except Exception as error:  # noqa: BLE001 (one bad event must not end the run; stage 1 is as it was before)
            self._dead.add(raw, "internal", f"{type(error).__name__}: {error}")
            return False
        if kind == "accepted":
            tally.accepted += 1
        elif kind == "duplicate":
            tally.duplicates += 1
        elif kind == "superseded":
            tally.superseded += 1
        else:
            self._dead.add(raw, kind, detail)
        return True

    def _hand_over(self) -> None:
        for key, value in self._stage1.take().deltas:
            self._stage2.apply(key, value)

    def _evaluate(self, watermark_ms: int) -> None:
        self._stage2.apply(STATEMENT_KEY, encode_statement(0, watermark_ms, watermark_ms))
        self._tally.alerts += self._stage2.tick(watermark_ms).alerts

    def _oversized(self, length: int) -> str:
        if length > CUT_BYTES:
            return f"longer than {CUT_BYTES} bytes, and cut there; limits.record_bytes is {self._record_bytes}"
        return f"{length} bytes, more than limits.record_bytes: {self._record_bytes}"
