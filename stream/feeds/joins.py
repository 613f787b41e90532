"""Rows of one key, held until they are one record (feeds 5)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from heapq import heappop, heappush
from operator import itemgetter
from typing import Any

from stream.feeds.event_clock import EventClock, Key
from stream.feeds.given import RecordPlace
from stream.feeds.json_text import encode

Row = tuple[int, bytes]
"""A row's time in ms, and the row as JSON with sorted keys."""

_TIME = itemgetter(0)


class HeldJoin:
    """The rows of one key. `given_ms`: the event time at which it was last given out; None before there was one."""

    __slots__ = ("closed", "first", "given_ms", "in_given", "in_open", "is_open", "key", "number", "rows")

    def __init__(self, key: Any, first: RecordPlace, number: int) -> None:
        self.key = key
        self.first = first
        self.number = number
        self.rows: list[Row] = []
        self.closed = False
        self.is_open = True
        self.given_ms: int | None = None
        self.in_open = False
        self.in_given = False

    @property
    def last_ms(self) -> int:
        """The time of its last row."""
        return self.rows[-1][0]


class HeldJoins:
    """All joins that are open, or were given out less than `after_ms` of event time ago.

    The two heaps hold each join at most once, by a time that may have grown since: what comes up too early goes back.
    """

    def __init__(self, after_ms: int, most_open: int, clock: EventClock) -> None:
        self._after_ms = after_ms
        self._most_open = most_open
        self.clock = clock
        self.by_key: dict[Key, HeldJoin] = {}
        """In the order of their first rows."""
        self._open: list[tuple[int, int, HeldJoin]] = []
        self._given: list[tuple[int, int, HeldJoin]] = []
        self._undated: list[HeldJoin] = []
        self._number = 0
        self.open_count = 0
        self.clock_ahead = 0
        self.overflow = 0

    def take(self, identity: Key, key: Any, row: Row, place: RecordPlace, *, closes: bool) -> list[HeldJoin]:
        """Takes a row in. The joins that are given out by it, in order."""
        join = self.by_key.get(identity)
        if join is None:
            join = self.by_key[identity] = HeldJoin(key, place, self._number)
            self._number += 1
            self.open_count += 1
        elif any(held[1] == row[1] for held in join.rows):
            return []
        elif not join.is_open:
            join.is_open = True
            self.open_count += 1
        insort(join.rows, row, key=_TIME)
        join.closed = join.closed or closes
        self._enqueue_open(join)
        self.clock_ahead += self.clock.move(row[0], identity)
        given = []
        if closes:
            self._give_out(join)
            given.append(join)
        given += self._due()
        while self.open_count > self._most_open:
            oldest = self._oldest_open()
            if oldest is None:
                break
            self._give_out(oldest)
            self.overflow += 1
            given.append(oldest)
        return given

    def at_end(self) -> list[HeldJoin]:
        """All that are open, given out at the end of the input."""
        self.clock_ahead += self.clock.at_end()
        given = [join for join in self.by_key.values() if join.is_open]
        for join in given:
            self._give_out(join)
        return given

    def put_back(self, identity: Key, join: HeldJoin) -> None:
        """Holds a join that a state had."""
        join.number = self._number
        self._number += 1
        self.by_key[identity] = join
        if join.is_open:
            self.open_count += 1
            self._enqueue_open(join)
        else:
            self._enqueue_given(join)

    def _enqueue_open(self, join: HeldJoin) -> None:
        if not join.in_open:
            join.in_open = True
            heappush(self._open, (join.last_ms, join.number, join))

    def _enqueue_given(self, join: HeldJoin) -> None:
        if join.given_ms is None:
            self._undated.append(join)
        elif not join.in_given:
            join.in_given = True
            heappush(self._given, (join.given_ms, join.number, join))

    def _give_out(self, join: HeldJoin) -> None:
        join.is_open = False
        self.open_count -= 1
        join.given_ms = self.clock.now
        self._enqueue_given(join)

    def _due(self) -> Iterator[HeldJoin]:
        """Gives out what is `after_ms` past its last row, and forgets what was given out as long ago."""
        now = self.clock.now
        if now is None:
            return
        for join in self._undated:
            if not join.is_open and join.given_ms is None:
                join.given_ms = now
                self._enqueue_given(join)
        self._undated.clear()
        end = now - self._after_ms
        while (oldest := self._oldest_open()) is not None and oldest.last_ms <= end:
            self._give_out(oldest)
            yield oldest
        while self._given and self._given[0][0] <= end:
            _, number, join = heappop(self._given)
            join.in_given = False
            if join.is_open or join.given_ms is None:
                continue
            if join.given_ms > end:
                join.in_given = True
                heappush(self._given, (join.given_ms, number, join))
            else:
                self._forget(join)

    def _forget(self, join: HeldJoin) -> None:
        identity = identity_of(join.key)
        if self.by_key.get(identity) is join:
            del self.by_key[identity]

    def _oldest_open(self) -> HeldJoin | None:
        """The open join whose last row is oldest."""
        while self._open:
            last_ms, number, join = self._open[0]
            if join.is_open and join.last_ms == last_ms:
                return join
            heappop(self._open)
            join.in_open = False
            if join.is_open:
                join.in_open = True
                heappush(self._open, (join.last_ms, number, join))
        return None


def identity_of(key: Any) -> Key:
    """What tells one key from another."""
    return key if isinstance(key, str) else encode(key)
