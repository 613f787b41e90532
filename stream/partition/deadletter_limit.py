"""When so many records of a partition are refused that the fault cannot be in single events. The worker stops then,
instead of turning the whole topic into dead letters.

    last `window` records     | part | part | ... | part |     tenths; the oldest is dropped as the next one begins
    refused in each part         0      3     ...    17
"""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction

from stream.settings.document import LimitsSection

PARTS = 10
NOT_LIMITED = frozenset({"conflict", "limit", "too_late"})
"""Reasons that never stop a worker, however frequent. Their events were read, routed and identified, so nothing is
broken: of a conflict one event counts; a limit exists so that one case, one debtor or endless ids do not stop the
worker; and whoever sends old history sends much of it."""


class DeadLetterLimit:
    """Counts what was refused lately of one topic partition, and says when that is more than `limits` allow.

    `state` is kept with the offset in the state topic, so that a restarted worker stops at the same record again, and
    does not begin to count from 0. A limit of 0 is never reached: so a person can let a bad stretch pass.
    """

    def __init__(self, limits: LimitsSection, state: Sequence[Sequence[int]] = ()) -> None:
        every, internal = state or ((), ())
        self._any = _Refusals(limits.deadletter_run, limits.deadletter_ratio, limits.deadletter_window, every)
        self._internal = _Refusals(limits.internal_run, limits.internal_ratio, limits.internal_window, internal)

    @property
    def state(self) -> tuple[tuple[int, ...], ...]:
        """From which `DeadLetterLimit(limits, state)` goes on; empty when nothing was refused lately."""
        if self._any.clean and self._internal.clean:
            return ()
        return self._any.state, self._internal.state

    def passed(self, records: int) -> None:
        """So many records were not refused; with 0 nothing changes."""
        if records:
            self._any.passed(records)
            self._internal.passed(records)

    def refused(self, reason: str) -> str | None:
        """One more was refused. If that is too many: a clause for a person that names the limits; else None."""
        if reason in NOT_LIMITED:
            self.passed(1)
            return None
        text = None
        if self._any.refused():
            text = f"{self._any.text} were refused (limits.deadletter_run, deadletter_ratio)"
        if reason != "internal":
            self._internal.advance(1)
        elif self._internal.refused():
            text = f"{self._internal.text} failed inside the program (limits.internal_run, internal_ratio)"
        return text


class _Refusals:
    """Refusals in a row, and in each part of the window. `run`, `ratio`: from how many on they are too many."""

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
    def text(self) -> str:
        seen = max(self._run, (len(self._parts) - 1) * self._part + self._seen)
        share = 100 * max(self._run, sum(self._parts)) // seen
        return f"{self._run:,} records in a row, and {share} % of the last {seen:,},"

    def passed(self, records: int) -> None:
        self._run = 0
        self.advance(records)

    def refused(self) -> bool:
        """Counts one more; whether that is too many."""
        self._run += bool(self._longest)
        self._parts[-1] += bool(self._most)
        too_many = 0 < self._longest <= self._run or 0 < self._most <= sum(self._parts)
        self.advance(1)
        return too_many

    def advance(self, records: int) -> None:
        begun, self._seen = divmod(self._seen + records, self._part)
        self._parts.extend([0] * min(begun, PARTS))
