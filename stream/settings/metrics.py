"""The section `metrics` of a configuration: how much of the numbers /metrics and /metrics/agents show."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from stream.kpis.kpi import Kpi, why_not_at
from stream.settings.failure import KeyPath
from stream.settings.section import Section
from stream.settings.units import KpiName, Positive


class MetricsSection(Section):
    """What is exported for Prometheus, and how much of it."""

    agent_kpis: tuple[KpiName, ...] = (
        "connect_rate", "right_party_contacts", "promises", "recovered_amount", "occupancy_ratio", "talk_time_mean",
    )  # fmt: skip
    """The KPIs of agents on `/metrics/agents`."""
    agent_windows: tuple[str, ...] | None = None
    """Their windows; left out: the rolling one nearest to 15 minutes (`rolling_15m`) and `day`."""
    limit_kib: Annotated[Positive, Field(ge=32, le=65_536)] = 100
    """The most KiB of `/metrics`: of sites, teams, queues and segments it shows the windows and KPIs that fit
    ([metrics.md](metrics.md))."""


def metrics_problems(
    section: MetricsSection, windows: Sequence[str], kpis: Mapping[str, Kpi]
) -> Iterator[tuple[KeyPath, str]]:
    """Everything that is wrong, as (path of the key, reason), in the order of the document."""
    for index, name in enumerate(section.agent_kpis):
        kpi = kpis.get(name)
        if kpi is None:
            yield ("metrics", "agent_kpis", index), f"no such KPI: {name!r} (`kpi-stream kpis` lists them)"
        elif reason := why_not_at(kpi, "agent"):
            yield ("metrics", "agent_kpis", index), f"{name} {reason}"
    for index, window in enumerate(section.agent_windows or ()):
        if window not in windows:
            yield ("metrics", "agent_windows", index), f"no such window: {window!r} ({', '.join(windows)})"
