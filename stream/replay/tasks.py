"""What tasks and those who call them agree on."""

from collections.abc import Callable
from typing import Any

Task = tuple[str, int]
"""Kind and number."""

Result = dict[str, Any]
"""What a task says when it is done: JSON."""

Tell = Callable[[int, int], None]
"""Called now and then with how many events and bytes more are done."""
