"""Records between the two stages: what stage 1 says and stage 2 reads (deltas topic).

A delta's key is the entity's text, `site|level|id`; a statement's key is `~`. Values are records of `windows/exact.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

from stream.windows.exact import FORMAT, dumps

STATEMENT_KEY = b"~"

Row = Sequence[Any]
"""[G, K, {column: amount}], or with F, or with F and N: grain index of the instants, known (0: none), frontier (0:
none), and the number of grains from G on that hold these amounts each (a run: an agent's time in one state)."""

Place = tuple[int, int, int, int]
"""(G, K, F, N) of a row."""


def entity_text(site: str, level: str, entity: str) -> str:
    """The text of an entity. Identifiers hold no `|` (contract 1), so that it can be taken apart again."""
    return f"{site}|{level}|{entity}"


def partition_of(entity: str, partitions: int) -> int:
    """The deltas partition of an entity's text."""
    return crc32(entity.encode()) % partitions


def encode_delta(number: int, greatest_ms: int, rows: Iterable[tuple[Place, Mapping[str, int]]]) -> bytes:
    """A delta of one entity from `number`; `greatest_ms`: greatest `occurred_at` of the facts in it."""
    flat = [_row(place, sums) for place, sums in rows]
    return dumps({"f": FORMAT, "n": number, "at": greatest_ms, "rows": flat})


def _row(place: Place, sums: Mapping[str, int]) -> Row:
    grain, known, frontier, length = place
    if length > 1:
        return (grain, known, sums, frontier, length)
    return (grain, known, sums, frontier) if frontier else (grain, known, sums)


def encode_statement(number: int, watermark_ms: int | None, greatest_ms: int | None, idle: bool = False) -> bytes:
    """What `number` knows of time. `idle`: leave it out of the minimum of watermarks (live 2, idle_advance)."""
    return dumps({"f": FORMAT, "n": number, "watermark": watermark_ms, "greatest": greatest_ms, "idle": idle})
