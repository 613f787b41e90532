"""A rule on a KPI that does not exist at its level is refused, with the key and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.alerts.rules import Rule, exact
from stream.alerts.watch import Watch
from stream.settings import SettingsError, load
from stream.windows.plan import WindowPlan

REASONS = {
    (
        "workload",
        "queue",
    ): "workload does not exist at level queue: calls alone contribute to it, and workload uses visits",
    ("promise_rate", "queue"): "calls alone contribute to it, and promise_rate uses promises",
    ("complaint_rate", "queue"): "calls alone contribute to it, and complaint_rate uses complaints",
    ("dials_per_hour", "queue"): "calls alone contribute to it, and dials_per_hour uses productive_ms",
    ("occupancy_ratio", "segment"): "agents' states contribute nothing to it, and occupancy_ratio uses on_call_ms",
    ("dials_per_hour", "segment"): "agents' states contribute nothing to it, and dials_per_hour uses productive_ms",
}


def written(folder: Path, kpi: str, level: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(f"alerts: [{{rule: r, kpi: {kpi}, level: {level}, window: day, below: 1}}]")
    return path


@pytest.mark.parametrize(("kpi", "level"), REASONS)
def test_half_a_formula_is_refused(kpi: str, level: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(written(tmp_path, kpi, level), {})
    assert str(refused.value).startswith(f"{tmp_path / 'c.yaml'}: alerts[0].kpi: {kpi} ")
    assert REASONS[kpi, level] in str(refused.value)
    with pytest.raises(ValueError, match="does not exist at level"):
        Watch(Rule("r", kpi, level, "day", exact("1"), exact("1")), WindowPlan())


@pytest.mark.parametrize(
    ("kpi", "level"),
    [("service_level", "queue"), ("transfer_rate", "queue"), ("workload", "segment"), ("promises", "segment")],
)
def test_what_exists_there_is_accepted(kpi: str, level: str, tmp_path: Path) -> None:
    (rule,) = load(written(tmp_path, kpi, level), {}).rules()
    assert (rule.kpi, rule.level) == (kpi, level)
