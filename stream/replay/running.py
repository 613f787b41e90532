"""Raw events through both stages, round by round: a crew folds them, stage 2 adds up what comes of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from stream.engine.delta import STATEMENT_KEY, encode_statement
from stream.engine.publication import Record
from stream.engine.stage2 import Stage2
from stream.replay.crew import Crew
from stream.replay.folding import Folded
from stream.replay.ordering import Timed
from stream.replay.reading import Raw
from stream.replay.writing import DeadLetters

ROUND_EVENTS = 20_000
"""Events of a round: long enough for their rows to add up."""


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
    """One replay: the crew as one number of stage 1, stage 2, and the tally of what went through them."""

    def __init__(self, crew: Crew, stage2: Stage2, dead: DeadLetters, round_events: int = ROUND_EVENTS) -> None:
        self.tally = Tally()
        self._crew = crew
        self._stage2 = stage2
        self._dead = dead
        self._round_events = round_events
        self._watermarks: list[int | None] = []

    def unordered(self, raws: Iterable[Raw]) -> None:
        """Takes all events in, whatever their order: the numbers do not depend on it, alerts are not asked for."""
        held: list[Raw] = []
        for raw in raws:
            held.append(raw)
            if len(held) == self._round_events:
                self._give(held, None)
                held = []
        self._give(held, None)
        self._rest()

    def ordered(self, events: Iterable[Timed]) -> None:
        """Takes all events in, which are in the order of `occurred_at`, and evaluates the alerts on the way."""
        held: list[Raw] = []
        for at_ms, value, source, line in events:
            if len(held) == self._round_events:
                # Every fact before this event's instant is in: that is what a watermark says.
                self._give(held, at_ms)
                held = []
            held.append(Raw(value, source, line))
        self._give(held, None)
        self._rest()
        if self.tally.greatest_ms is not None:
            self._evaluate(self.tally.greatest_ms)

    def finish(self) -> list[Record]:
        """Makes everything final and gives the KPI records. To be called once, at the end."""
        greatest_ms = self.tally.greatest_ms
        self._stage2.apply(STATEMENT_KEY, encode_statement(0, greatest_ms, greatest_ms))
        output = self._stage2.close()
        self.tally.alerts += output.alerts
        return output.kpis

    def _give(self, raws: list[Raw], watermark_ms: int | None) -> None:
        self._watermarks.append(watermark_ms)
        for results in self._crew.give(raws):
            self._add(results)

    def _rest(self) -> None:
        for results in self._crew.rest():
            self._add(results)
        for folded in self._crew.end():
            self._count(folded)

    def _add(self, results: list[Folded]) -> None:
        """Adds the oldest round that was under way; then what it made certain is evaluated."""
        for folded in results:
            self._count(folded)
        watermark_ms = self._watermarks.pop(0)
        if watermark_ms is not None:
            self._evaluate(watermark_ms)

    def _count(self, folded: Folded) -> None:
        tally = self.tally
        tally.read += folded.read
        tally.accepted += folded.accepted
        tally.duplicates += folded.duplicates
        tally.superseded += folded.superseded
        if folded.greatest_ms is not None:
            tally.greatest_ms = max(tally.greatest_ms or folded.greatest_ms, folded.greatest_ms)
        for raw, reason, detail in folded.dead:
            self._dead.add(raw, reason, detail)
        for key, value in folded.deltas:
            self._stage2.apply(key, value)

    def _evaluate(self, watermark_ms: int) -> None:
        self._stage2.apply(STATEMENT_KEY, encode_statement(0, watermark_ms, watermark_ms))
        self.tally.alerts += self._stage2.tick(watermark_ms).alerts
