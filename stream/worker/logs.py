"""Logging of a worker to stderr: one line for each event, coloured text on a terminal, JSON otherwise."""

import logging
import sys
import time
from typing import Any

import structlog

from stream.facts.printable import error_text, printable

QUIET = {
    "aiokafka": logging.WARNING,
    "aiokafka.consumer.group_coordinator": logging.ERROR,  # warns of every rebalance, which is no fault
    "faust": logging.WARNING,
    "mode": logging.WARNING,
    "asyncio": logging.ERROR,
    "aiohttp": logging.WARNING,
    "stream.worker.app": logging.WARNING,  # Faust's services log under the module of the subclass
    "stream.kafka.bulk": logging.WARNING,
}
MOST_LOGGED = 4_000
"""Characters of one value in a line; more is cut."""
FIRST_SECONDS, LONGEST_SECONDS = 5.0, 60.0


class Sparing(logging.Filter):
    """Limits lines of the same kind from a library: the next one after 5 s, then 10, 20 and so on, at last every 60
    s."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[tuple[str, str], tuple[float, float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(tuple(QUIET)):
            return True
        now, key = time.monotonic(), (record.name, str(record.msg)[:60])
        due, pause = self._next.get(key, (0.0, FIRST_SECONDS))
        if now < due:
            return False
        if now > due + 2 * LONGEST_SECONDS:
            pause = FIRST_SECONDS
        self._next[key] = (now + pause, min(2 * pause, LONGEST_SECONDS))
        return True


def one_line(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replaces an exception by what may be said of it: a traceback is for developers (level DEBUG shows it)."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    if error:
        raised = error if isinstance(error, BaseException) else sys.exc_info()[1]
        if raised is not None:
            event["error"] = error_text(raised)
    event["event"] = " ".join(str(event.get("event", "")).split())
    return event


def visible(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Escapes text, so that an event stays one line and nothing a producer wrote controls a terminal; cuts long
    text."""
    for name, value in event.items():
        if isinstance(value, str) and name != "exception":
            event[name] = printable(value, MOST_LOGGED)
    return event


def set_up_logging(level: int = logging.INFO) -> None:
    """Sends structlog and the standard library's logging to stderr, in one form."""
    terminal = sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=not terminal),
    ]
    if level > logging.DEBUG:
        shared.append(one_line)
    else:
        shared.append(structlog.processors.format_exc_info)
    shared.append(visible)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(Sparing())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, level))
