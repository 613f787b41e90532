"""What schemes read: which KPIs of which records, and which sheets a change of evidence is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import NamedTuple

from stream.scores.evidence import Touched
from stream.scores.periods import begins, moved
from stream.scores.schemes import Before, Definition, OfSite, Payout, Schemes, window_of
from stream.scores.values import DENOMINATOR_OF


class SheetReader(NamedTuple):
    """A sheet that reads a piece of evidence: the version, the first day of its period, the entities (None: all)."""

    definition: Definition
    start: date
    entities: tuple[str, ...] | None


class Needs:
    """What a set of schemes reads. `kpis`: of a record; `windows`: (level, window) of the records."""

    def __init__(self, schemes: Schemes) -> None:
        self._definitions = schemes.definitions
        sources = [source for each in schemes.definitions for source in each.sources()]
        kpis = {name for source in sources for name in (source.kpi, source.over) if name is not None}
        self.kpis = frozenset(kpis | {DENOMINATOR_OF[name] for name in kpis & DENOMINATOR_OF.keys()})
        self._of_site = {each: any(isinstance(bound, OfSite) for bound in each.bounds()) for each in self._definitions}
        self._later = {each: _later(each) for each in self._definitions}
        self._indicators = {
            each: frozenset(source.indicator for source in each.sources() if source.indicator is not None)
            for each in self._definitions
        }
        self.windows = frozenset(
            (level, window_of(each.period))
            for each in self._definitions
            for level in ((each.level, "site") if self._of_site[each] else (each.level,))
        )

    def indicators_of(self, definition: Definition) -> frozenset[str]:
        """The indicators that a definition names."""
        return self._indicators[definition]

    def readers(self, touched: Touched) -> Iterator[SheetReader]:
        """The sheets that read this evidence, whether or not their versions have scores then."""
        for definition in self._definitions:
            if touched.indicator is None:
                if window_of(definition.period) != touched.window:
                    continue
            elif definition.period != touched.window or touched.indicator not in self._indicators[definition]:
                continue
            start = begins(definition.period, touched.start)
            entities = _entities(definition, touched)
            if entities:
                for later in self._later[definition]:
                    yield SheetReader(definition, moved(definition.period, start, later), entities)
            if touched.level == "site" and self._of_site[definition]:
                for later in self._later[definition]:
                    yield SheetReader(definition, moved(definition.period, start, later), None)


def _entities(definition: Definition, touched: Touched) -> tuple[str, ...]:
    """The entities of the definition whose own values the evidence is of."""
    if definition.leaders is None:
        return (touched.entity,) if touched.level == definition.level else ()
    if touched.level == "team":
        return tuple(leader for leader, teams in definition.leaders if touched.entity in teams)
    if touched.level == "agent" and touched.indicator is not None:
        return tuple(leader for leader, _ in definition.leaders if leader == touched.entity)
    return ()


def _later(definition: Definition) -> tuple[int, ...]:
    """How many periods later what counts in a period is read as well: by relative numbers, and by a payout's streak."""
    before = {0, *(bound.periods for bound in definition.bounds() if isinstance(bound, Before))}
    streak = range(definition.streak_periods()) if isinstance(definition, Payout) else (0,)
    return tuple(sorted({one + other for one, other in product(before, streak)}))
