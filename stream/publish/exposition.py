"""Which windows and KPI parts of each level Prometheus can see: of agents those of the configuration, of the others
what fits (`choosing.py`).

1,000 agents with 9 parts and 2 windows are 18,000 series, which /metrics/agents shows. What is beyond the cap is
withheld, and counted by `collections_series_dropped`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stream.kpis.catalogue import CATALOGUE
from stream.kpis.targets import Targets
from stream.publish.parts import SIDES
from stream.windows.measures import LEVELS
from stream.windows.plan import WindowPlan

LIMIT_SERIES = 100_000
LIMIT_BYTES = 102_400

AGENT_KPIS = (
    "connect_rate", "right_party_contacts", "promises", "recovered_amount", "occupancy_ratio", "talk_time_mean",
)  # fmt: skip
SHORT_MS = 900_000
"""The rolling window nearest to this length stands for `now`."""
PARTS_AT: Mapping[str, frozenset[str]] = {
    level: frozenset(
        part.metric for kpi in CATALOGUE.values() if level in kpi.levels for part in SIDES[kpi.id] if part is not None
    )
    for level in LEVELS
}
"""Level -> the parts of the KPIs that exist at it."""


@dataclass(frozen=True)
class Exposition:
    """What is exported.

    `windows`: level -> window names; `rolling`: which of them are rolling; `short`: those that are shown first, of all
    levels but agents; `agent_kpis`: of agents these alone, and of teams these first; `presence`: an agent without a
    record in one of these, or in a rolling window, is not there; empty: nothing longer is shown; `targets`: level ->
    windows with targets; `limit_series`: how many series of agents at most; `limit_bytes`: how long /metrics may be.
    """

    windows: Mapping[str, frozenset[str]]
    rolling: frozenset[str]
    short: tuple[str, ...] = ()
    agent_kpis: tuple[str, ...] = AGENT_KPIS
    presence: frozenset[str] = frozenset()
    targets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    limit_series: int = LIMIT_SERIES
    limit_bytes: int = LIMIT_BYTES

    def shows(self, level: str, window: str) -> bool:
        """Whether the parts of a window are exported at a level."""
        return window in self.windows.get(level, frozenset())

    def has_targets(self, level: str, window: str) -> bool:
        """Whether a window may have targets at a level."""
        return window in self.targets.get(level, frozenset())

    def needs(self, level: str, window: str) -> bool:
        """Whether the records of a window are looked at, be it for who is there or for targets."""
        there = level == "agent" and window in self.presence
        return there or self.shows(level, window) or self.has_targets(level, window)

    def is_rolling(self, window: str) -> bool:
        """Whether a window of this name is rolling."""
        return window in self.rolling

    def parts(self, level: str) -> frozenset[str]:
        """The metrics that may be exported at `level`."""
        return parts_of(self.agent_kpis) if level == "agent" else PARTS_AT[level]


def parts_of(kpis: Sequence[str]) -> frozenset[str]:
    """The metrics of the parts of these KPIs."""
    return frozenset(part.metric for kpi in kpis for part in SIDES[kpi] if part is not None)


def exposition(
    plan: WindowPlan,
    agent_kpis: Sequence[str] = AGENT_KPIS,
    agent_windows: Sequence[str] | None = None,
    targets: Targets | None = None,
    limit_series: int = LIMIT_SERIES,
    limit_bytes: int = LIMIT_BYTES,
) -> Exposition:
    """What a plan exports. `agent_windows` None: the rolling window nearest to 15 minutes, and the day."""
    rolling = dict(plan.rolling)
    calendar = {name for name, _ in plan.intervals}
    calendar |= {"day"} if plan.day else set()
    calendar |= {"month"} if plan.month else set()
    shifts = {f"shift_{name}" for clock in plan.sites.values() for name in clock.shifts} if plan.shifts else set()
    nearest = sorted(rolling, key=lambda name: (abs(rolling[name] - SHORT_MS), name))[:1]
    short = (*nearest, *(calendar & {"day"}))
    all_windows = frozenset(rolling) | calendar | shifts
    agents = frozenset(short if agent_windows is None else agent_windows)
    by_target = _windows_of(targets, all_windows)
    longer = "month" in agents | by_target.get("agent", frozenset())
    return Exposition(
        windows={level: agents if level == "agent" else all_windows for level in LEVELS},
        rolling=frozenset(rolling),
        short=short,
        agent_kpis=tuple(dict.fromkeys(agent_kpis)),
        presence=frozenset(shifts) | (calendar & {"day"}) if longer else frozenset(),
        targets=by_target,
        limit_series=limit_series,
        limit_bytes=limit_bytes,
    )


def _windows_of(targets: Targets | None, windows: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Level -> the windows in which a record may name a target: a period is a day, a month, or a shift's name."""
    found: dict[str, set[str]] = {}
    for target in targets.listed if targets is not None else ():
        found.setdefault(target.level, set()).update({target.period, f"shift_{target.period}"} & windows)
    return {level: frozenset(names) for level, names in found.items()}
