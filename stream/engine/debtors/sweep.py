"""All keys of a ledger in turn, some at a time, so that forgetting goes on beside the work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

EVERY_MS = 86_400_000
"""Event time from the begin of one round to that of the next."""
KEYS = 500
"""Keys that are looked at together."""


class Sweep:
    """Rounds over the keys, one a day of event time."""

    def __init__(self) -> None:
        self._round: Iterator[str] | None = None
        self._begun_ms: int | None = None

    def some(self, frontier_ms: int, *holders: Iterable[str]) -> list[str]:
        """The next keys of the round that is under way, or of a new one if it is time for one."""
        if self._round is None:
            if self._begun_ms is not None and frontier_ms < self._begun_ms + EVERY_MS:
                return []
            self._begun_ms = frontier_ms
            self._round = iter([key for holder in holders for key in holder])
        keys = list(islice(self._round, KEYS))
        if len(keys) < KEYS:
            self._round = None
        return keys
