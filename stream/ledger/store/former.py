"""Entries as former versions of the format had them (`record.py`), made into those of the next."""

from __future__ import annotations

from typing import Any

import msgspec

CASE = 1
_SITE, _DEBTOR, _CASE = 3, 4, 5
DEBTORS = {
    "c": 20, "p": 11, "r": 10, "o": 11, "x": 8, "q": 15, "k": 13, "t": 13, "v": 9, "m": 11, "w": 11, "s": 8, "y": 10,
    "b": 11, "l": 10,
}  # fmt: skip
"""Letter -> the place of the debtor in versions 1 and 2; the losers come next, and were the last."""
_FRONT = 6
"""In version 1: letter, event_id, occurred_at, site, debtor (true: the key), case, then the rest up to the losers."""


def from_first(entry: bytes) -> bytes:
    """An entry of version 1 as one of version 2: the letter as its code, the case before and the debtor behind."""
    row: list[Any] = msgspec.msgpack.decode(entry)
    letter: str = row[0]
    debtor = DEBTORS[letter]
    row += [None] * (debtor + CASE + 1 - len(row))
    rest, losers = row[_FRONT:-1], row[-1]
    moved = [ord(letter), row[_CASE], row[1], row[2], row[_SITE], *rest, None if row[_DEBTOR] else False, losers]
    while moved[-1] is None:
        moved.pop()
    return msgspec.msgpack.encode(moved)


def from_second(entry: bytes) -> bytes:
    """An entry of version 2 as one of version 3, which has more fields behind the losers, None where left out.

    An agent's state has no case there: what an event says of one is ignored.
    """
    row: list[Any] = msgspec.msgpack.decode(entry)
    if row[0] != ord("s") or row[CASE] is None:
        return entry
    return msgspec.msgpack.encode([row[0], None, *row[CASE + 1 :]])
