"""The life of an alert (definitions 7): Prometheus' life cycle on event time, as a table.

    state     breached  then
    inactive  no        inactive
    inactive  yes       pending since T, or firing at once when `for` is 0 and no cooldown goes on
    pending   no        inactive, silently
    pending   yes       firing once T - since >= `for`, and T - resolved >= `cooldown` where it resolved before
    firing    no        quiet since T (the first such T); resolved once T - quiet >= `keep_firing_for`
    firing    yes       firing, the same episode; no longer quiet

Everything that changes an alert's state is in this file. Nothing here knows how `breached` was found.
"""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where an alert stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class Change(StrEnum):
    """What a step did that somebody may want to hear of."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Status(NamedTuple):
    """An alert between two evaluations. Instants in ms; None: not so. `resolved_at_ms`: of the episode before, while
    its cooldown goes on."""

    state: State = State.INACTIVE
    active_since_ms: int | None = None
    fired_at_ms: int | None = None
    quiet_since_ms: int | None = None
    resolved_at_ms: int | None = None

    @property
    def active(self) -> bool:
        """Whether there is an episode: pending or firing."""
        return self.state is not State.INACTIVE

    @property
    def firing(self) -> bool:
        """Whether `exit`, not the threshold, decides on breached. Not while pending: what fires was beyond its limit
        all the while."""
        return self.state is State.FIRING


INACTIVE = Status()


def step(
    status: Status, breached: bool, at_ms: int, for_ms: int, keep_ms: int, cooldown_ms: int = 0
) -> tuple[Status, Change | None]:
    """The status after the evaluation at `at_ms`, and what changed. Durations in ms: `for`, `keep_firing_for` and
    `cooldown` of the rule."""
    if status.resolved_at_ms is not None and at_ms - status.resolved_at_ms >= cooldown_ms:
        status = status._replace(resolved_at_ms=None)
    if status.state is State.FIRING:
        return _go_on(status, breached, at_ms, keep_ms, cooldown_ms)
    if not breached:
        return Status(resolved_at_ms=status.resolved_at_ms), None
    since_ms = at_ms if status.active_since_ms is None else status.active_since_ms
    if at_ms - since_ms >= for_ms and status.resolved_at_ms is None:
        return Status(State.FIRING, since_ms, at_ms), Change.FIRING
    after = Status(State.PENDING, since_ms, resolved_at_ms=status.resolved_at_ms)
    return after, None if status.active else Change.PENDING


def due_ms(status: Status, for_ms: int, keep_ms: int, cooldown_ms: int = 0) -> int | None:
    """When time alone changes the status: the first instant, not yet rounded to an evaluation; None: never."""
    cooled_ms = None if status.resolved_at_ms is None else status.resolved_at_ms + cooldown_ms
    if status.state is State.PENDING and status.active_since_ms is not None:
        return max(status.active_since_ms + for_ms, cooled_ms or 0)
    if status.state is State.FIRING and status.quiet_since_ms is not None:
        return status.quiet_since_ms + keep_ms
    return cooled_ms


def _go_on(status: Status, breached: bool, at_ms: int, keep_ms: int, cooldown_ms: int) -> tuple[Status, Change | None]:
    if breached:
        return status._replace(quiet_since_ms=None), None
    quiet_since_ms = at_ms if status.quiet_since_ms is None else status.quiet_since_ms
    if at_ms - quiet_since_ms >= keep_ms:
        return Status(resolved_at_ms=at_ms if cooldown_ms > 0 else None), Change.RESOLVED
    return status._replace(quiet_since_ms=quiet_since_ms), None
