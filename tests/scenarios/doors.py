"""The doors a scenario can be run through: each turns a configuration and lines into KPI records and alerts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.oracle.config import read_config
from tests.oracle.replay import expected_replay
from tests.worlds.differences import key_of
from tests.worlds.folded import settings_of
from tests.worlds.lived import Floor, facts_in
from tests.worlds.replayed import replayed

Raw = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Key -> final KPI record; all alert records in order; events by what became of them, None if unknown."""

    kpis: dict[str, Raw]
    alerts: list[Raw]
    counts: dict[str, int] | None


Door = Callable[[Raw, list[bytes], Path], Outcome]


def oracle(config: Raw, lines: list[bytes], folder: Path) -> Outcome:
    """The second reading of the text: proves the scenario, not the product."""
    told = expected_replay(lines, read_config(config))
    counts = {"facts": told.accepted, "repeated": told.repeated, "refused": len(told.rejected)}
    return Outcome(told.kpis, told.alerts, counts)


def core(config: Raw, lines: list[bytes], folder: Path) -> Outcome:
    """Both stages as a live run drives them, over several numbers, with crashes; without Kafka."""
    folder.mkdir(parents=True, exist_ok=True)
    floor = Floor(settings_of(config, folder), Random(0))
    alerts = floor.live(facts_in(lines))
    return Outcome({key: record for key, record in floor.last_words().items() if record["kpis"]}, alerts, None)


def replay(config: Raw, lines: list[bytes], folder: Path) -> Outcome:
    """`kpi-stream replay` on one file."""
    got = replayed(config, [b"".join(line + b"\n" for line in lines)], folder)
    summary = got.summary
    dead: dict[str, int] = summary["deadletters"]
    conflicts = dead.get("conflict", 0)
    counts = {
        "facts": summary["events_accepted"],
        "repeated": summary["duplicates"] + summary["superseded"] + conflicts,
        "refused": sum(dead.values()) - conflicts,
    }
    return Outcome({key_of(record): record for record in got.kpis}, got.alerts, counts)


DOORS: dict[str, Door] = {"core": core, "oracle": oracle, "replay": replay}
