"""Why a score that was final changed: numbers and rates before and after, and the facts that did it (scores 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from stream.kpis.catalogue import CATALOGUE
from stream.scores.causes import CauseQuery, Causes
from stream.scores.decimals import plain
from stream.scores.former import FormerEvidence
from stream.scores.payout import Basis, Payouts, rate_at, share_at
from stream.scores.periods import moved
from stream.scores.schemes import LEADER, Before, Definition, Payout, Scorecard, Source
from stream.scores.score import Score
from stream.scores.scorecard import Cards
from stream.scores.scores import Read, Scores
from stream.scores.values import DENOMINATOR_OF, Values, Who, said


class Why(NamedTuple):
    """What a line can say beyond the two records. `read`: what they were computed from, where the records do not say
    it."""

    read: tuple[Read, Read] | None
    more: tuple[str, ...]


NOT_AT_HAND = Why(None, ())


class Reasons:
    """Asks the evidence before and after a change, and the causes."""

    def __init__(self, scores: Scores, causes: Causes) -> None:
        self._scores = scores
        self._causes = causes
        self._former = FormerEvidence(scores.evidence)
        self._values = Values(self._former, scores.schemes)
        self._payouts = Payouts(self._values, Cards(self._values, scores.targets), self._score_before)
        self._cards: dict[tuple[str, str, str, str, str], Fraction] = {}
        self._uncertain: set[str] = set()

    def settle(self) -> None:
        """All that is known now is published."""
        self._former.settle()
        self._cards.clear()
        self._uncertain.clear()

    def published(self, key: str, score: Score, before: str | None, *, alone: bool) -> None:
        """A score is published now, that of a card in place of `before`; `alone`: and not all that changed."""
        who = score.who
        if isinstance(score.definition, Scorecard) and before is not None:
            self._cards[score.definition.name, *_place(who)] = Fraction(before)
        if alone:
            self._uncertain.add(key)

    def of(self, key: str, score: Score) -> Why:
        """What can be said of a change of a score."""
        facts = self.facts(key, score.definition, score.who)
        if not self._former.is_known or key in self._uncertain:
            return Why(None, tuple(facts))
        definition, who = score.definition, score.who
        read = None
        if not isinstance(definition, Scorecard):
            sources = {said(source): source for source in definition.sources()}
            before = {name: self._values.of(source, who) for name, source in sources.items()}
            read = before, self._scores.read_by(score)
        figures: tuple[str, ...] = ()
        if isinstance(definition, Payout):
            figures = tuple(_differing(*(_figures(definition, basis) for basis in self._bases(definition, score))))
        measured = (each for source in definition.sources() for each in self._measured(source, who))
        return Why(read, (*figures, *measured, *facts))

    def facts(self, key: str, definition: Definition, who: Who) -> list[str]:
        """The facts that changed its numbers, and were not told of this score before."""
        if not self._causes:
            return []
        kpis, currencies = set[str](), set[str]()
        for source in self._sources(definition, who):
            kpis.update(filter(None, (source.kpi, source.over)))
            currencies.add(source.currency)
        measures = {each for kpi in kpis | {DENOMINATOR_OF.get(kpi, kpi) for kpi in kpis} for each in _measures(kpi)}
        level, entities = ("team", who.teams) if who.level == LEADER else (who.level, (who.entity,))
        first = moved(who.period, who.start, -periods_back(definition))
        start_ms = self._scores.periods.span_ms(who.site, who.period, first)[0]
        end_ms = self._scores.periods.end_ms(who.site, who.period, who.start)
        wanted = CauseQuery(who.site, level, entities, start_ms, end_ms, frozenset(measures), frozenset(currencies))
        return self._causes.named(key, wanted)

    def _sources(self, definition: Definition, who: Who) -> Iterator[Source]:
        yield from definition.sources()
        if isinstance(definition, Payout) and definition.scorecard is not None:
            card = self._scores.applying(Scorecard, definition.scorecard, who.start)
            yield from card.sources() if card is not None else ()

    def _bases(self, payout: Payout, score: Score) -> Iterator[Basis]:
        yield self._payouts.basis(payout, score.who)
        yield self._scores.basis_of(score) or Basis(None, None, None)

    def _score_before(self, name: str, who: Who) -> Fraction | None:
        found = self._cards.get((name, *_place(who)))
        return self._scores.score_of(name, who) if found is None else found

    def _measured(self, source: Source, who: Who) -> Iterator[str]:
        """Which measurements another value comes from."""
        if source.indicator is None:
            return
        whose = [(who.level, who.entity)]
        if who.level == LEADER:
            whose = [("agent", who.entity), *(("team", team) for team in who.teams)]
        for level, entity in whose:
            asked = source.indicator, source.currency, (who.site, level, entity), who.period, who.start
            before, now = self._former.measurement(*asked), self._scores.evidence.measurement(*asked)
            if before == now:
                continue
            if before is None:
                yield f"measurement {now.measurement_id if now else ''} came"
            elif now is None:
                yield f"measurement {before.measurement_id} was taken back"
            elif before.measurement_id == now.measurement_id:
                yield f"measurement {now.measurement_id} was corrected"
            else:
                yield f"measurement {now.measurement_id} counts instead of {before.measurement_id}"


def periods_back(definition: Definition) -> int:
    """How many periods before its own a definition looks at."""
    before = max((bound.periods for bound in definition.bounds() if isinstance(bound, Before)), default=0)
    return before + definition.streak_periods() - 1


def sources_of(definition: Definition) -> dict[str, str]:
    """`money`, `factor staff` or `gate qa` -> its source in words."""
    names: dict[str, str] = {}
    if isinstance(definition, Scorecard | Payout):
        names |= {f"factor {each.factor}": said(each.source) for each in definition.factors}
        names |= {f"gate {each.gate}": said(each.source) for each in definition.gates}
    if isinstance(definition, Scorecard):
        names |= {each.component: said(each.source) for each in definition.components}
    return names


def _place(who: Who) -> tuple[str, str, str, str]:
    return who.site, who.level, who.entity, who.start.isoformat()


def _measures(kpi: str) -> tuple[str, ...]:
    found = CATALOGUE.get(kpi)
    return () if found is None else found.measures


def _figures(payout: Payout, basis: Basis) -> dict[str, str | None]:
    """What the amount hangs on, in words."""
    commission = payout.commission
    figures = {"score" if payout.basis is None else "a = R / T": plain(basis.reached)}
    if payout.base_share:
        figures["share of the base"] = plain(share_at(payout.base_share, basis.reached))
    measure = basis.amount if commission is not None and commission.by_amount else basis.reached
    if commission is not None:
        figures["rate"] = None if measure is None else plain(rate_at(commission, measure))
    return figures


def _differing(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> Iterator[str]:
    for name, value in after.items():
        if before[name] != value:
            yield f"{name}: {before[name] or 'none'} -> {value or 'none'}"
