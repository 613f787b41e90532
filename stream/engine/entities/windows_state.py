"""Sums at rest: the records of the windows topic (internals, section 6), MessagePack.

Keys: `w|ENTITY|WINDOW|START` a tumbling window, `v|ENTITY` what was published of the rolling ones, whose sums follow
from `p|ENTITY|CHUNK`, the trails; `f|ENTITY|GRAIN` the future, `a|...` alerts (`alerts/state.py`), `c` the clock: these
two are JSON.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from stream.engine.entities.entity import Entity
from stream.engine.entities.publication import StateRecord
from stream.engine.entities.rolling import Rolling
from stream.facts.format import Format
from stream.windows.former import from_first
from stream.windows.packed import Packed, from_bytes, to_bytes
from stream.windows.totals import Total
from stream.windows.trail import Series

CLOCK_KEY = b"c"


Points = list[tuple[int, bytes]]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode


def _from_first(record: dict[str, Any]) -> dict[str, Any]:
    """Version 1: the fields of packed amounts stood in another order."""
    found = {**record, "f": 2}
    if "sums" in record:  # of edges there were none ahead
        found["sums"] = {currency: _renumbered(currency, raw) for currency, raw in record["sums"].items()}
    if "trails" in record:
        found["trails"] = {
            currency: [[(grain, _renumbered(currency, raw)) for grain, raw in points] for points in both]
            for currency, both in record["trails"].items()
        }
    return found


def _renumbered(currency: str, raw: bytes) -> bytes:
    return to_bytes(from_first(currency, from_bytes(raw)))


WINDOWS: Format[dict[str, Any]] = Format("windows record", 2, {1: _from_first})
FORMAT = WINDOWS.version


def _load(value: bytes) -> dict[str, Any]:
    """The record, upgraded if a former version wrote it. NewerFormatError: a newer one did."""
    record = _decode(value)
    found = record.get("f")
    return record if found == FORMAT else WINDOWS.upgraded(found if isinstance(found, int) else 0, record)


def total_key(total: Total) -> bytes:
    """Key of a tumbling window's record."""
    return f"w|{total.text}|{total.name}|{total.start_ms}".encode()


def total_record(total: Total) -> StateRecord:
    """A window: sums, and what was last published of it; `q` if a change of it still waits to be published."""
    record = {
        "f": FORMAT, "r": total.revision, "d": total.digest, "x": total.final, "q": total.queued,
        "end": total.end_ms, "sums": _at_rest(total.sums),
    }  # fmt: skip
    return total_key(total), _encode(record)


def read_total(text: str, name: str, start: str, value: bytes) -> Total:
    """What `total_record` wrote."""
    record = _load(value)
    total = Total(text, name, int(start), record["end"])
    total.sums = _awake(record["sums"])
    total.revision, total.digest, total.final, total.queued = record["r"], record["d"], record["x"], record["q"]
    return total


def views_key(entity: Entity) -> bytes:
    """Key of the record of an entity's rolling windows."""
    return f"v|{entity.text}".encode()


def views_record(entity: Entity) -> StateRecord:
    """What was last published of an entity's rolling windows."""
    views = {view.name: (view.revision, view.digest, view.queued) for view in entity.views}
    return views_key(entity), _encode({"f": FORMAT, "views": views})


def read_views(views: list[Total], value: bytes) -> None:
    """Takes what `views_record` wrote back into windows of the same names; others stay as they are."""
    found = _load(value)["views"]
    for view in views:
        if view.name in found:
            view.revision, view.digest, view.queued = found[view.name]


def chunk_record(entity: Entity, chunk: int, rolling: Rolling) -> StateRecord:
    """What stands in one chunk of an entity's trails; a tombstone when that is nothing."""
    first, end = rolling.chunk(chunk)
    trails: dict[str, tuple[Points, Points]] = {}
    for currency, trail in entity.trails.items():
        parts = _points(trail.amounts, first, end), _points(trail.edges, first, end)
        if any(parts):
            trails[currency] = parts
    key = f"p|{entity.text}|{chunk}".encode()
    if not trails:
        entity.chunks.discard(chunk)
        return key, None
    return key, _encode({"f": FORMAT, "trails": trails})


def read_chunk(entity: Entity, chunk: int, rolling: Rolling, value: bytes | None) -> None:
    """Takes what `chunk_record` wrote in the place of what stood there."""
    if chunk in entity.chunks:
        entity.chunks.remove(chunk)
        for trail in entity.trails.values():
            trail.remove(*rolling.chunk(chunk))
    if value is None:
        return
    entity.chunks.add(chunk)
    for currency, (amounts, edges) in _load(value)["trails"].items():
        trail = rolling.trail(entity, currency)
        trail.amounts.add({grain: from_bytes(raw) for grain, raw in amounts})
        trail.edges.add({grain: from_bytes(raw) for grain, raw in edges})


def future_record(entity: Entity, grain: int) -> StateRecord:
    """What waits for its time in one grain, and the edges of runs there; a tombstone when it has come."""
    packed, edges = entity.future.get(grain), entity.ahead.get(grain)
    key = f"f|{entity.text}|{grain}".encode()
    record: dict[str, Any] = {"f": FORMAT, "sums": _at_rest(packed or {})}
    if edges:
        record["edges"] = _at_rest(edges)
    return key, None if packed is None and edges is None else _encode(record)


def read_future(entity: Entity, grain: int, value: bytes | None) -> None:
    """Takes what `future_record` wrote in the place of what waited there."""
    entity.future.pop(grain, None)
    entity.ahead.pop(grain, None)
    if value is None:
        return
    record = _load(value)
    if record["sums"]:
        entity.future[grain] = _awake(record["sums"])
    if "edges" in record:
        entity.ahead[grain] = _awake(record["edges"])


def _at_rest(packed: Packed) -> dict[str, bytes]:
    return {currency: to_bytes(number) for currency, number in packed.items() if number}


def _awake(sums: Mapping[str, bytes]) -> Packed:
    return {currency: from_bytes(raw) for currency, raw in sums.items()}


def _points(series: Series, first: int, end: int) -> Points:
    at = series.at
    return [  # as `to_bytes`, without the call: while catching up, most of the state is this
        (grain, number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True))
        for grain in series.grains(first, end)
        if (number := at[grain])
    ]
