"""Which windows and parts of each level go to /metrics, and what a record's samples are: the cardinality budget.

1,000 agents with 14 parts and 3 windows are 42,000 series; sites, teams, queues and segments are
few and export all. What is beyond the cap is withheld and counted (`collections_series_dropped`), never silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stream.kpis.catalogue import CATALOGUE
from stream.publish.parts import PARTS, SIDES, Part
from stream.publish.reading import KpiRecord
from stream.windows.measures import LEVELS
from stream.windows.plan import WindowPlan

Samples = dict[tuple[str, str | None], float]
"""(metric, currency or None) -> value in the metric's unit."""

LIMIT_SERIES = 50_000

AGENT_ROLLING_MS = 900_000
AGENT_PARTS = frozenset(
    {
        "collections_window_dials",
        "collections_window_connects",
        "collections_window_contacts",
        "collections_window_right_party_contacts",
        "collections_window_handled",
        "collections_window_talk_seconds",
        "collections_window_handle_seconds",
        "collections_window_on_call_seconds",
        "collections_window_productive_seconds",
        "collections_window_promises",
        "collections_window_promises_due",
        "collections_window_promises_kept",
        "collections_window_complaints",
        "collections_window_recovered_minor_units",
    }
)
PARTS_AT: Mapping[str, frozenset[str]] = {
    level: frozenset(
        part.metric for kpi in CATALOGUE.values() if level in kpi.levels for part in SIDES[kpi.id] if part is not None
    )
    for level in LEVELS
}
"""Level -> the parts of the KPIs that exist at it."""


@dataclass(frozen=True)
class Exposition:
    """What is exported. `windows`: level -> the names exported; `rolling`: names of the rolling ones."""

    windows: Mapping[str, frozenset[str]]
    rolling: frozenset[str]
    limit_series: int = LIMIT_SERIES

    def shows(self, level: str, window: str) -> bool:
        return window in self.windows.get(level, frozenset())

    def is_rolling(self, window: str) -> bool:
        return window in self.rolling

    def parts(self, level: str) -> frozenset[str]:
        """The metrics exported at `level`."""
        return AGENT_PARTS if level == "agent" else PARTS_AT[level]


def exposition(plan: WindowPlan, limit_series: int = LIMIT_SERIES) -> Exposition:
    """Every window of the plan; of agents only the rolling window nearest to 15 minutes, day and month."""
    rolling = dict(plan.rolling)
    calendar = {name for name, _ in plan.intervals}
    calendar |= {"day"} if plan.day else set()
    calendar |= {"month"} if plan.month else set()
    shifts = {f"shift_{name}" for clock in plan.sites.values() for name in clock.shifts} if plan.shifts else set()
    nearest = sorted(rolling, key=lambda name: (abs(rolling[name] - AGENT_ROLLING_MS), name))[:1]
    all_windows = frozenset(rolling) | calendar | shifts
    agents = frozenset(nearest) | (calendar & {"day", "month"})
    windows = {level: agents if level == "agent" else all_windows for level in LEVELS}
    return Exposition(windows, frozenset(rolling), limit_series)


def samples(record: KpiRecord, metrics: frozenset[str]) -> Samples:
    """The record's parts among `metrics`: 0 for what an entity at work has none of, amounts only where there are some.

    Empty for a record without KPIs. KPIs that this version does not know are left out.
    """
    if not record.kpis:
        return {}
    values: Samples = {(part.metric, None): 0.0 for part in PARTS.values() if not part.money and part.metric in metrics}
    for kpi in record.kpis:
        numerator, denominator = SIDES.get(kpi.kpi, (None, None))
        for part, amount in ((numerator, kpi.numerator), (denominator, kpi.denominator)):
            if part is not None and amount is not None and part.metric in metrics:
                values[part.metric, _currency(part, kpi.currency)] = amount / part.divisor
    return values


def _currency(part: Part, currency: str | None) -> str | None:
    return currency if part.money else None
