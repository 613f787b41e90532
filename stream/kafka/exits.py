"""How a worker ends (contract 3): the exit codes, and the one way to end at once."""

import logging
import os
import sys
from collections.abc import Callable
from enum import IntEnum

import structlog

log = structlog.get_logger(__name__)


class Exit(IntEnum):
    """Exit codes of `kpi-stream worker`."""

    DONE = 0
    FAILED = 1
    CONFIGURATION = 2
    FENCED = 3
    REFUSED = 4
    RESTART = 5


class RefusedError(Exception):
    """The worker refuses its state or its topics (exit 4). One line that names the key, topic or partition."""


End = Callable[[Exit, str], None]
"""Ends the process: (code, one line that says why). Does not return in production; tests pass a recorder."""


def end_now(code: Exit, reason: str) -> None:
    """Ends the process at once: nothing is committed, closed or left in order. What is not committed is read again
    by the next owner; anything else could overwrite what a successor has written (ADR 0012)."""
    level = log.info if code is Exit.DONE else log.error
    level("worker ends", reason=reason, code=int(code))
    leave(code)


def leave(code: int) -> None:
    """Ends the process with this code, whatever its other threads and tasks still do; what it has said is written."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
