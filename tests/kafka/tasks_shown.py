"""Where every task and thread of a process stands, written to stderr at SIGUSR2: for a worker that hangs in a test."""

import asyncio
import faulthandler
import signal
import sys


def show_at_signal() -> None:
    """Installs the handler. To be called in the main thread, before anything else runs."""
    signal.signal(signal.SIGUSR2, lambda *_: _show())


def _show() -> None:
    for task in list(asyncio.tasks._all_tasks):  # type: ignore[attr-defined]  # those of every loop
        if not task.done():
            sys.stderr.write(f"task {task.get_name()}, innermost last:\n")
            sys.stderr.writelines(f"  {line}\n" for line in _places(task))
    faulthandler.dump_traceback(file=sys.stderr)
    sys.stderr.write("tasks shown\n")
    sys.stderr.flush()


def _places(task: "asyncio.Task[object]") -> list[str]:
    """The lines at which the coroutines stand that a task waits in, the outermost first."""
    found: list[str] = []
    awaited: object = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is None:
            found.append(repr(awaited)[:200])
            break
        found.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return found
