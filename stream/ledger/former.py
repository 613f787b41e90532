"""Entries as former versions of the format had them (`record.py`), made into those of the next."""

from __future__ import annotations

from typing import Any

import msgspec

from stream.ledger.layout import CASE, LAYOUTS

_SITE, _DEBTOR, _CASE = 3, 4, 5
_FRONT = 6
"""In version 1: letter, event_id, occurred_at, site, debtor (true: the key), case, then the rest up to the losers."""


def from_first(entry: bytes) -> bytes:
    """An entry of version 1 as one of version 2: the letter as its code, the case before and the debtor behind."""
    row: list[Any] = msgspec.msgpack.decode(entry)
    letter: str = row[0]
    debtor = LAYOUTS[letter].debtor
    row += [None] * (debtor + CASE + 1 - len(row))
    rest, losers = row[_FRONT:-1], row[-1]
    moved = [ord(letter), row[_CASE], row[1], row[2], row[_SITE], *rest, None if row[_DEBTOR] else False, losers]
    while moved[-1] is None:
        moved.pop()
    return msgspec.msgpack.encode(moved)
