"""Contract 2: the KPI records of replay, as of an instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from tests.oracle.calendar import Window, windows_touching
from tests.oracle.catalogue import CATALOGUE, EVERY_KPI, MONEY, Kpi
from tests.oracle.config import Config, duration_ms
from tests.oracle.contribution import Contribution
from tests.oracle.identity import utc

Sums = Mapping[tuple[str, str | None], int]
"""(measure, currency) -> sum; the currency only of money."""
Entity = tuple[str, str, str]
"""(site, level, entity)."""
Record = dict[str, Any]


def parts(kpi: Kpi, currency: str | None, sums: Sums) -> tuple[int, int | None]:
    """Numerator and denominator of a KPI, in one currency if it has one."""

    def total(measures: tuple[str, ...]) -> int:
        return sum(sums.get((measure, currency if measure in MONEY else None), 0) for measure in measures)

    return total(kpi.numerator), None if kpi.denominator is None else total(kpi.denominator)


def status_of(kpi: Kpi, denominator: int | None, config: Config) -> str:
    if denominator is None:
        return "ok"
    if denominator == 0:
        return "no_data"
    return "few" if denominator < config.minimum_sample.get(kpi.kpi, 1) else "ok"


def value_of(kpi: Kpi, numerator: int, denominator: int | None) -> int | float | None:
    """The published value; None without data."""
    if denominator is None:
        return numerator
    return float(Fraction(numerator * kpi.factor, denominator)) if denominator else None


def kpis_of(sums: Sums, config: Config, level: str) -> list[Record]:
    """The `kpis` of a record of a level, sorted by (kpi, currency)."""
    currencies = sorted({currency for _, currency in sums if currency is not None})
    found = []
    catalogue = CATALOGUE if config.conduct is None else EVERY_KPI
    existing = [kpi for kpi in catalogue.values() if kpi.exists_at(level)]
    for kpi in sorted(existing, key=lambda k: k.kpi):
        for currency in currencies if kpi.per_currency else [None]:
            numerator, denominator = parts(kpi, currency, sums)
            if numerator == 0 and (not denominator or kpi.kpi == "recovered_per_hour"):
                continue
            status = status_of(kpi, denominator, config)
            found.append(
                {
                    "kpi": kpi.kpi,
                    **({"currency": currency} if kpi.per_currency else {}),
                    "numerator": numerator,
                    "denominator": denominator,
                    "value": value_of(kpi, numerator, denominator) if status == "ok" else None,
                    "status": status,
                }
            )
    return found


def sums_by_window(
    contributions: Iterable[Contribution], config: Config
) -> dict[tuple[Entity, Window], dict[tuple[str, str | None], int]]:
    """What each window of each entity adds up to."""
    sums: dict[tuple[Entity, Window], dict[tuple[str, str | None], int]] = defaultdict(lambda: defaultdict(int))
    for contribution in contributions:
        until_ms = contribution.until_ms or contribution.at_ms + 1
        for window in windows_touching(config, contribution.site, contribution.at_ms, until_ms):
            amount = contribution.within(window.start_ms, window.end_ms)
            for entity in contribution.entities():
                sums[entity, window][contribution.measure, contribution.currency] += amount
    return sums


def counted_before(contributions: Iterable[Contribution], as_of_ms: int | None) -> list[Contribution]:
    """What counts as of an instant, which no instant of a time still to come is part of; None: all."""
    if as_of_ms is None:
        return list(contributions)
    return [part for c in contributions if (part := c.before(as_of_ms)) is not None]


def kpi_records(
    contributions: Iterable[Contribution], config: Config, run: str, as_of_ms: int | None = None
) -> dict[str, Record]:
    """Key -> record, for every window that holds anything as of an instant (None: of the end of all windows)."""
    records: dict[str, Record] = {}
    counted = counted_before(contributions, as_of_ms)
    for ((site, level, entity), window), sums in sums_by_window(counted, config).items():
        kpis = kpis_of(sums, config, level)
        if not kpis:
            continue
        start, end = utc(window.start_ms), utc(window.end_ms)
        over = as_of_ms is None or window.end_ms <= as_of_ms
        records[f"{site}|{level}|{entity}|{window.name}|{start}"] = {
            "site": site,
            "level": level,
            "entity": entity,
            "window": window.name,
            "start": start,
            "end": end,
            "as_of": end if over or as_of_ms is None else utc(as_of_ms),
            "final": over,
            "revision": 1,
            "run": run,
            "catalogue": 2,
            "kpis": kpis,
        }
    return records


def rolling_records(contributions: Iterable[Contribution], config: Config, as_of_ms: int) -> dict[str, list[Record]]:
    """Key -> `kpis` of every rolling window that ends at `as_of_ms`, a pane boundary; only those that hold anything."""
    counted = counted_before(contributions, as_of_ms)
    records: dict[str, list[Record]] = {}
    for length in config.rolling:
        sums: dict[Entity, dict[tuple[str, str | None], int]] = defaultdict(lambda: defaultdict(int))
        for c in counted:
            for entity in c.entities():
                sums[entity][c.measure, c.currency] += c.within(as_of_ms - duration_ms(length), as_of_ms)
        for (site, level, entity_id), of_entity in sums.items():
            if kpis := kpis_of(of_entity, config, level):
                records[f"{site}|{level}|{entity_id}|rolling_{length}|"] = kpis
    return records
