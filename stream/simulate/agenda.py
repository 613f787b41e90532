"""What will happen and when: one heap of events to hand out and of actions to take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from stream.simulate.route import Event

Action = Callable[..., None]


class Agenda:
    """Entries in order of time; of one instant, in the order in which they were put down.

    What is put down for `end_ms` or later is forgotten at once, so that a bounded run stays small.
    """

    def __init__(self) -> None:
        self.end_ms: int | None = None
        self.emitted = 0
        self._count = 0
        self._heap: list[tuple[int, int, Any]] = []

    def emit(self, at_ms: int, event: Event) -> None:
        """Hands the event out at `at_ms`."""
        if self.end_ms is None or at_ms < self.end_ms:
            self._count += 1
            heappush(self._heap, (at_ms, self._count, event))

    def later(self, at_ms: int, action: Action, *args: object) -> None:
        """Calls `action(at_ms, *args)` at `at_ms`."""
        if self.end_ms is None or at_ms < self.end_ms:
            self._count += 1
            heappush(self._heap, (at_ms, self._count, (action, args)))

    def run(self, end_ms: int | None) -> Iterator[tuple[int, Event]]:
        """Takes the actions and hands out the events before `end_ms`; for ever where it is None and actions go on."""
        heap = self._heap
        while heap and (end_ms is None or heap[0][0] < end_ms):
            at_ms, _, entry = heappop(heap)
            if type(entry) is dict:
                self.emitted += 1
                yield at_ms, entry
            else:
                action, args = entry
                action(at_ms, *args)
