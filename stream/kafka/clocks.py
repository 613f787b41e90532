"""The two clocks of the shell: one that never goes back, for every pace and patience, and the wall's for event time."""

import time


def monotonic_ms() -> int:
    """Milliseconds of a clock that never goes back; for durations."""
    return time.monotonic_ns() // 1_000_000


def wall_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
