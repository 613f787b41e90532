"""Answers diallers for the debtors of this worker's partitions, from the state in memory (conduct 5)."""

import sys
from collections.abc import Callable
from socket import gethostname

from stream.conduct.headroom import Query
from stream.http.access import Access
from stream.partition.context import WorkerSetup
from stream.partition.debtors import DebtorPartition
from stream.partition.intake import key_partition
from stream.publish.headroom import Answer, Elsewhere, NotYet
from stream.settings import Settings
from stream.worker.assignments import Assignments

SWITCH_S = 0.001
"""How long another thread may keep the interpreter from the loop once diallers ask, instead of Python's 5 ms: after
each look for requests the loop waits so long while the consumer's thread reads a batch."""

WhereIs = Callable[[int], str | None]
"""Debtor partition -> the address of the worker that has it, as the group knows; None: not known."""


def advertised_url(settings: Settings, access: Access, port: int) -> str:
    """Where other machines reach this worker, if it listens on this port."""
    if settings.http.advertised_url is not None:
        return settings.http.advertised_url
    return access.url(port, gethostname() if access.host in ("", "0.0.0.0", "::") else None)


class WorkerHeadroom:
    """Asked by the web server, on the loop that all partitions run on: an answer sees whole events only."""

    def __init__(self) -> None:
        self._setup: WorkerSetup | None = None
        self._assignments: Assignments | None = None
        self._where_is: WhereIs = lambda _: None
        self.own_url: str | None = None

    def has(self, setup: WorkerSetup, assignments: Assignments, where_is: WhereIs) -> None:
        """From here on it can answer, as soon as partitions are assigned."""
        self._setup, self._assignments, self._where_is = setup, assignments, where_is

    def __call__(self, query: Query) -> Answer:
        """The answer, or who has it."""
        setup, assignments = self._setup, self._assignments
        if setup is None or assignments is None:
            return NotYet(None, None, "the worker has not joined the group yet")
        partition = key_partition(query.debtor.encode(), setup.debtor_partitions)
        task = assignments.task(1, partition)
        if task is not None and task.is_open and isinstance(task.work, DebtorPartition):
            if sys.getswitchinterval() > SWITCH_S:
                sys.setswitchinterval(SWITCH_S)
            return task.work.headroom(query)
        if task is not None:
            return NotYet(partition, self.own_url, f"partition {partition} is being restored")
        if not assignments.assigned:
            return NotYet(partition, None, "the group is sharing out its partitions")
        url = self._where_is(partition)
        return Elsewhere(partition, None if url == self.own_url else url)
