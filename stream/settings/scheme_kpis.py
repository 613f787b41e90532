"""The KPIs that schemes may name: those of the catalogue, and those of conduct rules, which exist with them alone."""

from typing import NamedTuple

from stream.kpis.catalogue import CATALOGUE
from stream.kpis.kpi import why_not_at

CONDUCT = frozenset(("conduct_breaches", "conduct_breach_rate"))
"""KPIs of conduct rules. A scheme may name them always; without a section `conduct` they have no value."""

RECOVERY = frozenset(("recovered_amount", "recovered_per_hour", "visit_recovery_rate", "promise_kept_amount_rate"))
"""KPIs that are recovered money."""


class KnownKpi(NamedTuple):
    """What the configuration must know of a KPI. `plain`: a count or amount, without a denominator."""

    id: str
    per_currency: bool
    lower: bool
    plain: bool


def known(kpi: str) -> KnownKpi | None:
    """A KPI by its id; None: there is none."""
    if kpi in CONDUCT:
        return KnownKpi(kpi, per_currency=False, lower=True, plain=kpi == "conduct_breaches")
    found = CATALOGUE.get(kpi)
    if found is None:
        return None
    return KnownKpi(kpi, found.per_currency, found.direction == "lower", found.denominator is None)


def why_missing_at(kpi: str, level: str) -> str:
    """Why a KPI does not exist at a level; empty where it does."""
    return "" if kpi in CONDUCT else why_not_at(CATALOGUE[kpi], level)
