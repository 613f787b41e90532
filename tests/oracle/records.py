"""Contract 2: the KPI records of replay, every window final."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from tests.oracle.calendar import Window, windows_touching
from tests.oracle.catalogue import CATALOGUE, MONEY, Kpi
from tests.oracle.config import Config
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


def kpis_of(sums: Sums, config: Config) -> list[Record]:
    """The `kpis` of a record, sorted by (kpi, currency)."""
    currencies = sorted({currency for _, currency in sums if currency is not None})
    found = []
    for kpi in sorted(CATALOGUE.values(), key=lambda k: k.kpi):
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


def kpi_records(contributions: Iterable[Contribution], config: Config, run: str) -> dict[str, Record]:
    """Key -> record, for every window that holds anything."""
    records: dict[str, Record] = {}
    for ((site, level, entity), window), sums in sums_by_window(contributions, config).items():
        kpis = kpis_of(sums, config)
        if not kpis:
            continue
        start, end = utc(window.start_ms), utc(window.end_ms)
        records[f"{site}|{level}|{entity}|{window.name}|{start}"] = {
            "site": site,
            "level": level,
            "entity": entity,
            "window": window.name,
            "start": start,
            "end": end,
            "as_of": end,
            "final": True,
            "revision": 1,
            "run": run,
            "catalogue": 1,
            "kpis": kpis,
        }
    return records
