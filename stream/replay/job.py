"""What a replay is to do, as every process of it is told."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd
from pathlib import Path

from stream.engine.entities.publication import Publication
from stream.replay.reading import InputPart, LinesPart, RowsPart
from stream.settings import Settings
from stream.windows.calendar import QUARTER_MS
from stream.windows.plan import WindowPlan


@dataclass(frozen=True)
class Job:
    """`parts` are read each by a task, facts are folded in `groups` of keys, numbers added up in `buckets` of entities.

    `folder`: where tasks leave files for each other. `windows`: names of those whose records are wanted. `from_ms`,
    `to_ms`: only windows within, and alerts decided within. `ledger_home`: the number of the ledger that a key belongs
    to, where the ledger itself is wanted (hand-over); a function that other processes find by its name. `end_ms`: what
    counts at or after it is not counted; None: the end of the pane that holds the greatest event time; `NO_END_MS`: all
    is counted.
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
        """The instant at which a replay ends whose greatest event time this is; None where nothing happened."""
        if self.end_ms is not None or greatest_ms is None:
            return self.end_ms
        pane_ms = self.settings.plan().pane_ms
        return (greatest_ms // pane_ms + 1) * pane_ms

    @property
    def of_topics(self) -> bool:
        """Whether topics are read, and not files."""
        return not any(isinstance(part, LinesPart | RowsPart) for part in self.parts)

    @cached_property
    def stepwise(self) -> bool:
        """Whether facts are folded one by one, in the order of time: rules ask what was known when, and rolling windows
        need panes. Else each key is folded once, and panes are as long as the windows allow."""
        rolling = (name for name, _ in self.settings.plan().rolling)
        asked = bool(self.settings.rules()) or not self.windows.isdisjoint(rolling)
        return asked or self.ledger_home is not None

    @cached_property
    def plan(self) -> WindowPlan:
        """The windows that the stages know."""
        plan = self.settings.plan()
        return plan if self.stepwise else _coarse(plan)

    @cached_property
    def publication(self) -> Publication:
        """At the end of the input everything is final, and alerts wait for nothing: the events come in order."""
        publication = self.settings.publication(self.run)
        return replace(publication, horizon_ms=None, alert_delay_ms=0, windows=self.windows, end_ms=self.end_ms)

    def wants(self, start_ms: int, end_ms: int) -> bool:
        """Whether a window lies within what was asked for."""
        return (self.from_ms is None or start_ms >= self.from_ms) and (self.to_ms is None or end_ms <= self.to_ms)


def _coarse(plan: WindowPlan) -> WindowPlan:
    """The same tumbling windows from panes that are as long as they may be: where nothing looks at a pane, sums of
    fewer and longer ones say the same. Every boundary is a multiple of 15 minutes, of an interval or of a shift's."""
    pane_ms = gcd(QUARTER_MS, *(length_ms for _, length_ms in plan.intervals))
    return replace(plan, pane_ms=pane_ms, rolling=())
