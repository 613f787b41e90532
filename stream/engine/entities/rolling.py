"""Rolling windows of all entities of a partition: what enters them, when they change by time alone, what they hold.

They are added up when one is published, not when something enters or leaves: cost does not grow with their number.
"""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from stream.engine.entities.entity import Entity
from stream.windows.packed import Packed
from stream.windows.totals import ROLLING_MS, Total
from stream.windows.trail import Trail

CHUNK_MS = 300_000
"""One state record holds what stands in so much time of a trail."""


class Rolling:
    """The windows of these lengths, `(name, ms)`; all end at the same instant, `as_of`."""

    def __init__(self, lengths: Sequence[tuple[str, int]], pane_ms: int, grain_ms: int) -> None:
        self.lengths = sorted(lengths, key=lambda named: named[1])
        self._longest_ms = self.lengths[-1][1] if self.lengths else 0
        self._pane_ms = pane_ms
        self._grain_ms = grain_ms
        self.forget_derived()

    def forget_derived(self) -> None:
        """Knows no entities any more."""
        self._changed: dict[str, Entity] = {}
        self._wakes: dict[int, list[Entity]] = {}
        self._heap: list[int] = []

    def first_grain(self, as_of_ms: int) -> int:
        """The first grain that any of them holds."""
        return (as_of_ms - self._longest_ms) // self._grain_ms

    def enter(
        self, entity: Entity, currency: str, amounts: dict[int, int], edges: dict[int, int], as_of_ms: int
    ) -> None:
        """Amounts at single grains, and edges of runs, all before `as_of`; what no window holds is left out."""
        first, per_chunk, grain_ms = self.first_grain(as_of_ms), CHUNK_MS, self._grain_ms
        if amounts and min(amounts) < first:
            amounts = {grain: amount for grain, amount in amounts.items() if grain >= first}
        if edges and min(edges) < first:
            edges = _cut(edges, first)
        if not amounts and not edges:
            return
        trail = self.trail(entity, currency)
        trail.amounts.add(amounts)
        trail.edges.add(edges)
        chunks = {grain * grain_ms // per_chunk for grain in amounts}
        chunks.update(grain * grain_ms // per_chunk for grain in edges)
        entity.chunks |= chunks
        entity.unsaved |= chunks
        self._changed[entity.text] = entity

    def trail(self, entity: Entity, currency: str) -> Trail:
        """The entity's trail of this currency, made if it is new."""
        found = entity.trails.get(currency)
        if found is None:
            found = entity.trails[currency] = Trail()
        return found

    def move_to(self, as_of_ms: int) -> None:
        """All windows end at `as_of`."""
        while self._heap and self._heap[0] <= as_of_ms:
            at_ms = heappop(self._heap)
            for entity in self._wakes.pop(at_ms):
                if entity.wake_ms == at_ms:
                    self._changed[entity.text] = entity

    def changed(self, as_of_ms: int) -> Iterator[Entity]:
        """Entities any of whose windows may have changed since the last call; what left all of them is forgotten."""
        changed, self._changed = self._changed, {}
        for entity in changed.values():
            self._forget(entity, as_of_ms)
            self._wake(entity, as_of_ms)
            yield entity

    @property
    def pending(self) -> int:
        """How many entities `changed` will give."""
        return len(self._changed)

    def views(self, entity: Entity) -> list[Total]:
        """The entity's rolling windows, made if there are none yet."""
        if not entity.views:
            entity.views = [Total(entity.text, name, ROLLING_MS, ROLLING_MS) for name, _ in self.lengths]
        return entity.views

    def refresh(self, entity: Entity, view: Total, as_of_ms: int) -> None:
        """The window holds what it holds now; one that the entity no longer has stays as it is."""
        for held, (_, length_ms) in zip(entity.views, self.lengths, strict=True):
            if held is view:
                first, end = (as_of_ms - length_ms) // self._grain_ms, as_of_ms // self._grain_ms
                view.sums = {
                    currency: trail.before(end) - trail.before(first) for currency, trail in entity.trails.items()
                }

    def panes(self, entity: Entity) -> dict[int, Packed]:
        """End of a pane -> what it holds, of all panes that hold anything."""
        per_pane = self._pane_ms // self._grain_ms
        found: dict[int, Packed] = {}
        for currency, trail in entity.trails.items():
            points = [*trail.amounts.at, *trail.edges.at]
            for pane in range(min(points) // per_pane, max(points) // per_pane + 1) if points else ():
                number = trail.before((pane + 1) * per_pane) - trail.before(pane * per_pane)
                if number:
                    found.setdefault((pane + 1) * self._pane_ms, {})[currency] = number
        return found

    def chunk(self, chunk: int) -> tuple[int, int]:
        """First grain of a chunk, and of the next one."""
        grain_ms = self._grain_ms
        return -(-chunk * CHUNK_MS // grain_ms), -(-(chunk + 1) * CHUNK_MS // grain_ms)

    def rebuild(self, entity: Entity) -> None:
        """The entity was restored: which chunks it has is known, nothing else."""
        entity.unsaved.clear()
        entity.wake_ms = 0
        for view in entity.views:
            view.sums = {}
            view.unsaved = view.touched = False
        if entity.chunks or any(view.revision for view in entity.views):
            self._changed[entity.text] = entity

    def _forget(self, entity: Entity, as_of_ms: int) -> None:
        """Whole chunks that no window holds any more are gone; runs that still go on begin at the next one."""
        kept = (as_of_ms - self._longest_ms) // CHUNK_MS
        gone = {chunk for chunk in entity.chunks if chunk < kept}
        if not gone:
            return
        entity.chunks -= gone
        entity.unsaved |= gone
        for currency, trail in list(entity.trails.items()):
            if trail.forget(self.chunk(kept)[0]):
                entity.chunks.add(kept)
                entity.unsaved.add(kept)
            if not trail:
                del entity.trails[currency]

    def _wake(self, entity: Entity, as_of_ms: int) -> None:
        at_ms = min(self._changes(entity, as_of_ms), default=0)
        entity.wake_ms = at_ms
        if at_ms:
            sleeping = self._wakes.get(at_ms)
            if sleeping is None:
                sleeping = self._wakes[at_ms] = []
                heappush(self._heap, at_ms)
            sleeping.append(entity)

    def _changes(self, entity: Entity, as_of_ms: int) -> Iterator[int]:
        grain_ms, pane_ms = self._grain_ms, self._pane_ms
        if entity.chunks:
            yield -(-((min(entity.chunks) + 1) * CHUNK_MS + self._longest_ms) // pane_ms) * pane_ms
        for trail in entity.trails.values():
            for _, length_ms in self.lengths:
                grain = trail.leaves_after((as_of_ms - length_ms) // grain_ms)
                if grain is not None:
                    yield (grain * grain_ms // pane_ms + 1) * pane_ms + length_ms


def _cut(edges: dict[int, int], first: int) -> dict[int, int]:
    """A run that began before begins there; edges that all lie before meet there, and come to nothing."""
    cut: dict[int, int] = {}
    for grain, change in edges.items():
        at = max(grain, first)
        cut[at] = cut.get(at, 0) + change
    return {grain: change for grain, change in cut.items() if change}
