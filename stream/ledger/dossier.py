"""A debtor's facts at rest: one string of bytes, read only when something in it is touched.

A million debtors with ten facts each must fit in a worker, and at 100,000 events a second most of them are touched by
one call that changes nothing but its own counts. So a dossier is a header and a msgpack array of its facts' entries;
whether an identity is known is a search in bytes, and the header says whether a call can matter to other facts.

    header   1 byte       which of the next are there; and whether every fact must be folded (`Reach.always`)
             3 x 6 bytes  instants before which an attempt, a human conversation, a call with the right party may
                          change a deadline or a payment's credit (`Reach`); left out where all are 0
             6 bytes      the frontier before which nothing of it may be forgotten (`forgetting.py`); left out where it
                          is not known
    facts    dd           a msgpack array with a count of four bytes
             4 bytes      count
             ...          entries (`record.py`); the case of the first stands for itself in the others
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stream.facts.fact import Fact
from stream.ledger import record

_ALWAYS, _REACHES, _KEPT = 1, 2, 4
"""Bits of the first byte."""
_MAY_MATTER = _ALWAYS | _REACHES
_INSTANT_BYTES = 6
_COUNT_BYTES = 5
_FACTS = tuple(
    1 + 3 * _INSTANT_BYTES * bool(bits & _REACHES) + _INSTANT_BYTES * bool(bits & _KEPT)
    for bits in range((_ALWAYS | _REACHES | _KEPT) + 1)
)
"""Where the array of facts starts, by the first byte."""
_DIGITS = tuple(bytes((digit,)) for digit in range(256))

SMALLEST_RECORD = 16
"""No entry is shorter (bytes): what a dossier's length says about the number of its facts."""


class Reach(NamedTuple):
    """Before which instants (ms) a new call can change linked contributions; `always`: it can at any time."""

    attempt_until_ms: int = 0
    human_until_ms: int = 0
    right_party_until_ms: int = 0
    always: bool = False


Dossier = bytes | bytearray
"""Bytes take a sixth less memory, and there are a million of them; a large one grows in place. What changes one gives
the dossier as it is then: the same, or another in its place."""

IN_PLACE_BYTES = 8_192
"""From here on a dossier is a bytearray."""


def _header(reach: Reach, kept_until_ms: int) -> bytes:
    until = reach[:3]
    bits = _ALWAYS * reach.always | _REACHES * any(until) | _KEPT * bool(kept_until_ms)
    instants = (*(until if any(until) else ()), *((kept_until_ms,) if kept_until_ms else ()))
    return b"".join((_DIGITS[bits], *(instant.to_bytes(_INSTANT_BYTES, "big") for instant in instants)))


_UNREAD = Reach(always=True)
NOTHING = _header(Reach(), 0) + b"\xdd\x00\x00\x00\x00"
"""A dossier without facts."""


def append(dossier: Dossier, entry: bytes) -> Dossier:
    """With the entry of a fact that is not in it."""
    start = _FACTS[dossier[0]]
    first = start + _COUNT_BYTES
    if len(dossier) > first:
        entry = record.sharing(entry, dossier, first)
    last = first - 1
    if len(dossier) < IN_PLACE_BYTES and dossier[last] < 255:
        return b"".join((dossier[:last], _DIGITS[dossier[last] + 1], dossier[first:], entry))
    large = dossier if isinstance(dossier, bytearray) else bytearray(dossier)
    large[start + 1 : first] = (count(dossier) + 1).to_bytes(4, "big")
    large += entry
    return large


def of(entries: Iterable[bytes]) -> Dossier:
    """A dossier of these entries, which nobody has read yet."""
    return _of(_header(_UNREAD, 0), list(entries))


def _of(header: bytes, held: Sequence[bytes]) -> Dossier:
    kept = [record.sharing(entry, held[0], 0) if place else entry for place, entry in enumerate(held)]
    dossier = b"".join((header, b"\xdd", len(held).to_bytes(4, "big"), *kept))
    return dossier if len(dossier) < IN_PLACE_BYTES else bytearray(dossier)


def exchanged(dossier: Dossier, facts: Sequence[Fact], place: int, entry: bytes) -> Dossier:
    """A copy with another entry in the place of a fact; `facts`: what the dossier holds, as read."""
    first = _FACTS[dossier[0]] + _COUNT_BYTES
    if place:
        opening = record.entry(facts[0])
        former, latter = (record.sharing(each, opening, 0) for each in (record.entry(facts[place]), entry))
        at = dossier.find(former, first)
        if at >= 0 and dossier.find(former, at + 1) < 0:  # it may also be the end of another entry
            return dossier[:at] + latter + dossier[at + len(former) :]
    entries = [entry if number == place else record.entry(fact) for number, fact in enumerate(facts)]
    return _of(bytes(dossier[: first - _COUNT_BYTES]), entries)


def count(dossier: Dossier) -> int:
    """How many facts it holds."""
    start = _FACTS[dossier[0]]
    return int.from_bytes(dossier[start + 1 : start + _COUNT_BYTES], "big")


def facts(key: str, dossier: Dossier) -> list[Fact]:
    """All facts of a dossier, in the order in which they came."""
    with memoryview(dossier) as view, view[_FACTS[dossier[0]] :] as entries:
        return record.decode_all(key, entries)


def reach_of(dossier: Dossier) -> Reach:
    """The reach that its header states."""
    bits = dossier[0]
    if not bits & _REACHES:
        return Reach(always=bool(bits & _ALWAYS))
    attempt, human, right_party = (int.from_bytes(dossier[at : at + _INSTANT_BYTES], "big") for at in (1, 7, 13))
    return Reach(attempt, human, right_party, bool(bits & _ALWAYS))


def always_matters(dossier: Dossier) -> bool:
    """Whether its reach says `always`."""
    return bool(dossier[0] & _ALWAYS)


def with_reach(dossier: Dossier, reach: Reach) -> Dossier:
    """With another reach."""
    return _headed(dossier, _header(reach, kept_until(dossier)))


def unread(dossier: Dossier) -> Dossier:
    """What its facts wait for is found when it is next read."""
    return with_reach(dossier, _UNREAD)


def _headed(dossier: Dossier, header: bytes) -> Dossier:
    start = _FACTS[dossier[0]]
    if isinstance(dossier, bytearray):
        dossier[:start] = header
        return dossier
    return header + dossier[start:]


def kept_until(dossier: Dossier) -> int:
    """The frontier (ms) before which nothing of it may be forgotten; 0 where it is not known."""
    start = _FACTS[dossier[0]]
    return int.from_bytes(dossier[start - _INSTANT_BYTES : start], "big") if dossier[0] & _KEPT else 0


def keep_until(dossier: Dossier, frontier_ms: int) -> Dossier:
    """With this as the frontier before which nothing of it may be forgotten."""
    return _headed(dossier, _header(reach_of(dossier), frontier_ms))


def call_matters(dossier: Dossier, at_ms: int, attempt: bool, human: bool, right_party: bool) -> bool:
    """Whether a new call at `at_ms` can change more than its own counts."""
    bits = dossier[0]
    if not bits & _MAY_MATTER:
        return False
    if bits & _ALWAYS:
        return True
    at = at_ms.to_bytes(_INSTANT_BYTES, "big")
    return (attempt and dossier[1:7] > at) or (human and dossier[7:13] > at) or (right_party and dossier[13:19] > at)


def is_calm(dossier: Dossier) -> bool:
    """Whether no fact in it waits for a call."""
    return not dossier[0] & _MAY_MATTER
