"""A fact as bytes: the value of a record of the ledger topic, and its place in a dossier.

Value: format version (1 byte), number of losers n (1 byte), n x 8 bytes of content hashes (events that lost a conflict
against this fact, so that their redelivery is known), then the fact's fields as a msgpack array in struct order.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import structs

from stream.facts import fact as kinds
from stream.facts.fact import Fact
from stream.facts.identity import own_id

FORMAT = 1
"""Version of the format of a record; a worker refuses a newer one."""

HASH_BYTES = 8
MOST_LOSERS = 255

_KINDS: dict[str, type[Fact]] = {
    "c": kinds.Call,
    "p": kinds.Payment,
    "r": kinds.PaymentReversal,
    "o": kinds.Promise,
    "x": kinds.PromiseCancelled,
    "q": kinds.Complaint,
    "k": kinds.Case,
    "t": kinds.Restriction,
    "v": kinds.Visit,
    "m": kinds.Message,
    "w": kinds.QualityReview,
    "s": kinds.AgentState,
    "y": kinds.Survey,
    "b": kinds.BotSession,
    "l": kinds.LegalStep,
}
_LETTERS: dict[type, str] = {kind: letter for letter, kind in _KINDS.items()}
_PLAIN = bytes((FORMAT, 0))

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Any]).decode


class NewerFormatError(Exception):
    """A record was written by a newer version of the product."""


def identity(fact: Fact) -> str:
    """Type letter and own id: what tells a fact from the others of its key."""
    return _LETTERS[type(fact)] + own_id(fact)


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
    kind = _KINDS[name[0]]
    fields: dict[str, Any] = dict(zip(kind.__struct_fields__, _unpack(value[end:]), strict=False))
    if kind is kinds.Promise:
        fields["instalments"] = [kinds.Instalment(**part) for part in fields["instalments"]]
    elif kind is kinds.Restriction and fields["hours"] is not None:
        fields["hours"] = tuple(fields["hours"])
    return kind(**fields), losers
