"""The exact value of a source for an entity in a period (scores 0)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from stream.kpis.catalogue import CATALOGUE
from stream.kpis.kpi import Kpi
from stream.kpis.value import FEW, NO_DATA, OK
from stream.scores.evidence import MeasuredValue, Reading
from stream.scores.former import ReadEvidence
from stream.scores.periods import moved, slots
from stream.scores.schemes import LEADER, Before, Bound, OfSite, Schemes, Source

DENOMINATOR_OF = {"recovered_per_hour": "dials_per_hour"}
"""A rate per currency whose denominator has none -> a KPI that has the same one, and is listed where it is not 0."""


class Who(NamedTuple):
    """An entity in the period that begins on `start`. `teams`: of a leader."""

    site: str
    level: str
    entity: str
    teams: tuple[str, ...]
    period: str
    start: date

    def earlier(self, periods: int) -> Who:
        """The same one, so many periods before."""
        return self._replace(start=moved(self.period, self.start, -periods))

    def of_site(self) -> Who:
        """The site in the same period."""
        return Who(self.site, "site", self.site, (), self.period, self.start)


@dataclass(frozen=True, slots=True)
class Value:
    """A value with its exact parts. `value` None: it has none (`status` no_data). `revision`: the highest of the KPI
    records that it comes from."""

    value: Fraction | None
    numerator: int | None = None
    denominator: int | None = None
    status: str = OK
    revision: int | None = None


NOTHING = Value(None, status=NO_DATA)


class Values:
    """Reads the evidence."""

    def __init__(self, evidence: ReadEvidence, schemes: Schemes) -> None:
        self._evidence = evidence
        self._minimum = dict(schemes.minimum_sample)
        self._absent = schemes.absent

    def of(self, source: Source, who: Who) -> Value:
        """The value of a source."""
        if source.indicator is not None:
            return self._measured(source.indicator, source.currency, who)
        kpi = CATALOGUE.get(source.kpi or "")
        if kpi is None or not self._absent.isdisjoint((source.kpi, source.over)):
            return NOTHING
        return self._of_kpi(kpi, source, who)

    def bound(self, bound: Bound | None, source: Source, who: Who) -> Fraction | None:
        """A number that may be relative: the source's own value for the site, or earlier; None where that has none."""
        if isinstance(bound, OfSite):
            return self.of(source, who.of_site()).value
        if isinstance(bound, Before):
            then = who.earlier(bound.periods)
            if source.kpi is not None and not self.has_record(then):
                return None
            return self.of(source, then).value
        return bound

    def has_record(self, who: Who) -> bool:
        """Whether there is a KPI record of the entity in the period."""
        return next(self._readings(who), None) is not None

    def _readings(self, who: Who) -> Iterator[Reading]:
        owners = [("team", team) for team in who.teams] if who.level == LEADER else [(who.level, who.entity)]
        for slot in slots(who.period, who.start):
            for level, entity in owners:
                reading = self._evidence.reading(slot, who.site, level, entity)
                if reading is not None:
                    yield reading

    def _of_kpi(self, kpi: Kpi, source: Source, who: Who) -> Value:
        currency = source.currency if kpi.per_currency else ""
        below, below_at = kpi.id, 1
        if source.over is not None:
            below, below_at = source.over, 0
        elif kpi.per_currency and kpi.denominator is not None and not kpi.denominator_per_currency:
            below = DENOMINATOR_OF[kpi.id]
        of_money = CATALOGUE[below].per_currency
        numerator = denominator = 0
        revision = None
        for reading in self._readings(who):
            revision = max(revision or 0, reading.revision)
            numerator += reading.parts.get((kpi.id, currency), (0, 0))[0]
            denominator += reading.parts.get((below, source.currency if of_money else ""), (0, 0))[below_at] or 0
        if source.over is None and kpi.denominator is None:
            return Value(Fraction(numerator), numerator, None, OK, revision)
        if not denominator:
            return Value(None, numerator, denominator, NO_DATA, revision)
        if source.over is not None:
            return Value(Fraction(numerator, denominator), numerator, denominator, OK, revision)
        few = denominator < self._minimum.get(kpi.id, 1)
        value = Fraction(numerator * kpi.factor, denominator)
        return Value(value, numerator, denominator, FEW if few else OK, revision)

    def _measured(self, indicator: str, currency: str, who: Who) -> Value:
        if who.level == LEADER:
            found = self._measurement(indicator, currency, who, "agent", who.entity)
            if found is None:
                each = [self._measurement(indicator, currency, who, "team", team) for team in who.teams]
                return _sum([measurement for measurement in each if measurement is not None])
        else:
            found = self._measurement(indicator, currency, who, who.level, who.entity)
        return NOTHING if found is None else _sum([found])

    def _measurement(self, indicator: str, currency: str, who: Who, level: str, entity: str) -> MeasuredValue | None:
        return self._evidence.measurement(indicator, currency, (who.site, level, entity), who.period, who.start)


def _sum(measurements: list[MeasuredValue]) -> Value:
    if not measurements:
        return NOTHING
    numerator = sum(each.numerator for each in measurements)
    denominators = [each.denominator for each in measurements if each.denominator is not None]
    if len(denominators) < len(measurements):
        return Value(Fraction(numerator), numerator)
    return Value(Fraction(numerator, sum(denominators)), numerator, sum(denominators))


def said(source: Source) -> str:
    """A source in words: `recovered_amount CNY`, `plans over promises`, `bad_rate`."""
    words = [source.kpi or source.indicator or "", *(["over", source.over] if source.over else []), source.currency]
    return " ".join(filter(None, words))
