"""The links of the dossiers that were read last, kept so that the next fact about them need not read them again."""

from __future__ import annotations

from collections import OrderedDict

from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.store.held_facts import HeldFacts
from stream.ledger.store.large_dossier import LargeDossier

OPENED_BYTES = 2_048
"""A smaller dossier is read sooner than it is looked after."""

_AS_READ = 10
"""A fact that is kept as read takes so many times the memory of one that is only linked."""


class DossierCache:
    """Keeps the links of at most `capacity` facts in all, in memory of linked ones (about 100 bytes each); those that
    were not used for longest go first, and those that were used last stay however many facts they are of."""

    def __init__(self, capacity: int = 500_000) -> None:
        self._capacity = capacity
        self._open: OrderedDict[str, DebtorIndex] = OrderedDict()
        self._weights: dict[str, int] = {}
        self._weight = 0

    def take(self, key: str) -> DebtorIndex | None:
        """The links of a key, which are no longer on the desk; None where they are not kept."""
        found = self._open.pop(key, None)
        if found is not None:
            self._weight -= self._weights.pop(key)
        return found

    def put(self, key: str, links: DebtorIndex) -> None:
        """Lays links on the desk, as they are after the last change."""
        self._open[key] = links
        self._weights[key] = _weight(links.held)
        self._weight += self._weights[key]
        while self._weight > self._capacity and len(self._open) > 1:
            oldest, _ = self._open.popitem(last=False)
            self._weight -= self._weights.pop(oldest)


def _weight(held: HeldFacts) -> int:
    return 20 + len(held) * (1 if isinstance(held, LargeDossier) else _AS_READ)
