"""Records of the deltas topic: what the debtor stage writes and the entity stage reads.

A delta's key is the entity's text, `site|level|id`; a statement's key is `~`. A delta is MessagePack, a statement JSON.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

import msgspec

from stream.facts.format import Format
from stream.windows import exact
from stream.windows.former import from_first
from stream.windows.packed import from_bytes, to_bytes

STATEMENT_KEY = b"~"

Place = tuple[int, int, int, int]
"""(G, K, F, N): grain index of the instants, known (0: none), frontier in ms (0: none), and the number of grains from
G on that hold the amounts each (a run: an agent's time in one state)."""

Zeros = list[tuple[Place, list[str]]]
"""Columns that came to 0 at a place, of those that a rule reads."""


TeamSaid = tuple[int, int, str, str]
"""(grain of the fact, `occurred_at` in ms, event id, team)."""


class Encoded(NamedTuple):
    """Rows in a delta. Amounts are packed integers, little-endian and signed, as short as they come."""

    grains: list[int]
    amounts: list[bytes]
    edge_grains: list[int]
    changes: list[bytes]
    placed: list[tuple[int, int, int, int, bytes]]

    @property
    def size(self) -> int:
        """How many rows these are."""
        return len(self.grains) + len(self.edge_grains) + len(self.placed)


class Delta(NamedTuple):
    """What a batch of facts changed for one entity.

    `f`: version of the format. `n`: the debtor partition. `at`: greatest `occurred_at` of the facts in it.
    `rows`: by currency ("": amounts that have none). `teams`: of an agent's delta, what the facts say of the agent's
    team, the last of each grain; only where a rule is about agents.
    """

    f: int
    n: int
    at: int
    rows: dict[str, Encoded]
    zeros: Zeros = []  # never changed
    teams: list[TeamSaid] = []  # never changed


def _from_first(delta: Delta) -> Delta:
    """Version 1: the fields of packed amounts stood in another order."""
    return delta._replace(f=2, rows={currency: _renumbered(currency, rows) for currency, rows in delta.rows.items()})


def _renumbered(currency: str, rows: Encoded) -> Encoded:
    def renumbered(raw: bytes) -> bytes:
        return to_bytes(from_first(currency, from_bytes(raw)))

    return rows._replace(
        amounts=[renumbered(raw) for raw in rows.amounts],
        changes=[renumbered(raw) for raw in rows.changes],
        placed=[
            (grain, known, frontier, length, renumbered(raw)) for grain, known, frontier, length, raw in rows.placed
        ],
    )


def _from_second(delta: Delta) -> Delta:
    """Version 2 said nothing of teams."""
    return delta._replace(f=3)


DELTA: Format[Delta] = Format("delta", 3, {1: _from_first, 2: _from_second})

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Delta).decode


def entity_text(site: str, level: str, entity: str) -> str:
    """The text of an entity. Identifiers hold no `|` (contract 1), so that it can be taken apart again."""
    return f"{site}|{level}|{entity}"


def entity_partition(entity: str, partitions: int) -> int:
    """The deltas partition of an entity's text."""
    return crc32(entity.encode()) % partitions


def encode_delta(
    partition: int, greatest_ms: int, rows: Mapping[str, Encoded], zeros: Zeros, teams: Sequence[TeamSaid] = ()
) -> bytes:
    """A delta of one entity. `partition`: the debtor partition that sends it; `greatest_ms`: the greatest `occurred_at`
    of the facts in it."""
    said: tuple[object, ...] = (DELTA.version, partition, greatest_ms, rows)
    if teams:
        said += (zeros, teams)
    elif zeros:
        said += (zeros,)
    return _encode(said)


def decode_delta(value: bytes) -> Delta:
    """What `encode_delta` wrote. NewerFormatError: a newer version did. ValueError: it is no delta."""
    try:
        delta = _decode(value)
    except msgspec.ValidationError:
        found = msgspec.msgpack.decode(value)
        version = found[0] if isinstance(found, list) and found else None
        if isinstance(version, int):
            DELTA.upgraded(version, Delta(*found[:4]))
        raise ValueError("a record of the deltas topic is no delta") from None
    return delta if delta.f == DELTA.version else DELTA.upgraded(delta.f, delta)


def encode_statement(partition: int, watermark_ms: int | None, greatest_ms: int | None, idle: bool = False) -> bytes:
    """A statement: what a debtor partition knows of time. `idle`: leave it out of the minimum of watermarks (live 2,
    idle_advance)."""
    said = {"f": exact.FORMAT, "n": partition, "watermark": watermark_ms, "greatest": greatest_ms, "idle": idle}
    return exact.dumps(said)
