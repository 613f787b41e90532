"""What came for one entity since it was last looked at, added up by grain before any window sees it."""

from collections.abc import Iterator
from typing import NamedTuple

from stream.alerts.evaluation import Evaluator
from stream.engine.entity import Entity
from stream.engine.rows import Encoded
from stream.windows.packed import Packed


class Frozen(NamedTuple):
    """A row of before the frontier that applied to it."""

    grain: int
    currency: str
    number: int
    frontier_ms: int


class Gathering:
    """Takes the entity's fresh deltas and released future over; its feed is told on the way.

    `frozen`: rows of before a frontier, which are in nothing else here.
    """

    def __init__(self, entity: Entity, evaluator: Evaluator) -> None:
        self.frozen: list[Frozen] = []
        self._entity = entity
        self._feed = entity.feed
        self._evaluator = evaluator
        self._told: list[tuple[int, str, int]] = []
        self._amounts: dict[str, dict[int, int]] = {}
        self._edges: dict[str, dict[int, int]] = {}
        fresh, entity.fresh = entity.fresh, []
        for delta in fresh:
            for currency, rows in delta.rows.items():
                self._take(currency, rows)
            if self._feed is not None:
                for (grain, known, _, _), names in delta.zeros:
                    evaluator.take(self._feed, grain, known, dict.fromkeys(names, 0))
        if self._feed is not None:
            for currency, amounts in self._amounts.items():
                for grain, number in amounts.items():
                    self._tell(currency, grain, 0, number)
        # Those that are released, and those with a place of their own, were told when they came.
        for grain, currency, number in self._told:
            amounts = self._amounts[currency]
            amounts[grain] = amounts.get(grain, 0) + number
        for grain, packed in entity.released:
            for currency, number in packed.items():
                amounts = self._amounts.setdefault(currency, {})
                amounts[grain] = amounts.get(grain, 0) + number
        entity.released = []

    def from_grain(self, grain: int) -> dict[int, Packed]:
        """Takes out what lies at this grain or later."""
        found: dict[int, Packed] = {}
        for currency, amounts in self._amounts.items():
            if amounts and max(amounts) >= grain:
                for later in [each for each in amounts if each >= grain]:
                    found.setdefault(later, {})[currency] = amounts.pop(later)
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
            for first, end, each in _runs(edges):
                at = first
                while at < end:
                    slot = at // grains_per_slot
                    until = min(end, (slot + 1) * grains_per_slot)
                    packed = slots.setdefault(slot, {})
                    packed[currency] = packed.get(currency, 0) + each * (until - at)
                    at = until
        return slots

    def _take(self, currency: str, rows: Encoded) -> None:
        from_bytes, feed = int.from_bytes, self._feed
        amounts = self._amounts.get(currency)
        if amounts is None:
            amounts = self._amounts[currency] = {}
        for grain, raw in zip(rows.grains, rows.amounts, strict=True):
            amounts[grain] = amounts.get(grain, 0) + from_bytes(raw, "little", signed=True)
        if rows.edge_grains:
            self._take_edges(currency, rows)
        for grain, known, frontier_ms, length, raw in rows.odd:
            number = from_bytes(raw, "little", signed=True)
            if length > 1:
                self._add_run(currency, grain, grain + length, number)
                if feed is not None:
                    self._tell_run(currency, grain, length, known, number)
                continue
            if feed is not None:
                self._tell(currency, grain, known, number)
            if frontier_ms:
                self.frozen.append(Frozen(grain, currency, number, frontier_ms))
            else:
                self._told.append((grain, currency, number))

    def _take_edges(self, currency: str, rows: Encoded) -> None:
        fresh = {
            grain: int.from_bytes(raw, "little", signed=True)
            for grain, raw in zip(rows.edge_grains, rows.changes, strict=True)
        }
        edges = self._edges.setdefault(currency, {})
        for grain, change in fresh.items():
            edges[grain] = edges.get(grain, 0) + change
        if self._feed is not None:
            # Only of columns that no rule read when it was sent; then the run is known from its end on.
            for first, end, each in _runs(fresh):
                self._tell_run(currency, first, end - first, end, each)

    def _add_run(self, currency: str, first: int, end: int, each: int) -> None:
        edges = self._edges.setdefault(currency, {})
        edges[first] = edges.get(first, 0) + each
        edges[end] = edges.get(end, 0) - each

    def _tell(self, currency: str, grain: int, known: int, number: int) -> None:
        feed = self._feed
        if feed is not None and (amounts := feed.view(currency, number)):
            self._evaluator.take(feed, grain, known, amounts)

    def _tell_run(self, currency: str, first: int, length: int, known: int, number: int) -> None:
        feed = self._feed
        if feed is not None and (amounts := feed.view(currency, number)):
            self._evaluator.take_run(feed, first, length, known, amounts)


def _runs(edges: dict[int, int]) -> Iterator[tuple[int, int, int]]:
    """First grain, end, and what each grain between holds."""
    level = at = 0
    for grain in sorted(edges):
        if level:
            yield at, grain, level
        level += edges[grain]
        at = grain
