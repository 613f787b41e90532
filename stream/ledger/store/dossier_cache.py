"""The debtor indexes that were used last, kept so that the next fact need not read the dossier again."""

from __future__ import annotations

from collections import OrderedDict

from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.definitions import Definitions
from stream.ledger.kinds import MidnightMs
from stream.ledger.store import dossier as dossiers
from stream.ledger.store.dossier import Dossier
from stream.ledger.store.held_facts import FactList, HeldFacts
from stream.ledger.store.large_dossier import LargeDossier

OPENED_BYTES = 2_048
"""A smaller dossier is cheaper to read again than to keep."""

_AS_READ = 10
"""A fact that is kept as read takes so many times the memory of one that only stands in the index."""


class DossierCache:
    """Keeps the indexes of at most `capacity` facts in all, each counted by its memory: 1 is a fact that only stands in
    an index (about 100 bytes). Those unused for longest go first; the last one stays, however large.
    """

    def __init__(self, capacity: int = 500_000) -> None:
        self._capacity = capacity
        self._open: OrderedDict[str, DebtorIndex] = OrderedDict()
        self._weights: dict[str, int] = {}
        self._weight = 0

    def take(self, key: str) -> DebtorIndex | None:
        """Takes out the index of a key; None where it is not kept."""
        found = self._open.pop(key, None)
        if found is not None:
            self._weight -= self._weights.pop(key)
        return found

    def put(self, key: str, index: DebtorIndex) -> None:
        """Keeps an index, as it is after the last change."""
        self._open[key] = index
        self._weights[key] = _weight(index.held)
        self._weight += self._weights[key]
        while self._weight > self._capacity and len(self._open) > 1:
            oldest, _ = self._open.popitem(last=False)
            self._weight -= self._weights.pop(oldest)

    def leave_open(self, key: str, dossier: Dossier, index: DebtorIndex) -> None:
        """Keeps the index, unless the dossier has grown into one that it is not of, or is read as quickly as found."""
        if isinstance(dossier, LargeDossier):
            if index.held is dossier:
                self.put(key, index)
        elif len(dossier) >= OPENED_BYTES:
            self.put(key, index)


def read_index(key: str, dossier: Dossier, definitions: Definitions, midnight_ms: MidnightMs) -> DebtorIndex:
    """The index of a dossier, made of its facts."""
    held = dossier if isinstance(dossier, LargeDossier) else FactList(dossiers.facts(key, dossier))
    index = DebtorIndex(held, definitions, midnight_ms)
    index.take_in_all()
    return index


def _weight(held: HeldFacts) -> int:
    return 20 + len(held) * (1 if isinstance(held, LargeDossier) else _AS_READ)
