"""One KPI record: an entity's KPIs in one window, as of one instant (contract 2)."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from stream.facts.instant import instant_text
from stream.kpis.catalogue import CATALOGUE, CATALOGUE_VERSION, Kpi
from stream.kpis.value import OK, rate
from stream.windows.exact import dumps_bare
from stream.windows.measures import MONEY, column

REMEMBERED = 10_000

text_of = lru_cache(maxsize=REMEMBERED)(instant_text)


NOTHING = ""
"""A column that is always 0: it stands for a part of which there is none."""


class Part(NamedTuple):
    """One entry of `kpis`, for sums of a certain set of columns."""

    kpi: str
    currency: str | None
    plain: bool
    """A count or amount, without a denominator."""
    factor: int
    minimum: int
    numerator_decides: bool
    """Left out whenever the numerator is 0, whatever the denominator: it belongs to no currency."""


class Program(NamedTuple):
    """How `kpis` is made from sums of a certain set of columns: all parts are looked up at once."""

    parts: tuple[Part, ...]
    combined: tuple[tuple[str, tuple[str, ...]], ...]
    """Sums of several columns, under a name of their own, that numerators or denominators need."""
    numerators: Callable[[Mapping[str, int]], tuple[int, ...]]
    denominators: Callable[[Mapping[str, int]], tuple[int, ...]]


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
        self._programs: dict[frozenset[str], Program] = {}

    def kpis(self, sums: Mapping[str, int]) -> bytes:
        """The `kpis` of these sums as JSON, sorted by (kpi, currency): those with a numerator or denominator not 0."""
        columns = frozenset(sums)
        program = self._programs.get(columns)
        if program is None:
            if len(self._programs) >= REMEMBERED:
                self._programs.clear()
            program = self._programs[columns] = self._program(columns)
        parts, combined, numerators, denominators = program
        known = {**sums, NOTHING: 0}
        for name, names in combined:
            known[name] = sum([sums[each] for each in names])
        entries: list[dict[str, Any]] = []
        value: float | None
        for part, numerator, denominator in zip(parts, numerators(known), denominators(known), strict=False):
            kpi, currency, plain, factor, minimum, numerator_decides = part
            if not numerator and (plain or numerator_decides or not denominator):
                continue
            value, status = (numerator, OK) if plain else rate(numerator, denominator, factor, minimum)
            below = None if plain else denominator
            entry = {"kpi": kpi, "numerator": numerator, "denominator": below, "value": value, "status": status}
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

    def _program(self, columns: frozenset[str]) -> Program:
        parts: list[Part] = []
        names: list[tuple[str, str]] = []
        combined: dict[str, tuple[str, ...]] = {}

        def name_of(wanted: tuple[str, ...]) -> str:
            found = tuple(name for name in wanted if name in columns)
            if len(found) < 2:
                return found[0] if found else NOTHING
            combined["+".join(found)] = found
            return "+".join(found)

        for kpi in CATALOGUE.values():
            for currency in _currencies(kpi, columns):
                above, below = read_columns(kpi, currency)
                pair = name_of(above), name_of(below or ())
                if pair != (NOTHING, NOTHING):
                    names.append(pair)
                    decides = kpi.per_currency and not kpi.denominator_per_currency
                    minimum = max(1, self._minimum.get(kpi.id, 1))
                    parts.append(Part(kpi.id, currency, below is None, kpi.factor, minimum, decides))
        names += [(NOTHING, NOTHING)] * 2  # so that a look-up gives a tuple; no part stands beside them
        above_all, below_all = zip(*names, strict=True)
        return Program(tuple(parts), tuple(combined.items()), itemgetter(*above_all), itemgetter(*below_all))


def _currencies(kpi: Kpi, columns: frozenset[str]) -> Iterable[str | None]:
    if not kpi.per_currency:
        return (None,)
    carriers = MONEY.intersection(kpi.measures)
    pairs = (name.partition(":") for name in columns)
    return sorted({currency for measure, _, currency in pairs if measure in carriers})
