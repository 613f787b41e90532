"""The world of a soak: the demo's, with conduct rules and schemes; its clocks let alerts be those of replay."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from deploy.local.demo import CONFIG
from stream.facts.instant import instant_text
from tests.kafka.scored import SCHEMES, measurement

PREFIX = "soak"
PARTITIONS = 4
GROWN = 6
"""Partitions of the inbound topics before and after the hand-over."""
ALERT_DELAY_MS = 15 * 60_000
"""Longer than the longest call of the simulated world and all that comes late there: then decisions wait until all that
they depend on has come, and are those of replay (live 5)."""
MESS = "duplicates=0.005,late=0.01,corrections=0.002,conflicts=0.001,malformed=0.001,invalid=0.001"
CONDUCT = {
    "packs": ["us_reg_f", "any"],
    "sites": {"main": ["cn_gbt_45251", "any"]},
    "rules": [
        {"rule": "calls_per_day", "kind": "frequency", "per": "debtor", "counts": "attempts", "limit": 3,
         "window": {"days": 1, "local": True}},
    ],
}  # fmt: skip


def write_config(folder: Path, bootstrap: str, zone: str, partitions: int) -> Path:
    """The configuration of all commands, for so many partitions of the inbound topics. The days of both sites end as
    in `zone`."""
    document: dict[str, Any] = yaml.safe_load(CONFIG.read_text()) | SCHEMES
    document["kafka"] = {
        "bootstrap_servers": bootstrap, "topic_prefix": PREFIX, "group": PREFIX,
        "partitions": partitions, "deltas_partitions": PARTITIONS,
    }  # fmt: skip
    for site in document["sites"].values():
        site["zone"] = zone
        site["shifts"]["early"] = site["shifts"].pop("day")  # the schemes have periods of that name
    document["windows"]["intervals"] = ["5m", "30m"]
    document["time"] |= {"alert_delay": f"{ALERT_DELAY_MS}ms"}
    document["publish"] |= {"scores_every": "10s"}
    document["conduct"] = CONDUCT
    path = folder / f"soak-{partitions}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def survey(number: int) -> dict[str, Any]:
    """The survey by which latency is measured: of an agent of its own, answered now."""
    return {
        "type": "survey", "event_id": f"soak-{number}", "survey_id": f"soak-{number}", "agent_id": "soak-probe",
        "team_id": "soak-probes", "site_id": "main", "score": 5, "occurred_at": instant_text(_now_ms()),
    }  # fmt: skip


def measured(number: int, zone_day: str) -> dict[str, Any]:
    """A measurement of the same agent's day, one after the other each a version of its own."""
    return measurement(
        1, event_id=f"soak-m-{number}", measurement_id="soak-m", version=number + 1, entity="soak-probe",
        site_id="main", period_start=zone_day, numerator=number % 7, occurred_at=instant_text(_now_ms()),
    )  # fmt: skip


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def today() -> str:
    """The day by UTC, for measurements: which day it is matters less than that all agree."""
    return datetime.now(UTC).date().isoformat()
