"""The facts of one key by their places, and where one of them is found by its identity."""

from __future__ import annotations

from collections.abc import Iterable

from stream.facts.fact import Fact
from stream.ledger.store import record


class HeldFacts:
    """Facts of one key, each at the place in which it came."""

    def __len__(self) -> int:
        raise NotImplementedError

    def fact(self, place: int) -> Fact:
        """The fact at a place."""
        raise NotImplementedError

    def each(self) -> Iterable[tuple[int, Fact]]:
        """Every place with its fact."""
        raise NotImplementedError

    def exchange(self, place: int, fact: Fact) -> None:
        """Puts a fact that was read from its entry in the place of another of its identity."""
        raise NotImplementedError

    def place_of(self, name: str) -> int | None:
        """The place of the fact of this identity (`record.identity`); None where there is none."""
        raise NotImplementedError


class FactList(HeldFacts):
    """Few facts, all of them as read."""

    def __init__(self, facts: list[Fact]) -> None:
        self.facts = facts
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self.facts)

    def fact(self, place: int) -> Fact:
        """The fact at a place."""
        return self.facts[place]

    def each(self) -> Iterable[tuple[int, Fact]]:
        """Every place with its fact."""
        return enumerate(self.facts)

    def place_of(self, name: str) -> int | None:
        """The place of the fact of this identity."""
        if self._places is None:
            self._places = {record.identity(fact): at for at, fact in enumerate(self.facts)}
        return self._places.get(name)

    def append(self, fact: Fact) -> None:
        """Takes in a fact of another identity than those that are there."""
        if self._places is not None:
            self._places[record.identity(fact)] = len(self.facts)
        self.facts.append(fact)

    def exchange(self, place: int, fact: Fact) -> None:
        """Puts a fact in the place of another of its identity."""
        self.facts[place] = fact
