"""The tasks of a replay in their order: parts of the input into groups of keys, groups into buckets of entities.

    part 0 ──split──┐   ┌──> group 0 ──fold──┐   ┌──> bucket 0 ──add up──┐
    part 1 ──split──┼───┼──> group 1 ──fold──┼───┼──> bucket 1 ──add up──┼──> teams and sites
    ...             ┘   └──> ...             ┘   └──> ...                ┘

Tasks of one kind do not depend on each other. A task leaves files for the next ones; the work folder remembers which
tasks are done.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from stream.replay.evaluating import evaluate
from stream.replay.folding import fold, forget_group
from stream.replay.handover_state import make_state
from stream.replay.job import Job
from stream.replay.splitting import split
from stream.replay.summing import add_up, add_up_teams
from stream.replay.tasks import Report, Result, Task
from stream.replay.worker_pool import Order, WorkerPool
from stream.replay.workfolder import WorkFolder

Watch = Callable[[str, int, int, int], None]
"""Shows progress: called with (activity, events so far, bytes or events done, bytes or events in all)."""


def perform(job: Job, task: Task, given: tuple[Any, ...], report: Report) -> Result:
    """Does one task in this process; `given` are its further arguments."""
    kind, index = task
    if kind == "split":
        return split(job, index, report)
    if kind == "fold":
        return fold(job, index, report)
    if kind == "evaluate":
        return evaluate(job, index, *given)
    if kind == "add_up":
        return add_up(job, index, *given)
    if kind == "hand_over":
        return make_state(job, index, *given)
    return add_up_teams(job, *given)


class ReplayRun:
    """Runs the tasks of one replay. `reader` is the pool for parts that only this process can read (standard input)."""

    def __init__(self, job: Job, work: WorkFolder, pool: WorkerPool, reader: WorkerPool, watch: Watch) -> None:
        self._job = job
        self._work = work
        self._pool = pool
        self._reader = reader
        self._watch = watch

    def split(self, total_bytes: int) -> list[Result]:
        """Splits every part of the input; gives the result of each part."""
        here = [("split", index) for index, part in enumerate(self._job.parts) if part.source == "-"]
        found = dict(self._done("reading", self._reader, [(task, ()) for task in here], total_bytes))
        rest = [("split", index) for index in range(len(self._job.parts)) if ("split", index) not in found]
        found |= dict(self._done("reading", self._pool, [(task, ()) for task in rest], total_bytes))
        return [found["split", index] for index in range(len(self._job.parts))]

    def fold(self, events: int) -> list[Result]:
        """Folds every group; gives the result of each group. `events` is their total, for the progress."""
        orders: list[Order] = [(("fold", group), ()) for group in range(self._job.groups)]
        found = {}
        for task, result in self._done("counting", self._pool, orders, events):
            found[task] = result
            forget_group(self._job, task[1])
        return [found["fold", group] for group in range(self._job.groups)]

    def add_up(self, folded: Sequence[Result]) -> list[tuple[str, Result]]:
        """Makes the KPI records of all buckets, and of teams and sites; gives (name of the file of records, result)."""
        job, indexes = self._job, [result["index"] for result in folded]
        known = [result["greatest_ms"] for result in folded if result["greatest_ms"] is not None]
        greatest_ms = max(known, default=None)
        end_ms = job.end_ms_of(greatest_ms)
        kind, given = ("evaluate", (indexes, greatest_ms)) if job.stepwise else ("add_up", (indexes, end_ms))
        found = self.each_bucket(kind, [given] * job.buckets)
        named = [(f"records-{bucket}", result) for bucket, result in enumerate(found)]
        if job.stepwise:
            return named
        teams: list[Order] = [(("teams", 0), ([result["index"] for _, result in named], end_ms))]
        ((_, result),) = self._done("adding up", self._pool, teams, 1)
        return [*named, ("records-teams", result)]

    def each_bucket(self, kind: str, given: Sequence[tuple[Any, ...]], *, remembered: bool = True) -> list[Result]:
        """Does one kind of task for each bucket, with the arguments `given` for it; gives the results.

        Unless `remembered`, a task that an earlier run has done is done again: its arguments may differ.
        """
        orders: list[Order] = [((kind, bucket), each) for bucket, each in enumerate(given)]
        if remembered:
            found = dict(self._done("adding up", self._pool, orders, len(given)))
        else:
            found = dict(self._pool.do(orders, lambda _events, _more: None))
        return [found[kind, bucket] for bucket in range(len(given))]

    def _done(self, activity: str, pool: WorkerPool, orders: list[Order], total: int) -> Iterator[tuple[Task, Result]]:
        """Does the tasks that no earlier run has done; gives the results of all."""
        events = done = 0

        def report(more_events: int, more: int) -> None:
            nonlocal events, done
            events, done = events + more_events, done + more
            self._watch(activity, events, done if activity == "reading" else events, total)

        ordered = []
        for order in orders:
            result = self._work.result(order[0])
            if result is None:
                ordered.append(order)
            else:
                yield order[0], result
        for task, result in pool.do(ordered, report):
            self._work.done(task, result)
            yield task, result
