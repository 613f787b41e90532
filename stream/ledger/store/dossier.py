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

A large one is the header with a list of entries (`large_dossier.py`): what a fact costs there does not grow with their
number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stream.facts.fact import Fact
from stream.ledger.store import record
from stream.ledger.store.large_dossier import LargeDossier

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


class Reach(NamedTuple):
    """Before which instants (ms) a new call can change linked contributions; `always`: it can at any time."""

    attempt_until_ms: int = 0
    human_until_ms: int = 0
    right_party_until_ms: int = 0
    always: bool = False


Dossier = bytes | LargeDossier
"""There are a million of them, and most are small: bytes take a third of the memory. What changes one gives the dossier
as it is then: the same, or another in its place."""

LARGE_BYTES = 8_192
"""A dossier of this size or more is a `LargeDossier`."""


def _header(reach: Reach, kept_until_ms: int) -> bytes:
    until = reach[:3]
    bits = _ALWAYS * reach.always | _REACHES * any(until) | _KEPT * bool(kept_until_ms)
    instants = (*(until if any(until) else ()), *((kept_until_ms,) if kept_until_ms else ()))
    return b"".join((_DIGITS[bits], *(instant.to_bytes(_INSTANT_BYTES, "big") for instant in instants)))


_UNREAD = Reach(always=True)
NOTHING = _header(Reach(), 0) + b"\xdd\x00\x00\x00\x00"
"""A dossier without facts."""


def append(dossier: Dossier, key: str, fact: Fact, entry: bytes) -> Dossier:
    """With a fact that is not in it, of which this is the entry."""
    if isinstance(dossier, LargeDossier):
        dossier.append(record.identity(fact), fact.case_id, entry)
        return dossier
    start = _FACTS[dossier[0]]
    first = start + _COUNT_BYTES
    if len(dossier) > first:
        entry = record.sharing(entry, dossier, first)
    last = first - 1
    if len(dossier) + len(entry) < LARGE_BYTES and dossier[last] < 255:
        return b"".join((dossier[:last], _DIGITS[dossier[last] + 1], dossier[first:], entry))
    large = LargeDossier(key, dossier[:start])
    large.fill([*facts(key, dossier), fact])
    return large


def of(key: str, entries: Iterable[bytes]) -> Dossier:
    """A dossier of these entries, which nobody has read yet."""
    return _of(key, _header(_UNREAD, 0), list(entries))


def _of(key: str, header: bytes, held: Sequence[bytes]) -> Dossier:
    kept = [record.sharing(entry, held[0], 0) if place else entry for place, entry in enumerate(held)]
    dossier = b"".join((header, b"\xdd", len(held).to_bytes(4, "big"), *kept))
    if len(dossier) < LARGE_BYTES and len(held) < 256:
        return dossier
    large = LargeDossier(key, header)
    large.fill(record.decode(key, entry) for entry in held)
    return large


def exchanged(key: str, dossier: Dossier, facts: Sequence[Fact]) -> Dossier:
    """A small dossier with these facts in the place of its own, of which one was exchanged."""
    return _of(key, _head(dossier)[: _FACTS[_head(dossier)[0]]], [record.entry(fact) for fact in facts])


def count(dossier: Dossier) -> int:
    """How many facts it holds."""
    if isinstance(dossier, LargeDossier):
        return dossier.count()
    start = _FACTS[dossier[0]]
    return int.from_bytes(dossier[start + 1 : start + _COUNT_BYTES], "big")


def holds(dossier: Dossier, facts: int) -> bool:
    """Whether it holds so many facts, or more; a small one has no more than 255."""
    return (facts <= 255 or isinstance(dossier, LargeDossier)) and count(dossier) >= facts


def count_of_case(key: str, dossier: Dossier, case_id: str) -> int:
    """How many of its facts name a case."""
    if isinstance(dossier, LargeDossier):
        return dossier.of_case(case_id)
    return sum(fact.case_id == case_id for fact in facts(key, dossier))


def undo(dossier: Dossier, name: str, case_id: str | None) -> None:
    """Takes the fact out that was appended last, in place; a small dossier is as it was anyway."""
    if isinstance(dossier, LargeDossier):
        dossier.undo(name, case_id)


def restored(key: str, dossier: Dossier | None, name: str, entry: bytes | None) -> Dossier | None:
    """With this entry for an identity, instead of the former if there is one; without that fact if None. What it waits
    for is found when it is next read. None: nothing is left."""
    if dossier is None:
        return None if entry is None else of(key, [entry])
    if isinstance(dossier, LargeDossier):
        dossier.restore(name, entry)
        return unread(dossier) if dossier.count() else None
    if entry is not None and record.mark(name) not in dossier:
        dossier = append(dossier, key, record.decode(key, entry), entry)
        return dossier if always_matters(dossier) else unread(dossier)
    entries = [record.entry(each) for each in facts(key, dossier) if record.identity(each) != name]
    if entry is not None:
        entries.append(entry)
    return of(key, entries) if entries else None


def may_hold(dossier: Dossier, name: str) -> bool:
    """Whether a dossier may hold the fact of this identity; False is proof."""
    if isinstance(dossier, LargeDossier):
        return dossier.may_hold(name)
    return record.mark(name) in dossier


def facts(key: str, dossier: Dossier) -> list[Fact]:
    """All facts of a dossier, in the order in which they came."""
    if isinstance(dossier, LargeDossier):
        return [fact for _, fact in dossier.each()]
    with memoryview(dossier) as view, view[_FACTS[dossier[0]] :] as entries:
        return record.decode_all(key, entries)


def reach_of(dossier: Dossier) -> Reach:
    """The reach that its header states."""
    head = _head(dossier)
    bits = head[0]
    if not bits & _REACHES:
        return Reach(always=bool(bits & _ALWAYS))
    attempt, human, right_party = (int.from_bytes(head[at : at + _INSTANT_BYTES], "big") for at in (1, 7, 13))
    return Reach(attempt, human, right_party, bool(bits & _ALWAYS))


def always_matters(dossier: Dossier) -> bool:
    """Whether its reach says `always`."""
    return bool(_head(dossier)[0] & _ALWAYS)


def with_reach(dossier: Dossier, reach: Reach) -> Dossier:
    """With another reach."""
    return _headed(dossier, _header(reach, kept_until(dossier)))


def unread(dossier: Dossier) -> Dossier:
    """What its facts wait for is found when it is next read."""
    return with_reach(dossier, _UNREAD)


def _head(dossier: Dossier) -> bytes:
    return dossier.header if isinstance(dossier, LargeDossier) else dossier


def _headed(dossier: Dossier, header: bytes) -> Dossier:
    if isinstance(dossier, LargeDossier):
        dossier.header = header
        return dossier
    return header + dossier[_FACTS[dossier[0]] :]


def kept_until(dossier: Dossier) -> int:
    """The frontier (ms) before which nothing of it may be forgotten; 0 where it is not known."""
    head = _head(dossier)
    start = _FACTS[head[0]]
    return int.from_bytes(head[start - _INSTANT_BYTES : start], "big") if head[0] & _KEPT else 0


def keep_until(dossier: Dossier, frontier_ms: int) -> Dossier:
    """With this as the frontier before which nothing of it may be forgotten."""
    return _headed(dossier, _header(reach_of(dossier), frontier_ms))


def call_matters(dossier: Dossier, at_ms: int, attempt: bool, human: bool, right_party: bool) -> bool:
    """Whether a new call at `at_ms` can change more than its own counts."""
    head = _head(dossier)
    bits = head[0]
    if not bits & _MAY_MATTER:
        return False
    if bits & _ALWAYS:
        return True
    at = at_ms.to_bytes(_INSTANT_BYTES, "big")
    return (attempt and head[1:7] > at) or (human and head[7:13] > at) or (right_party and head[13:19] > at)


def is_calm(dossier: Dossier) -> bool:
    """Whether no fact in it waits for a call."""
    return not _head(dossier)[0] & _MAY_MATTER
