"""Which identities the long dossiers hold: a search in all bytes of one that grows would cost more with every fact."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort

from stream.ledger import dossier as dossiers
from stream.ledger import record
from stream.ledger.dossier import Dossier

LONG_BYTES = 4_096
"""In a shorter dossier a search is sooner done than looked after."""


class Register:
    """The sorted hashes of a long dossier's identities, 8 bytes each, made when one is first asked for."""

    def __init__(self) -> None:
        self._hashes: dict[str, array[int]] = {}

    def may_hold(self, key: str, dossier: Dossier, name: str) -> bool:
        """Whether a dossier may hold the fact of this identity; False is proof."""
        if len(dossier) < LONG_BYTES:
            return record.mark(name) in dossier
        hashes = self._hashes.get(key)
        if hashes is None:
            names = map(record.identity, dossiers.facts(key, dossier))
            hashes = self._hashes[key] = array("q", sorted(map(hash, names)))
        code = hash(name)
        at = bisect_left(hashes, code)
        return at < len(hashes) and hashes[at] == code

    def add(self, key: str, name: str) -> None:
        """The dossier of a key holds this identity from now on."""
        hashes = self._hashes.get(key)
        if hashes is not None:
            insort(hashes, hash(name))

    def forget(self, key: str) -> None:
        """The dossier of a key holds others than before, or is no more."""
        self._hashes.pop(key, None)
