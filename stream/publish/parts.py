"""The parts of KPIs as metrics: one for each sum of measures that is a numerator or a denominator.

A KPI is exported as its parts, never as a ratio alone, so that a ratio of several entities is a sum over a sum (ADR
0020). A part that two KPIs share (`dials`) is one metric. A single measure's metric name stands in its row
(`windows/measures.py`); a sum of several is named here, or else by the names of its measures, joined.
"""

from dataclasses import dataclass

from stream.kpis.catalogue import CATALOGUE
from stream.windows.measures import MONEY, TABLE, in_words

MS_PER_SECOND = 1_000

NAMES_OF_SUMS: dict[tuple[str, ...], str] = {
    ("dials", "answered", "visits", "messages"): "workload",
    ("abandons", "answered"): "abandoned_or_answered",
    ("connects", "drops"): "connects_or_drops",
    ("talk_ms", "hold_ms", "wrap_ms"): "handle_seconds",
}


@dataclass(frozen=True)
class GaugePart:
    """A sum of measures. `metric`: its name; `divisor`: records hold `divisor` times the metric's unit (ms: 1000).

    `money`: minor units, with a `currency` label; amounts of two currencies are never added.
    """

    metric: str
    meaning: str
    divisor: int
    money: bool


def part_of(measures: tuple[str, ...]) -> GaugePart:
    """The part that adds up these measures, which must be of one unit."""
    name = NAMES_OF_SUMS.get(measures) or "_and_".join(TABLE[each].metric for each in measures)
    words = in_words(measures)
    divisor = MS_PER_SECOND if TABLE[measures[0]].unit == "ms" else 1
    return GaugePart(f"collections_window_{name}", f"{words[0].upper()}{words[1:]}.", divisor, measures[0] in MONEY)


PARTS: dict[tuple[str, ...], GaugePart] = {
    side: part_of(side) for kpi in CATALOGUE.values() for side in (kpi.numerator, kpi.denominator) if side is not None
}
"""Measures -> the part that adds them up."""

SIDES: dict[str, tuple[GaugePart, GaugePart | None]] = {
    kpi.id: (PARTS[kpi.numerator], None if kpi.denominator is None else PARTS[kpi.denominator])
    for kpi in CATALOGUE.values()
}
"""KPI id -> its numerator's part and its denominator's (None for a count or an amount)."""
