"""A run of the simulated world without Kafka: its events through both stages as a live run drives them, and through
`kpi-stream replay`, which says what the numbers are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

import orjson
import yaml

from stream.facts.instant import instant_ms
from stream.settings import Settings
from stream.simulate.scenario import live
from stream.simulate.sites import SITES
from tests.conftest import ROOT
from tests.publish.records import Record
from tests.worlds.folded import settings_of
from tests.worlds.lived import Floor, facts_in
from tests.worlds.replayed import replayed

Raw = dict[str, Any]
DEMO: Raw = yaml.safe_load((ROOT / "deploy" / "local" / "demo.yaml").read_text("utf-8"))
NOW = "2026-11-08T05:00:00Z"
"""One in the afternoon at main, six in the morning at prague."""
SEED = 14
"""Of this world every KPI that a dashboard shows has happened at main by then, the rare ones, too."""
CHUNK = 200
"""Facts between two commits."""
RULES = """
- {rule: connect_rate_low, kpi: connect_rate, level: team, window: rolling_15m, below: 0.10, min_denominator: 50}
- {rule: site_connects, kpi: connect_rate, level: site, window: rolling_15m, below: 0.05, min_denominator: 50}
- {rule: promises_few, kpi: promises, level: team, window: day, below: 100, entities: [t-3, t-7]}
- {rule: idle, kpi: occupancy_ratio, level: team, window: rolling_15m, below: 0.4, entities: [t-3]}
- {rule: service, kpi: service_level, level: queue, window: rolling_15m, below: 0.8, entities: [in-service]}
- {rule: given_up, kpi: abandonment_rate, level: queue, window: rolling_15m, above: 0.07, entities: [in-service]}
- {rule: waits, kpi: answer_wait_mean, level: queue, window: rolling_15m, above: 20000, entities: [in-service]}
- {rule: crowd, kpi: offered, level: queue, window: day, below: 900, entities: [in-service, in-payment]}
- {rule: complaints, kpi: complaint_rate, level: team, window: day, above: 5, entities: [t-3]}
- {rule: breaches, kpi: conduct_breach_rate, level: team, window: day, above: 6, entities: [t-3]}
- {rule: few_dials, kpi: dials, level: agent, window: day, below: 900, entities: [a-001]}
- {rule: quiet_segment, kpi: dials, level: segment, window: day, below: 9000, entities: [m1]}
- {rule: quiet_site, kpi: dials, level: site, window: day, below: 90000, severity: critical}
"""
SHIFTS = {"early": ["06:00", "14:00"], "late": ["14:00", "22:00"], "night": ["22:00", "06:00"]}
CONFIG: Raw = {
    "kafka": {"bootstrap_servers": "127.0.0.1:1"},
    "sites": {site: {"zone": of["zone"], "shifts": SHIFTS} for site, of in DEMO["sites"].items()},
    "windows": DEMO["windows"] | {"pane": "1m"},
    "definitions": {"complaint_deadline_days": 1, "promise_grace_days": 0},
    "conduct": {"packs": ["us_reg_f"]},
    "metrics": {"limit_kib": 4096},
    "targets": [
        {"kpi": "dials", "level": level, "entity": "*", "period": "day", "value": 80, "from": "2020-01-01"}
        for level in ("team", "agent")
    ],
    "alerts": yaml.safe_load(RULES),
}


@dataclass(frozen=True)
class Run:
    """`records`, `alerts`: what the stages published under these settings, in order; `kpis`, `told`: what replay says
    of the same."""

    settings: Settings
    records: list[Record]
    alerts: list[Record]
    kpis: list[Raw]
    told: list[Raw]


class _Steady(Floor):
    """Commits where it is told to, and nowhere else."""

    def disturb(self, watermark_ms: int) -> None:
        pass


def events() -> Iterator[bytes]:
    """What `simulate` sends of four days and of the day so far: most of it at main."""
    now_ms = instant_ms(NOW)
    sites = tuple(replace(site, share=share) for site, share in zip(SITES, (0.9, 0.1), strict=True))
    world = live(SEED, now_ms, rate=0.2, day_events=2_500, history_days=4, agents=24, sites=sites)
    for _, event in takewhile(lambda item: item[0] < now_ms, world):
        yield event if isinstance(event, bytes) else orjson.dumps(event)


def lived(settings: Settings, lines: Sequence[bytes]) -> tuple[list[Record], list[Record]]:
    """The records of KPIs and of alerts that the two stages publish of these events, in order."""
    floor = _Steady(settings, Random(0), run="live", rolling=True)
    facts, last_ms = facts_in(lines, settings), 0
    for first in range(0, len(facts), CHUNK):
        last_ms = floor.take_in(facts[first : first + CHUNK], last_ms)
    alerts = [alert for part in floor.parts for alert in part.alerts]
    return (
        [_record(record) for part in floor.parts for record in part.kpis],
        [(alert["alert_id"].encode(), orjson.dumps(alert)) for alert in alerts],
    )


def run_of(config: Raw, folder: Path) -> Run:
    """The world under a configuration, both ways."""
    settings, lines = settings_of(config, folder), list(events())
    options = ("--run", "live", "--processes", "1", "--windows", ",".join(settings.window_names()))
    told = replayed(config, [b"\n".join(lines)], folder / "replay", options=options)
    return Run(settings, *lived(settings, lines), told.kpis, told.alerts)


def _record(record: Raw) -> Record:
    rolling = record["window"].startswith("rolling")
    names = ("site", "level", "entity", "window")
    key = "|".join((*(record[name] for name in names), "" if rolling else record["start"]))
    return key.encode(), orjson.dumps(record)
