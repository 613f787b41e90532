"""What one record of garbage in ten costs, and whether each is counted for what it is: live, and by replay.

The part fails if a count differs from what was made, or a record of a half hour that is over differs between live and
replay.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson
from aiokafka import AIOKafkaProducer

from bench.dirt import FOR_FILES, RECORD_BYTES, Sent, day
from bench.result import Row
from bench.setting import Setting, step
from bench.system import BenchError, System
from bench.throughput import EVENTS, HISTORY, Throughput, lines, worker
from stream.cli.broker import committed_records, reached
from stream.facts.instant import instant_ms, instant_text
from stream.replay.reconcile import Records, chosen, differences, latest, records_of
from stream.settings import load

TAKEN = ("accepted", "superseded", "duplicate")
WINDOW, WINDOW_MS = "interval_30m", 1_800_000
SETTLE_SECONDS = 3.0
SHARE = 0.1
COUNTER = re.compile(
    r'collections_(deadletters|events_duplicate|events_superseded)_total(?:\{reason="(\w+)"\})? ([0-9.e+]+)'
)


def rows(setting: Setting) -> Iterator[Row]:
    """The part `garbage`. BenchError: something was not counted for what it is."""
    events = setting.events(EVENTS, least=20_000)
    _, clean = asyncio.run(_live(setting, "clean", events, 0.0))
    made, dirty = asyncio.run(_live(setting, "dirty", events, SHARE))
    yield from lines("garbage", f"{events:,} records, one in ten garbage", dirty.throughput)
    yield Row(
        "garbage.clean_rate", "the same number without garbage: throughput", round(clean.throughput.rate), "records/s"
    )
    loss = 1 - dirty.throughput.rate / clean.throughput.rate
    yield Row("garbage.loss", "loss of throughput by garbage", round(100 * loss), "%")
    more = dirty.throughput.cpu_us / clean.throughput.cpu_us - 1
    yield Row("garbage.more_cpu", "more CPU a record by garbage", round(100 * more), "%")
    for kind, count in sorted(made.items()):
        yield Row(f"garbage.{kind}", f"records that are {kind}, as made and as counted", count)
    step("replaying the same")
    wrong = [
        *_wrong("live, /metrics", _counted(dirty.metrics), made),
        *_wrong("live, dead-letter topic", _letters(dirty.system), _reasons(made)),
        *_replayed(dirty.system, setting, events),
    ]
    if wrong:
        raise BenchError("; ".join(wrong[:20]))
    yield Row("garbage.differences", "counts and records that differ between what was made, live and replay", 0)


class Run(NamedTuple):
    """How a worker did with a day, and what it said of it."""

    system: System
    throughput: Throughput
    metrics: str


async def _live(setting: Setting, name: str, events: int, share: float) -> tuple[Counter[str], Run]:
    """What was made, and how a worker did with it."""
    sections: dict[str, Any] = {**HISTORY, "limits": {"record_bytes": RECORD_BYTES}}
    system = System(setting.bootstrap, setting.path, f"garbage-{name}", **sections)
    system.run("topics", "create")
    step(f"producing {events:,} records, {share:.0%} of them garbage")
    made: Counter[str] = Counter()
    producer = AIOKafkaProducer(bootstrap_servers=system.bootstrap, linger_ms=20, max_batch_size=262_144)
    await producer.start()
    try:
        for sent in _counting(day(events, share, system.prefix, system.partitions), made):
            await producer.send(sent.topic, sent.value, sent.key, sent.partition)
        await producer.flush()
    finally:
        await producer.stop()
    said: list[str] = []

    async def settle(system: System) -> None:
        await asyncio.sleep(SETTLE_SECONDS)  # what it knows is published by then
        said.append(await system.metrics())

    throughput = await worker(system, setting, after=settle)
    return made, Run(system, throughput, said[0])


def _counting(records: Iterable[Sent], made: Counter[str]) -> Iterator[Sent]:
    for sent in records:
        made[sent.said] += 1
        yield sent


def _reasons(made: Mapping[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in made.items() if kind not in TAKEN}


def _counted(metrics: str) -> dict[str, int]:
    """Reason, `duplicate` or `superseded` -> what the worker counted, and the sum of the facts that it accepted."""
    found = {
        reason or name.removeprefix("events_"): int(float(count)) for name, reason, count in COUNTER.findall(metrics)
    }
    consumed = re.findall(r"collections_events_consumed_total\{.*\} ([0-9.e+]+)", metrics)
    return found | {"accepted": sum(int(float(count)) for count in consumed)}


def _letters(system: System) -> Counter[str]:
    settings = load(system.config, {})
    with reached(settings):
        topic = f"{system.prefix}.deadletter.v1"
        return Counter(dict(each.headers)["reason"].decode() for each in committed_records(settings, [topic]))


def _replayed(system: System, setting: Setting, events: int) -> Iterator[str]:
    """What a replay of the same records says otherwise; the key of a record is not in a file."""
    made: Counter[str] = Counter()
    file, out, last_ms = setting.path / "garbage.jsonl", setting.path / "garbage", 0
    with file.open("wb") as to:
        for sent in day(events, SHARE, system.prefix, system.partitions):
            if sent.said in (*TAKEN, *FOR_FILES):
                made[sent.said] += 1
                to.write(sent.value + b"\n")
            if sent.said == "accepted":
                last_ms = max(last_ms, instant_ms(orjson.loads(sent.value)["occurred_at"]))
    system.run("replay", "--input", str(file), "--out", str(out))
    summary = orjson.loads((out / "summary.json").read_bytes())
    found = {
        "accepted": summary["events_accepted"], "duplicate": summary["duplicates"],
        "superseded": summary["superseded"], **summary["deadletters"],
    }  # fmt: skip
    yield from _wrong("replay, summary.json", found, made)
    settings = load(system.config, {})
    with reached(settings):
        live = latest((each.value, "live") for each in committed_records(settings, [f"{system.prefix}.kpi.v1"]))
    over = instant_text(last_ms - WINDOW_MS - settings.time.grace_ms)
    yield from (
        f"{each.key}: {each.text}" for each in differences(_over(live, over), _over(records_of(str(out)), over))
    )


def _over(records: Records, latest_start: str) -> Records:
    """The half hours that began no later: those that are final."""
    windows = chosen(records, frozenset({WINDOW}))
    return {key: each for key, each in windows.items() if key.rpartition("|")[2] <= latest_start}


def _wrong(where: str, found: Mapping[str, int], made: Mapping[str, int]) -> Iterator[str]:
    for kind in sorted(found.keys() | made.keys()):
        if found.get(kind, 0) != made.get(kind, 0):
            yield f"{where}: {kind} {found.get(kind, 0):,}, made {made.get(kind, 0):,}"
