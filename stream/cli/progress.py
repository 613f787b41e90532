"""How a long command shows on stderr what it is doing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from stream.replay.running import Watch


@contextmanager
def shown(wanted: bool, what: str = "events") -> Iterator["Watch"]:
    """Shows a line of events (`what`: of what else), how many a second, share done and time left on stderr; nothing
    unless it is wanted."""
    if not wanted:
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<8}"),
        TextColumn(f"{{task.fields[events]:>12,}} {what}"),
        TextColumn("{task.fields[speed]:>8,}/s"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Line(progress).update


def show_line(line: str, wanted: bool | None = None) -> None:
    """Shows a line of progress on stderr in place of the one before; `wanted` None: if stderr is a terminal."""
    if sys.stderr.isatty() if wanted is None else wanted:
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def _silent(_activity: str, _events: int, _done: int, _total: int) -> None:
    pass


class _Line:
    """The progress on a terminal: one line per activity."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._tasks: dict[str, tuple[TaskID, float]] = {}

    def update(self, activity: str, events: int, done: int, total: int) -> None:
        if activity not in self._tasks:
            task = self._progress.add_task(activity, total=None, events=0, speed=0)
            self._tasks[activity] = task, monotonic()
        task, started = self._tasks[activity]
        speed = round(events / max(monotonic() - started, 0.001))
        self._progress.update(task, completed=done, total=total or None, events=events, speed=speed)
