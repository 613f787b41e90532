"""What came out of a soak, against a backfill of the same topics: `replay` of what the log holds.

Compared is what is promised of a live run: KPI records of windows that are final in both (live 6), alerts decided so
long before the end that all they depend on had come (live 5), scores of periods that are over, and the breaches of
conduct rules that stand. Windows and periods that still ran count up to other instants here and there.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream.facts.instant import instant_ms
from stream.kafka.names import Names
from stream.settings import Settings
from tests.kafka.scored import live_scores, said, scores_of
from tests.kafka.test_live_is_replay import alerts_of
from tests.kafka.workers import committed
from tests.soak.processes import Processes, SoakError
from tests.soak.world import ALERT_DELAY_MS

RECONCILED = re.compile(r"^(\d+) records compared, (\d+) differ$", re.MULTILINE)
SHOWN = 20
Record = dict[str, Any]


@dataclass(frozen=True)
class Compared:
    """`what`: KPI records, alerts, scores or breaches; how many, how many differ, and some of these in a line each."""

    what: str
    count: int
    differing: int
    lines: list[str]


async def backfilled(processes: Processes, out: Path) -> None:
    """Computes from the topics what `compared` reads."""
    await processes.run("backfill", "backfill", "--out", str(out), "--run", "live", "--replace", "--no-progress")


async def compared(processes: Processes, settings: Settings, out: Path, until_ms: int) -> list[Compared]:
    """`until_ms`: the instant at which the world ended, which the clocks of the live run have passed."""
    return [
        await _records(processes, out),
        await _alerts(settings, out, until_ms - ALERT_DELAY_MS),
        await _scores(settings, out),
        await _breaches(settings, out, until_ms),
    ]


async def _records(processes: Processes, out: Path) -> Compared:
    child = f"reconcile-{out.name}"
    log = out.parent / f"{child}.log"
    log.unlink(missing_ok=True)
    told = await processes.run(
        child, "reconcile", "live", str(out), "--final-only", "--limit", str(SHOWN), codes=(0, 1)
    )
    found = RECONCILED.search(told)
    if found is None:
        raise SoakError(f"reconcile compared nothing: {told[-500:]}")
    lines = [line for line in told.splitlines() if "|" in line][:SHOWN]
    return Compared("KPI records of final windows", int(found[1]), int(found[2]), lines)


async def _alerts(settings: Settings, out: Path, until_ms: int) -> Compared:
    live, expected = (
        {f"{each['rule']} {each['site']} {each['entity']} {each['state']} {each['at']}": each
         for each in records if instant_ms(each["at"]) <= until_ms}
        for records in (await alerts_of(settings), _lines(out / "alerts.jsonl"))
    )  # fmt: skip
    return _differing("alert records", live, expected)


async def _scores(settings: Settings, out: Path) -> Compared:
    try:
        live = {key: said(record) for key, record in (await live_scores(settings)).items()}
    except AssertionError as error:
        return Compared("scores of periods that are over", 0, 1, [f"the topic of scores is not as promised: {error}"])
    expected = scores_of(out)
    running = {key for one in (live, expected) for key, record in one.items() if record["provisional"]}
    return _differing(
        "scores of periods that are over",
        {key: record for key, record in live.items() if key not in running},
        {key: record for key, record in expected.items() if key not in running},
    )


async def _breaches(settings: Settings, out: Path, until_ms: int) -> Compared:
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    latest: dict[str, Record] = {}
    for each in await committed(settings.kafka.bootstrap_servers, names.conduct, 300):
        key, value = each.key.decode(), json.loads(each.value)
        if key not in latest or value["revision"] > latest[key]["revision"]:
            latest[key] = value
    standing = [each for each in latest.values() if each["record"] == "breach" and not each["withdrawn"]]
    live, expected = (
        {_breach_key(each): each | {"revision": 1} for each in records if instant_ms(each["at"]) <= until_ms}
        for records in (standing, _lines(out / "conduct.jsonl"))
    )
    return _differing("breaches of conduct rules", live, expected)


def _breach_key(breach: Record) -> str:
    parts = (breach["rule"], breach["debtor"], breach["case"], breach["number"], *breach["fact"].values())
    return " ".join(str(part) for part in parts)


def _differing(what: str, live: Mapping[str, Record], expected: Mapping[str, Record]) -> Compared:
    keys = live.keys() | expected.keys()
    wrong = sorted(key for key in keys if live.get(key) != expected.get(key))
    lines = [f"{key}: {_fields(live.get(key), expected.get(key))}" for key in wrong[:SHOWN]]
    return Compared(what, len(keys), len(wrong), lines)


def _fields(live: Record | None, expected: Record | None) -> str:
    if live is None or expected is None:
        return "only in the backfill" if live is None else "only live"
    return "; ".join(
        f"{name}: live {live.get(name)}, backfill {expected.get(name)}"
        for name in sorted(live.keys() | expected.keys())
        if live.get(name) != expected.get(name)
    )


def _lines(file: Path) -> list[Record]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]
