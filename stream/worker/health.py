"""What /health/live and /health/ready say."""

from stream.partition.context import LiveState
from stream.worker.assignments import Assignments


class Health:
    """Live: the loop turns. Ready: the broker answers, and every number that is assigned is open. Each gives None, or
    why not in one line."""

    def __init__(self) -> None:
        self._live: LiveState | None = None
        self._roster: Assignments | None = None
        self._waiting: str | None = "starting"

    def waits(self, reason: str | None) -> None:
        """Nothing can be done yet, and why; None: it can."""
        self._waiting = reason

    def has(self, live: LiveState, roster: Assignments) -> None:
        """From here on the numbers decide, and whether the broker answers."""
        self._live, self._roster = live, roster

    def live(self) -> str | None:
        """None as long as it can be asked: a wedged loop does not answer, and the watchdog ends it."""
        return None

    def ready(self) -> str | None:
        if self._waiting is not None:
            return self._waiting
        roster = self._roster
        if self._live is None or roster is None:
            return "waiting for partitions"
        if roster.closing:
            return "stopping"
        if not roster.assigned:
            return "waiting for partitions"
        if not self._live.broker_answers:
            return "the broker does not answer"
        if not self._live.writable:
            return "a partition that is written to has no leader"
        shut = [number.name for number in roster.numbers if not number.is_open]
        return f"restoring {', '.join(shut[:5])}" if shut else None
