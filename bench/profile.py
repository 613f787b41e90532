"""Where the worker's CPU goes on the floor: samples of the thread that holds the interpreter, grouped by room.

Of any other it cannot be told from outside whether it runs or waits.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.peers.install import installed, python
from bench.result import Row
from bench.setting import Setting, step
from bench.system import BenchError, System
from bench.throughput import EVENTS, floor, worker
from stream.core import compiled_sources

SECONDS = 12
RATE = 100
LIBRARIES = (
    (r"aiokafka/consumer|aiokafka/record|cramjam|kafka/bulk", "fetch"),
    (r"aiokafka/producer|stream/kafka/writer", "transactions"),
    (r"aiokafka/|faust/|mode/", "Kafka client and Faust"),
    (r"asyncio/|selectors", "event loop and sockets"),
    (r"prometheus_client|stream/publish|aiohttp", "metrics and pages"),
)
"""What a frame outside our own rooms belongs to, the first that fits."""
OURS = re.compile(r"stream/(?P<file>(?:facts|windows|ledger|kpis|alerts|engine|kafka|partition|worker)/[\w/]+)\.py")
COMPILED = re.compile(r"\bCPyDef_(?P<file>\w+?)___")
"""A function of a compiled module, which has no file to its name (ADR 0034)."""
FILES = {Path(source).stem: source.removeprefix("stream/").removesuffix(".py") for source in compiled_sources()}
ROOMS = {
    "facts": "decode",
    "ledger": "ledger",
    "kpis": "records",
    "alerts": "alerts",
    "windows": "windows",
    "engine/debtors/stage": "ledger",
    "engine/deltas/buffer": "delta buffer",
    "engine/deltas/delta": "delta encode",
    "engine/deltas/rows": "delta encode",
    "engine/entities/pending_sums": "stage 2 fold",
    "engine/entities/rolling": "stage 2 fold",
    "engine/entities/publisher": "records",
    "engine/entities/window_store": "stage 2 fold",
    "engine/entities/stage": "stage 2 fold",
    "partition/merge": "merge",
    "partition/intake": "decode",
    "kafka/bulk": "fetch",
    "kafka/batches": "fetch",
    "kafka/writer": "transactions",
}
"""Names of rooms and files; a file that is not here goes by its own name, so that a new one shows itself."""


def rows(setting: Setting) -> Iterator[Row]:
    """The part `profile`."""
    if setting.smoke and not installed("py-spy"):
        return
    spy = python("py-spy") / "py-spy"
    system, folded = floor(setting, "profile"), setting.path / "profile.folded"
    step("the worker under a sampling profiler")

    async def sample(of: System) -> None:
        seconds = setting.seconds(SECONDS)
        command = [
            "record",
            "-p",
            str(of.pid),
            "-d",
            str(seconds),
            "-r",
            str(RATE),
            "-f",
            "raw",
            "--native",
            "--gil",
            "-o",
            str(folded),
        ]
        process = await asyncio.create_subprocess_exec(
            spy, *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        if process.returncode or not folded.exists():
            raise BenchError(f"py-spy: {said.decode(errors='replace').strip()[-300:]}")

    result = asyncio.run(worker(system, setting, beside=sample))
    yield from _shares(by_room(folded.read_text().splitlines()), result.cpu_us)


def _shares(samples: Counter[str], cpu_us: float) -> Iterator[Row]:
    total = sum(samples.values())
    yield Row("profile.samples", f"samples of {setting_words()}", total)
    for room, count in samples.most_common():
        if count * 200 >= total:
            share = count / total
            text = f"{share:.1%}, {share * cpu_us:.2f} us an event"
            yield Row(f"profile.{room.replace(' ', '_')}", f"profile: {room}", text)


def setting_words() -> str:
    """How the samples were taken."""
    return f"one worker on the floor ({EVENTS:,} events in a full run), {RATE} a second that the interpreter is held"


def by_room(folded: Iterable[str]) -> Counter[str]:
    """Samples by room, from lines of `frame;frame;frame count`, outermost first."""
    found: Counter[str] = Counter()
    for line in folded:
        stack, _, count = line.rpartition(" ")
        found[_room(stack.split(";"))] += int(count)
    return found


def _file(frame: str) -> str | None:
    """which of our files a frame is in, below `stream/`."""
    ours = OURS.search(frame)
    if ours is not None:
        return ours["file"]
    compiled = COMPILED.search(frame)
    return None if compiled is None else FILES.get(compiled["file"])


def _room(frames: list[str]) -> str:
    """The innermost frame that is ours decides, but for what libraries do below it by themselves."""
    if any("gc_collect" in frame for frame in frames):
        return "garbage collector"
    for frame in reversed(frames):
        file = _file(frame)
        if file is not None:
            return ROOMS.get(file) or ROOMS.get(file.partition("/")[0]) or file
        for pattern, room in LIBRARIES:
            if re.search(pattern, frame):
                return room
    return Path(frames[-1].split(" ")[0]).name or "other"
