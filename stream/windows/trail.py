"""The recent past of one entity in one currency, so that the sum of any stretch of it costs a few look-ups.

Amounts stand at single grains. What every grain of a run holds stands as two edges, at its first grain and after its
last, so that an hour in one state costs as much as a second. Sums are cumulative: a rolling window is the difference of
two, whatever its length and however many there are; they are made when somebody asks.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate
from operator import mul


class Series:
    """Packed amounts by grain, and the sum of all before any grain, which is made when somebody asks."""

    __slots__ = ("_grains", "_sums", "_touched", "_weighted", "at")

    def __init__(self) -> None:
        self.at: dict[int, int] = {}
        self._grains: list[int] = []
        self._sums: list[int] = [0]
        self._weighted: list[int] = []
        self._touched: set[int] = set()

    def add(self, amounts: Mapping[int, int]) -> None:
        """Adds the amount of each grain to what is there."""
        held = self.at
        if held.keys().isdisjoint(amounts):
            held.update(amounts)
        else:
            for grain, amount in amounts.items():
                held[grain] = held.get(grain, 0) + amount
        self._touched.update(amounts)

    def before(self, grain: int) -> int:
        """The sum of all before this grain, up to a constant."""
        if self._touched:
            self._refresh()
        return self._sums[bisect_left(self._grains, grain)]

    def weighted_before(self, grain: int) -> int:
        """The same, each amount times its grain."""
        if self._touched:
            self._refresh()
        if len(self._weighted) != len(self._sums):
            self._weighted = [0, *accumulate(map(mul, map(self.at.__getitem__, self._grains), self._grains))]
        return self._weighted[bisect_left(self._grains, grain)]

    def grains(self, first: int, end: int | None = None) -> list[int]:
        """The grains of [first, end) at which anything stands."""
        if self._touched:
            self._refresh()
        until = len(self._grains) if end is None else bisect_left(self._grains, end)
        return self._grains[bisect_left(self._grains, first) : until]

    def next(self, grain: int) -> int | None:
        """The first grain from this one on at which anything stands."""
        if self._touched:
            self._refresh()
        at = bisect_left(self._grains, grain)
        return self._grains[at] if at < len(self._grains) else None

    def remove(self, grains: Iterable[int]) -> None:
        """Takes out what stands at these grains."""
        for grain in grains:
            del self.at[grain]
        self._grains, self._sums, self._weighted = [], [0], []
        self._touched = set(self.at)

    def _refresh(self) -> None:
        kept = bisect_left(self._grains, min(self._touched))
        tail = sorted(self._touched.union(self._grains[kept:]))
        self._touched = set()
        self._grains[kept:] = tail
        self._sums[kept:] = accumulate(map(self.at.__getitem__, tail), initial=self._sums[kept])
        self._weighted = []


class Trail:
    """Packed amounts by grain, and edges: by how much more each grain from there on holds."""

    __slots__ = ("amounts", "edges")

    def __init__(self) -> None:
        self.amounts = Series()
        self.edges = Series()

    def __bool__(self) -> bool:
        return bool(self.amounts.at or self.edges.at)

    def before(self, grain: int) -> int:
        """The sum of all before this grain, up to a constant."""
        sums = self.amounts.before(grain)
        if self.edges.at:
            # Each edge counts once for every grain between it and this one.
            sums += self.edges.before(grain) * grain - self.edges.weighted_before(grain)
        return sums

    def leaves_after(self, grain: int) -> int | None:
        """The first grain from this one on that holds anything: when a sum that begins here moves on beyond it, it
        changes. None: there is none."""
        if self.edges.at and self.edges.before(grain):
            return grain
        nearest = [found for found in (self.amounts.next(grain), self.edges.next(grain)) if found is not None]
        return min(nearest, default=None)

    def forget(self, grain: int) -> bool:
        """Forgets what lies before this grain. True: a run goes on across it, and now has its first edge here."""
        level = self.edges.before(grain)
        self.remove(0, grain)
        if level:
            self.edges.add({grain: level})
        return bool(level)

    def remove(self, first: int, end: int) -> None:
        """Takes out what stands in [first, end), edges without their counterpart included."""
        for series in (self.amounts, self.edges):
            if gone := series.grains(first, end):
                series.remove(gone)
