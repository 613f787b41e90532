"""The processes that do the tasks of a replay: this one alone, or several others."""

import gc
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Protocol

from stream.replay.chunks import InputError
from stream.replay.job import Job
from stream.replay.tasks import Report, Result, Task
from stream.replay.workfolder import OutputError

Perform = Callable[[Job, Task, tuple[Any, ...], Report], Result]
"""Does one task: (job, task, further arguments, report). Other processes import it by its name."""

Order = tuple[Task, tuple[Any, ...]]
"""A task and its further arguments."""


class WorkerPoolError(Exception):
    """A process of the replay ended before its work was done. One line."""


class WorkerPool(Protocol):
    """Does tasks that do not depend on each other, in one process or in several."""

    def do(self, orders: Iterable[Order], report: Report) -> Iterator[tuple[Task, Result]]:
        """Does all the tasks; gives each with its result as soon as it is done."""
        ...


class ThisProcess:
    """A pool of this process only, which does one task after the other."""

    def __init__(self, job: Job, perform: Perform) -> None:
        self._job = job
        self._perform = perform

    def do(self, orders: Iterable[Order], report: Report) -> Iterator[tuple[Task, Result]]:
        """As `WorkerPool` says."""
        for task, given in orders:
            yield task, self._perform(self._job, task, given, report)


class ChildProcesses:
    """A pool of `processes` child processes, each with one task at a time.

    `do` raises WorkerPoolError if one of them dies, and the InputError or OutputError of a task.
    """

    def __init__(self, job: Job, perform: Perform, processes: int) -> None:
        context = get_context("spawn")
        self._free: list[Connection] = []
        self._processes: dict[Connection, SpawnProcess] = {}
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(job, perform, theirs), daemon=True)
            process.start()
            theirs.close()
            self._free.append(ours)
            self._processes[ours] = process

    def do(self, orders: Iterable[Order], report: Report) -> Iterator[tuple[Task, Result]]:
        """As `WorkerPool` says."""
        waiting = deque(orders)
        busy: dict[Connection, Task] = {}
        while waiting or busy:
            while waiting and self._free:
                order = waiting.popleft()
                connection = self._free.pop()
                busy[connection] = order[0]
                self._send(connection, order)
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                kind, content = self._received(ready)
                if kind == "progress":
                    report(*content)
                elif kind == "failed":
                    raise content
                else:
                    self._free.append(ready)
                    yield busy.pop(ready), content

    @property
    def pids(self) -> list[int]:
        """The ids of the child processes."""
        return [process.pid for process in self._processes.values() if process.pid is not None]

    def stop(self) -> None:
        """Ends the child processes, whatever they are doing."""
        for process in self._processes.values():
            process.terminate()
        for connection, process in self._processes.items():
            process.join()
            connection.close()

    def _send(self, connection: Connection, order: Order) -> None:
        try:
            connection.send(order)
        except OSError:
            self._died(connection)

    def _received(self, connection: Connection) -> tuple[str, Any]:
        try:
            kind, content = connection.recv()
            return kind, content
        except (EOFError, OSError):
            self._died(connection)
            raise

    def _died(self, connection: Connection) -> None:
        process = self._processes[connection]
        process.join()
        raise WorkerPoolError(
            f"process {process.pid} of the replay ended with code {process.exitcode} (out of memory?)"
        )


@contextmanager
def worker_pool(job: Job, perform: Perform, processes: int) -> Iterator[WorkerPool]:
    """A pool of so many processes for the length of the block; with 1, this process does all the work."""
    if processes == 1:
        with few_collections():
            yield ThisProcess(job, perform)
        return
    pool = ChildProcesses(job, perform, processes)
    try:
        yield pool
    finally:
        pool.stop()


@contextmanager
def few_collections() -> Iterator[None]:
    """Collects garbage rarely for the length of the block.

    There are millions of live objects and hardly a cycle among them: a full collection would walk them all for nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _work(job: Job, perform: Perform, connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the first process ends the others
    with few_collections():
        while True:
            try:
                task, given = connection.recv()
            except EOFError:
                return  # the first process is gone
            try:
                result = perform(job, task, given, lambda events, read: connection.send(("progress", (events, read))))
            except InputError as error:
                connection.send(("failed", error))
                return
            except OSError as error:
                with suppress(OSError):  # the first process is gone, and that was the error
                    connection.send(("failed", OutputError(f"{error.filename or job.folder}: {error.strerror}")))
                return
            connection.send(("done", result))
