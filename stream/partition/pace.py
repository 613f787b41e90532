"""How much one transaction writes: less after a slow one, more again while they are quick (ADR 0045). Pure.

rows   8,000 ──┐           ┌── + 1,000 after each quick commit that was full, up to 64,000
               │       ┌───┘
               └ 4,000 ┘       halved after each slow one, down to 1,000
"""

FIRST_ROWS = 8_000
"""More than what a site of some thousand agents changes between two commits."""
MOST_ROWS = 64_000
LEAST_ROWS = 1_000
"""With fewer, most of what a transaction costs would be its fixed cost."""
STEP_ROWS = 1_000
BUILD_MS = 250
"""While records are made nothing else runs on the loop: no heartbeat of ours, no /health, no other partition."""
SHARE_OF_TIMEOUT = 5


class TransactionPace:
    """The pace of one partition's transactions. `rows`: records that the next one should hold at most. `rest_ms`: how
    long after the last commit the next one may begin; 0 unless commits are slow.

    `timeout_ms`: kafka.transaction_timeout. A transaction that stands open for so long is lost, and what it held has to
    be done again; one that takes a fifth of it is slow.
    """

    def __init__(self, timeout_ms: int) -> None:
        self._slow_ms = timeout_ms // SHARE_OF_TIMEOUT
        self.rows = FIRST_ROWS
        self.rest_ms = 0

    def committed(self, rows: int, build_ms: int, took_ms: int) -> None:
        """A transaction of so many rows took `build_ms` to be made, and then `took_ms` until the broker had it.

        A slow one halves what it held, not what it might have held: what is in hand is what took so long. While they
        are slow, at most half of the time is spent on them: the broker has others to serve, too.
        """
        slow = took_ms > self._slow_ms
        if slow or build_ms > BUILD_MS:
            self._halve(rows)
        elif 4 * took_ms <= self._slow_ms and 2 * build_ms <= BUILD_MS and 2 * rows >= self.rows:
            self.rows = min(MOST_ROWS, self.rows + STEP_ROWS)
        self.rest_ms = took_ms if slow else 0

    def lost(self) -> None:
        """The broker has given a transaction up: it had stood open for too long."""
        self._halve(self.rows)

    def _halve(self, rows: int) -> None:
        self.rows = max(LEAST_ROWS, min(self.rows, rows) // 2)
