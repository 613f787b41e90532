"""The KPI catalogue: the table of definitions 6 as data. A new KPI is one row in one of the `of_*` files."""

from stream.kpis import of_calls, of_cases, of_conduct, of_money, of_people
from stream.kpis.kpi import Kpi
from stream.windows.measures import MEASURES

__all__ = ["CATALOGUE", "CATALOGUE_VERSION", "Kpi", "kpis_of"]

CATALOGUE_VERSION = 2
"""Stands in every record; rises with any definition of a KPI or of a measure."""


def by_id(kpis: tuple[Kpi, ...]) -> dict[str, Kpi]:
    """The rows by their ids, in the order of these. ValueError: a row names no measure, or two have one id."""
    table = {kpi.id: kpi for kpi in sorted(kpis, key=lambda kpi: kpi.id)}
    unknown = {measure for kpi in table.values() for measure in kpi.measures} - MEASURES
    if unknown or len(table) != len(kpis):
        raise ValueError(f"the catalogue names unknown measures, or an id twice: {sorted(unknown)}")
    return table


CATALOGUE: dict[str, Kpi] = by_id(of_calls.KPIS + of_money.KPIS + of_cases.KPIS + of_people.KPIS + of_conduct.KPIS)
"""Every KPI by id, in the order of the ids."""


def kpis_of(*, conduct: bool) -> dict[str, Kpi]:
    """The KPIs that exist in a run, by id: those of conduct only where rules are configured."""
    return {name: kpi for name, kpi in CATALOGUE.items() if conduct or name not in of_conduct.IDS}
