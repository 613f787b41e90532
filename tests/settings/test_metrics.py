"""The section `metrics`: what agents export, and how long /metrics may be; a wrong key is named with its reason."""

from pathlib import Path

import pytest

from stream.publish.exposition import AGENT_KPIS, LIMIT_BYTES
from stream.publish.monitoring import exposition_of
from stream.settings import SettingsError, load


def test_without_the_section_agents_have_six_kpis_now_and_today_and_the_page_a_hundred_kib() -> None:
    shown = exposition_of(load(environ={}))
    assert shown.agent_kpis == AGENT_KPIS
    assert shown.windows["agent"] == {"rolling_15m", "day"}
    assert shown.limit_bytes == LIMIT_BYTES == 100 * 1024


def test_without_a_window_of_fifteen_minutes_the_nearest_stands_for_now() -> None:
    shown = exposition_of(load(environ={"KPI_STREAM_WINDOWS": "{rolling: [10m, 1h], month: false}"}))
    assert shown.windows["agent"] == {"rolling_10m", "day"}
    assert shown.short == ("rolling_10m", "day")


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (
            "{agent_kpis: [dials, made_up]}",
            "metrics.agent_kpis[1]: no such KPI: 'made_up' (`kpi-stream kpis` lists them)",
        ),
        ("{agent_kpis: [conduct_breaches]}", "metrics.agent_kpis[0]: no such KPI: 'conduct_breaches'"),
        ("{agent_windows: [rolling_2m]}", "metrics.agent_windows[0]: no such window: 'rolling_2m' (rolling_5m, "),
        ("{limit_kib: 8}", "metrics.limit_kib: "),
        ("{limit: 8}", "metrics.limit: "),
    ],
)
def test_a_wrong_key_is_named_with_its_reason(section: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"metrics: {section}")
    with pytest.raises(SettingsError) as refused:
        load(path, {})
    assert str(refused.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(refused.value)
