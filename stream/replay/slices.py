"""Deltas cut by time: a row is needed by the evaluations after its instant and its cause, and not before."""

from collections.abc import Iterator
from typing import Any

from stream.windows.exact import FORMAT, dumps, loads

SLICE_MS = 86_400_000


def slices_of(delta: bytes, grain_ms: int) -> Iterator[tuple[int, bytes]]:
    """(slice, delta) of the parts of a delta, a slice being instant // SLICE_MS."""
    record = loads(delta)
    rows: dict[int, list[Any]] = {}
    for row in record["rows"]:
        rows.setdefault(max(row[0], row[1]) * grain_ms // SLICE_MS, []).append(row)
    if len(rows) == 1:
        yield next(iter(rows)), delta
        return
    for slice_, some in rows.items():
        yield slice_, dumps({**record, "f": FORMAT, "rows": some})
