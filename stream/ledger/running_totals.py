"""Payments of one case in one currency, in order, with running totals: what came in between any two of them is found
without adding it up, however many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

Entry = tuple[int, str, int]
"""An instant (ms), the own id of a fact, and its place: facts in the order of time, ties by id."""

MOST = 128
"""Payments whose totals are redone when one comes among them."""

_NET_BITS = 96
_NET = (1 << _NET_BITS) - 1


def packed(gross_minor: int, net_minor: int) -> int:
    """An amount in full and what its reversals left of it, as one integer: both add up at once (ADR 0006)."""
    return gross_minor << _NET_BITS | net_minor


def gross_of(total: int) -> int:
    """The sum of the amounts in full."""
    return total >> _NET_BITS


def net_of(total: int) -> int:
    """The sum of what was left of them."""
    return total & _NET


class RunningTotals:
    """Ordered payments in blocks; `before[n]` is the total of all blocks before the n-th."""

    __slots__ = ("before", "blocks", "totals")

    def __init__(self) -> None:
        self.blocks: list[list[Entry]] = [[]]
        self.totals: list[list[int]] = [[]]
        """Running totals within a block: after each payment."""
        self.before: list[int] = [0]

    def add(self, entry: Entry, amount: int) -> None:
        """Takes in a payment."""
        number = self._block(entry)
        block, totals = self.blocks[number], self.totals[number]
        at = bisect_left(block, entry)
        block.insert(at, entry)
        totals.insert(at, totals[at - 1] if at else 0)
        self._raise(number, at, amount)
        if len(block) > MOST:
            self._split(number)

    def remove(self, entry: Entry, amount: int) -> None:
        """Takes a payment out, which was added with this amount."""
        number, at = self._find(entry)
        self._raise(number, at, -amount)
        del self.blocks[number][at], self.totals[number][at]
        if not self.blocks[number] and len(self.blocks) > 1:
            del self.blocks[number], self.totals[number], self.before[number]

    def change(self, entry: Entry, by: int) -> None:
        """The amount of a payment is another by so much (packed)."""
        number, at = self._find(entry)
        self._raise(number, at, by)

    def total_before(self, key: Entry) -> int:
        """The total of the payments before this place in the order."""
        number = self._block(key)
        at = bisect_left(self.blocks[number], key)
        return self.before[number] + (self.totals[number][at - 1] if at else 0)

    def reaching(self, gross_minor: int) -> Entry | None:
        """The first payment before which at least so much (in full, from the begin) came in; None where none is."""
        if gross_minor <= 0:
            return self.blocks[0][0] if self.blocks[0] else None
        number = bisect_left(self.before, gross_minor, key=gross_of) - 1
        within = gross_minor - gross_of(self.before[number])
        at = bisect_left(self.totals[number], within, key=gross_of) + 1
        if at < len(self.blocks[number]):
            return self.blocks[number][at]
        return self.blocks[number + 1][0] if number + 1 < len(self.blocks) else None

    def between(self, start: Entry, end: Entry | None) -> Iterator[Entry]:
        """The payments in [start, end) of the order; without an end: all from there on."""
        number = self._block(start)
        at = bisect_left(self.blocks[number], start)
        while number < len(self.blocks):
            block = self.blocks[number]
            for entry in block[at:] if at else block:
                if end is not None and entry >= end:
                    return
                yield entry
            number, at = number + 1, 0

    def _block(self, key: Entry) -> int:
        if len(self.blocks) == 1:
            return 0
        return max(0, bisect_right(self.blocks, key, key=_first) - 1)

    def _find(self, entry: Entry) -> tuple[int, int]:
        number = self._block(entry)
        return number, bisect_left(self.blocks[number], entry)

    def _raise(self, number: int, at: int, by: int) -> None:
        totals, before = self.totals[number], self.before
        for place in range(at, len(totals)):
            totals[place] += by
        for place in range(number + 1, len(before)):
            before[place] += by

    def _split(self, number: int) -> None:
        block, totals = self.blocks[number], self.totals[number]
        middle = len(block) // 2 if number + 1 < len(self.blocks) else MOST
        opening = totals[middle - 1]
        self.blocks[number : number + 1] = [block[:middle], block[middle:]]
        self.totals[number : number + 1] = [totals[:middle], [total - opening for total in totals[middle:]]]
        self.before.insert(number + 1, self.before[number] + opening)


def _first(block: list[Entry]) -> Entry:
    return block[0]
