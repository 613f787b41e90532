"""The doors a scenario can be run through: each turns a configuration and lines into KPI records and alerts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.oracle.conduct_headroom import asked
from tests.oracle.conduct_headroom import headroom as answer
from tests.oracle.config import DAY_MS, read_config
from tests.oracle.identity import facts_of, utc
from tests.oracle.reading import instant
from tests.oracle.replay import expected_replay, sort_lines
from tests.oracle.timing import timed
from tests.scenarios.faust_door import live
from tests.scenarios.scenario import LAST
from tests.worlds.differences import key_of
from tests.worlds.folded import settings_of
from tests.worlds.lived import Floor, breaches_in, facts_in
from tests.worlds.replayed import replayed, told_by_command

Raw = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Key -> final KPI record; all alert records in order; events by what became of them; the breaches that stand.

    `counts` and `breaches` are None where they are not known.
    """

    kpis: dict[str, Raw]
    alerts: list[Raw]
    counts: dict[str, int] | None
    breaches: list[Raw] | None = None


Door = Callable[[Raw, list[bytes], Path], Outcome]


def oracle(config: Raw, lines: list[bytes], folder: Path, as_of: str = "end") -> Outcome:
    """The second reading of the text: proves the scenario, not the product."""
    told = expected_replay(lines, read_config(config), as_of=None if as_of == LAST else as_of)
    counts = {"facts": told.accepted, "repeated": told.repeated, "refused": len(told.rejected)}
    return Outcome(told.kpis, told.alerts, counts, told.conduct)


def core(config: Raw, lines: list[bytes], folder: Path) -> Outcome:
    """Both stages as a live run drives them, over several numbers, with crashes; without Kafka."""
    folder.mkdir(parents=True, exist_ok=True)
    floor = Floor(settings_of(config, folder), Random(0))
    alerts = floor.live(facts_in(lines, floor.settings))
    kpis = {key: record for key, record in floor.last_words().items() if record["kpis"]}
    return Outcome(kpis, alerts, None, floor.breaches())


def board(config: Raw, lines: list[bytes], folder: Path, as_of: str) -> Outcome | None:
    """What a board of the live run shows after the last event; None for any other end."""
    if as_of != LAST:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    floor = Floor(settings_of(config, folder), Random(0))
    floor.take_in(facts_in(lines, floor.settings))
    kpis = {key: record for key, record in floor.last_words().items() if record["kpis"]}
    return Outcome(kpis, [], None, floor.breaches())


def replay(config: Raw, lines: list[bytes], folder: Path, as_of: str = "end") -> Outcome:
    """`kpi-stream replay` on one file."""
    options = () if as_of == LAST else ("--as-of", as_of)
    got = replayed(config, [b"".join(line + b"\n" for line in lines)], folder, options=options)
    summary = got.summary
    dead: dict[str, int] = summary["deadletters"]
    conflicts = dead.get("conflict", 0)
    counts = {
        "facts": summary["events_accepted"],
        "repeated": summary["duplicates"] + summary["superseded"] + conflicts,
        "refused": sum(dead.values()) - conflicts,
    }
    return Outcome({key_of(record): record for record in got.kpis}, got.alerts, counts, got.conduct)


def faust(config: Raw, lines: list[bytes], folder: Path) -> Outcome:
    """A worker's Faust app on its agent's `test_context`: everything of the live path but the broker."""
    folder.mkdir(parents=True, exist_ok=True)
    told = in_time(lines, config)
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        floor = runner.run(live(settings_of(config | LIVE, folder), told, last_word(told, config)))
    breaches = breaches_in(floor.conduct)
    return Outcome(final_words(floor.kpis), in_order(floor.alerts), floor.counts.outcomes(), breaches)


LIVE: Raw = {
    "kafka": {"partitions": 2},
    "publish": {"every": "100ms"},
    "time": {"grace": "0s", "idle_after": "1s", "idle_advance": False, "correction_horizon": "3650d"},
}
"""What a live run needs to be over soon: history, told in its own order."""
BEYOND = "beyond"
"""The site of the event that ends every scenario."""


def happened(line: bytes, config: Raw) -> int | None:
    """The instant of a line's event; None if it is none."""
    events = timed(sort_lines([line])[0], read_config(config))
    return int(events[0]["occurred_at"]) if events else None


def in_time(lines: list[bytes], config: Raw) -> list[bytes]:
    """Lines in the order of `occurred_at`; what is no event comes first."""
    return sorted(lines, key=lambda line: happened(line, config) or 0)


def last_word(lines: list[bytes], config: Raw) -> bytes:
    """An event so late that every deadline has passed."""
    at = utc(max(happened(line, config) or 0 for line in lines) + 200 * DAY_MS)
    names = {"site_id": BEYOND, "survey_id": BEYOND, "event_id": BEYOND}
    return json.dumps({"type": "survey", "occurred_at": at, "score": 5, **names}).encode()


def final_words(records: Iterable[Raw]) -> dict[str, Raw]:
    """What a reader keeps of a live run that is over, by key; every window is final."""
    kept: dict[str, Raw] = {}
    for record in records:
        if not record["window"].startswith("rolling") and record["site"] != BEYOND:
            kept[key_of(record)] = record
    assert all(record["final"] for record in kept.values())
    return {key: record for key, record in kept.items() if record["kpis"]}


def in_order(alerts: Iterable[Raw]) -> list[Raw]:
    """As replay's file has them."""
    return sorted(alerts, key=lambda a: (a["at"], a["rule"], a["site"], a["level"], a["entity"]))


def oracle_tells(config: Raw, lines: list[bytes], folder: Path, whom: Mapping[str, str]) -> Raw:
    """What a dialler is told, by the second reading of the text."""
    events, _, _ = sort_lines(lines)
    site, case, number = (whom.get(name) for name in ("site", "case", "number"))
    question = asked(facts_of(events), read_config(config), whom["debtor"], instant(whom["at"]), case, number, site)
    return answer(question, whom["debtor"], max(event["occurred_at"] for event in events))


def command_tells(config: Raw, lines: list[bytes], folder: Path, whom: Mapping[str, str]) -> Raw:
    """`kpi-stream headroom` on one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return told_by_command(config, folder, whom, [folder / "events.jsonl"])


TELLING = {"command": command_tells, "oracle": oracle_tells}
"""The doors at which a dialler asks."""
DOORS: dict[str, Door] = {"core": core, "faust": faust, "oracle": oracle, "replay": replay}
Ending = Callable[[Raw, list[bytes], Path, str], Outcome | None]
ENDING: dict[str, Ending] = {"core": board, "oracle": oracle, "replay": replay}
"""The doors that can be told where to end; None where one cannot end."""
