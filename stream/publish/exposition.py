"""Which windows and KPI parts of each level /metrics exports: the cardinality budget.

2,000 agents with 9 parts and 2 windows are 36,000 series; sites, teams, queues and segments are few and export all: 50
teams with 50 parts and nine windows are 22,500. What is beyond the cap is withheld, and counted by
`collections_series_dropped`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stream.kpis.catalogue import CATALOGUE
from stream.publish.parts import SIDES
from stream.windows.measures import LEVELS
from stream.windows.plan import WindowPlan

LIMIT_SERIES = 100_000

AGENT_KPIS = (
    "connect_rate", "right_party_contacts", "promises", "recovered_amount", "occupancy_ratio", "talk_time_mean",
)  # fmt: skip
AGENT_ROLLING_MS = 900_000
AGENT_PARTS = frozenset(part.metric for kpi in AGENT_KPIS for part in SIDES[kpi] if part is not None)
"""What agents export: the parts of six KPIs, since agents are many. Their other KPIs are on the KPI topic."""
PARTS_AT: Mapping[str, frozenset[str]] = {
    level: frozenset(
        part.metric for kpi in CATALOGUE.values() if level in kpi.levels for part in SIDES[kpi.id] if part is not None
    )
    for level in LEVELS
}
"""Level -> the parts of the KPIs that exist at it."""


@dataclass(frozen=True)
class Exposition:
    """What is exported. `windows`: level -> window names; `rolling`: which of them are rolling; `limit_series`: how
    many series at most."""

    windows: Mapping[str, frozenset[str]]
    rolling: frozenset[str]
    limit_series: int = LIMIT_SERIES

    def shows(self, level: str, window: str) -> bool:
        """Whether a window is exported at a level."""
        return window in self.windows.get(level, frozenset())

    def is_rolling(self, window: str) -> bool:
        """Whether a window of this name is rolling."""
        return window in self.rolling

    def parts(self, level: str) -> frozenset[str]:
        """The metrics exported at `level`."""
        return AGENT_PARTS if level == "agent" else PARTS_AT[level]


def exposition(plan: WindowPlan, limit_series: int = LIMIT_SERIES) -> Exposition:
    """What a plan exports: every window; of agents only the rolling window nearest to 15 minutes, and the day."""
    rolling = dict(plan.rolling)
    calendar = {name for name, _ in plan.intervals}
    calendar |= {"day"} if plan.day else set()
    calendar |= {"month"} if plan.month else set()
    shifts = {f"shift_{name}" for clock in plan.sites.values() for name in clock.shifts} if plan.shifts else set()
    nearest = sorted(rolling, key=lambda name: (abs(rolling[name] - AGENT_ROLLING_MS), name))[:1]
    all_windows = frozenset(rolling) | calendar | shifts
    agents = frozenset(nearest) | (calendar & {"day"})
    windows = {level: agents if level == "agent" else all_windows for level in LEVELS}
    return Exposition(windows, frozenset(rolling), limit_series)
