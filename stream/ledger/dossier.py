"""A debtor's facts at rest: one bytes object, read only when something in it is touched.

A million debtors with ten facts each must fit in a worker, and at 100,000 events a second most of them are touched by
one call that changes nothing but its own counts. So a dossier is a header and the records of its facts, one after the
other; whether an identity is known is a search in bytes, and the header says whether a call can matter to other facts.

    header   3 x 6 bytes  instants before which an attempt, a human conversation, a call with the right party may
                          change a deadline or a payment's credit (`Reach`)
             1 byte       1: every fact must be folded (a complaint waits for a call, or the dossier was just restored)
             3 bytes      number of facts
    record   3 bytes      length of what follows
             00 IDENTITY 1f VALUE
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_HEADER = 22
_ALWAYS = 18
_COUNT = 19
_NEVER = bytes(18)
_INSTANT_BYTES = 6


class Reach(NamedTuple):
    """Before which instants (ms) a new call can change linked contributions; `always`: it can at any time."""

    attempt_until_ms: int = 0
    human_until_ms: int = 0
    right_party_until_ms: int = 0
    always: bool = False

    def header(self) -> bytes:
        """The bytes that a dossier starts with, without the number of facts."""
        return (
            self.attempt_until_ms.to_bytes(_INSTANT_BYTES, "big")
            + self.human_until_ms.to_bytes(_INSTANT_BYTES, "big")
            + self.right_party_until_ms.to_bytes(_INSTANT_BYTES, "big")
            + bytes((self.always,))
        )


UNREAD = Reach(always=True)


def token(identity: str) -> bytes:
    """What stands before a fact's value. It may occur elsewhere by chance: finding none is proof, finding one is not."""
    return b"\x00" + identity.encode() + b"\x1f"


def start(reach: Reach) -> bytes:
    """An empty dossier."""
    return reach.header() + bytes(3)


def added(dossier: bytes, mark: bytes, value: bytes) -> bytes:
    """The dossier with one more record; its reach is unchanged."""
    count = int.from_bytes(dossier[_COUNT:_HEADER], "big") + 1
    return b"".join(
        (
            dossier[:_COUNT],
            count.to_bytes(3, "big"),
            dossier[_HEADER:],
            (len(mark) + len(value)).to_bytes(3, "big"),
            mark,
            value,
        )
    )


def records(dossier: bytes) -> Iterator[tuple[str, bytes]]:
    """All (identity, value) of a dossier, in the order in which they came."""
    at = _HEADER
    while at < len(dossier):
        end = at + 3 + int.from_bytes(dossier[at : at + 3], "big")
        cut = dossier.index(b"\x1f", at)
        yield dossier[at + 4 : cut].decode(), dossier[cut + 1 : end]
        at = end


def replaced(dossier: bytes, identity: str, value: bytes | None) -> bytes:
    """The dossier with the record of `identity` replaced, or removed where `value` is None."""
    result = dossier[:_COUNT] + bytes(3)
    for name, old in records(dossier):
        if name != identity:
            result = added(result, token(name), old)
        elif value is not None:
            result = added(result, token(name), value)
    return result


def with_reach(dossier: bytes, reach: Reach) -> bytes:
    """The dossier with another reach."""
    return reach.header() + dossier[_COUNT:]


def count(dossier: bytes) -> int:
    """How many facts it holds."""
    return int.from_bytes(dossier[_COUNT:_HEADER], "big")


def call_matters(dossier: bytes, at_ms: int, *, attempt: bool, human: bool, right_party: bool) -> bool:
    """Whether a new call at `at_ms` can change more than its own counts."""
    if dossier[_ALWAYS]:
        return True
    if dossier.startswith(_NEVER):
        return False
    at = at_ms.to_bytes(_INSTANT_BYTES, "big")
    return (
        (attempt and dossier[0:6] > at)
        or (human and dossier[6:12] > at)
        or (right_party and dossier[12:18] > at)
    )
