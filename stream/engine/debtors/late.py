"""What facts change in windows that have ended, for the reasons of the ledger of scores (ADR 0074)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stream.facts.fact import Fact
from stream.facts.identity import own_id
from stream.ledger.contribution import Credit, own_credit
from stream.ledger.difference import Emitted
from stream.ledger.state_timeline import StateSpan
from stream.scores.causes import MOST_TOUCHES, Cause, Touch
from stream.windows.calendar import SiteCalendar
from stream.windows.plan import WindowPlan

Named = tuple[str, Cause]
"""The name of a cause, one for each event and version, and the cause."""


class LateChanges:
    """The changes since the last `take`. `windows`: those that schemes read; only changes in such a window that has
    ended are noted. `before_ms`: the partition's watermark; what is later is in no such window, and costs nothing."""

    def __init__(self, plan: WindowPlan, windows: frozenset[str]) -> None:
        self.before_ms = 0
        self._plan = plan
        self._windows = windows
        self._calendars: dict[str, SiteCalendar] = {}
        self._found: dict[str, Cause] = {}

    def __len__(self) -> int:
        return len(self._found)

    def own(self, fact: Fact, at_ms: int, ones: Iterable[str], amounts: Iterable[tuple[str, int]]) -> None:
        """Notes what a fact contributes by itself."""
        credit = own_credit(fact)
        if self._has_ended(credit.site, at_ms):
            columns = [*((name, 1) for name in ones), *amounts]
            self._note(fact, [Touch(*credit, name, at_ms, amount, "") for name, amount in columns if amount])

    def differed(self, fact: Fact, emitted: Iterable[Emitted]) -> None:
        """Notes what became another contribution of any fact since this one came."""
        sums: dict[tuple[Credit, str, int, str], int] = {}
        itself = _words(fact)
        for credit, column, at_ms, amount, of in emitted:
            if at_ms < self.before_ms:
                words = _words(of)
                place = credit, column, at_ms, "" if words == itself else words
                sums[place] = sums.get(place, 0) + amount
        self._note(fact, [
            Touch(*credit, column, at_ms, amount, about)
            for (credit, column, at_ms, about), amount in sums.items()
            if amount and self._has_ended(credit.site, at_ms)
        ])  # fmt: skip

    def moved(self, state: Fact, spans: Sequence[StateSpan]) -> None:
        """Notes what an agent's state changed of the time in states; a span counts where it begins and where it
        ends."""
        self._note(state, [
            Touch(*span.credit, name, at_ms, times * (span.end_ms - span.start_ms), "")
            for span in spans
            for at_ms in dict.fromkeys((span.start_ms, span.end_ms - 1))
            if self._has_ended(span.credit.site, at_ms)
            for name, times in span.columns
        ])  # fmt: skip

    def take(self, watermark_ms: int | None) -> list[Named]:
        """What was noted; from now on windows have ended by this watermark."""
        if watermark_ms is not None:
            self.before_ms = watermark_ms
        found, self._found = self._found, {}
        return list(found.items())

    def _note(self, fact: Fact, touched: list[Touch]) -> None:
        if touched:
            name = f"{fact.event_id}|{fact.version}"
            self._found[name] = Cause(_said(fact), tuple(sorted(touched, key=_order)[:MOST_TOUCHES]))

    def _has_ended(self, site: str, at_ms: int) -> bool:
        if at_ms >= self.before_ms:
            return False
        calendar = self._calendars.get(site)
        if calendar is None:
            calendar = self._calendars[site] = SiteCalendar(self._plan, self._plan.clock(site))
        return any(end <= self.before_ms for name, _, end in calendar.windows(at_ms) if name in self._windows)


def _order(touch: Touch) -> tuple[str, ...]:
    """The same ones are left out whatever the order in which they were emitted."""
    return (*(part or "" for part in touch[:6]), str(touch.instant_ms), touch.about)


def _words(fact: Fact) -> str:
    return f"{fact.TYPE} {own_id(fact).partition('|')[0]}"


def _said(fact: Fact) -> str:
    version = f", version {fact.version}" if fact.version > 1 else ""
    return _words(fact) + version + (", void" if fact.void else "")
