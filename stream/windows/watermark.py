"""The minimum watermark over all stage-1 numbers (live 2): what is final, and which alerts may be judged."""

from collections.abc import Iterator
from typing import Any

MOST_AT_ONCE = 4
"""Silence takes at least so many looks."""


class Watermark:
    """Hears every number; never goes back.

    A number that was never heard holds it back, and so does a silent one, until it has not been heard for
    `dead_after_ms`; then it is left out. Only time in which the caller has asked counts (see `advance`). An idle one is
    left out by its own word; when all that live are idle, the watermark is the greatest event time known.
    """

    def __init__(self, numbers: int, dead_after_ms: int) -> None:
        self._dead_after_ms = dead_after_ms
        self._marks: list[int | None] = [None] * numbers
        self._idle = [False] * numbers
        self._heard: set[int] = set()
        self._heard_at_ms: list[int | None] = [None] * numbers
        self._asked_ms: int | None = None
        self._waited_ms = 0
        self.dead: frozenset[int] = frozenset()
        """Numbers that are left out because they were not heard."""
        self.value_ms: int | None = None
        """The minimum, None: no number has told one yet. Changed by `advance` only."""

    def hear(self, number: int, watermark_ms: int | None, idle: bool) -> None:
        """A statement of `number`. Raises ValueError if there is no such number."""
        if not 0 <= number < len(self._marks):
            raise ValueError(f"number {number} speaks, but there are only {len(self._marks)}")
        known_ms = self._marks[number]
        if watermark_ms is not None and (known_ms is None or watermark_ms > known_ms):
            self._marks[number] = watermark_ms
        self._idle[number] = idle
        self._heard.add(number)

    def advance(self, now_ms: int, greatest_ms: int | None) -> None:
        """`value_ms` takes in what was heard until `now_ms`, on a clock that paces and has no other meaning.

        Between two calls no more than a quarter of `dead_after_ms` counts as silence: a caller that was stopped, cut
        off from the broker, or whose clock has stepped has not listened meanwhile, and knows of nobody that he was
        silent.
        """
        asked_ms, self._asked_ms = self._asked_ms, now_ms
        if asked_ms is not None:
            self._waited_ms += max(0, min(now_ms - asked_ms, self._dead_after_ms // MOST_AT_ONCE))
        for number, heard_at_ms in enumerate(self._heard_at_ms):
            if heard_at_ms is None or number in self._heard:
                self._heard_at_ms[number] = self._waited_ms
        self._heard.clear()
        self.dead = frozenset(self._silent(self._waited_ms))
        counted = [
            mark for number, mark in enumerate(self._marks) if number not in self.dead and not self._idle[number]
        ]
        if counted:
            marks = [mark for mark in counted if mark is not None]
            self._raise_to(min(marks) if len(marks) == len(counted) else None)
        elif len(self.dead) < len(self._marks):
            self._raise_to(greatest_ms)

    def encode(self) -> dict[str, Any]:
        """At rest; how long a number was silent is not kept."""
        return {"marks": self._marks, "idle": self._idle, "value": self.value_ms}

    def restore(self, record: dict[str, Any]) -> None:
        """What `encode` gave. Raises ValueError if it is of another count of numbers."""
        if len(record["marks"]) != len(self._marks):
            raise ValueError(f"the state knows {len(record['marks'])} numbers, this run has {len(self._marks)}")
        self._marks = list(record["marks"])
        self._idle = list(record["idle"])
        self.value_ms = record["value"]
        self._heard_at_ms = [None] * len(self._marks)
        self._heard.clear()

    def _raise_to(self, value_ms: int | None) -> None:
        if value_ms is not None and (self.value_ms is None or value_ms > self.value_ms):
            self.value_ms = value_ms

    def _silent(self, now_ms: int) -> Iterator[int]:
        for number, heard_at_ms in enumerate(self._heard_at_ms):
            if heard_at_ms is not None and now_ms - heard_at_ms >= self._dead_after_ms:
                yield number
