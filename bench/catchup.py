"""Working off a backlog whose four partitions lie minutes apart in event time: ours against replay, and peers that
have to change the key, each with a grace of 60 s."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench import beside, calls_run, throughput
from bench.beside import Try
from bench.peers import engine
from bench.result import Row
from bench.setting import Setting, step
from bench.system import BenchError
from stream.cli.broker import committed_records, reached
from stream.cli.configuration import settings_of
from stream.cli.kpi_records import LIVE, numbers_of
from stream.replay.reconcile import Records, chosen, latest, records_of

TRIES = (
    Try(engine.FLINK, "tumbling", 500_000),
    Try(engine.STREAMS, "tumbling", 500_000),
    Try(engine.STREAMS_ALO, "tumbling", 250_000),
    Try(engine.BYTEWAX, "tumbling", 250_000),
    Try(engine.QUIX, "tumbling", 100_000),
    Try(engine.FAUST, "tumbling", 20_000),
)


def rows(setting: Setting) -> Iterator[Row]:
    """The part `catchup`."""
    ours = calls_run.worked_off(setting)
    yield from throughput.lines("catchup", "catch-up, ours", ours)
    yield from _against_replay(setting)
    for each in TRIES:
        if not setting.smoke or (each.peer.ready and each.peer.home):
            yield from _tried(setting, each)


def _against_replay(setting: Setting) -> Iterator[Row]:
    step("replay of the same events")
    system, out = calls_run.system(setting), setting.path / "replayed"
    system.run("replay", "--input", calls_run.events_file(setting), "--out", str(out), "--run", "live")
    step("comparing the records")
    expected, found = chosen(records_of(str(out)), None), chosen(latest(numbers_of(LIVE, system.config)), None)
    differing = sum(_numbers(expected, key) != _numbers(found, key) for key in expected.keys() | found.keys())
    yield Row(
        "catchup.records", "catch-up, ours: KPI records compared with replay's", len(expected.keys() | found.keys())
    )
    yield Row("catchup.differing", "catch-up, ours: KPI records that differ", differing)
    wanted, raised = _lines(out / "alerts.jsonl"), _alerts(system.config, f"{system.prefix}.alerts.v1")
    yield Row("catchup.alerts", "catch-up, ours: alert records of replay", len(wanted))
    yield Row("catchup.alerts_differing", "catch-up, ours: alert records that differ", len(wanted ^ raised))


def _numbers(records: Records, key: str) -> object:
    """What a record says, final or not: the windows at the end of the backlog are open in a live run."""
    return records[key].kpis if key in records else None


def _lines(file: Path) -> set[bytes]:
    return {orjson.dumps(orjson.loads(line), option=orjson.OPT_SORT_KEYS) for line in file.read_bytes().splitlines()}


def _alerts(config: Path, topic: str) -> set[bytes]:
    settings = settings_of(config)
    with reached(settings):
        values = [record.value for record in committed_records(settings, [topic]) if record.value is not None]
    return {orjson.dumps(orjson.loads(value), option=orjson.OPT_SORT_KEYS) for value in values}


def _tried(setting: Setting, each: Try) -> Iterator[Row]:
    key, what = f"catchup.{each.peer.key}", f"re-keyed, tumbling 60 s, {each.peer.name}"
    events = setting.events(each.events, beside.LEAST)
    step(f"{what}: {events:,} calls")
    try:
        _, by_debtor = asyncio.run(calls_run.staged(setting, events))
        found = asyncio.run(engine.run(each.peer, setting, by_debtor, each.window, events, rekey=True))
    except (BenchError, subprocess.SubprocessError) as error:
        yield Row(f"{key}.failed", what, f"failed: {error}")
        return
    yield from beside.lines(key, what, found)
    yield beside.lost(f"{key}.lost", what, found.calls or 0, events)
