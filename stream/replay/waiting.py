"""An iterator that may wait long for its next item, such as the lines of a pipe, made into one that never does."""

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")

AHEAD = 4
"""So many items may be read before they are asked for."""
WAIT_SECONDS = 0.05

_END = object()


def unhurried(items: Iterator[T]) -> Iterator[T | None]:
    """The items, and None whenever the next one is not there after 50 ms. What `items` raises is raised.

    They are read by a thread that no exit waits for: reading them must not hold a lock of the interpreter's own
    streams.
    """
    held: queue.Queue[object] = queue.Queue(AHEAD)

    def read() -> None:
        try:
            for item in items:
                held.put(item)
            held.put(_END)
        except BaseException as error:  # noqa: BLE001  the caller raises it
            held.put(error)

    threading.Thread(target=read, name="reading", daemon=True).start()
    while True:
        try:
            item = held.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            yield None
            continue
        if item is _END:
            return
        if isinstance(item, BaseException):
            raise item
        yield item  # type: ignore[misc]
