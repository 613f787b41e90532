"""The processes of a soak: two workers, a board, the forwarder and the simulator; started, stopped and started anew."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local.broker import free_port
from deploy.local.child import Child, ChildError
from deploy.local.demo import COMMAND, RESTART
from deploy.local.status import page_text
from tests.soak.world import MESS

READY_SECONDS = 600.0
STOP_SECONDS = 30.0
COMMAND_SECONDS = 1_800.0
WORKERS = ("worker-1", "worker-2")


class SoakError(Exception):
    """The soak cannot go on; the text is for a person."""


class Processes:
    """`config`: what is started from now on reads it. `lives`: how often each was started; `restarts`: of workers, by
    why."""

    def __init__(self, folder: Path, config: Path, rate: float, hook: str) -> None:
        self.config = config
        self.lives: dict[str, int] = {}
        self.restarts = {"rolling": 0, "hand-over": 0, "asked for by the worker": 0}
        self.away: set[str] = set()
        self._folder = folder
        self._rate = rate
        self._hook = hook
        self._children: dict[str, Child] = {}
        self._ports = {name: free_port() for name in (*WORKERS, "board")}
        self._seed = 0

    def address(self, name: str) -> str:
        """Where a worker or the board serves its pages, in each of its lives."""
        return f"http://127.0.0.1:{self._ports[name]}"

    def running(self) -> Mapping[str, int]:
        """Name -> process id of all that run now, and are not just ending."""
        return {
            name: child.pid
            for name, child in self._children.items()
            if child.exit_code is None and name not in self.away
        }

    def start(self, name: str) -> None:
        """Starts it, for the first time or again."""
        port = ["--http-port", str(self._ports[name])] if name in self._ports else []
        arguments = {
            "board": ["board", *port],
            "forward": ["forward", "--webhook", self._hook, "--refused", str(self._folder / "refused.jsonl")],
        }.get(name, ["worker", *port])
        self._start(name, *arguments)

    def simulate(self, *, history: bool) -> None:
        """The simulated world from now on; with the past days and the incident of the demo, or without."""
        self._seed += 1
        past = "--history" if history else "--no-history"
        self._start(
            "simulate", "simulate", "--rate", f"{self._rate:g}", "--seed", str(self._seed), "--mess", MESS, past
        )

    def _start(self, name: str, *arguments: str) -> None:
        self.lives[name] = self.lives.get(name, 0) + 1
        command = [COMMAND, *arguments, "--config", str(self.config)]
        self._children[name] = Child(name, command, _environment(), self._folder)
        self.away.discard(name)

    async def stop(self, *names: str) -> None:
        """SIGTERM to all of them at once. SoakError: one did not end in order."""
        self.away.update(names)
        ending = [self._children[name] for name in names if name in self._children]
        await asyncio.gather(*(asyncio.to_thread(child.stop, STOP_SECONDS) for child in ending))
        for child in ending:
            if child.exit_code != 0:
                raise SoakError(str(child.failure()))

    async def restart(self, name: str, why: str) -> None:
        """Ends it in order and starts it anew; returns when it is ready."""
        self.restarts[why] += 1
        await self.stop(name)
        self.start(name)
        await self.ready(name)

    async def ready(self, *names: str) -> None:
        """Returns when all of them say so. SoakError: one ended, or is not ready for long."""
        deadline = time.monotonic() + READY_SECONDS
        for name in names:
            while await asyncio.to_thread(page_text, f"{self.address(name)}/health/ready") is None:
                self.check()
                if time.monotonic() > deadline:
                    raise SoakError(f"{name} is not ready after {READY_SECONDS:.0f} s{self._children[name].tail()}")
                await asyncio.sleep(0.2)

    def check(self) -> None:
        """Starts a worker anew that asks for it. SoakError: something ended that should run."""
        for name, child in self._children.items():
            if child.exit_code is None or name in self.away:
                continue
            if name in WORKERS and child.exit_code == RESTART:
                self.restarts["asked for by the worker"] += 1
                self.start(name)
                return
            raise SoakError(str(child.failure()))

    async def run(self, name: str, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """A command from its beginning to its end: what it printed. SoakError: it ended with another exit code."""
        child = Child(name, [COMMAND, *arguments, "--config", str(self.config)], _environment(), self._folder)
        try:
            await asyncio.to_thread(child.succeed, COMMAND_SECONDS)
        except ChildError as error:
            if child.exit_code not in codes:
                raise SoakError(str(error)) from error
        finally:
            await asyncio.to_thread(child.stop, 1.0)
        return child.log.read_text(errors="replace")

    def end(self) -> None:
        """Ends all that runs, in order. Blocks."""
        for child in reversed(list(self._children.values())):
            child.stop(STOP_SECONDS)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("KPI_STREAM_")} | {
        "PYTHONUNBUFFERED": "1"
    }
