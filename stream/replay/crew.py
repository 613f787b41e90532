"""Who folds a replay's events: this process, or several that each fold the keys of their own."""

import gc
import marshal
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from queue import Empty, Full
from typing import TYPE_CHECKING, Protocol

from stream.replay.folding import Fold, Folded
from stream.replay.reading import Raw
from stream.replay.routing import process_of
from stream.settings import Settings
from stream.windows.plan import WindowPlan

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    Inbox = Queue[bytes | None]
    Outbox = Queue[Folded | None]

_AHEAD = 2
"""Rounds that may be under way: while one is folded, the next is read."""

_LOOK_SECONDS = 1.0


class CrewError(Exception):
    """A process of the replay has ended before its time. One line."""


class Crew(Protocol):
    """Folds rounds of events; the results come in the order of the rounds."""

    def give(self, raws: list[Raw]) -> Iterator[list[Folded]]:
        """Hands a round over; gives what earlier rounds (or this one) came to, as far as it must be waited for."""
        ...

    def rest(self) -> Iterator[list[Folded]]:
        """What the rounds that are still under way come to."""
        ...

    def end(self) -> Iterator[Folded]:
        """What all rounds together still come to; there may be no more of them."""
        ...


class Alone:
    """Folds in this process, at once."""

    def __init__(self, settings: Settings, plan: WindowPlan) -> None:
        self._fold = Fold(settings, plan)

    def give(self, raws: list[Raw]) -> Iterator[list[Folded]]:
        """One result: that of this round."""
        yield [self._fold.round(raws)]

    def rest(self) -> Iterator[list[Folded]]:
        """Nothing: no round is under way."""
        return iter(())

    def end(self) -> Iterator[Folded]:
        """As the fold says."""
        return self._fold.rest()


class Several:
    """Folds in `processes` others. CrewError if one of them dies."""

    def __init__(self, settings: Settings, plan: WindowPlan, processes: int) -> None:
        context = get_context("spawn")
        self._inboxes: list[Inbox] = [context.Queue(_AHEAD) for _ in range(processes)]
        self._outboxes: list[Outbox] = [context.Queue() for _ in range(processes)]
        self._processes: list[SpawnProcess] = [
            context.Process(target=_work, args=(settings, plan, inbox, outbox), daemon=True)
            for inbox, outbox in zip(self._inboxes, self._outboxes, strict=True)
        ]
        self._under_way = 0
        for process in self._processes:
            process.start()

    def give(self, raws: list[Raw]) -> Iterator[list[Folded]]:
        """Waits for the oldest round when enough are under way."""
        shares: list[list[Raw]] = [[] for _ in self._processes]
        count = len(shares)
        for raw in raws:
            shares[process_of(raw.value, count)].append(raw)
        if self._under_way == _AHEAD:
            yield self._oldest()
        for number, share in enumerate(shares):
            self._put(number, marshal.dumps([tuple(raw) for raw in share]))
        self._under_way += 1

    def rest(self) -> Iterator[list[Folded]]:
        """The rounds under way."""
        while self._under_way:
            yield self._oldest()

    def end(self) -> Iterator[Folded]:
        """What each process still has, one process after the other; they all work on it at the same time."""
        for number in range(len(self._processes)):
            self._put(number, None)
        for number in range(len(self._processes)):
            while (folded := self._get(number)) is not None:
                yield folded

    @property
    def pids(self) -> list[int]:
        """The processes' ids."""
        return [process.pid for process in self._processes if process.pid is not None]

    def stop(self) -> None:
        """Ends the processes, whatever they are at."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()
        for inbox, outbox in zip(self._inboxes, self._outboxes, strict=True):
            for queue in (inbox, outbox):
                queue.close()
                queue.cancel_join_thread()

    def _oldest(self) -> list[Folded]:
        self._under_way -= 1
        return [folded for number in range(len(self._processes)) if (folded := self._get(number)) is not None]

    def _put(self, number: int, message: bytes | None) -> None:
        while True:
            try:
                self._inboxes[number].put(message, timeout=_LOOK_SECONDS)
            except Full:
                self._look(number)
            else:
                return

    def _get(self, number: int) -> Folded | None:
        while True:
            try:
                return self._outboxes[number].get(timeout=_LOOK_SECONDS)
            except Empty:
                self._look(number)

    def _look(self, number: int) -> None:
        process = self._processes[number]
        if not process.is_alive():
            raise CrewError(f"process {process.pid} of the replay ended with code {process.exitcode} (out of memory?)")


@contextmanager
def hired(settings: Settings, plan: WindowPlan, processes: int) -> Iterator[Crew]:
    """A crew of so many processes; with 1, this one does all the work."""
    if processes == 1:
        yield Alone(settings, plan)
        return
    crew = Several(settings, plan, processes)
    try:
        yield crew
    finally:
        crew.stop()


def spare_collections() -> None:
    """Millions of live objects and hardly a cycle among them: each full collection would walk them all for nothing."""
    gc.set_threshold(200_000, 50, 1_000)


def _work(settings: Settings, plan: WindowPlan, inbox: "Inbox", outbox: "Outbox") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the first process ends the others
    spare_collections()
    fold = Fold(settings, plan)
    while (message := inbox.get()) is not None:
        outbox.put(fold.round([Raw(*each) for each in marshal.loads(message)]))
    for folded in fold.rest():
        outbox.put(folded)
    outbox.put(None)
