"""When so much of a partition is refused that the fault is not in single events: the worker stops then, and does not
drain the topic into the dead letters.

    last `window` records     | part | part | ... | part |     in tenths; the oldest is forgotten as the next one begins
    refused in each              0      3     ...    17
"""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction

from stream.settings.document import Limits

PARTS = 10
SPARED = "conflict"
"""Its event was read, routed and identified, and one of the two counts: no share of these says that something broke."""


class Drain:
    """What was refused lately of one topic's partition, and whether that is more than `limits` allow.

    `state` goes with the offset into the state topic: a worker that is started again stops at the same record, and not
    a limit's length further on. A limit that is 0 counts nothing, so that a person can let a bad stretch pass.
    """

    def __init__(self, limits: Limits, state: Sequence[Sequence[int]] = ()) -> None:
        self._limits = limits
        self._part = max(1, limits.deadletter_window // PARTS)
        (self._seen,), every, internal = state or ((0,), (), ())
        self._any = _Count(limits.deadletter_run, limits.deadletter_ratio * limits.deadletter_window, every)
        self._internal = _Count(limits.internal_run, limits.internal_ratio * limits.deadletter_window, internal)

    @property
    def state(self) -> tuple[tuple[int, ...], ...]:
        """Empty when nothing was refused lately; else what `Drain(limits, state)` goes on from."""
        every, internal = self._any.state, self._internal.state
        return ((self._seen,), every, internal) if any(every) or any(internal) else ()

    def passed(self, records: int) -> None:
        """So many records were taken in; none: nothing changes."""
        if records:
            self._any.run = self._internal.run = 0
            self._advance(records)

    def refused(self, reason: str) -> str | None:
        """One more was refused. Words for a person if that is too much, which name the limits."""
        if reason == SPARED:
            self.passed(1)
            return None
        told = None
        if self._any.exceeded():
            told = f"{self._told(self._any)} were refused (limits.deadletter_run, deadletter_ratio)"
        if reason == "internal" and self._internal.exceeded():
            told = f"{self._told(self._internal)} failed inside the program (limits.internal_run, internal_ratio)"
        self._advance(1)
        return told

    def _told(self, count: "_Count") -> str:
        seen = max(count.run, (len(count.parts) - 1) * self._part + self._seen + 1)
        share = 100 * max(count.run, sum(count.parts)) // seen
        return f"{count.run:,} records in a row, and {share} % of the last {seen:,},"

    def _advance(self, records: int) -> None:
        begun, self._seen = divmod(self._seen + records, self._part)
        for _ in range(min(begun, PARTS)):
            self._any.parts.append(0)
            self._internal.parts.append(0)


class _Count:
    """Refusals in a row, and in each part of the window. `run` and `share`: from how many on it is too much."""

    def __init__(self, run: int, share: Fraction, state: Sequence[int]) -> None:
        self._longest = run
        self._most = share
        self.run = state[0] if state else 0
        self.parts = deque(state[1:] or (0,), maxlen=PARTS)

    @property
    def state(self) -> tuple[int, ...]:
        return (self.run, *self.parts)

    def exceeded(self) -> bool:
        """Counts one more; whether that is too much."""
        self.run += bool(self._longest)
        self.parts[-1] += bool(self._most)
        return 0 < self._longest <= self.run or 0 < self._most <= sum(self.parts)
