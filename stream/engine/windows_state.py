"""Sums at rest: the records of the windows topic (internals, section 6), JSON of `windows/exact.py`.

Keys: `w|ENTITY|WINDOW|START` a window (rolling: no start, and no sums, which follow from the panes), `p|ENTITY|CHUNK`
panes, `f|ENTITY|GRAIN` the future, `a|...` alerts (`alerts/state.py`), `c` the clock.
"""

from typing import Any

from stream.engine.entity import Entity
from stream.engine.publication import StateRecord
from stream.windows.exact import FORMAT, dumps, loads
from stream.windows.sums import Sums, without_zeros
from stream.windows.totals import ROLLING_MS, Total

CLOCK_KEY = b"c"


def total_key(total: Total) -> bytes:
    """Key of a window's record."""
    start = "" if total.rolling else total.start_ms
    return f"w|{total.text}|{total.name}|{start}".encode()


def total_record(total: Total) -> StateRecord:
    """A window: sums, and what was last published of it; `q` if a change of it still waits to be published."""
    record: dict[str, Any] = {"f": FORMAT, "r": total.revision, "d": total.digest, "x": total.final, "q": total.queued}
    if not total.rolling:
        record |= {"end": total.end_ms, "sums": total.sums}
    return total_key(total), dumps(record)


def read_total(text: str, name: str, start: str, value: bytes) -> Total:
    """What `total_record` wrote."""
    record = loads(value)
    start_ms = int(start) if start else ROLLING_MS
    total = Total(text, name, start_ms, record.get("end", ROLLING_MS))
    total.sums = record.get("sums", {})
    total.revision, total.digest, total.final, total.queued = record["r"], record["d"], record["x"], record["q"]
    return total


def panes_record(entity: Entity, chunk: int, panes: dict[int, Sums]) -> StateRecord:
    """The panes of one minute; a tombstone when there are none."""
    key = f"p|{entity.text}|{chunk}".encode()
    if not panes:
        return key, None
    return key, dumps({"f": FORMAT, "panes": {str(end_ms): without_zeros(sums) for end_ms, sums in panes.items()}})


def read_panes(value: bytes | None) -> dict[int, Sums]:
    """What `panes_record` wrote."""
    if value is None:
        return {}
    return {int(end_ms): sums for end_ms, sums in loads(value)["panes"].items()}


def future_record(entity: Entity, grain: int) -> StateRecord:
    """What waits for its time in one grain; a tombstone when it has come."""
    sums = entity.future.get(grain)
    return f"f|{entity.text}|{grain}".encode(), None if sums is None else dumps({"f": FORMAT, "sums": sums})
