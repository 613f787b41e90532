"""A flat table read back: the KPIs of its rows, found by the names of the columns as the documentation puts them."""

from collections.abc import Iterator, Mapping
from typing import Any

from stream.kpis.catalogue import CATALOGUE
from stream.windows.measures import TABLE

ABOUT = ("site", "level", "entity", "window", "start", "end", "as_of", "final", "revision", "run", "catalogue")
ENDINGS = {"per hour": "", "minor per hour": "_minor"}
"""Unit -> what a column's name ends with, where it is not the unit itself: these ids say `per_hour` themselves."""


def value_column(kpi: str, currency: str | None) -> str:
    unit = CATALOGUE[kpi].unit
    ending = "" if kpi.endswith(f"_{unit}") else ENDINGS.get(unit, f"_{unit}")
    return kpi + ending + (f"_{currency}" if currency else "")


def part_columns(kpi: str, currency: str | None) -> tuple[str, str]:
    row, ending = CATALOGUE[kpi], f"_{currency}" if currency else ""
    above, below = TABLE[row.numerator[0]].unit, TABLE[(row.denominator or row.numerator)[0]].unit
    return f"{kpi}_numerator_{above}{ending}", f"{kpi}_denominator_{below}{ending}"


def kpis_of(row: Mapping[str, Any], currencies: list[str]) -> Iterator[dict[str, Any]]:
    """The entries of a record's `kpis` that a row stands for. A cell is None or empty where there is nothing."""
    for kpi in CATALOGUE.values():
        for currency in currencies if kpi.per_currency else [None]:
            entry = {"kpi": kpi.id} | ({"currency": currency} if currency else {})
            value = row[value_column(kpi.id, currency)]
            if kpi.denominator is None:
                if value not in (None, ""):
                    count = int(value)
                    yield entry | {"numerator": count, "denominator": None, "value": count, "status": "ok"}
                continue
            numerator, denominator = (row[name] for name in part_columns(kpi.id, currency))
            if numerator not in (None, ""):
                known = value not in (None, "")
                status = "ok" if known else "few" if int(denominator) else "no_data"
                yield entry | {
                    "numerator": int(numerator),
                    "denominator": int(denominator),
                    "value": float(value) if known else None,
                    "status": status,
                }
