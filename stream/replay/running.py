"""The tasks of a replay in their order: parts of the input to groups of keys, groups to buckets of entities.

    part 0 ──split──┐   ┌──> group 0 ──fold──┐   ┌──> bucket 0 ──add up──┐
    part 1 ──split──┼───┼──> group 1 ──fold──┼───┼──> bucket 1 ──add up──┼──> teams and sites
    ...             ┘   └──> ...             ┘   └──> ...                ┘

Tasks of one kind do not depend on each other. What a task leaves are files; when it is done, the work folder says so.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from stream.replay.crew import Crew, Order
from stream.replay.evaluating import evaluate
from stream.replay.folding import fold, forget_group
from stream.replay.handover_state import make_state
from stream.replay.job import Job
from stream.replay.splitting import split
from stream.replay.summing import add_up, add_up_teams
from stream.replay.tasks import Result, Task, Tell
from stream.replay.workfolder import WorkFolder

Watch = Callable[[str, int, int, int], None]
"""Is told what goes on (activity, events, done, total): events so far, and how much of all bytes or events is done."""


def perform(job: Job, task: Task, given: tuple[Any, ...], tell: Tell) -> Result:
    """Does one task, in whatever process it is called."""
    kind, number = task
    if kind == "split":
        return split(job, number, tell)
    if kind == "fold":
        return fold(job, number, tell)
    if kind == "evaluate":
        return evaluate(job, number, *given)
    if kind == "add_up":
        return add_up(job, number, *given)
    if kind == "succeed":
        return make_state(job, number, *given)
    return add_up_teams(job, *given)


class ReplayRun:
    """One replay's tasks. `reader`: the crew for parts that only this process can read."""

    def __init__(self, job: Job, work: WorkFolder, crew: Crew, reader: Crew, watch: Watch) -> None:
        self._job = job
        self._work = work
        self._crew = crew
        self._reader = reader
        self._watch = watch

    def split(self, total_bytes: int) -> list[Result]:
        """Every part's result."""
        here = [("split", number) for number, part in enumerate(self._job.parts) if part.source == "-"]
        found = dict(self._done("reading", self._reader, [(task, ()) for task in here], total_bytes))
        rest = [("split", number) for number in range(len(self._job.parts)) if ("split", number) not in found]
        found |= dict(self._done("reading", self._crew, [(task, ()) for task in rest], total_bytes))
        return [found["split", number] for number in range(len(self._job.parts))]

    def fold(self, events: int) -> list[Result]:
        """Every group's result."""
        orders: list[Order] = [(("fold", group), ()) for group in range(self._job.groups)]
        found = {}
        for task, result in self._done("counting", self._crew, orders, events):
            found[task] = result
            forget_group(self._job, task[1])
        return [found["fold", group] for group in range(self._job.groups)]

    def add_up(self, folded: Sequence[Result]) -> list[tuple[str, Result]]:
        """(name of the file of records, result) of every bucket, and of teams and sites."""
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
        ((_, result),) = self._done("adding up", self._crew, teams, 1)
        return [*named, ("records-teams", result)]

    def each_bucket(self, kind: str, given: Sequence[tuple[Any, ...]], *, remembered: bool = True) -> list[Result]:
        """The results of one task for each bucket, each with what it is given; not `remembered`: it may be given
        something else the next time."""
        orders: list[Order] = [((kind, bucket), each) for bucket, each in enumerate(given)]
        if remembered:
            found = dict(self._done("adding up", self._crew, orders, len(given)))
        else:
            found = dict(self._crew.do(orders, lambda _events, _more: None))
        return [found[kind, bucket] for bucket in range(len(given))]

    def _done(self, activity: str, crew: Crew, orders: list[Order], total: int) -> Iterator[tuple[Task, Result]]:
        """The results of all tasks; those that an earlier run has done are not done again."""
        events = done = 0

        def tell(more_events: int, more: int) -> None:
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
        for task, result in crew.do(ordered, tell):
            self._work.done(task, result)
            yield task, result
