"""What came for one entity since its last fold, added up by grain before any window sees it."""

from collections.abc import Iterator
from typing import NamedTuple

from stream.alerts.evaluation import Evaluator
from stream.engine.deltas.delta import Encoded
from stream.engine.entities.entity import Entity
from stream.engine.entities.rule_rows import evaluate_rows, note_teams, runs
from stream.windows.packed import Packed, from_bytes


class FrozenRows(NamedTuple):
    """A row of an instant before the frontier that applied to it: windows that ended before that stay as they are."""

    grain: int
    currency: str
    number: int
    frontier_ms: int


class PendingSums:
    """Takes over the entity's fresh deltas and the future whose time has come, and gives both to its alert rules.

    `frozen`: rows of instants before the frontier that applied to them; they are in no other sum here.
    """

    def __init__(self, entity: Entity, evaluator: Evaluator) -> None:
        self.frozen: list[FrozenRows] = []
        self._amounts: dict[str, dict[int, int]] = {}
        self._edges: dict[str, dict[int, int]] = {}
        fresh, entity.fresh = entity.fresh, []
        for delta in fresh:
            for currency, rows in delta.rows.items():
                self._take(currency, rows)
        if entity.feed is not None:
            note_teams(entity.feed, evaluator, fresh)
            evaluate_rows(entity.feed, evaluator, self._amounts, self._edges, fresh)
        for delta in fresh:
            for currency, rows in delta.rows.items():
                if rows.placed:
                    self._take_placed(currency, rows)
        for grain, packed in entity.released:
            for currency, number in packed.items():
                _add(self._amounts, currency, grain, number)
        entity.released = []
        for grain, packed in entity.released_edges:
            for currency, number in packed.items():
                _add(self._edges, currency, grain, number)
        entity.released_edges = []

    def _take(self, currency: str, rows: Encoded) -> None:
        from_bytes = int.from_bytes
        amounts = self._amounts.get(currency)
        if amounts is None:
            amounts = self._amounts[currency] = {}
        for grain, raw in zip(rows.grains, rows.amounts, strict=True):
            amounts[grain] = amounts.get(grain, 0) + from_bytes(raw, "little", signed=True)
        if rows.edge_grains:
            edges = self._edges.setdefault(currency, {})
            for grain, raw in zip(rows.edge_grains, rows.changes, strict=True):
                edges[grain] = edges.get(grain, 0) + from_bytes(raw, "little", signed=True)

    def _take_placed(self, currency: str, rows: Encoded) -> None:
        for grain, _, frontier_ms, length, raw in rows.placed:
            number = from_bytes(raw)
            if length > 1:
                _add(self._edges, currency, grain, number)
                _add(self._edges, currency, grain + length, -number)
            elif frontier_ms:
                self.frozen.append(FrozenRows(grain, currency, number, frontier_ms))
            else:
                _add(self._amounts, currency, grain, number)

    def from_grain(self, grain: int) -> dict[int, Packed]:
        """Takes out what lies at this grain or later."""
        found: dict[int, Packed] = {}
        for currency, amounts in self._amounts.items():
            if amounts and max(amounts) >= grain:
                for later in [each for each in amounts if each >= grain]:
                    found.setdefault(later, {})[currency] = amounts.pop(later)
        return found

    def edges_from_grain(self, grain: int) -> dict[int, Packed]:
        """Takes out what lies at this grain or later of runs: one that goes on there is cut in two."""
        found: dict[int, Packed] = {}
        for currency, edges in self._edges.items():
            # Not only those whose end is here: of a run that went on before, the end waits elsewhere.
            for later in [each for each in edges if each >= grain]:
                found.setdefault(later, {})[currency] = edges.pop(later)
            level = sum(edges.values())
            if level:
                edges[grain] = -level
                begin = found.setdefault(grain, {})
                begin[currency] = begin.get(currency, 0) + level
        return found

    def each(self) -> Iterator[tuple[str, dict[int, int], dict[int, int]]]:
        """Currency, amounts and edges by grain."""
        for currency in self._amounts.keys() | self._edges.keys():
            yield currency, self._amounts.get(currency, {}), self._edges.get(currency, {})

    def by_slot(self, grains_per_slot: int) -> dict[int, Packed]:
        """Everything, added up by slot of the entity's calendar."""
        slots: dict[int, Packed] = {}
        for currency, amounts in self._amounts.items():
            sums: dict[int, int] = {}
            for grain, number in amounts.items():
                slot = grain // grains_per_slot
                sums[slot] = sums.get(slot, 0) + number
            for slot, number in sums.items():
                slots.setdefault(slot, {})[currency] = number
        for currency, edges in self._edges.items():
            for first, end, each in runs(edges):
                at = first
                while at < end:
                    slot = at // grains_per_slot
                    until = min(end, (slot + 1) * grains_per_slot)
                    packed = slots.setdefault(slot, {})
                    packed[currency] = packed.get(currency, 0) + each * (until - at)
                    at = until
        return slots


def _add(amounts: dict[str, dict[int, int]], currency: str, grain: int, number: int) -> None:
    held = amounts.setdefault(currency, {})
    held[grain] = held.get(grain, 0) + number
