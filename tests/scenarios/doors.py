"""The doors a scenario can be run through: each turns a configuration and lines into KPI records and alerts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.oracle.config import read_config
from tests.oracle.replay import expected_replay
from tests.worlds.differences import key_of
from tests.worlds.replayed import replayed

Raw = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Key -> final KPI record; all alert records in order; facts, repeated and refused events."""

    kpis: dict[str, Raw]
    alerts: list[Raw]
    facts: int
    repeated: int
    refused: int


Door = Callable[[Raw, list[bytes], Path], Outcome]


def oracle(config: Raw, lines: list[bytes], folder: Path) -> Outcome:
    """The second reading of the text: proves the scenario, not the product."""
    told = expected_replay(lines, read_config(config))
    return Outcome(told.kpis, told.alerts, told.accepted, told.repeated, len(told.rejected))


def replay(config: Raw, lines: list[bytes], folder: Path) -> Outcome:
    """`kpi-stream replay` on one file."""
    got = replayed(config, [b"".join(line + b"\n" for line in lines)], folder)
    summary = got.summary
    dead: dict[str, int] = summary["deadletters"]
    conflicts = dead.get("conflict", 0)
    return Outcome(
        {key_of(record): record for record in got.kpis},
        got.alerts,
        summary["events_accepted"],
        summary["duplicates"] + summary["superseded"] + conflicts,
        sum(dead.values()) - conflicts,
    )


DOORS: dict[str, Door] = {"oracle": oracle, "replay": replay}
