"""The demo's configuration shows all of the demo's world: nothing is left out but what nobody has ever counted."""

import json
import re
from collections.abc import Iterator

import pytest

from stream.kpis.catalogue import CATALOGUE
from stream.publish.collector import LEVELS, KpiCollector
from stream.publish.monitoring import exposition_of
from stream.publish.parts import SIDES
from stream.settings import load
from tests.deploy.expressions import DEPLOY
from tests.deploy.simulated import DEMO, events, lived
from tests.publish.records import Record
from tests.worlds.folded import settings_of

BESIDE_BYTES = 40_000
"""What a worker tells beside its windows."""
AGENTS_BYTES = 1_572_864


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """What the demo's worker publishes, alerts aside, which are no window series."""
    settings = settings_of(DEMO | {"alerts": []}, tmp_path_factory.mktemp("demo"))
    return lived(settings, list(events()))[0]


@pytest.mark.parametrize("config", ["local/demo.yaml", "compose/kpi-stream.yaml"])
def test_the_shipped_configurations_leave_out_nothing_of_the_simulated_world(
    config: str, records: list[Record]
) -> None:
    shown = exposition_of(load(DEPLOY / config, environ={}))
    text, agents = shown_by(KpiCollector(shown), records)
    sites = set(re.findall(r'collections_window_dials{site="(\w+)",level="site"', text))
    assert sites == {"main", "prague"}
    left_out = re.findall(r"^collections_series_(?:left_out|dropped).* (\d+)$", text, re.MULTILINE)
    assert left_out
    assert set(left_out) == {"0"}
    assert len(text) + BESIDE_BYTES < shown.limit_bytes / 2, "there is room for what the world has not done yet"
    assert len(agents) < AGENTS_BYTES


def test_what_is_not_shown_has_never_been_counted_at_its_level(records: list[Record]) -> None:
    text, _ = shown_by(KpiCollector(exposition_of(load(DEPLOY / "local" / "demo.yaml", environ={}))), records)
    metrics = set(re.findall(r'^(collections_window_\w+){.*level="(\w+)"', text, re.MULTILINE))
    used = {(kpi, level) for level, kpi in named(records)}
    assert {
        (metric, level) for metric, level in metrics if level != "agent" and metric != "collections_window_entities"
    } == {(part.metric, level) for kpi, level in used for part in SIDES[kpi] if part is not None and level in LEVELS}
    never = {kpi for kpi in CATALOGUE if not any(kpi == one for one, _ in used)}
    assert never, "a world in which everything has happened proves nothing here"


def named(records: list[Record]) -> Iterator[tuple[str, str]]:
    """(Level, KPI) of all that any record says."""
    for _, body in records:
        record = json.loads(body)
        yield from ((record["level"], one["kpi"]) for one in record["kpis"])


def shown_by(collector: KpiCollector, records: list[Record]) -> tuple[str, str]:
    collector.on_committed(0, records)
    return collector.text(BESIDE_BYTES).decode(), collector.agents_text().decode()
