"""The sums of the entity stage: deltas go in, windows hold them, time moves them (definitions 1 and 2, live 2)."""

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush

from stream.alerts.evaluation import Evaluator
from stream.alerts.rule_input import RuleInput
from stream.engine.deltas.delta import Delta
from stream.engine.entities.entity import Entity
from stream.engine.entities.pending_sums import PendingSums
from stream.engine.entities.rolling import Rolling
from stream.windows.calendar import Calendar, Window
from stream.windows.packed import Packed
from stream.windows.plan import WindowPlan
from stream.windows.sums import add
from stream.windows.totals import Total


class WindowStore:
    """Every entity of one partition. `plan` is of the published windows; `grain_ms` that of the rows.

    `on_new(total)` is called with each new tumbling window; it returns False if the window may not be created any more.
    `patient` False (replay without rolling records): the future counts at once, since all is read at the end.
    """

    def __init__(
        self, plan: WindowPlan, grain_ms: int, evaluator: Evaluator, on_new: Callable[[Total], bool], patient: bool
    ) -> None:
        self._grain_ms = grain_ms
        self._calendar = Calendar(plan)
        self._evaluator = evaluator
        self._on_new = on_new
        self._patient = patient
        self._of_each = 2 * (len(plan.intervals) + plan.day + plan.month + plan.shifts)
        self.rolling = Rolling(plan.rolling, plan.pane_ms, grain_ms)
        self.entities: dict[str, Entity] = {}
        self.feeds: dict[str, RuleInput] = {}
        self.as_of_ms = 0
        self.counters: Counter[str] = Counter()
        self.touched: list[Total] = []
        self.unsaved_future: dict[tuple[str, int], Entity] = {}
        """(entity, grain) whose state changed -> entity."""
        self.unsaved_trails: dict[str, Entity] = {}
        self.forget_derived()

    def forget_derived(self) -> None:
        """Drops what follows from the rest: `rebuild` makes it anew."""
        self._by_key: dict[bytes, Entity] = {}
        self._to_fold: dict[str, Entity] = {}
        self._future: dict[int, dict[str, Entity]] = {}
        self._future_heap: list[int] = []
        self.rolling.forget_derived()
        self.touched.clear()
        self.unsaved_future.clear()
        self.unsaved_trails.clear()

    @property
    def pending(self) -> int:
        """How many records those windows make, about, that have changed since they were last looked at: each is
        published and kept, and an entity that is still to be folded changes most of its own, again perhaps."""
        waiting, rolling = len(self._to_fold), self.rolling
        return max(2 * len(self.touched), self._of_each * waiting) + (
            max(rolling.pending, waiting) * (len(rolling.lengths) + 1) if rolling.lengths else 0
        )

    def entity(self, text: str) -> Entity:
        """The entity of this text, made if it is new."""
        found = self.entities.get(text)
        if found is None:
            feed = self.feeds.get(text)
            if feed is None:
                feed = self._evaluator.feed(text)
                if feed is not None:
                    self.feeds[text] = feed
            calendar = self._calendar.site(text.partition("|")[0])
            found = self.entities[text] = Entity(text, calendar, self._grain_ms, feed)
        return found

    def take(self, key: bytes, delta: Delta) -> None:
        """A delta of an entity; `fold` counts it."""
        entity = self._by_key.get(key)
        if entity is None:
            entity = self._by_key[key] = self.entity(key.decode())
        if not entity.fresh:
            self._to_fold[entity.text] = entity
        entity.fresh.append(delta)

    def move_to(self, as_of_ms: int) -> None:
        """Rolling windows end at `as_of_ms`, and instants before it count. Never goes back."""
        if as_of_ms <= self.as_of_ms:
            return
        self.as_of_ms = as_of_ms
        self.rolling.move_to(as_of_ms)
        while self._future_heap and self._future_heap[0] * self._grain_ms < as_of_ms:
            grain = heappop(self._future_heap)
            for text, entity in self._future.pop(grain).items():
                if grain in entity.future:
                    entity.released.append((grain, entity.future.pop(grain)))
                if grain in entity.ahead:
                    entity.released_edges.append((grain, entity.ahead.pop(grain)))
                self.unsaved_future[text, grain] = entity
                self._to_fold[text] = entity

    def fold(self) -> None:
        """Everything that was taken is counted, as of `as_of_ms`."""
        to_fold, self._to_fold = self._to_fold, {}
        for entity in to_fold.values():
            self._fold(entity)

    def look(self) -> list[Total]:
        """Windows whose sums may have changed since the last time."""
        for entity in self.rolling.changed(self.as_of_ms):
            if entity.unsaved:
                self.unsaved_trails[entity.text] = entity
            for view in self.rolling.views(entity):
                self._touch(view)
        touched, self.touched = self.touched, []
        for total in touched:
            total.touched = False
        return touched

    def forget_changes(self) -> None:
        """A replay keeps no state."""
        self.look()
        for entity in self.unsaved_trails.values():
            entity.unsaved.clear()
        self.unsaved_trails.clear()
        self.unsaved_future.clear()

    def refresh(self, total: Total) -> None:
        """A rolling window's sums become those of now; others' always are."""
        if total.rolling:
            entity = self.entities.get(total.text)
            if entity is not None:
                self.rolling.refresh(entity, total, self.as_of_ms)

    def forget(self, entity: Entity) -> None:
        """An entity of which nothing is left is held no longer."""
        del self.entities[entity.text]
        self._by_key.pop(entity.text.encode(), None)

    def drop(self, total: Total) -> None:
        """A tumbling window is held no longer."""
        del self.entities[total.text].totals[total.name, total.start_ms]

    def holds(self, total: Total) -> bool:
        """Whether it is still the entity's window: one that was undone may have come again as another."""
        entity = self.entities.get(total.text)
        return entity is not None and (total.rolling or entity.totals.get((total.name, total.start_ms)) is total)

    def rebuild(self) -> None:
        """What follows from the entities as restored is made anew; deltas that were taken but not folded are gone."""
        self.forget_derived()
        for text, entity in self.entities.items():
            entity.fresh.clear()
            entity.released.clear()
            entity.released_edges.clear()
            entity.feed = self.feeds.get(text) or entity.feed
            if entity.feed is not None:
                self.feeds[text] = entity.feed
            for grain in entity.future.keys() | entity.ahead.keys():
                self._future.setdefault(grain, {})[text] = entity
            for total in entity.totals.values():
                total.touched = total.unsaved = False
            self.rolling.rebuild(entity)
        self._future_heap = list(self._future)
        heapify(self._future_heap)

    def all_totals(self) -> Iterator[Total]:
        """Every tumbling window that is held."""
        for entity in self.entities.values():
            yield from entity.totals.values()

    def _fold(self, entity: Entity) -> None:
        pending = PendingSums(entity, self._evaluator)
        for grain, currency, number, frontier_ms in pending.frozen:
            self._fold_old(entity, grain, {currency: number}, frontier_ms)
        if self._patient:
            for grain, late in pending.from_grain(self.as_of_ms // self._grain_ms).items():
                self._postpone(entity, entity.future, grain, late)
            for grain, late in pending.edges_from_grain(self.as_of_ms // self._grain_ms).items():
                self._postpone(entity, entity.ahead, grain, late)
        if self.rolling.lengths:
            for currency, amounts, edges in pending.each():
                self.rolling.enter(entity, currency, amounts, edges, self.as_of_ms)
        for slot, packed in pending.by_slot(entity.grains_per_slot).items():
            for window in entity.calendar.slot(slot):
                self._count(entity, window, packed)

    def _fold_old(self, entity: Entity, grain: int, packed: Packed, frontier_ms: int) -> None:
        """A row of before the frontier: windows that ended before it stay as they are (live 3)."""
        for window in entity.calendar.slot(grain // entity.grains_per_slot):
            if window[2] < frontier_ms:
                self.counters["frozen"] += 1
            else:
                self._count(entity, window, packed)
        if self.rolling.lengths:
            for currency, number in packed.items():
                self.rolling.enter(entity, currency, {grain: number}, {}, self.as_of_ms)

    def _count(self, entity: Entity, window: Window, packed: Packed) -> None:
        name, start_ms, end_ms = window
        total = entity.totals.get((name, start_ms))
        if total is None:
            if not any(packed.values()):
                return
            total = Total(entity.text, name, start_ms, end_ms)
            if not self._on_new(total):
                self.counters["frozen"] += 1
                return
            entity.totals[name, start_ms] = total
            total.sums = packed.copy()
        else:
            add(total.sums, packed)
        total.unsaved = True
        self._touch(total)

    def _touch(self, total: Total) -> None:
        if not total.touched:
            total.touched = True
            self.touched.append(total)

    def _postpone(self, entity: Entity, later: dict[int, Packed], grain: int, packed: Packed) -> None:
        held = later.get(grain)
        if held is None:
            later[grain] = packed
            waiting = self._future.get(grain)
            if waiting is None:
                waiting = self._future[grain] = {}
                heappush(self._future_heap, grain)
            waiting[entity.text] = entity
        else:
            add(held, packed)
        self.unsaved_future[entity.text, grain] = entity
