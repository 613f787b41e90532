"""Contributions added up over a batch, before they become deltas."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from stream.engine.delta import Place, encode_delta
from stream.ledger.contribution import Credit
from stream.ledger.difference import Difference
from stream.ledger.states import pieces

Cell = tuple[str, str, str, int, int, int, int]
"""(site, team, agent, grain, known, frontier, length): see internals, section 4."""

Sums = dict[str, int]

MOST_ROWS = 5_000
"""Rows of one delta: a broker takes no record of any size, and the sum of two deltas is that of one."""


@lru_cache(maxsize=100_000)
def _entities(site: str, team: str, agent: str) -> tuple[str, str, str]:
    return f"{site}|agent|{agent}", f"{site}|team|{team}", f"{site}|site|{site}"


class Cells:
    """Sums by cell and column since the last `take`."""

    def __init__(self, number: int, grain_ms: int, watched: frozenset[str]) -> None:
        self._number = number
        self._grain_ms = grain_ms
        self._watched = watched
        self._sums: dict[Cell, Sums] = {}
        # What was added to whole combinations of columns alike: a call counts 1 in six, and there are few combinations.
        self._counts: dict[tuple[Cell, tuple[str, ...]], int] = {}

    def add_own(
        self, site: str, team: str, agent: str, at_ms: int, ones: tuple[str, ...], amounts: tuple[tuple[str, int], ...]
    ) -> None:
        """Adds what a fact contributes by itself at its own instant."""
        cell = (site, team, agent, at_ms // self._grain_ms, 0, 0, 1)
        self._count(cell, ones, 1)
        if amounts:
            sums = self._cell(cell)
            for name, amount in amounts:
                if amount:
                    sums[name] = sums.get(name, 0) + amount

    def add_span(
        self,
        credit: Credit,
        columns: tuple[str, ...],
        start_ms: int,
        end_ms: int,
        caused_ms: int,
        frontier_ms: int | None,
    ) -> None:
        """Adds the time [start, end), which has ended when it is known, split over its grains, to each of the columns.

        Whole grains in the middle are one run: hours in one state are one row, not hundreds.
        """
        if not columns:
            return
        grain_ms, cause = self._grain_ms, caused_ms // self._grain_ms
        whole, end = -(-start_ms // grain_ms), end_ms // grain_ms
        spans: tuple[tuple[int, int], ...] = ((start_ms, end_ms),)
        if end - whole > 1 and (frontier_ms is None or start_ms >= frontier_ms):
            self._count((*credit, whole, cause, 0, end - whole), columns, grain_ms)
            spans = ((start_ms, whole * grain_ms), (end * grain_ms, end_ms))
        for from_ms, to_ms in spans:
            for at_ms, length_ms in pieces(from_ms, to_ms, grain_ms):
                grain = at_ms // grain_ms
                frozen = frontier_ms if frontier_ms is not None and at_ms < frontier_ms else 0
                self._count((*credit, grain, cause if grain < cause else 0, frozen, 1), columns, length_ms)

    def _count(self, cell: Cell, columns: tuple[str, ...], amount: int) -> None:
        counted = (cell, columns)
        self._counts[counted] = self._counts.get(counted, 0) + amount

    def _cell(self, cell: Cell) -> Sums:
        sums = self._sums.get(cell)
        if sums is None:
            sums = self._sums[cell] = {}
        return sums

    def add_difference(self, difference: Difference, caused_ms: int, frontier_ms: int | None) -> None:
        """Adds what a fact that occurred at `caused_ms` changed, under the frontier that applied to it."""
        cause = caused_ms // self._grain_ms
        for (credit, name, instant_ms), amount in difference.items():
            grain = instant_ms // self._grain_ms
            known = cause if grain < cause else 0
            frozen = frontier_ms if frontier_ms is not None and instant_ms < frontier_ms else 0
            sums = self._cell((*credit, grain, known, frozen, 1))
            sums[name] = sums.get(name, 0) + amount

    def take(self, greatest_ms: int) -> list[tuple[bytes, bytes]]:
        """The deltas, one per changed entity; the cells are empty afterwards."""
        entities: dict[str, dict[Place, Sums]] = {}
        for cell, sums in self._sums.items():
            place: Place = cell[3:]
            for entity in _entities(cell[0], cell[1], cell[2]):
                rows = entities.setdefault(entity, {})
                total = rows.get(place)
                if total is None:
                    rows[place] = sums.copy()
                else:
                    for name, amount in sums.items():
                        total[name] = total.get(name, 0) + amount
        # Combinations are added up as such for teams and sites, and taken apart into columns at the end.
        counts: dict[str, dict[tuple[Place, tuple[str, ...]], int]] = {}
        for (cell, names), amount in self._counts.items():
            counted = (cell[3:], names)
            for entity in _entities(cell[0], cell[1], cell[2]):
                found = counts.get(entity)
                if found is None:
                    found = counts[entity] = {}
                found[counted] = found.get(counted, 0) + amount
        for entity, found in counts.items():
            rows = entities.setdefault(entity, {})
            for (place, names), amount in found.items():
                total = rows.get(place)
                if total is None:
                    rows[place] = dict.fromkeys(names, amount)
                else:
                    for name in names:
                        total[name] = total.get(name, 0) + amount
        self._sums, self._counts = {}, {}
        return list(self._encoded(entities, greatest_ms))

    def _encoded(self, entities: dict[str, dict[Place, Sums]], greatest_ms: int) -> Iterator[tuple[bytes, bytes]]:
        for entity, rows in entities.items():
            kept = [(place, left) for place, sums in rows.items() if (left := self._left(sums))]
            key = entity.encode()
            for first in range(0, len(kept), MOST_ROWS):
                yield key, encode_delta(self._number, greatest_ms, kept[first : first + MOST_ROWS])

    def _left(self, sums: Sums) -> Sums:
        if all(sums.values()):
            return sums
        return {name: amount for name, amount in sums.items() if amount or name in self._watched}
