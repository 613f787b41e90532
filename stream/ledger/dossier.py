"""A debtor's facts at rest: one bytearray, read only when something in it is touched.

A million debtors with ten facts each must fit in a worker, and at 100,000 events a second most of them are touched by
one call that changes nothing but its own counts. So a dossier is a header and the records of its facts, one after the
other; whether an identity is known is a search in bytes, and the header says whether a call can matter to other facts.

    header   3 x 6 bytes  instants before which an attempt, a human conversation, a call with the right party may
                          change a deadline or a payment's credit (`Reach`)
             1 byte       1: every fact must be folded (a complaint waits for a call, or the dossier was just restored)
    record   3 bytes      length of what follows
             00 IDENTITY 1f VALUE
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_HEADER = 19
_ALWAYS = 18
_NEVER = bytes(18)
_INSTANT_BYTES = 6

SMALLEST_RECORD = 24
"""No record is shorter (bytes): what a dossier's length says about the number of its facts."""


class Reach(NamedTuple):
    """Before which instants (ms) a new call can change linked contributions; `always`: it can at any time."""

    attempt_until_ms: int = 0
    human_until_ms: int = 0
    right_party_until_ms: int = 0
    always: bool = False

    def header(self) -> bytes:
        """The bytes that a dossier starts with."""
        return (
            self.attempt_until_ms.to_bytes(_INSTANT_BYTES, "big")
            + self.human_until_ms.to_bytes(_INSTANT_BYTES, "big")
            + self.right_party_until_ms.to_bytes(_INSTANT_BYTES, "big")
            + bytes((self.always,))
        )


NOTHING = Reach().header()
"""Start of a dossier in which no fact waits for a call."""
UNREAD = Reach(always=True).header()
"""Start of a dossier that was restored: what its facts wait for is found when it is first read."""


def token(identity: str) -> bytes:
    """What stands before a fact's value. It may occur elsewhere by chance: only finding none is proof."""
    return f"\x00{identity}\x1f".encode()


def append(dossier: bytearray, mark: bytes, value: bytes) -> None:
    """Adds one record, `mark` being the token of its identity."""
    dossier += (len(mark) + len(value)).to_bytes(3, "big") + mark + value


def records(dossier: bytearray) -> Iterator[tuple[str, bytes]]:
    """All (identity, value) of a dossier, in the order in which they came."""
    at, length = _HEADER, len(dossier)
    while at < length:
        end = at + 3 + int.from_bytes(dossier[at : at + 3], "big")
        cut = dossier.index(b"\x1f", at + 4)
        yield dossier[at + 4 : cut].decode(), bytes(dossier[cut + 1 : end])
        at = end


def replaced(dossier: bytearray, identity: str, value: bytes | None) -> bytearray:
    """A copy of the dossier with the record of `identity` replaced, or removed where `value` is None."""
    result = dossier[:_HEADER]
    for name, old in records(dossier):
        if name != identity:
            append(result, token(name), old)
        elif value is not None:
            append(result, token(name), value)
    return result


def reach_of(dossier: bytearray) -> Reach:
    """The reach that its header states."""
    attempt, human, right_party = (int.from_bytes(dossier[at : at + _INSTANT_BYTES], "big") for at in (0, 6, 12))
    return Reach(attempt, human, right_party, bool(dossier[_ALWAYS]))


def set_reach(dossier: bytearray, reach: Reach) -> None:
    """Gives the dossier another reach."""
    dossier[:_HEADER] = reach.header()


def is_empty(dossier: bytearray) -> bool:
    """Whether it holds no fact."""
    return len(dossier) <= _HEADER


def call_matters(dossier: bytearray, at_ms: int, *, attempt: bool, human: bool, right_party: bool) -> bool:
    """Whether a new call at `at_ms` can change more than its own counts."""
    if dossier[_ALWAYS]:
        return True
    if dossier.startswith(_NEVER):
        return False
    at = at_ms.to_bytes(_INSTANT_BYTES, "big")
    return (attempt and dossier[0:6] > at) or (human and dossier[6:12] > at) or (right_party and dossier[12:18] > at)
