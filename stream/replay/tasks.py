"""The types that a replay's tasks and their callers share."""

from collections.abc import Callable
from typing import Any

Task = tuple[str, int]
"""Kind of the task, and the index of the part, group or bucket that it is about."""

Result = dict[str, Any]
"""What a finished task returns. It is kept as JSON in the work folder."""


def later(one: int | None, other: int | None) -> int | None:
    """The later of two instants, where None means that there is none."""
    return max((each for each in (one, other) if each is not None), default=None)


Report = Callable[[int, int], None]
"""Called now and then by a task with (events, bytes) done since the last call."""
