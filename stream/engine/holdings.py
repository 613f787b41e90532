"""The sums of stage 2: rows go in, windows and panes hold them, time moves them (semantics 1 and 2, live 2)."""

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any

from stream.alerts.evaluation import Evaluator
from stream.alerts.feed import CHUNK_MS, Feed
from stream.engine.entity import Entity
from stream.windows.calendar import Calendar, Window
from stream.windows.plan import WindowPlan
from stream.windows.sums import Sums, add, subtract
from stream.windows.totals import ROLLING_MS, Total

ALWAYS = 1 << 62


class Holdings:
    """Every entity of one number. `plan` is of the published windows; `grain_ms` that of the rows.

    `on_new(total)` is told of each new tumbling window; it answers False if the window may not be created any more.
    `patient` False (replay without rolling records): the future counts at once, since all is read at the end.
    """

    def __init__(
        self, plan: WindowPlan, grain_ms: int, evaluator: Evaluator, on_new: Callable[[Total], bool], patient: bool
    ) -> None:
        self._plan = plan
        self._grain_ms = grain_ms
        self._calendar = Calendar(plan)
        self._evaluator = evaluator
        self._on_new = on_new
        self._patient = patient
        self.lengths = sorted(plan.rolling, key=lambda named: named[1])
        self._longest_ms = self.lengths[-1][1] if self.lengths else 0
        self.entities: dict[str, Entity] = {}
        self.feeds: dict[str, Feed] = {}
        self.as_of_ms = 0
        self.counters: Counter[str] = Counter()
        self.touched: list[Total] = []
        self.unsaved: dict[tuple[str, str, int], Entity] = {}
        """("p", entity, chunk) and ("f", entity, grain) whose state changed -> entity."""
        self.forget_derived()

    def forget_derived(self) -> None:
        """Drops what follows from the rest: `rebuild` makes it anew."""
        self._by_key: dict[bytes, Entity] = {}
        self._to_fold: dict[str, Entity] = {}
        self._leaving: dict[int, list[tuple[Entity, int, int]]] = {}
        self._leaving_heap: list[int] = []
        self._future: dict[int, dict[str, Entity]] = {}
        self._future_heap: list[int] = []
        self.touched.clear()
        self.unsaved.clear()

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

    def take(self, key: bytes, rows: list[list[Any]]) -> None:
        """Rows of an entity, as a delta brings them; `fold` counts them."""
        entity = self._by_key.get(key)
        if entity is None:
            entity = self._by_key[key] = self.entity(key.decode())
        if not entity.fresh:
            self._to_fold[entity.text] = entity
        entity.fresh += rows

    def move_to(self, as_of_ms: int) -> None:
        """Rolling windows end at `as_of_ms`, and instants before it count. Never goes back."""
        if as_of_ms <= self.as_of_ms:
            return
        self.as_of_ms = as_of_ms
        while self._leaving_heap and self._leaving_heap[0] <= as_of_ms:
            for entity, index, end_ms in self._leaving.pop(heappop(self._leaving_heap)):
                self._leave(entity, index, end_ms)
        while self._future_heap and self._future_heap[0] * self._grain_ms < as_of_ms:
            grain = heappop(self._future_heap)
            for text, entity in self._future.pop(grain).items():
                entity.released.append((grain, entity.future.pop(grain)))
                self.unsaved["f", text, grain] = entity
                self._to_fold[text] = entity

    def fold(self) -> None:
        """Everything that was taken is counted, as of `as_of_ms`."""
        to_fold, self._to_fold = self._to_fold, {}
        limit = self.as_of_ms // self._grain_ms if self._patient else ALWAYS
        for entity in to_fold.values():
            self._fold(entity, limit)

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
        """Heaps and rolling sums follow from the entities as restored; rows that were taken but not folded are gone."""
        self.forget_derived()
        for text, entity in self.entities.items():
            entity.fresh.clear()
            entity.released.clear()
            entity.feed = self.feeds.get(text) or entity.feed
            if entity.feed is not None:
                self.feeds[text] = entity.feed
            for grain in entity.future:
                self._future.setdefault(grain, {})[text] = entity
            for total in entity.totals.values():
                total.touched = total.unsaved = False
            for view in entity.views:
                view.sums = {}
                view.unsaved, view.touched = False, True
                self.touched.append(view)
            for end_ms in sorted(entity.panes):
                if end_ms + self._longest_ms <= self.as_of_ms:
                    del entity.panes[end_ms]
                else:
                    self._enter(entity, end_ms, entity.panes[end_ms])
                    self._expect_leave(entity, end_ms)
        self._future_heap = list(self._future)
        heapify(self._future_heap)

    def views(self, entity: Entity) -> list[Total]:
        """The entity's rolling windows, made if there are none yet."""
        if not entity.views:
            entity.views = [Total(entity.text, name, ROLLING_MS, ROLLING_MS) for name, _ in self.lengths]
        return entity.views

    def chunk(self, entity: Entity, chunk: int) -> dict[int, Sums]:
        """The panes of one state record: those that end in this minute."""
        first = -(-chunk * CHUNK_MS // self._plan.pane_ms) * self._plan.pane_ms
        ends = range(first, (chunk + 1) * CHUNK_MS, self._plan.pane_ms)
        return {end_ms: entity.panes[end_ms] for end_ms in ends if end_ms in entity.panes}

    def _fold(self, entity: Entity, limit: int) -> None:
        slots: dict[int, Sums] = {}
        for grain, sums in self._by_grain(entity).items():
            if grain >= limit:
                self._postpone(entity, grain, sums)
                continue
            if self.lengths:
                self._fold_pane(entity, grain, sums)
            slot = grain // entity.grains_per_slot
            held = slots.get(slot)
            if held is None:
                slots[slot] = sums
            else:
                add(held, sums)
        for slot, sums in slots.items():
            for window in entity.calendar.slot(slot):
                self._count(entity, window, sums)

    def _by_grain(self, entity: Entity) -> dict[int, Sums]:
        """What waits to be folded in, added up. The rows' own sums are taken over."""
        rows, entity.fresh = entity.fresh, []
        feed, take = entity.feed, self._evaluator.take
        grains: dict[int, Sums] = {}
        for row in rows:
            grain, known, sums = row[0], row[1], row[2]
            if len(row) > 4:
                self._fold_run(entity, row)
                continue
            if feed is not None:
                take(feed, grain, known, sums)
            if len(row) > 3:
                self._fold_old(entity, grain, sums, row[3])
                continue
            held = grains.get(grain)
            if held is None:
                grains[grain] = sums
            else:
                add(held, sums)
        for grain, sums in entity.released:
            held = grains.get(grain)
            if held is None:
                grains[grain] = sums
            else:
                add(held, sums)
        entity.released = []
        return grains

    def _count(self, entity: Entity, window: Window, sums: Sums) -> None:
        name, start_ms, end_ms = window
        total = entity.totals.get((name, start_ms))
        if total is None:
            if not any(sums.values()):
                return
            total = Total(entity.text, name, start_ms, end_ms)
            if not self._on_new(total):
                self.counters["frozen"] += 1
                return
            entity.totals[name, start_ms] = total
            total.sums = sums.copy()
        else:
            add(total.sums, sums)
        if not total.touched:
            total.touched = total.unsaved = True
            self.touched.append(total)

    def _fold_old(self, entity: Entity, grain: int, sums: Sums, frontier_ms: int) -> None:
        """A row of before the frontier: windows that ended before it stay as they are (live 3)."""
        for window in entity.calendar.slot(grain // entity.grains_per_slot):
            if window[2] < frontier_ms:
                self.counters["frozen"] += 1
            else:
                self._count(entity, window, sums)
        if self.lengths:
            self._fold_pane(entity, grain, sums)

    def _fold_run(self, entity: Entity, row: list[Any]) -> None:
        """A run, all of it in the past: each of its grains holds the sums. Costs by windows, and by recent panes."""
        first, known, sums, _, length = row
        end = first + length
        if entity.feed is not None:
            self._evaluator.take_run(entity.feed, first, length, known, sums)
        at = first
        while at < end:
            slot = at // entity.grains_per_slot
            until = min(end, (slot + 1) * entity.grains_per_slot)
            scaled = {name: amount * (until - at) for name, amount in sums.items()}
            for window in entity.calendar.slot(slot):
                self._count(entity, window, scaled)
            at = until
        if self.lengths:
            recent = (self.as_of_ms - self._longest_ms - self._plan.pane_ms) // self._grain_ms
            for grain in range(max(first, recent), end):
                self._fold_pane(entity, grain, sums)

    def _fold_pane(self, entity: Entity, grain: int, sums: Sums) -> None:
        pane_ms = self._plan.pane_ms
        end_ms = (grain * self._grain_ms // pane_ms + 1) * pane_ms
        if end_ms + self._longest_ms <= self.as_of_ms:
            return
        pane = entity.panes.get(end_ms)
        if pane is None:
            entity.panes[end_ms] = sums.copy()
            self._expect_leave(entity, end_ms)
        else:
            add(pane, sums)
        self._enter(entity, end_ms, sums)
        self.unsaved["p", entity.text, end_ms // CHUNK_MS] = entity

    def _enter(self, entity: Entity, end_ms: int, sums: Sums) -> None:
        for view, (_, length_ms) in zip(self.views(entity), self.lengths, strict=True):
            if end_ms + length_ms > self.as_of_ms:
                add(view.sums, sums)
                if not view.touched:
                    view.touched = True
                    self.touched.append(view)

    def _expect_leave(self, entity: Entity, end_ms: int) -> None:
        for index, (_, length_ms) in enumerate(self.lengths):
            at_ms = end_ms + length_ms
            if at_ms > self.as_of_ms:
                leaving = self._leaving.get(at_ms)
                if leaving is None:
                    leaving = self._leaving[at_ms] = []
                    heappush(self._leaving_heap, at_ms)
                leaving.append((entity, index, end_ms))

    def _leave(self, entity: Entity, index: int, end_ms: int) -> None:
        view = entity.views[index]
        subtract(view.sums, entity.panes[end_ms])
        if not view.touched:
            view.touched = True
            self.touched.append(view)
        if index == len(self.lengths) - 1:
            del entity.panes[end_ms]
            if not self.chunk(entity, end_ms // CHUNK_MS):
                self.unsaved["p", entity.text, end_ms // CHUNK_MS] = entity

    def _postpone(self, entity: Entity, grain: int, sums: Sums) -> None:
        held = entity.future.get(grain)
        if held is None:
            entity.future[grain] = sums
            waiting = self._future.get(grain)
            if waiting is None:
                waiting = self._future[grain] = {}
                heappush(self._future_heap, grain)
            waiting[entity.text] = entity
        else:
            add(held, sums)
        self.unsaved["f", entity.text, grain] = entity

    def all_totals(self) -> Iterator[Total]:
        """Every tumbling window that is held."""
        for entity in self.entities.values():
            yield from entity.totals.values()
