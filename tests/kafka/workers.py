"""Workers as processes, and what goes in and comes out of a real broker."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from stream.settings import Settings, load

SHOWS = "from tests.kafka.tasks_shown import show_at_signal; show_at_signal()"
MAIN = "from stream.cli.program import main; main()"
ROOT = Path(__file__).resolve().parents[2]
SESSION_MS = 2_500


def configured(broker: str, prefix: str, folder: Path, **sections: Any) -> tuple[Path, Settings]:
    """A configuration file for quick tests: four partitions, a short session, records published at once."""
    document: dict[str, Any] = {
        "kafka": {
            "bootstrap_servers": broker,
            "topic_prefix": prefix,
            "group": prefix,
            "partitions": 4,
            "session_timeout": f"{SESSION_MS}ms",
            "heartbeat": "500ms",
            "commit_every": "50ms",
        },
        "publish": {"every": "100ms"},
        "time": {"idle_after": "1s", "correction_horizon": "3650d"},  # events lie in the past, at fixed instants
        "http": {"port": 0},
    }
    for name, section in sections.items():
        document[name] = document.get(name, {}) | section if isinstance(section, dict) else section
    path = folder / f"{time.monotonic_ns()}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path, load(path, {})


class GoesOnError(Exception):
    """A worker that should have ended has not."""


class WorkerProcess:
    """`kpi-stream worker` in a process of its own. `before`: Python to run in it first, to make it fail. `topics`: they
    are made before it starts, if the broker is there."""

    def __init__(self, config: Path, before: str = "pass", *, topics: bool = True) -> None:
        if topics:
            making = threading.Thread(target=_make_topics, args=(config,))  # the test's own loop is running
            making.start()
            making.join()
        self._log = config.parent / f"worker-{time.monotonic_ns()}.log"
        program = f"{SHOWS}\n{before}\n{MAIN}"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program, "worker", "--config", str(config), "--http-port", "0"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, failure: object = None, *_: object) -> None:
        if failure is not None:
            code = self.code
            await self._show_tasks()
            # What was printed stands beside the failure; a log in a temporary folder is lost.
            sys.stdout.write(f"{self._log.name}, exit code {code}, ends with:\n{self.log[-40_000:]}\n")
        if self._process.poll() is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
        await self.ends()

    async def _show_tasks(self) -> None:
        if self.code is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGUSR2)
            with suppress(AssertionError):
                await self.logs("tasks shown", 3)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's events of this name."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def peak_bytes(self) -> int:
        """The most memory that the process has had."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))

    @property
    def code(self) -> int | None:
        """The exit code (negative: killed by that signal); None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def ends(self, seconds: float = 90.0) -> int:
        """The exit code (negative: killed by that signal). GoesOnError, with the end of its log, if it does not end."""
        try:
            return await asyncio.to_thread(self._process.wait, seconds)
        except subprocess.TimeoutExpired:
            raise GoesOnError(f"after {seconds:.0f} s: {self.log[-3000:]}") from None

    async def logs(self, text: str, seconds: float = 90.0, *, times: int = 1) -> None:
        """Returns once the log holds the text."""
        await self._until(lambda: self.log.count(text) >= times, seconds, f"{text!r} in the log")

    async def ready(self, seconds: float = 90.0) -> None:
        await self._until(lambda: self.get("/health/ready") == 200, seconds, "ready")

    async def counts(self, metric: str, value: float, seconds: float = 90.0) -> None:
        """Returns once a sample has this value."""
        await self._until(lambda: self.metric(metric) == value, seconds, f"{metric} {value}")

    async def owns(self, stage_1: int, seconds: float = 90.0) -> None:
        """Returns once the worker has so many numbers of stage 1 open."""
        await self.counts('collections_partitions_owned{stage="1"}', stage_1, seconds)

    def get(self, path: str) -> int:
        """The status of a page, 0 if nobody answers."""
        return self._fetch(path)[0]

    @property
    def address(self) -> str:
        """Where it serves its pages; empty while it does not."""
        line = next((line for line in self.log.splitlines() if line.startswith("worker on ")), "")
        return line.rpartition(" ")[2].rstrip("/")

    def metric(self, name: str) -> float:
        """A sample by name and labels as exposed, nan if there is none."""
        for line in self._fetch("/metrics")[1].splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[-1])
        return float("nan")

    def _fetch(self, path: str) -> tuple[int, str]:
        if not self.address:
            return 0, ""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, ""
        except OSError:
            return 0, ""

    async def _until(self, holds: Any, seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(holds):
            code = self._process.poll()
            assert code is None, f"the worker ended with {code} while waiting for {what}:\n{self.log[-4000:]}"
            assert time.monotonic() < deadline, f"no {what} after {seconds} s:\n{self.log[-4000:]}"
            await asyncio.sleep(0.05)


def _make_topics(config: Path) -> None:
    with suppress(KafkaError):
        create_topics(load(config, {}))


async def produce(
    broker: str, topic: str, events: Iterable[tuple[bytes | None, bytes | None]], *, codec: str | None = None,
    partition: int | None = None, headers: Sequence[tuple[str, bytes]] = (),
) -> None:  # fmt: skip
    """Sends (key, value) records, to the partition of Kafka's default partitioner unless one is given."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, compression_type=codec, max_request_size=8 << 20)
    await producer.start()
    try:
        sent = [
            await producer.send(topic, value, key=key, partition=partition, headers=list(headers))
            for key, value in events
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def committed(broker: str, topic: str, seconds: float = 90.0) -> list[Any]:
    """Every committed record of a topic, up to its end as it stands now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, isolation_level="read_committed", auto_offset_reset="none")
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        consumer._client.add_topic(topic)
        await consumer._client._maybe_wait_metadata()
        tps = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        for tp, start in (await consumer.beginning_offsets(tps)).items():
            consumer.seek(tp, start)
        records: list[Any] = []
        deadline = time.monotonic() + seconds
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            assert time.monotonic() < deadline, f"{topic} cannot be read to its end"
            for found in (await consumer.getmany(timeout_ms=200)).values():
                records += found
        return records
    finally:
        await consumer.stop()


async def latest_kpis(settings: Settings) -> dict[str, dict[str, Any]]:
    """Key -> the KPI record with the highest revision, of equal ones the later; one revision has one content."""
    names = Names(settings.kafka.topic_prefix, settings.kafka.group)
    best: dict[str, dict[str, Any]] = {}
    for record in await committed(settings.kafka.bootstrap_servers, names.kpi):
        key, value = record.key.decode(), json.loads(record.value)
        held = best.get(key)
        if held is not None and held["revision"] == value["revision"]:
            assert held == value, f"revision {value['revision']} of {key} has two contents"
        if held is None or value["revision"] >= held["revision"]:
            best[key] = value
    return best


def counted(kpis: dict[str, dict[str, Any]], kpi: str, level: str, window: str = "day") -> dict[str, int]:
    """Entity -> numerator of a KPI, summed over the windows of this name."""
    sums: dict[str, int] = {}
    for record in kpis.values():
        if (record["level"], record["window"]) == (level, window):
            for found in record["kpis"]:
                if found["kpi"] == kpi:
                    sums[record["entity"]] = sums.get(record["entity"], 0) + found["numerator"]
    return sums


async def until_counted(
    settings: Settings, kpi: str, level: str, expected: dict[str, int], seconds: float = 90
) -> None:
    """Returns once the KPI topic says exactly this; fails with what it says when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        found = counted(await latest_kpis(settings), kpi, level)
        if found == expected:
            return
        assert time.monotonic() < deadline, f"expected {expected}, found {found}"
        await asyncio.sleep(0.3)


async def until_final(settings: Settings, seconds: float = 90) -> None:
    """Returns once every day's record is final."""
    deadline = time.monotonic() + seconds
    while open_days := [k for k, r in (await latest_kpis(settings)).items() if "|day|" in k and not r["final"]]:
        assert time.monotonic() < deadline, f"not final: {open_days[:5]}"
        await asyncio.sleep(0.2)
