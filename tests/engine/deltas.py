"""Deltas made of columns, and read as columns."""

from collections.abc import Iterable, Iterator, Mapping

from stream.engine.deltas.delta import Place, decode_delta, encode_delta
from stream.engine.deltas.rows import Rows
from stream.windows.packed import from_bytes, pack, unpack


def delta(number: int, greatest_ms: int, rows: Iterable[tuple[Place, Mapping[str, int]]]) -> bytes:
    """A delta with a row for each place; columns that are 0 are said to be."""
    found: dict[str, Rows] = {}
    zeros = []
    for place, amounts in rows:
        grain, known, frontier, length = place
        for currency, packed in pack(amounts).items():
            into = found.setdefault(currency, Rows())
            if known or frontier or length > 1:
                into.placed[place] = into.placed.get(place, 0) + packed
            else:
                into.plain[grain] = into.plain.get(grain, 0) + packed
        if names := [name for name, amount in amounts.items() if not amount]:
            zeros.append((place, names))
    return encode_delta(number, greatest_ms, {currency: rows.encode() for currency, rows in found.items()}, zeros)


def rows_of(value: bytes) -> Iterator[tuple[Place, dict[str, int]]]:
    """What a delta holds, runs in parts between which nothing changes."""
    for currency, rows in decode_delta(value).rows.items():
        for grain, raw in zip(rows.grains, rows.amounts, strict=True):
            yield (grain, 0, 0, 1), unpack({currency: from_bytes(raw)})
        level = at = 0
        for grain, raw in sorted(zip(rows.edge_grains, rows.changes, strict=True)):
            if level:
                yield (at, 0, 0, grain - at), unpack({currency: level})
            level, at = level + from_bytes(raw), grain
        assert level == 0
        for grain, known, frontier, length, raw in rows.placed:
            yield (grain, known, frontier, length), unpack({currency: from_bytes(raw)})


def grains_of(value: bytes) -> Iterator[tuple[int, str, int]]:
    """Grain, column and amount, runs grain by grain."""
    for (first, _, _, length), amounts in rows_of(value):
        for grain in range(first, first + length):
            for column, amount in amounts.items():
                yield grain, column, amount
