"""How the entity stage publishes, and what a tick of it returns."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stream.alerts.texts import Language
from stream.kpis.targets import Targets
from stream.windows.plan import SiteClock, WindowPlan

Record = tuple[bytes, bytes]
StateRecord = tuple[bytes, bytes | None]


NO_END_MS = 1 << 62
"""After every instant."""


@dataclass(frozen=True)
class Publication:
    """Pacing and finality of the outputs. Durations in ms.

    `horizon_ms` None: a replay. Nothing is forgotten, ticks yield alerts only, and `close` yields every KPI record.
    `end_ms`: of a replay, what counts at or after it is not counted; a multiple of the pane. None: the end of the pane
    that holds the greatest event time. `NO_END_MS`: everything counts, and every window is final.
    `minimum_sample`: KPI id -> least denominator for status ok, default 1. `rolling_records`: publish rolling windows.
    `targets`: those that KPI records show. `language`: of what alert records say.
    `windows`: names of the windows to publish, None for all of the plan; rules are evaluated on theirs regardless.
    `conduct`: whether the KPIs of conduct exist.
    """

    every_ms: int = 1_000
    grace_ms: int = 600_000
    alert_delay_ms: int = 0
    horizon_ms: int | None = 90 * 86_400_000
    minimum_sample: Mapping[str, int] = field(default_factory=dict)
    run: str = "live"
    dead_after_ms: int = 600_000
    rolling_records: bool = True
    windows: frozenset[str] | None = None
    end_ms: int | None = None
    conduct: bool = False
    targets: Targets = field(default_factory=Targets)
    language: Language = "en"


@dataclass
class StageOutput:
    """What one tick decided: KPI records, alert records, how many of these say each state, and the state that changed
    (None: tombstone). `behind`: more KPI records are due than this tick was to give."""

    kpis: list[Record] = field(default_factory=list)
    alerts: list[Record] = field(default_factory=list)
    alert_states: Counter[str] = field(default_factory=Counter)
    state: list[StateRecord] = field(default_factory=list)
    behind: bool = False


def published_plan(plan: WindowPlan, publication: Publication) -> WindowPlan:
    """The windows of the plan that are published, as a plan of its own."""
    rolling = plan.rolling if publication.rolling_records else ()
    names = publication.windows
    if names is None:
        return replace(plan, rolling=rolling)
    sites = {
        site: SiteClock(clock.zone, {name: edges for name, edges in clock.shifts.items() if f"shift_{name}" in names})
        for site, clock in plan.sites.items()
    }
    return replace(
        plan,
        rolling=tuple(named for named in rolling if named[0] in names),
        intervals=tuple(named for named in plan.intervals if named[0] in names),
        day=plan.day and "day" in names,
        month=plan.month and "month" in names,
        sites=sites,
    )
