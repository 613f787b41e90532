"""The columns of the page's tables, and what stands in a cell of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stream.alerts.rules import Rule
from stream.facts.currency import exponent
from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.kpis.chinese import chinese
from stream.publish.colour import colour, coloured, judging, target_colour
from stream.publish.reading import PublishedKpi, PublishedKpis

Json = dict[str, Any]


@dataclass(frozen=True)
class BoardColumn:
    kpi: Kpi
    currency: str | None

    def as_json(self) -> Json:
        return {
            "id": self.kpi.id if self.currency is None else f"{self.kpi.id}:{self.currency}",
            "kpi": self.kpi.id,
            "currency": self.currency,
            "digits": exponent(self.currency) if self.currency else 0,
            "unit": self.kpi.unit,
            "direction": self.kpi.direction,
            "en": self.kpi.name_en,
            "zh": self.kpi.name_zh,
            "about": self.kpi.description,
            "about_zh": chinese(self.kpi).description,
        }


def columns_of(kpis: Sequence[str], records: Sequence[PublishedKpis]) -> list[BoardColumn]:
    """One column per KPI; a KPI per currency has one for each currency among the records, by code, or one without."""
    seen: dict[str, set[str]] = {}
    for record in records:
        for value in record.kpis:
            if value.currency is not None:
                seen.setdefault(value.kpi, set()).add(value.currency)
    return [
        BoardColumn(CATALOGUE[kpi], currency)
        for kpi in kpis
        for currency in (sorted(seen.get(kpi, ())) if CATALOGUE[kpi].per_currency else ()) or (None,)
    ]


def cells_of(record: PublishedKpis, columns: Sequence[BoardColumn], rules: Sequence[Rule]) -> list[Json]:
    values = {(value.kpi, value.currency): value for value in record.kpis}
    return [cell_of(record, column, values.get((column.kpi.id, column.currency)), rules) for column in columns]


def cell_of(record: PublishedKpis, column: BoardColumn, value: PublishedKpi | None, rules: Sequence[Rule]) -> Json:
    kpi = column.kpi
    if record.level not in kpi.levels:
        return {"n": 0, "d": None, "v": None, "s": "not_kept", "c": "plain", "r": None}
    held = value or _unnamed(record, kpi)
    judges = judging(rules, kpi.id, record.level, record.entity, record.window, column.currency)
    by_rules = colour(judges, kpi.id, held.numerator, held.denominator) if held.status == "ok" else ("plain", None)
    shade, rule = coloured(by_rules, target_colour(kpi.id, held.pace))
    cell = {"n": held.numerator, "d": held.denominator, "v": held.value, "s": held.status, "c": shade, "r": rule}
    return cell if held.target is None else cell | {"t": held.target, "a": held.attainment, "p": held.pace}


def _unnamed(record: PublishedKpis, kpi: Kpi) -> PublishedKpi:
    """The value of a KPI that a record does not name: numerator 0, and the denominator that another of its KPIs has.

    Only recovered_per_hour is left out while its denominator is not 0 (contract 2); occupancy_ratio has the same one.
    """
    if kpi.denominator is None:
        return PublishedKpi(kpi.id, 0, None, 0.0, "ok")
    same = (v for v in record.kpis if v.kpi in CATALOGUE and CATALOGUE[v.kpi].denominator == kpi.denominator)
    denominator = next((v.denominator for v in same if v.denominator), 0)
    return PublishedKpi(kpi.id, 0, denominator, 0.0 if denominator else None, "ok" if denominator else "no_data")
