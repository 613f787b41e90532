"""A debtor's facts at rest: one string of bytes, read only when something in it is touched.

A million debtors with ten facts each must fit in a worker, and at 100,000 events a second most of them are touched by
one call that changes nothing but its own counts. So a dossier is a header and a msgpack array of its facts' entries;
whether an identity is known is a search in bytes, and the header says whether a call can matter to other facts.

    header   3 x 6 bytes  instants before which an attempt, a human conversation, a call with the right party may
                          change a deadline or a payment's credit (`Reach`)
             1 byte       1: every fact must be folded (a complaint waits for a call, or the dossier was just restored)
             6 bytes      the frontier before which nothing of it may be forgotten (`forgetting.py`); 0: not known
    facts    dd           a msgpack array with a count of four bytes
             4 bytes      count
             ...          entries (`record.py`)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stream.facts.fact import Fact
from stream.ledger import record

_HEADER = 25
_REACH_END = 19
_ALWAYS = 18
_INSTANT_BYTES = 6
_COUNT_END = _HEADER + 5
_LAST_DIGIT = _COUNT_END - 1
_DIGITS = tuple(bytes((digit,)) for digit in range(256))

SMALLEST_RECORD = 16
"""No entry is shorter (bytes): what a dossier's length says about the number of its facts."""


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


Dossier = bytes | bytearray
"""Bytes take a sixth less memory, and there are a million of them; a large one grows in place. What changes one gives
the dossier as it is then: the same, or another in its place."""

IN_PLACE_BYTES = 8_192
"""From here on a dossier is a bytearray."""

CALM = Reach().header()
"""What a dossier starts with in which no fact waits for a call."""
NOTHING = CALM + bytes(_INSTANT_BYTES) + b"\xdd\x00\x00\x00\x00"
"""A dossier without facts."""
_UNREAD = Reach(always=True).header()


def append(dossier: Dossier, entry: bytes) -> Dossier:
    """With the entry of a fact that is not in it."""
    if len(dossier) < IN_PLACE_BYTES and dossier[_LAST_DIGIT] < 255:
        return b"".join((dossier[:_LAST_DIGIT], _DIGITS[dossier[_LAST_DIGIT] + 1], dossier[_COUNT_END:], entry))
    large = dossier if isinstance(dossier, bytearray) else bytearray(dossier)
    large[_HEADER + 1 : _COUNT_END] = (count(dossier) + 1).to_bytes(4, "big")
    large += entry
    return large


def of(entries: Iterable[bytes]) -> Dossier:
    """A dossier of these entries, which nobody has read yet."""
    held = list(entries)
    dossier = b"".join((_UNREAD, NOTHING[_REACH_END:-4], len(held).to_bytes(4, "big"), *held))
    return dossier if len(dossier) < IN_PLACE_BYTES else bytearray(dossier)


def exchanged(dossier: Dossier, facts: Sequence[Fact], place: int, entry: bytes) -> Dossier:
    """A copy with another entry in the place of a fact; `facts`: what the dossier holds, as read."""
    former = record.entry(facts[place])
    at = dossier.find(former, _COUNT_END)
    if at < 0 or dossier.find(former, at + 1) >= 0:  # it may also be the end of another entry
        return of(entry if number == place else record.entry(fact) for number, fact in enumerate(facts))
    return dossier[:at] + entry + dossier[at + len(former) :]


def count(dossier: Dossier) -> int:
    """How many facts it holds."""
    return int.from_bytes(dossier[_HEADER + 1 : _COUNT_END], "big")


def facts(key: str, dossier: Dossier) -> list[Fact]:
    """All facts of a dossier, in the order in which they came."""
    with memoryview(dossier) as view, view[_HEADER:] as entries:
        return record.decode_all(key, entries)


def reach_of(dossier: Dossier) -> Reach:
    """The reach that its header states."""
    attempt, human, right_party = (int.from_bytes(dossier[at : at + _INSTANT_BYTES], "big") for at in (0, 6, 12))
    return Reach(attempt, human, right_party, bool(dossier[_ALWAYS]))


def always_matters(dossier: Dossier) -> bool:
    """Whether its reach says `always`."""
    return bool(dossier[_ALWAYS])


def with_reach(dossier: Dossier, reach: Reach) -> Dossier:
    """With another reach."""
    return _patched(dossier, 0, reach.header())


def unread(dossier: Dossier) -> Dossier:
    """What its facts wait for is found when it is next read."""
    return _patched(dossier, 0, _UNREAD)


def _patched(dossier: Dossier, at: int, part: bytes) -> Dossier:
    if isinstance(dossier, bytearray):
        dossier[at : at + len(part)] = part
        return dossier
    return dossier[:at] + part + dossier[at + len(part) :]


def kept_until(dossier: Dossier) -> int:
    """The frontier (ms) before which nothing of it may be forgotten; 0: not known."""
    return int.from_bytes(dossier[_REACH_END:_HEADER], "big")


def keep_until(dossier: Dossier, frontier_ms: int) -> Dossier:
    """With this as the frontier before which nothing of it may be forgotten."""
    return _patched(dossier, _REACH_END, frontier_ms.to_bytes(_INSTANT_BYTES, "big"))


def call_matters(dossier: Dossier, at_ms: int, attempt: bool, human: bool, right_party: bool) -> bool:
    """Whether a new call at `at_ms` can change more than its own counts."""
    if dossier.startswith(CALM):
        return False
    if dossier[_ALWAYS]:
        return True
    at = at_ms.to_bytes(_INSTANT_BYTES, "big")
    return (attempt and dossier[0:6] > at) or (human and dossier[6:12] > at) or (right_party and dossier[12:18] > at)
