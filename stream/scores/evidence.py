"""What scores are computed from: the latest KPI records and the measurements, found by entity and period (scores 0)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from stream.facts.instant import instant_ms
from stream.scores.periods import Periods, Slot, slots
from stream.windows.measures import UNASSIGNED

if TYPE_CHECKING:
    from stream.scores.former import FormerEvidence

Parts = dict[tuple[str, str], tuple[int, int | None]]
"""(KPI, currency or "") -> numerator and denominator."""


class Reading(NamedTuple):
    """What a KPI record says, as far as schemes read it."""

    revision: int
    parts: Parts


class MeasuredValue(NamedTuple):
    """The measurement of an indicator: the fact's fields that count, in an order in which the greater one counts."""

    occurred_at: int
    measurement_id: str
    indicator: str
    site: str
    level: str
    entity: str
    period: str
    start: str
    currency: str
    numerator: int
    denominator: int | None


class Touched(NamedTuple):
    """What a change of evidence is about: an entity in a window, or in the period of a measurement, whose `indicator`
    is given then; `start` is its first day."""

    site: str
    level: str
    entity: str
    window: str
    start: date
    indicator: str | None = None


Entities = dict[str, dict[str, Any]]
"""Site -> entity -> what is known of it."""


@dataclass
class Evidence:
    """The latest KPI records of the windows that schemes read, and all measurements of declared indicators.

    `wanted`: the KPIs that are kept of a record; `windows`: (level, window) of the records that are kept.
    """

    periods: Periods
    wanted: frozenset[str]
    windows: frozenset[tuple[str, str]]
    indicators: frozenset[str]
    undeclared: int = 0
    """How many measurements there are of indicators that nobody declared."""
    former: FormerEvidence | None = None
    """Who remembers what is about to change, if anybody does."""
    _records: dict[tuple[str, str], dict[date, Entities]] = field(default_factory=dict)
    _measured: dict[tuple[str, str], dict[date, Entities]] = field(default_factory=dict)
    _by_id: dict[str, MeasuredValue] = field(default_factory=dict)

    def put_record(self, value: bytes) -> Touched | None:
        """Takes a KPI record (contract 2), the latest of its key; None: no scheme sees any change. An empty record
        counts as none."""
        record = _record(value)
        window, level = record["window"], record["level"]
        if (level, window) not in self.windows or record["entity"] == UNASSIGNED:
            return None
        site, entity = record["site"], record["entity"]
        start = self.periods.first_day(site, instant_ms(record["start"]))
        of_day = self._records.setdefault((level, window), {}).setdefault(start, {}).setdefault(site, {})
        former = of_day.get(entity)
        if self.former is not None:
            self.former.note_reading(((window, start), site, level, entity), former)
        if not record["kpis"]:
            of_day.pop(entity, None)
            return None if former is None else Touched(site, level, entity, window, start)
        parts: Parts = {
            (item["kpi"], item.get("currency") or ""): (item["numerator"], item["denominator"])
            for item in record["kpis"]
            if item["kpi"] in self.wanted
        }
        of_day[entity] = Reading(record["revision"], parts)
        same = former is not None and former.parts == parts
        return None if same else Touched(site, level, entity, window, start)

    def put_measurement(self, measurement_id: str, measurement: MeasuredValue | None) -> list[Touched]:
        """Takes a measurement in the version that counts; None: it was taken back. Gives what is touched."""
        former = self._by_id.pop(measurement_id, None)
        touched = []
        if former == measurement:
            if measurement is not None:
                self._by_id[measurement_id] = measurement
            return []
        if former is not None:
            touched.append(self._forget(former))
        if measurement is not None:
            self._by_id[measurement_id] = measurement
            touched.append(self._keep(measurement))
        return [each for each in touched if each is not None]

    def reading(self, slot: Slot, site: str, level: str, entity: str) -> Reading | None:
        """The KPI record of an entity in a window; None where there is none that holds anything."""
        of_window = self._records.get((level, slot[0]))
        found: Reading | None = of_window.get(slot[1], {}).get(site, {}).get(entity) if of_window else None
        return found

    def measurement(
        self, indicator: str, currency: str, of: tuple[str, str, str], period: str, start: date
    ) -> MeasuredValue | None:
        """The measurement that counts of an entity, `of` being (site, level, entity); "": of any currency."""
        site, level, entity = of
        of_period = self._measured.get((level, period))
        known: dict[str, list[MeasuredValue]] = (
            of_period.get(start, {}).get(site, {}).get(entity, {}) if of_period else {}
        )
        return fitting(known.get(indicator, ()), currency)

    def there(self, level: str, period: str, start: date, indicators: Collection[str]) -> Iterator[tuple[str, str]]:
        """(site, entity) of whom there is a KPI record in the period, or a measurement of one of the indicators; some
        come twice."""
        for window, day in slots(period, start):
            for site, entities in self._records.get((level, window), {}).get(day, {}).items():
                for entity in entities:
                    yield site, entity
        if indicators:
            for site, entities in self._measured.get((level, period), {}).get(start, {}).items():
                for entity, known in entities.items():
                    if entity != UNASSIGNED and not known.keys().isdisjoint(indicators):
                        yield site, entity

    def _keep(self, measurement: MeasuredValue) -> Touched | None:
        if measurement.indicator not in self.indicators:
            self.undeclared += 1
            return None
        self._list(measurement).append(measurement)
        return _touched(measurement)

    def _forget(self, measurement: MeasuredValue) -> Touched | None:
        if measurement.indicator not in self.indicators:
            self.undeclared -= 1
            return None
        listed = self._list(measurement)
        listed.remove(measurement)
        if not listed:
            start = date.fromisoformat(measurement.start)
            entities = self._measured[measurement.level, measurement.period][start][measurement.site]
            known = entities[measurement.entity]
            del known[measurement.indicator]
            if not known:
                del entities[measurement.entity]
        return _touched(measurement)

    def _list(self, measurement: MeasuredValue) -> list[MeasuredValue]:
        of_period = self._measured.setdefault((measurement.level, measurement.period), {})
        of_start = of_period.setdefault(date.fromisoformat(measurement.start), {})
        known = of_start.setdefault(measurement.site, {}).setdefault(measurement.entity, {})
        listed: list[MeasuredValue] = known.setdefault(measurement.indicator, [])
        if self.former is not None:
            of = measurement.site, measurement.level, measurement.entity
            start = date.fromisoformat(measurement.start)
            self.former.note_measured((measurement.indicator, of, measurement.period, start), listed)
        return listed


def fitting(measured: Iterable[MeasuredValue], currency: str) -> MeasuredValue | None:
    """The measurement that counts of these; `currency` "": of any."""
    return max((each for each in measured if not currency or each.currency == currency), default=None)


def _touched(measurement: MeasuredValue) -> Touched:
    return Touched(
        measurement.site, measurement.level, measurement.entity, measurement.period,
        date.fromisoformat(measurement.start), measurement.indicator,
    )  # fmt: skip


def _record(value: bytes) -> dict[str, Any]:
    """The record, its integers exact however long they are."""
    record: dict[str, Any] = orjson.loads(value)
    if any(isinstance(item["numerator"], float) or isinstance(item["denominator"], float) for item in record["kpis"]):
        record = json.loads(value)
    return record
