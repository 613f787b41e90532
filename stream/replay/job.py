"""What a replay is to do: the description that every process of it gets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd
from pathlib import Path

from stream.engine.entities.publication import Publication
from stream.replay.reading import InputPart, LinesPart, RowsPart
from stream.scores.needs import Needs
from stream.settings import Settings
from stream.windows.calendar import QUARTER_MS
from stream.windows.plan import WindowPlan


@dataclass(frozen=True)
class Job:
    """A replay's work: each of `parts` is read by a task, facts are folded in so many `groups` of keys, and their
    contributions are added up in so many `buckets` of entities.

    `folder`: where tasks leave files for each other. `windows`: the names of the windows whose records are wanted.
    `from_ms`, `to_ms`: only windows that lie within, and alerts that were decided within; None: no bound.
    `ledger_home`: gives the debtor partition of a key where the ledger itself is wanted, as for a hand-over; other
    processes import it by its name. `end_ms`: contributions at or after it are not counted; None: the end of the pane
    that holds the greatest event time; `NO_END_MS`: everything is counted.
    """

    settings: Settings
    folder: Path
    parts: tuple[InputPart, ...]
    groups: int
    buckets: int
    run: str
    windows: frozenset[str]
    from_ms: int | None = None
    to_ms: int | None = None
    ledger_home: Callable[[str], int] | None = None
    end_ms: int | None = None

    def end_ms_of(self, greatest_ms: int | None) -> int | None:
        """Where the replay ends, given the greatest event time of its input; None if neither is known."""
        if self.end_ms is not None or greatest_ms is None:
            return self.end_ms
        pane_ms = self.settings.plan().pane_ms
        return (greatest_ms // pane_ms + 1) * pane_ms

    @property
    def of_topics(self) -> bool:
        """Whether topics are read, and not files."""
        return not any(isinstance(part, LinesPart | RowsPart) for part in self.parts)

    @cached_property
    def erased(self) -> dict[str, int]:
        """Debtors who were erased, by the names that their events have in the input; and up to when (ms) what they
        count stays."""
        return {each.name: each.through_ms for part in self.parts for each in getattr(part, "erased", ())}

    @cached_property
    def stepwise(self) -> bool:
        """Whether facts are folded one by one in the order of time, since alert rules ask what was known when, rolling
        windows need short panes, the ledger is wanted, or debtors were erased. Else each key is folded once, in the
        longest panes that the windows allow."""
        rolling = (name for name, _ in self.settings.plan().rolling)
        asked = bool(self.settings.rules()) or not self.windows.isdisjoint(rolling)
        return asked or self.ledger_home is not None or bool(self.erased)

    @cached_property
    def plan(self) -> WindowPlan:
        """The windows that the tasks count in."""
        plan = self.settings.plan()
        return plan if self.stepwise else _coarse(plan)

    @cached_property
    def publication(self) -> Publication:
        """How records are published: at the end of the input everything is final, and alerts do not wait for late
        events, since events come in the order of time."""
        publication = self.settings.publication(self.run)
        windows = self.windows | {window for _, window in self.scored}
        return replace(publication, horizon_ms=None, alert_delay_ms=0, windows=windows, end_ms=self.end_ms)

    @cached_property
    def scored(self) -> frozenset[tuple[str, str]]:
        """(level, window) of the KPI records that scores are computed from, wanted or not."""
        return Needs(self.settings.schemes()).windows

    def wants(self, start_ms: int, end_ms: int) -> bool:
        """Whether a window lies within `from_ms` and `to_ms`."""
        return (self.from_ms is None or start_ms >= self.from_ms) and (self.to_ms is None or end_ms <= self.to_ms)


def _coarse(plan: WindowPlan) -> WindowPlan:
    """The same tumbling windows, made of the longest panes possible: fewer panes add up to the same sums.

    Every boundary of a window is a multiple of 15 minutes or of an interval's length.
    """
    pane_ms = gcd(QUARTER_MS, *(length_ms for _, length_ms in plan.intervals))
    return replace(plan, pane_ms=pane_ms, rolling=())
