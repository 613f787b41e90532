"""A fact as bytes: the value of a record of the ledger topic, and its place in a dossier.

Value: format version (1 byte), number of losers n (1 byte), n x 8 bytes of content hashes (events that lost a conflict
against this fact, so that their redelivery is known), then the fact's fields as a msgpack array in struct order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec
from msgspec import structs

from stream.facts.fact import KINDS, Call, Fact
from stream.facts.identity import own_id

FORMAT = 1
"""Version of the format of a record; a worker refuses a newer one."""

HASH_BYTES = 8
MOST_LOSERS = 255

_PLAIN = bytes((FORMAT, 0))

_pack = msgspec.msgpack.Encoder().encode


def _reader(kind: type[Fact]) -> Callable[[bytes], Fact]:
    """Reads arrays in struct order; what it gives is of a subclass of `kind`, and equal to it but for that."""
    recorded = msgspec.defstruct(
        f"Recorded{kind.__name__}", [], bases=(kind,), array_like=True, tag=False, kw_only=True, gc=False
    )
    return cast("Callable[[bytes], Fact]", msgspec.msgpack.Decoder(recorded).decode)


_READERS = {kind.LETTER: _reader(kind) for kind in KINDS}


class NewerFormatError(Exception):
    """A record was written by a newer version of the product."""


def identity(fact: Fact) -> str:
    """Type letter and own id: what tells a fact from the others of its key."""
    return "c" + fact.call_id if type(fact) is Call else fact.LETTER + own_id(fact)  # most facts are calls


def is_state(name: str) -> bool:
    """Whether an identity is that of an agent's state."""
    return name[0] == "s"


def encode(fact: Fact, losers: tuple[bytes, ...] = ()) -> bytes:
    """The value of a fact's record."""
    head = bytes((FORMAT, len(losers))) + b"".join(losers) if losers else _PLAIN
    return head + _pack(structs.astuple(fact))


def decode(name: str, value: bytes) -> tuple[Fact, tuple[bytes, ...]]:
    """The fact of identity `name`, and its losers. Raises NewerFormatError where a newer version wrote the value."""
    if value[0] > FORMAT:
        raise NewerFormatError(f"a ledger record has format {value[0]}; this version reads up to {FORMAT}")
    end = 2 + HASH_BYTES * value[1]
    losers = tuple(value[at : at + HASH_BYTES] for at in range(2, end, HASH_BYTES))
    return _READERS[name[0]](value[end:]), losers
