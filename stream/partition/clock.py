"""The clock of a debtor partition: a watermark per topic, and when silence may move it (live 2). Pure.

reads      x x  x                                    idle_after = 30 s
at end           |--------30 s--------|
watermark  follows the facts          |follows the wall clock less 30 s
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

TICK_GAP_MS = 2_000
"""After a longer time without a look nothing is known of the time between: counting of silence begins anew."""


class Statement(NamedTuple):
    """What a debtor partition knows of time (internals 4). Milliseconds since the epoch; None: not known yet. `idle`:
    all topics are at their end and the wall clock is not used, so this partition is left out of the minimum."""

    watermark_ms: int | None
    greatest_ms: int | None
    idle: bool


class Clock:
    """The watermarks of a debtor partition's topics; they never go back.

    `idle_after_ms`: how long a topic is silent before it counts as idle. `advance`: whether an idle topic's watermark
    follows the wall clock (time.idle_advance); else the topic is left out of the minimum.
    """

    def __init__(self, topics: Iterable[str], idle_after_ms: int, advance: bool) -> None:
        self.watermarks: dict[str, int | None] = dict.fromkeys(topics)
        self.greatest_ms: int | None = None
        self._idle_after_ms = idle_after_ms
        self._advance = advance
        self._at_end_since: dict[str, int] = {}
        self._looked_ms: int | None = None
        self._stated_ms: int | None = None
        self._idle: set[str] = set()

    @property
    def idle(self) -> frozenset[str]:
        """The topics whose partition has been at its log end for `idle_after`, as of the last look."""
        return frozenset(self._idle)

    def restore(self, watermarks: Mapping[str, int | None], greatest_ms: int | None) -> None:
        """Goes on from what the state holds. Counting of silence begins anew."""
        for topic in self.watermarks:
            self.watermarks[topic] = watermarks.get(topic)
        self.greatest_ms = greatest_ms
        self._at_end_since.clear()
        self._idle.clear()
        self._looked_ms = self._stated_ms = None

    def saw(self, topic: str, occurred_ms: int) -> None:
        """A fact of this topic that occurred then was applied."""
        known = self.watermarks[topic]
        if known is None or occurred_ms > known:
            self.watermarks[topic] = occurred_ms
            if self.greatest_ms is None or occurred_ms > self.greatest_ms:
                self.greatest_ms = occurred_ms

    def look(self, monotonic_ms: int, wall_ms: int | None, at_end: Mapping[str, bool]) -> None:
        """Counts silence. `at_end`: topic -> whether a recent and successful fetch of the unpaused topic found that
        everything is applied. `wall_ms`: None if the wall clock cannot be trusted; no watermark moves by it then."""
        if self._looked_ms is None or monotonic_ms - self._looked_ms > TICK_GAP_MS:
            self._at_end_since.clear()
        self._looked_ms = monotonic_ms
        self._idle.clear()
        for topic in self.watermarks:
            if not at_end.get(topic, False):
                self._at_end_since.pop(topic, None)
                continue
            since_ms = self._at_end_since.setdefault(topic, monotonic_ms)
            if monotonic_ms - since_ms < self._idle_after_ms:
                continue
            if not self._advance:
                self._idle.add(topic)
            elif wall_ms is not None:
                self._idle.add(topic)
                self.saw(topic, wall_ms - self._idle_after_ms)

    def statement(self) -> Statement:
        """The watermark of the partition, which is the least of its topics', and the greatest event time it knows."""
        counted = [mark for topic, mark in self.watermarks.items() if self._advance or topic not in self._idle]
        silent = not counted
        watermark_ms = self.greatest_ms if silent else _least(counted)
        if watermark_ms is not None:
            watermark_ms = max(watermark_ms, self._stated_ms or watermark_ms)
            self._stated_ms = watermark_ms
        return Statement(watermark_ms, self.greatest_ms, silent)


def _least(marks: list[int | None]) -> int | None:
    known = [mark for mark in marks if mark is not None]
    return min(known) if len(known) == len(marks) else None
