"""A worker under measurement: its configuration, its process, its CPU and memory, and how far it has read."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp
import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from bench.setting import say

TICKS_A_SECOND = 100
INBOUND = ("calls", "payments", "complaints", "cases", "activity")


class BenchError(Exception):
    """A measurement could not be made; says why in one line."""


class System:
    """One worker process, on topics of its own or (`prefix`) on the inbound topics of another system.

    Two systems with the same `group` share the work.
    """

    def __init__(
        self,
        bootstrap: str,
        folder: Path,
        name: str,
        *,
        partitions: int = 4,
        prefix: str | None = None,
        group: str | None = None,
        **sections: Any,
    ) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix or f"bench-{folder.name}-{name}"
        self.group = group or f"bench-{folder.name}-{name}"
        self.partitions = partitions
        self._folder = folder
        self._config = folder / f"{name}.yaml"
        kafka = {
            "bootstrap_servers": bootstrap,
            "topic_prefix": self.prefix,
            "group": self.group,
            "partitions": partitions,
            **sections.get("kafka", {}),
        }
        # Nothing is left out of /metrics: what a part looks for there is what it has just sent.
        shown = {"metrics": {"limit_kib": 65_536} | sections.get("metrics", {})}
        self._config.write_text(yaml.safe_dump({**sections, **shown, "kafka": kafka}))
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / f"{name}.log"
        self.port = 0

    def run(self, *arguments: str) -> None:
        """Runs a command of the product; BenchError with what it said if it fails."""
        done = subprocess.run(self._command(*arguments), capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"kpi-stream {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a command of the product, which the caller ends; what it says goes to the log."""
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command(*arguments), stdout=log, stderr=log)

    def _command(self, *arguments: str) -> list[str]:
        command = Path(sys.executable).with_name("kpi-stream")
        return [str(command), *arguments, "--config", str(self._config)]

    @asynccontextmanager
    async def worker(self, port: int) -> AsyncIterator[System]:
        """The worker, from its start until it is told to stop."""
        self.port = port
        self._process = self.start("worker", "--http-port", str(port))
        try:
            yield self
        finally:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()

    async def ready(self, seconds: float = 60) -> None:
        """Returns when the worker says that it is ready."""
        until = time.monotonic() + seconds
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < until:
                self._alive()
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/health/ready") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
        raise BenchError(f"the worker was not ready within {seconds:.0f} s; its log is {self._log}")

    def cpu_seconds(self) -> float:
        """User and system time of the worker process so far."""
        return cpu_seconds(self.pid)

    def rss_mib(self, *, peak: bool = False) -> int:
        """Resident memory of the worker process, or the most that it ever was."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        name = "VmHWM" if peak else "VmRSS"
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name)) // 1024

    async def metrics(self) -> str:
        """What the worker shows on /metrics."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/metrics") as answer,
        ):
            return await answer.text()

    def kill(self) -> None:
        """Ends the worker as a machine that dies does."""
        assert self._process is not None
        self._process.kill()

    async def stop(self) -> float:
        """Tells the worker to stop; seconds until it has ended."""
        assert self._process is not None
        began = time.perf_counter()
        self._process.terminate()
        while self._process.poll() is None:  # noqa: ASYNC110  a process has no event
            await asyncio.sleep(0.01)
        return time.perf_counter() - began

    @property
    def log(self) -> Path:
        """What its commands have logged, the worker's lines as JSON."""
        return self._log

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self._config

    @property
    def pid(self) -> int:
        """Of the worker, which must run."""
        self._alive()
        assert self._process is not None
        return self._process.pid

    def _alive(self) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            tail = self._log.read_text(errors="replace")[-800:]
            raise BenchError(f"the worker ended with {self._process.returncode}: {tail}")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


class Progress:
    """How far a system's group has come, from its committed offsets."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._admin = AIOKafkaAdminClient(bootstrap_servers=system.bootstrap)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=system.bootstrap, isolation_level="read_committed")

    async def __aenter__(self) -> Self:
        await self._admin.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def counts(self) -> tuple[int, int]:
        """(inbound records committed, inbound records there are)."""
        return await self._position([f"{self._system.prefix}.{name}.v1" for name in INBOUND])

    async def deltas(self) -> tuple[int, int]:
        """(deltas committed by stage 2, deltas there are); offsets, so transaction markers are counted."""
        return await self._position([f"{self._system.prefix}.{self._system.group}.deltas"])

    async def caught_up(self) -> None:
        """Returns when stage 1 has committed all that is there, and stage 2 all that came of it."""
        while True:
            done, total = await self.counts()
            say(f"{done:,} of {total:,} events committed")
            if done >= total:
                break
            await asyncio.sleep(0.2)
        while True:
            applied, end = await self.deltas()
            # The last records of a partition are control records, which nobody applies.
            if applied >= end - self._system.partitions * 2:
                break
            await asyncio.sleep(0.1)

    async def _position(self, topics: list[str]) -> tuple[int, int]:
        try:
            committed = await self._admin.list_consumer_group_offsets(self._system.group)
        except GroupCoordinatorNotAvailableError:  # a broker on which no group has committed yet
            committed = {}
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(self._system.partitions)]
        ends = await self._consumer.end_offsets(partitions)
        done = sum(max(0, committed[tp].offset) for tp in partitions if tp in committed)
        return done, sum(ends.values())
