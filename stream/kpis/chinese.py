# ruff: noqa: RUF001  (Chinese has its own punctuation)
"""What the catalogue says of KPIs, in Chinese: each `of_*` file has it, by the English text."""

from __future__ import annotations

from stream.kpis import of_calls, of_cases, of_conduct, of_money, of_people
from stream.kpis.kpi import Kpi, Wording

SEPARATOR, SEPARATOR_ZH = "; ", "；"
CHINESE = of_calls.CHINESE | of_people.CHINESE | of_money.CHINESE | of_cases.CHINESE | of_conduct.CHINESE


def chinese(kpi: Kpi) -> Wording:
    """What the row of a KPI says, in Chinese; in English where there is none, which a test forbids."""
    return Wording(CHINESE.get(kpi.description, kpi.description), *map(_parts, kpi.said[1:]))


def _parts(text: str) -> str:
    return SEPARATOR_ZH.join(CHINESE.get(part, part) for part in text.split(SEPARATOR)) if text else ""
