"""When so much of a partition is refused that the fault is not in single events: the worker stops then, and does not
drain the topic into the dead letters.

    last `window` records     | part | part | ... | part |     in tenths; the oldest is forgotten as the next one begins
    refused in each              0      3     ...    17
"""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction

from stream.settings.document import LimitsSection

PARTS = 10
SPARED = frozenset({"conflict", "limit", "too_late"})
"""Their events were read, routed and identified, and no share of them says that something broke: of a conflict one of
the two counts, a limit is there so that one case, one debtor or ids without end do not stop the worker, and whoever
sends old history sends much of it."""


class DeadLetterLimit:
    """What was refused lately of one topic's partition, and whether that is more than `limits` allow.

    `state` goes with the offset into the state topic: a worker that is started again stops at the same record, and not
    a limit's length further on. A limit that is 0 counts nothing, so that a person can let a bad stretch pass.
    """

    def __init__(self, limits: LimitsSection, state: Sequence[Sequence[int]] = ()) -> None:
        every, internal = state or ((), ())
        self._any = _Count(limits.deadletter_run, limits.deadletter_ratio, limits.deadletter_window, every)
        self._internal = _Count(limits.internal_run, limits.internal_ratio, limits.internal_window, internal)

    @property
    def state(self) -> tuple[tuple[int, ...], ...]:
        """Empty when nothing was refused lately; else what `Drain(limits, state)` goes on from."""
        if self._any.clean and self._internal.clean:
            return ()
        return self._any.state, self._internal.state

    def passed(self, records: int) -> None:
        """So many records were taken in; none: nothing changes."""
        if records:
            self._any.passed(records)
            self._internal.passed(records)

    def refused(self, reason: str) -> str | None:
        """One more was refused. Words for a person if that is too much, which name the limits."""
        if reason in SPARED:
            self.passed(1)
            return None
        told = None
        if self._any.refused():
            told = f"{self._any.told} were refused (limits.deadletter_run, deadletter_ratio)"
        if reason != "internal":
            self._internal.advance(1)
        elif self._internal.refused():
            told = f"{self._internal.told} failed inside the program (limits.internal_run, internal_ratio)"
        return told


class _Count:
    """Refusals in a row, and in each part of the window. `run`, `ratio`: from how many on it is too much."""

    def __init__(self, run: int, ratio: Fraction, window: int, state: Sequence[int]) -> None:
        self._longest = run
        self._most = ratio * window
        self._part = window // PARTS
        self._run, self._seen, *parts = state or (0, 0, 0)
        self._parts = deque(parts, maxlen=PARTS)

    @property
    def state(self) -> tuple[int, ...]:
        return (self._run, self._seen, *self._parts)

    @property
    def clean(self) -> bool:
        return not self._run and not any(self._parts)

    @property
    def told(self) -> str:
        seen = max(self._run, (len(self._parts) - 1) * self._part + self._seen)
        share = 100 * max(self._run, sum(self._parts)) // seen
        return f"{self._run:,} records in a row, and {share} % of the last {seen:,},"

    def passed(self, records: int) -> None:
        self._run = 0
        self.advance(records)

    def refused(self) -> bool:
        """Counts one more; whether that is too much."""
        self._run += bool(self._longest)
        self._parts[-1] += bool(self._most)
        too_many = 0 < self._longest <= self._run or 0 < self._most <= sum(self._parts)
        self.advance(1)
        return too_many

    def advance(self, records: int) -> None:
        begun, self._seen = divmod(self._seen + records, self._part)
        self._parts.extend([0] * min(begun, PARTS))
