"""How long to wait before the next attempt, where what is needed (mostly the broker) does not answer."""

from collections.abc import Iterator

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 10.0


def backoff_seconds(first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS) -> Iterator[float]:
    """The waits of one series of attempts, in seconds, without end: each twice the one before, never above `longest`.

    After a success the next failure begins a new series.
    """
    wait = first
    while True:
        yield min(wait, longest)
        wait = min(2 * wait, longest)
