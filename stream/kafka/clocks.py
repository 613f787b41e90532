"""The two clocks of the shell: a monotonic one for durations, and the wall clock for event time."""

import time


def monotonic_ms() -> int:
    """Milliseconds since some fixed instant, by a clock that never goes back; for durations."""
    return time.monotonic_ns() // 1_000_000


def wall_ms() -> int:
    """Milliseconds since the Unix epoch; this clock may be set back or forward."""
    return time.time_ns() // 1_000_000
