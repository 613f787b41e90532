"""Raw events into stage 1: every event is counted once, as accepted or as what else became of it.

There are two ways to the same contributions. Step by step, through the number that the live path runs: alerts need it,
since they ask what was known when. At once, from all facts at the end: numbers are a function of the set of facts
(semantics 1), and one fold of each case is much cheaper than one for each of its facts. Tests hold the two together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from stream.engine.cells import Cells
from stream.engine.stage1 import Stage1
from stream.facts.decode import Rejection, decode
from stream.facts.fact import AgentState, Case, Complaint, Fact, LegalStep, Payment, PaymentReversal, Promise
from stream.ledger.contribution import own_credit
from stream.ledger.difference import Tally
from stream.ledger.fold import emit_linked
from stream.ledger.judge import Verdict
from stream.ledger.links import Links
from stream.ledger.own import own_columns
from stream.ledger.states import span
from stream.replay.book import Book
from stream.replay.explaining import cases_of, spans
from stream.replay.reading import CUT_BYTES, Raw
from stream.settings import Settings
from stream.windows.calendar import local_midnight_ms
from stream.windows.plan import WindowPlan

Dead = tuple[Raw, str, str]
"""An event that is no fact, the reason and the detail."""

Deltas = list[tuple[bytes, bytes]]

_LINKED = frozenset(kind.LETTER for kind in (Payment, PaymentReversal, Promise, Complaint, Case, LegalStep))
"""Types without which nothing of a key depends on more than one fact; what depends on states aside."""

_FACTS_AT_ONCE = 200_000
"""Facts whose contributions are added up before they are handed on."""


@dataclass
class Folded:
    """What became of the events of one round, and the deltas that came of them. `greatest_ms`: over all that could be
    read, whatever became of them."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    superseded: int = 0
    greatest_ms: int | None = None
    dead: list[Dead] = field(default_factory=list)
    deltas: Deltas = field(default_factory=list)


class Ledger(Protocol):
    """Takes facts in, and gives what they contribute."""

    def apply(self, fact: Fact) -> Verdict:
        """What becomes of an event."""
        ...

    def take(self) -> Deltas:
        """What is certain already; whether that is anything is the ledger's business."""
        ...

    def rest(self) -> Iterator[Deltas]:
        """Everything else, at the end."""
        ...


class StepByStep:
    """The live path's own number of stage 1: each fact's difference at once."""

    def __init__(self, settings: Settings, plan: WindowPlan) -> None:
        self._stage1 = Stage1(settings.definitions(), plan, settings.limits(), 0, settings.watched())

    def apply(self, fact: Fact) -> Verdict:
        """As stage 1 says."""
        return self._stage1.apply(fact)

    def take(self) -> Deltas:
        """What changed since the last time."""
        return self._stage1.take().deltas

    def rest(self) -> Iterator[Deltas]:
        """Nothing is left."""
        return iter(())


class AtOnce:
    """Keeps the facts, and folds each key once at the end. Knows nothing of when something became known."""

    def __init__(self, settings: Settings, plan: WindowPlan) -> None:
        self._definitions = settings.definitions()
        self._plan = plan
        self._book = Book(settings.limits())
        self._cells = Cells(0, plan.grain_ms, frozenset())
        self._greatest_ms = 0

    def apply(self, fact: Fact) -> Verdict:
        """As the book says."""
        self._greatest_ms = max(self._greatest_ms, fact.occurred_at)
        return self._book.add(fact)

    def take(self) -> Deltas:
        """Nothing yet."""
        return []

    def rest(self) -> Iterator[Deltas]:
        """All contributions, in parts."""
        count = 0
        for facts in self._book.groups():
            self._fold(facts)
            count += len(facts)
            if count >= _FACTS_AT_ONCE:
                yield self._cells.take(self._greatest_ms)
                count = 0
        yield self._cells.take(self._greatest_ms)

    def _fold(self, facts: list[Fact]) -> None:
        for fact in facts:
            ones, amounts = own_columns(fact, self._definitions)
            if ones or amounts:
                self._cells.add_own(*own_credit(fact), fact.occurred_at, ones, amounts)
        letters = {fact.LETTER for fact in facts}
        if not _LINKED.isdisjoint(letters):
            links, tally = Links(facts), Tally()
            emit_linked(links, cases_of(links), self._definitions, self._midnight_ms, tally)
            self._cells.add_difference(tally.sums, 0, None)
        if AgentState.LETTER in letters:
            for state, following in spans(facts):
                columns, end_ms = span(state, following)
                self._cells.add_span(own_credit(state), columns, state.occurred_at, end_ms, 0, None)

    def _midnight_ms(self, site: str, day: str, days: int) -> int:
        return local_midnight_ms(self._plan.clock(site).zone, day, days)


class Fold:
    """The facts of one process. All events of a key must go to the same one."""

    def __init__(self, settings: Settings, plan: WindowPlan) -> None:
        self._ledger: Ledger = (StepByStep if settings.rules() else AtOnce)(settings, plan)
        self._record_bytes = settings.record_bytes

    def round(self, raws: Iterable[Raw]) -> Folded:
        """Takes the events in."""
        folded = Folded()
        for raw in raws:
            folded.read += 1
            if len(raw.value) > self._record_bytes:
                folded.dead.append((raw, "oversized", self._oversized(len(raw.value))))
                continue
            fact = decode(raw.value)
            if isinstance(fact, Rejection):
                folded.dead.append((raw, fact.reason, fact.detail))
                continue
            if folded.greatest_ms is None or fact.occurred_at > folded.greatest_ms:
                folded.greatest_ms = fact.occurred_at
            self._apply(raw, fact, folded)
        folded.deltas = self._ledger.take()
        return folded

    def rest(self) -> Iterator[Folded]:
        """What all rounds together still come to, once there are no more."""
        return (Folded(deltas=deltas) for deltas in self._ledger.rest())

    def _apply(self, raw: Raw, fact: Fact, folded: Folded) -> None:
        try:
            kind, detail = self._ledger.apply(fact)
        except Exception as error:  # noqa: BLE001 (one bad event must not end the run; the ledger is as it was before)
            folded.dead.append((raw, "internal", f"{type(error).__name__}: {error}"))
            return
        if kind == "accepted":
            folded.accepted += 1
        elif kind == "duplicate":
            folded.duplicates += 1
        elif kind == "superseded":
            folded.superseded += 1
        else:
            folded.dead.append((raw, kind, detail))

    def _oversized(self, length: int) -> str:
        if length > CUT_BYTES:
            return f"longer than {CUT_BYTES} bytes, and cut there; limits.record_bytes is {self._record_bytes}"
        return f"{length} bytes, more than limits.record_bytes: {self._record_bytes}"
