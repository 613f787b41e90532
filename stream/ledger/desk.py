"""The large dossiers that were read last, kept open so that the next fact about them need not read them again."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from stream.facts.fact import Fact
from stream.ledger.links import Links

LARGE_BYTES = 8_192
"""A smaller dossier is read sooner than it is looked after."""


class Opened(NamedTuple):
    """A dossier as read: its facts, and the same with their indexes."""

    facts: list[Fact]
    links: Links


class Desk:
    """Keeps open dossiers of at most `capacity` facts in all; the one that was not used for longest goes first."""

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._facts = 0

    def take(self, key: str) -> Opened | None:
        """The open dossier of a key, which is no longer on the desk; None where it is not open."""
        found = self._open.pop(key, None)
        if found is not None:
            self._facts -= len(found.facts)
        return found

    def put(self, key: str, opened: Opened) -> None:
        """Lays a dossier on the desk, as it is after the last change."""
        self._open[key] = opened
        self._facts += len(opened.facts)
        while self._facts > self._capacity and self._open:
            _, oldest = self._open.popitem(last=False)
            self._facts -= len(oldest.facts)
