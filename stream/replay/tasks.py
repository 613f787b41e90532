"""What tasks and those who call them agree on."""

from collections.abc import Callable
from typing import Any

Task = tuple[str, int]
"""Kind and number."""

Result = dict[str, Any]
"""What a task says when it is done: JSON."""


def later(one: int | None, other: int | None) -> int | None:
    """The greater of two instants; None is none."""
    return max((each for each in (one, other) if each is not None), default=None)


Tell = Callable[[int, int], None]
"""Called now and then with how many events and bytes more are done."""
