"""What /health/live and /health/ready of a worker answer."""

from stream.partition.context import LiveState
from stream.worker.assignments import Assignments


class Health:
    """The health of a worker. Live: the event loop turns. Ready: the broker answers, and every assigned partition is
    open. `live` and `ready` give None when all is well, else why not in one line."""

    def __init__(self) -> None:
        self._live: LiveState | None = None
        self._assignments: Assignments | None = None
        self._waiting: str | None = "starting"

    def waits(self, reason: str | None) -> None:
        """Sets why the worker cannot begin yet, in one line; None: it can."""
        self._waiting = reason

    def has(self, live: LiveState, assignments: Assignments) -> None:
        """From here on the worker is ready when the broker answers and its partitions are open."""
        self._live, self._assignments = live, assignments

    def live(self) -> str | None:
        """Always None: a loop that hangs does not answer at all, and the watchdog ends the process."""
        return None

    def ready(self) -> str | None:
        """None once every assigned partition is open and the broker answers; else why not."""
        if self._waiting is not None:
            return self._waiting
        assignments = self._assignments
        if self._live is None or assignments is None:
            return "waiting for partitions"
        if assignments.closing:
            return "stopping"
        if not assignments.assigned:
            return "waiting for partitions"
        if not self._live.broker_answers:
            return "the broker does not answer"
        if not self._live.writable:
            return "a partition that is written to has no leader"
        closed = [task.name for task in assignments.tasks if not task.is_open]
        return f"restoring {', '.join(closed[:5])}" if closed else None
