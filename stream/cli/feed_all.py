"""`kpi-stream feed run --all`: every feed of the configuration in a process of its own, until SIGTERM."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess

from stream.backoff import backoff_seconds
from stream.cli.failure import warn

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0
STOP_SECONDS = 20.0
"""How long a feed may take to write what is in hand before it is killed."""

Arguments = Sequence[str]
"""Of `kpi-stream`, the program's name left out."""


@dataclass
class _Child:
    name: str
    arguments: Arguments
    process: SpawnProcess | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    ended: bool = False
    waits: Iterator[float] = field(default_factory=lambda: backoff_seconds(FIRST_SECONDS, LONGEST_SECONDS))


def run_all(feeds: Sequence[tuple[str, Arguments]], target: Callable[[Arguments], None] | None = None) -> int:
    """Runs each (name, arguments) until SIGTERM or Ctrl-C; then ends them all in order and gives 0.

    One that fails is started again after 1 s, twice as long after each further failure, at most a minute; one that has
    run for a minute begins with 1 s again. One that ends well is not. `target`: instead of the program, for tests.
    """
    children = [_Child(name, arguments) for name, arguments in feeds]
    try:
        while not all(child.ended for child in children):
            _start(children, target or _program)
            _look(children)
    except KeyboardInterrupt:
        pass
    finally:
        _stop(children)
    return 0


def _start(children: Iterable[_Child], target: Callable[[Arguments], None]) -> None:
    now = time.monotonic()
    for child in children:
        if child.process is None and not child.ended and child.due_at <= now:
            context = get_context("spawn")
            child.process = context.Process(target=_alone, args=(target, tuple(child.arguments)), name=child.name)
            child.process.start()
            child.started_at = now


def _look(children: Sequence[_Child]) -> None:
    """Waits until a feed ends, or one is to be started again."""
    running = [child for child in children if child.process is not None]
    due = [child.due_at for child in children if child.process is None and not child.ended]
    until = max(0.0, min(due) - time.monotonic()) if due else None
    if not running:
        time.sleep(until or 0.0)
        return
    wait([child.process.sentinel for child in running if child.process is not None], until)
    for child in running:
        if child.process is not None and not child.process.is_alive():
            _ended(child, child.process)


def _ended(child: _Child, process: SpawnProcess) -> None:
    process.join()
    code, child.process = process.exitcode, None
    process.close()
    if code == 0:
        child.ended = True
        return
    if time.monotonic() - child.started_at > LONGEST_SECONDS:
        child.waits = backoff_seconds(FIRST_SECONDS, LONGEST_SECONDS)
    pause = next(child.waits)
    child.due_at = time.monotonic() + pause
    how = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with {code}"
    warn(f"feed {child.name}: {how}; started again in {pause:.0f} s")


def _stop(children: Iterable[_Child]) -> None:
    """Ends every feed in order; one that takes too long is killed."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # a second one must leave no feed behind
    processes = [child.process for child in children if child.process is not None and child.process.pid is not None]
    for process in processes:
        process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def _program(arguments: Arguments) -> None:
    from stream.cli.program import main

    main(arguments)


def _alone(target: Callable[[Arguments], None], arguments: Arguments) -> None:
    """What a child does: the command, until its parent is gone."""
    threading.Thread(target=_outlived, daemon=True).start()
    target(arguments)


def _outlived() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
