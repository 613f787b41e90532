"""Handmade rows in the form of the public files, whole ones unless told otherwise, and how they are imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from stream.facts.decode import Rejection, decode
from stream.importers import SOURCES, Event, Torn

CALL: dict[str, object] = {
    "vru+line": "AA0101",
    "call_id": 34536,
    "customer_id": 23317894,
    "priority": 1,
    "type": "PS",
    "date": "990201",
    "vru_entry": "8:09:16",
    "vru_exit": "8:09:22",
    "vru_time": 6,
    "q_start": "8:09:22",
    "q_exit": "8:09:27",
    "q_time": 5,
    "outcome": "AGENT",
    "ser_start": "8:09:26",
    "ser_exit": "8:12:00",
    "ser_time": 154,
    "server": "TOVA",
}
UNSERVED = {"ser_start": "0:00:00", "ser_exit": "0:00:00", "ser_time": 0, "server": "NO_SERVER"}
UNQUEUED = {"q_start": "0:00:00", "q_exit": "0:00:00", "q_time": 0}


def call_log(folder: Path, *changes: dict[str, object]) -> Path:
    """A call log with one row for each set of changes."""
    rows = [CALL | change for change in changes]
    lines = ["\t".join(CALL), *("\t".join(str(value) for value in row.values()) for row in rows)]
    return written(folder / "calls.tsv", lines)


def written(path: Path, lines: list[str], end: str = "\r\n") -> Path:
    path.write_text("".join(line + end for line in lines), encoding="utf-8", newline="")
    return path


def imported(source: str, path: Path, site_id: str = "main") -> tuple[list[Event], list[Torn]]:
    """Events and torn lines; every event is one that the product accepts."""
    rows = list(SOURCES[source](path, site_id))
    events = [row for row in rows if not isinstance(row, Torn)]
    for event in events:
        fact = decode(orjson.dumps(event))
        assert not isinstance(fact, Rejection), (fact, event)
    return events, [row for row in rows if isinstance(row, Torn)]


def one_call(folder: Path, **changes: Any) -> Event:
    (event,), torn = imported("anonymous-bank", call_log(folder, changes))
    assert not torn
    return event
