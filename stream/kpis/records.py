"""One KPI record: an entity's KPIs in one window, as of one instant (contract 2)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from stream.facts.instant import instant_text
from stream.kpis.catalogue import CATALOGUE, CATALOGUE_VERSION, Kpi
from stream.kpis.value import OK, rate
from stream.windows.exact import dumps_bare
from stream.windows.measures import MONEY, column

REMEMBERED = 10_000

text_of = lru_cache(maxsize=REMEMBERED)(instant_text)


class Part(NamedTuple):
    """How one entry of `kpis` is made from the sums of a certain set of columns."""

    kpi: str
    currency: str | None
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] | None
    factor: int
    minimum: int
    numerator_decides: bool
    """Left out whenever the numerator is 0, whatever the denominator: it belongs to no currency."""


class Span(NamedTuple):
    """Which window of which entity a record is about; `start_ms` as it stands in the record."""

    site: str
    level: str
    entity: str
    window: str
    start_ms: int
    end_ms: int


def key_of(text: str, window: str, start: str) -> bytes:
    """Key of a record: the entity's text, the window, and its start (empty for rolling windows)."""
    return f"{text}|{window}|{start}".encode()


def read_columns(kpi: Kpi, currency: str | None) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The columns of numerator and denominator, money in `currency`."""
    numerator = tuple(_column(measure, currency) for measure in kpi.numerator)
    if kpi.denominator is None:
        return numerator, None
    return numerator, tuple(_column(measure, currency) for measure in kpi.denominator)


def _column(measure: str, currency: str | None) -> str:
    return column(measure, currency if measure in MONEY else None)


class Records:
    """Makes the records of one run."""

    def __init__(self, run: str, minimum_sample: Mapping[str, int]) -> None:
        self._run = run
        self._minimum = dict(minimum_sample)
        self._parts: dict[frozenset[str], tuple[Part, ...]] = {}

    def kpis(self, sums: Mapping[str, int]) -> bytes:
        """The `kpis` of these sums as JSON, sorted by (kpi, currency): those with a numerator or denominator not 0."""
        columns = frozenset(sums)
        parts = self._parts.get(columns)
        if parts is None:
            if len(self._parts) >= REMEMBERED:
                self._parts.clear()
            parts = self._parts[columns] = tuple(self._parts_of(columns))
        entries: list[dict[str, Any]] = []
        denominator: int | None
        value: float | None
        for kpi, currency, above, below, factor, minimum, numerator_decides in parts:
            numerator = sums[above[0]] if len(above) == 1 else sum([sums[name] for name in above])
            if below is None:
                if not numerator:
                    continue
                denominator, value, status = None, numerator, OK
            else:
                denominator = sums[below[0]] if len(below) == 1 else sum([sums[name] for name in below])
                if not numerator and (numerator_decides or not denominator):
                    continue
                value, status = rate(numerator, denominator, factor, minimum)
            entry = _entry(kpi, numerator, denominator, value, status)
            entries.append(entry if currency is None else {"kpi": kpi, "currency": currency, **entry})
        return dumps_bare(entries)

    def record(self, span: Span, as_of_ms: int, final: bool, revision: int, kpis: bytes) -> bytes:
        """The record's value; `kpis` as made by `kpis`."""
        return orjson.dumps(
            {
                "site": span.site,
                "level": span.level,
                "entity": span.entity,
                "window": span.window,
                "start": text_of(span.start_ms),
                "end": text_of(span.end_ms),
                "as_of": text_of(as_of_ms),
                "final": final,
                "revision": revision,
                "run": self._run,
                "catalogue": CATALOGUE_VERSION,
                "kpis": orjson.Fragment(kpis),
            }
        )

    def _parts_of(self, columns: frozenset[str]) -> Iterable[Part]:
        for kpi in CATALOGUE.values():
            for currency in _currencies(kpi, columns):
                above, below = read_columns(kpi, currency)
                numerator = tuple(name for name in above if name in columns)
                denominator = None if below is None else tuple(name for name in below if name in columns)
                if numerator or denominator:
                    decides = kpi.per_currency and not kpi.denominator_per_currency
                    minimum = max(1, self._minimum.get(kpi.id, 1))
                    yield Part(kpi.id, currency, numerator, denominator, kpi.factor, minimum, decides)


def _currencies(kpi: Kpi, columns: frozenset[str]) -> Iterable[str | None]:
    if not kpi.per_currency:
        return (None,)
    carriers = MONEY.intersection(kpi.measures)
    pairs = (name.partition(":") for name in columns)
    return sorted({currency for measure, _, currency in pairs if measure in carriers})


def _entry(kpi: str, numerator: int, denominator: int | None, value: float | None, status: str) -> dict[str, Any]:
    return {"kpi": kpi, "numerator": numerator, "denominator": denominator, "value": value, "status": status}
