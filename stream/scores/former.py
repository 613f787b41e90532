"""The evidence as it was before the changes since the last publication: what published scores were computed from."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from stream.scores.evidence import Evidence, MeasuredValue, Reading, fitting
from stream.scores.periods import Slot

RecordPlace = tuple[Slot, str, str, str]
"""Window, site, level and entity of a KPI record."""
MeasuredPlace = tuple[str, tuple[str, str, str], str, date]
"""Indicator, (site, level, entity), period and first day of measurements."""


class ReadEvidence(Protocol):
    """What values are read from."""

    def reading(self, slot: Slot, site: str, level: str, entity: str) -> Reading | None: ...
    def measurement(
        self, indicator: str, currency: str, of: tuple[str, str, str], period: str, start: date
    ) -> MeasuredValue | None: ...


class FormerEvidence:
    """Remembers what an `Evidence` held where it changed since `settle`; before the first `settle` nothing is known,
    since nobody has said to which numbers the published scores belong."""

    def __init__(self, evidence: Evidence) -> None:
        self.is_known = False
        self._evidence = evidence
        self._readings: dict[RecordPlace, Reading | None] = {}
        self._measured: dict[MeasuredPlace, list[MeasuredValue]] = {}
        evidence.former = self

    def settle(self) -> None:
        """What is there now is what was published."""
        self.is_known = True
        self._readings.clear()
        self._measured.clear()

    def note_reading(self, place: RecordPlace, reading: Reading | None) -> None:
        """A KPI record is about to change."""
        if self.is_known:
            self._readings.setdefault(place, reading)

    def note_measured(self, place: MeasuredPlace, measured: list[MeasuredValue]) -> None:
        """The measurements of one indicator are about to change."""
        if self.is_known and place not in self._measured:
            self._measured[place] = list(measured)

    def reading(self, slot: Slot, site: str, level: str, entity: str) -> Reading | None:
        """As `Evidence.reading`."""
        place = slot, site, level, entity
        if place in self._readings:
            return self._readings[place]
        return self._evidence.reading(slot, site, level, entity)

    def measurement(
        self, indicator: str, currency: str, of: tuple[str, str, str], period: str, start: date
    ) -> MeasuredValue | None:
        """As `Evidence.measurement`."""
        place = indicator, of, period, start
        if place in self._measured:
            return fitting(self._measured[place], currency)
        return self._evidence.measurement(indicator, currency, of, period, start)
