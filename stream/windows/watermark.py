"""The minimum watermark over all debtor partitions (live 2): what is final, and which alerts may be judged."""

from collections.abc import Iterator
from typing import Any

MOST_AT_ONCE = 4
"""Silence takes at least so many looks."""


class Watermark:
    """The least of what the debtor partitions last stated. It never goes back.

    A partition that has stated nothing yet holds it back. So does one that has become silent, until nothing was heard
    of it for `dead_after_ms`: then it is left out. Only time in which the caller has asked counts (see `advance`). A
    partition that states that it is idle is left out at once; where all that live are idle, the watermark is the
    greatest event time known.
    """

    def __init__(self, partitions: int, dead_after_ms: int) -> None:
        self._dead_after_ms = dead_after_ms
        self._marks: list[int | None] = [None] * partitions
        self._idle = [False] * partitions
        self._heard: set[int] = set()
        self._heard_at_ms: list[int | None] = [None] * partitions
        self._asked_ms: int | None = None
        self._waited_ms = 0
        self.dead: frozenset[int] = frozenset()
        """Partitions that are left out because they were not heard."""
        self.value_ms: int | None = None
        """The minimum; None: not every partition has stated one yet. Changed by `advance` only."""

    def hear(self, partition: int, watermark_ms: int | None, idle: bool) -> None:
        """Takes in a statement of `partition`. Raises ValueError if there is no such partition."""
        if not 0 <= partition < len(self._marks):
            raise ValueError(f"a statement of debtor partition {partition}, of which there are only {len(self._marks)}")
        known_ms = self._marks[partition]
        if watermark_ms is not None and (known_ms is None or watermark_ms > known_ms):
            self._marks[partition] = watermark_ms
        self._idle[partition] = idle
        self._heard.add(partition)

    def advance(self, now_ms: int, greatest_ms: int | None) -> None:
        """`value_ms` takes in what was heard until `now_ms`, on a clock that paces and has no other meaning.

        Between two calls no more than a quarter of `dead_after_ms` counts as silence: a caller that was stopped, cut
        off from the broker, or whose clock has stepped has not listened meanwhile, and knows of nobody that he was
        silent.
        """
        asked_ms, self._asked_ms = self._asked_ms, now_ms
        if asked_ms is not None:
            self._waited_ms += max(0, min(now_ms - asked_ms, self._dead_after_ms // MOST_AT_ONCE))
        for partition, heard_at_ms in enumerate(self._heard_at_ms):
            if heard_at_ms is None or partition in self._heard:
                self._heard_at_ms[partition] = self._waited_ms
        self._heard.clear()
        self.dead = frozenset(self._silent(self._waited_ms))
        counted = [
            mark
            for partition, mark in enumerate(self._marks)
            if partition not in self.dead and not self._idle[partition]
        ]
        if counted:
            marks = [mark for mark in counted if mark is not None]
            self._raise_to(min(marks) if len(marks) == len(counted) else None)
        elif len(self.dead) < len(self._marks):
            self._raise_to(greatest_ms)

    def encode(self) -> dict[str, Any]:
        """At rest; how long a partition was silent is not kept."""
        return {"marks": self._marks, "idle": self._idle, "value": self.value_ms}

    def restore(self, record: dict[str, Any]) -> None:
        """What `encode` gave. Of another count of partitions only the value is taken: the state of topics that were
        grown begins with such records, and what partitions stated then holds of none of today's. (A state that ends
        so is refused by its offset record.)"""
        if len(record["marks"]) == len(self._marks):
            self._marks, self._idle = list(record["marks"]), list(record["idle"])
        else:
            self._marks, self._idle = [None] * len(self._marks), [False] * len(self._marks)
        self.value_ms = record["value"]
        self._heard_at_ms = [None] * len(self._marks)
        self._heard.clear()

    def _raise_to(self, value_ms: int | None) -> None:
        if value_ms is not None and (self.value_ms is None or value_ms > self.value_ms):
            self.value_ms = value_ms

    def _silent(self, now_ms: int) -> Iterator[int]:
        for partition, heard_at_ms in enumerate(self._heard_at_ms):
            if heard_at_ms is not None and now_ms - heard_at_ms >= self._dead_after_ms:
                yield partition
