"""Records between the two stages: what stage 1 says and stage 2 reads (deltas topic).

A delta's key is the entity's text, `site|level|id`; a statement's key is `~`. A delta is MessagePack, a statement JSON.
"""

from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

import msgspec

from stream.engine.rows import Encoded, Place
from stream.windows import exact
from stream.windows.packed import FORMAT

STATEMENT_KEY = b"~"

Zeros = list[tuple[Place, list[str]]]
"""Columns that came to 0 at a place, of those that a rule reads."""


class Delta(NamedTuple):
    """`at`: greatest `occurred_at` of the facts in it. `rows`: by currency ("": amounts that have none)."""

    f: int
    n: int
    at: int
    rows: dict[str, Encoded]
    zeros: Zeros = []  # never changed


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Delta).decode


def entity_text(site: str, level: str, entity: str) -> str:
    """The text of an entity. Identifiers hold no `|` (contract 1), so that it can be taken apart again."""
    return f"{site}|{level}|{entity}"


def partition_of(entity: str, partitions: int) -> int:
    """The deltas partition of an entity's text."""
    return crc32(entity.encode()) % partitions


def encode_delta(number: int, greatest_ms: int, rows: Mapping[str, Encoded], zeros: Zeros) -> bytes:
    """A delta of one entity from `number`; `greatest_ms`: greatest `occurred_at` of the facts in it."""
    return _encode((FORMAT, number, greatest_ms, rows, zeros) if zeros else (FORMAT, number, greatest_ms, rows))


def decode_delta(value: bytes) -> Delta:
    """What `encode_delta` wrote. Raises ValueError if it is of a format that this version does not know."""
    try:
        delta = _decode(value)
    except msgspec.ValidationError as error:
        raise ValueError(f"a delta of unknown format: {error}") from None
    if delta.f != FORMAT:
        raise ValueError(f"a delta has format {delta.f}; this version knows {FORMAT}")
    return delta


def encode_statement(number: int, watermark_ms: int | None, greatest_ms: int | None, idle: bool = False) -> bytes:
    """What `number` knows of time. `idle`: leave it out of the minimum of watermarks (live 2, idle_advance)."""
    said = {"f": exact.FORMAT, "n": number, "watermark": watermark_ms, "greatest": greatest_ms, "idle": idle}
    return exact.dumps(said)
