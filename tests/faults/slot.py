"""A slot: one worker behind a door of its own, started anew whenever it ends, as a supervisor would.

It makes no topics: that would wait for the door, which is served by the loop that would wait.
"""

import asyncio
import signal
from pathlib import Path
from typing import Self

from stream.kafka.exits import Exit
from tests.faults.door import Door
from tests.kafka.workers import WorkerProcess

RESTART_SECONDS = 0.3
EXPECTED = (Exit.DONE, Exit.FENCED, Exit.RESTART, -signal.SIGKILL)


class Slot:
    """`ends`: the exit codes so far. Any other than those that a fault explains fails the schedule. `before`: Python
    that each worker runs first."""

    def __init__(self, config: Path, door: Door, before: str) -> None:
        self.door = door
        self.ends: list[int] = []
        self._config = config
        self._before = before
        self._stopping = False
        self._worker: WorkerProcess | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._worker = WorkerProcess(self._config, self._before, topics=False)
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._worker is not None:
            await self._worker.__aexit__(None)

    @property
    def log(self) -> str:
        return self._worker.log if self._worker is not None else ""

    @property
    def connected(self) -> bool:
        """Whether there is a worker, and it has connections through its door."""
        return self._worker is not None and self._worker.code is None and self.door.connections > 0

    def is_ready(self) -> bool:
        """Whether the worker says so: all numbers that it was given are open. Blocks while it is asked."""
        return self.connected and self._worker is not None and self._worker.get("/health/ready") == 200

    def signal(self, number: signal.Signals) -> None:
        """Sends it to the worker, if there is one at the moment."""
        if self._worker is not None and self._worker.code is None:
            self._worker.signal(number)

    def check(self) -> None:
        """Raises what ended the keeper: an exit code that no fault explains."""
        if self._keeper is not None and self._keeper.done():
            self._keeper.result()

    async def stop(self, seconds: float) -> int:
        """SIGTERM; the exit code."""
        self._stopping = True
        self.signal(signal.SIGTERM)
        assert self._worker is not None
        return await self._worker.ends(seconds)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            assert self._worker is not None
            code = self._worker.code
            if code is None or self._stopping:
                continue
            self.ends.append(code)
            if code not in EXPECTED:
                raise RuntimeError(f"a worker ended with {code}: {self._worker.log[-3000:]}")
            await asyncio.sleep(RESTART_SECONDS)
            self._worker = WorkerProcess(self._config, self._before, topics=False)
