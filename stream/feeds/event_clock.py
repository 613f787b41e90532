"""The event time of a join: the greatest time of its rows, which one wrong clock cannot move (feeds 5)."""

from __future__ import annotations

from dataclasses import dataclass

Key = str | bytes
"""What rows are joined by: a text as it is, anything else as JSON."""


@dataclass
class EventClock:
    """`now`: event time in ms since the epoch, None before two keys agree on one.

    A row more than `ahead_ms` beyond it, or the first of all, waits (`waiting`: its time, its key, how many rows of
    that key wait) for the next row of another key: if that lies as far ahead, both move the clock, to the earlier.
    """

    ahead_ms: int
    now: int | None = None
    waiting: tuple[int, Key, int] | None = None

    def move(self, at_ms: int, key: Key) -> int:
        """Sees a row. How many rows turn out to be of a clock that is wrong (`clock_ahead`)."""
        now, waiting = self.now, self.waiting
        if now is not None and at_ms <= now + self.ahead_ms:
            self.now = max(now, at_ms)
            if waiting is None or waiting[1] == key:
                return 0
            self.waiting = None
            return waiting[2]
        if waiting is None:
            self.waiting = at_ms, key, 1
            return 0
        first_ms, first_key, count = waiting
        if first_key == key:
            self.waiting = first_ms, key, count + 1
            return 0
        self.now = now = min(first_ms, at_ms)
        beyond = now + self.ahead_ms
        self.waiting = (at_ms, key, 1) if at_ms > beyond else None
        return count if first_ms > beyond else 0

    def at_end(self) -> int:
        """The rows that still wait when the input ends: no other key bears them out, where there is an event time."""
        waiting, self.waiting = self.waiting, None
        return waiting[2] if waiting is not None and self.now is not None else 0
