"""When a score is no longer provisional (scores 5)."""

from __future__ import annotations

from typing import NamedTuple


class FinalAt(NamedTuple):
    """When the windows of a score end, and when it is settled, ms."""

    end_ms: int
    settled_ms: int

    def is_reached(self, as_of_ms: int, final_ms: int) -> bool:
        """Whether the windows are final and the score is settled: windows that end by `final_ms` are final, and it is
        `as_of_ms` now."""
        return self.end_ms <= final_ms and self.settled_ms <= as_of_ms
