"""One KPI record: an entity's KPIs in one window, as of one instant (contract 2)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import orjson

from stream.facts.instant import instant_text
from stream.kpis.catalogue import CATALOGUE_VERSION, Kpi, kpis_of
from stream.kpis.entries import NONE, Entries
from stream.kpis.targets import Targets
from stream.windows.measures import LEVELS, MONEY, column

REMEMBERED = 10_000

text_of = lru_cache(maxsize=REMEMBERED)(instant_text)


class RecordSpan(NamedTuple):
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
    """Makes the KPI records of one run: of each level those KPIs that exist there; `conduct`: those of conduct, too."""

    def __init__(
        self, run: str, minimum_sample: Mapping[str, int], targets: Targets | None = None, *, conduct: bool = False
    ) -> None:
        self._run = run
        self._targets = targets or None
        existing = kpis_of(conduct=conduct)
        of_kpis: dict[tuple[str, ...], Entries] = {}  # the levels with the same KPIs share their tables
        self._entries: dict[str, Entries] = {}
        for level in LEVELS:
            ids = tuple(kpi.id for kpi in existing.values() if level in kpi.levels)
            if ids not in of_kpis:
                of_kpis[ids] = Entries([existing[each] for each in ids], minimum_sample)
            self._entries[level] = of_kpis[ids]

    def kpis(self, level: str, packed: Mapping[str, int]) -> bytes:
        """The KPIs that exist at the level, as JSON, of these packed amounts; see `Entries`."""
        return self._entries[level].json(packed)

    def targets_text(self, text: str, window: str, start_ms: int) -> bytes:
        """What tells apart the targets of a record's window; empty where it has none. `text` is the entity's."""
        if self._targets is None:
            return b""
        targets = self._targets.of_record(text, window, start_ms)
        return repr(sorted(targets.items())).encode() if targets else b""

    def complete(self, span: RecordSpan, as_of_ms: int, packed: Mapping[str, int], kpis: bytes) -> bytes:
        """`kpis`, what the method of that name gave of the amounts, with what is said of targets. `span` and the
        instant are those of the record: pace follows from them."""
        if self._targets is None:
            return kpis
        targets = self._targets.of_record(f"{span.site}|{span.level}|{span.entity}", span.window, span.start_ms)
        if not targets or kpis == NONE:
            return kpis
        share = self._targets.share(span.site, span.start_ms, span.end_ms, as_of_ms)
        return self._entries[span.level].with_targets(packed, targets, share)

    def record(self, span: RecordSpan, as_of_ms: int, final: bool, revision: int, kpis: bytes) -> bytes:
        """The record's value, JSON. `kpis`: what the method `kpis` gave."""
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
