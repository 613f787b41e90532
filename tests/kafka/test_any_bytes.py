"""Records with whatever bytes a producer may send, on a real broker: none stops a worker or a command (contract 1)."""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from stream.wire.record import name_bytes
from tests.kafka.records import call, debtor_of
from tests.kafka.workers import MAIN, ROOT, WorkerProcess, committed, configured, produce, until_counted
from tests.wire.raw import batch, packed, record, send_batches, xerial, zeros

pytestmark = [pytest.mark.broker, pytest.mark.timeout(200)]

PARTITIONS = 4
D = debtor_of(1, PARTITIONS)
KEY = D.encode()
ODD = [(b"trace-\xff\xfe", b"1"), (b"\xed\xa0\x80", None), ("größe".encode(), b"\x00\xff"), (b"", b"")]
MIB = 1 << 20
BOMB_BYTES = 200_000_000


async def ran(config: Path, *arguments: object) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a command."""
    command = [sys.executable, "-c", MAIN, *map(str, arguments), "--config", str(config)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, cwd=ROOT, timeout=100)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def good(number: int, **fields: object) -> bytes:
    return call(number, number * 1_000, D, **fields)


def names_of(found: Any) -> list[tuple[bytes, bytes | None]]:
    return [(name_bytes(name), content) for name, content in found.headers]


async def test_headers_of_any_bytes_count_everywhere_and_a_dead_letter_keeps_them(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    names = Names(topic_prefix, topic_prefix)
    calls = names.inbound[0]
    await send_batches(broker, calls, 1, [
        batch(record(good(n), KEY, ODD if n % 2 else ()) if n < 4 else record(b"{no", KEY, ODD)) for n in range(5)
    ])  # fmt: skip
    compressed = packed("zstd", [record(good(7), KEY, ODD), record(good(8), KEY, (), 1)])
    await send_batches(broker, calls, 1, {batch(compressed, 2, "zstd"): 2})
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await until_counted(settings, "dials", "site", {"main": 6})
        await worker.counts('collections_deadletters_total{reason="malformed"}', 1)
        (letter,) = await committed(broker, names.deadletter)
        assert (letter.key, letter.value, names_of(letter)[:-5]) == (KEY, b"{no", ODD)
        code, listed, error = await ran(config, "deadletter", "list")
        assert (code, "1 malformed" in listed) == (0, True), error
        code, page, error = await ran(config, "deadletter", "show", f"{letter.partition}:{letter.offset}")
        assert (code, "header   trace-\\xff\\xfe: 1" in page) == (0, True), error
        code, told, error = await ran(config, "deadletter", "resubmit", "--all")
        assert (code, "1 sent" in told) == (0, True), error
        await worker.counts('collections_deadletters_total{reason="malformed"}', 2)
        assert [names_of(each)[:-5] for each in await committed(broker, names.deadletter)] == [ODD, ODD]
    # The topics that workers write to may hold foreign records, too.
    await send_batches(broker, names.deadletter, 0, [batch(record(b"?", None, ODD))])
    await send_batches(broker, names.alerts, 0, [batch(record(b"{}", b"x", ODD))])
    assert (await ran(config, "deadletter", "list"))[0] == 0
    code, told, error = await ran(config, "doctor")
    assert "Unicode" not in told + error, told
    code, _, error = await ran(config, "backfill", "--out", tmp_path / "past")
    assert code == 0, error
    assert json.loads((tmp_path / "past" / "summary.json").read_bytes())["events_accepted"] == 6
    assert (await ran(config, "reconcile", "live", tmp_path / "past", "--final-only"))[0] == 0
    window = ("--entity", "main", "--level", "site", "--window", "day", "--start", "2024-01-01T00:00:00Z")
    code, page, error = await ran(config, "explain", "dials", *window)
    assert (code, "value        6" in page) == (0, True), error + page


async def test_batches_that_unpack_to_more_than_the_budget_are_refused_and_everything_else_counts(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    names = Names(topic_prefix, topic_prefix)
    calls = names.inbound[0]
    bomb = batch(packed("zstd", zeros(BOMB_BYTES, KEY)), 1, "zstd")
    assert len(bomb) < 50_000
    many = b"".join(record(None, None, (), n) for n in range(300_000))
    others = [batch(packed(codec, zeros(60 * MIB, KEY)), 1, codec) for codec in ("gzip", "lz4", "zstd")]
    await produce(broker, calls, [(KEY, good(0))])
    for n in range(12):
        await send_batches(broker, calls, 1, [bomb])
        await produce(broker, calls, [(KEY, good(1 + n))], codec="zstd")
    await send_batches(broker, calls, 1, others)
    await send_batches(broker, calls, 1, {batch(packed("zstd", [many]), 300_000, "zstd"): 300_000})
    await produce(broker, calls, [(KEY, good(20))])
    refused = 12 + len(others) + 1
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await until_counted(settings, "dials", "site", {"main": 14}, 90)
        await worker.counts('collections_deadletters_total{reason="oversized"}', refused)
        assert worker.peak_bytes() < 600 * MIB
    letters = await committed(broker, names.deadletter)
    assert len(letters) == refused
    first = next(each for each in letters if dict(each.headers)["offset"] == b"1")
    said = dict(first.headers)
    assert (said["reason"], said["topic"], said["partition"]) == (b"oversized", calls.encode(), b"1")
    assert (first.key, first.value) == (KEY, bytes(len(first.value)))
    assert (said["sha256"], int(said["size"])) == (hashlib.sha256(bomb[61:]).hexdigest().encode(), BOMB_BYTES)
    code, told, error = await ran(config, "deadletter", "resubmit", "--all", "--dry-run")
    assert (code, told.splitlines()[-1]) == (0, f"{refused} left out: only a part of the value is there"), error
    assert (await ran(config, "doctor"))[2] == ""
    code, _, error = await ran(config, "backfill", "--out", tmp_path / "past")
    assert code == 0, error
    summary = json.loads((tmp_path / "past" / "summary.json").read_bytes())
    assert (summary["events_accepted"], summary["deadletters"]) == (14, {"oversized": refused})


@pytest.mark.parametrize("codec", ["gzip", "snappy", "xerial", "lz4", "zstd"])
async def test_the_budget_is_configured_and_holds_for_each_codec(
    broker: str, topic_prefix: str, tmp_path: Path, codec: str
) -> None:
    config, settings = configured(
        broker, topic_prefix, tmp_path, limits={"batch_bytes": 400_000, "record_bytes": 100_000}
    )
    await asyncio.to_thread(create_topics, settings)
    calls = Names(topic_prefix, topic_prefix).inbound[0]

    def sent(first: int, count: int) -> bytes:
        content = b"".join(record(good(first + n, padding="x" * 60_000), KEY, (), n) for n in range(count))
        wire = "snappy" if codec == "xerial" else codec
        return batch(xerial(content) if codec == "xerial" else packed(codec, [content]), count, wire)

    await send_batches(broker, calls, 1, {sent(0, 6): 6, sent(10, 7): 7, sent(20, 6): 6})
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await until_counted(settings, "dials", "site", {"main": 12})
        await worker.counts('collections_deadletters_total{reason="oversized"}', 1)


async def test_tombstones_are_counted_change_nothing_and_stop_no_worker_however_many_come(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    names = Names(topic_prefix, topic_prefix)
    calls = names.inbound[0]
    await produce(broker, calls, [(KEY, good(0))])
    await produce(broker, calls, [(KEY, None)] * 2_500)
    await send_batches(broker, calls, 1, [batch(record(None, None, ODD))])
    await produce(broker, calls, [(b"\xff", None), (KEY, good(1))], partition=1)
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await until_counted(settings, "dials", "site", {"main": 2})
        await worker.counts("collections_tombstones_total", 2_502)
        assert worker.metric('collections_deadletters_total{reason="malformed"}') == 0
    assert await committed(broker, names.deadletter) == []
    assert "; tombstones: " in (await ran(config, "doctor"))[1]
    code, _, error = await ran(config, "backfill", "--out", tmp_path / "past", "--no-progress")
    assert (code, ", 2502 tombstones; " in error) == (0, True), error
    summary = json.loads((tmp_path / "past" / "summary.json").read_bytes())
    assert (summary["events_read"], summary["events_accepted"], summary["tombstones"]) == (2, 2, 2_502)
    assert (tmp_path / "past" / "deadletter.jsonl").read_bytes() == b""


async def test_no_run_of_events_that_are_merely_known_or_late_stops_a_worker(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    limits = {"deadletter_run": 50, "deadletter_window": 100}
    config, settings = configured(
        broker, topic_prefix, tmp_path, limits=limits, time={"correction_horizon": "31d", "idle_after": "1s"}
    )
    await asyncio.to_thread(create_topics, settings)
    calls = Names(topic_prefix, topic_prefix).inbound[0]
    late = "2020-01-01T00:00:00Z"
    known = [good(0, version=2)] * 300 + [good(0, version=1)] * 300
    conflicts = [good(0, version=2, talk_ms=n, event_id=f"e-{n}") for n in range(2, 300)]
    old = [good(1_000 + n, occurred_at=late, ended_at=late) for n in range(300)]
    await produce(broker, calls, [(KEY, value) for value in [*known, *conflicts, *old, good(1)]])
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await until_counted(settings, "dials", "site", {"main": 2})
        await worker.counts('collections_deadletters_total{reason="too_late"}', 300)


async def test_nothing_that_a_producer_wrote_reaches_a_terminal_as_it_is(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    names = Names(topic_prefix, topic_prefix)
    evil = b"\x1b]0;owned\x07\x1b[2J\r\n0:0  2026-01-01T00:00:00Z  forged \xc2\x9b1m\xe2\x80\xae"
    ours = [(b"reason", evil), (b"detail", evil), (b"topic", evil), (b"partition", evil), (b"offset", evil)]
    await send_batches(broker, names.inbound[0], 1, [
        batch(record(good(0), evil + b"k" * 900_000, [(evil, evil)])), batch(record(evil * 100, KEY))
    ])  # fmt: skip
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await worker.counts('collections_deadletters_total{reason="misrouted"}', 1)
        await worker.counts('collections_deadletters_total{reason="malformed"}', 1)
        assert all(line.isprintable() for line in worker.log.rstrip("\n").split("\n"))
    await send_batches(broker, names.deadletter, 0, [batch(record(evil, evil, ours))])
    letters = await committed(broker, names.deadletter)
    pages = [("deadletter", "show", f"{each.partition}:{each.offset}") for each in letters]
    for command in (("deadletter", "list"), *pages, ("deadletter", "resubmit", "--all", "--dry-run"), ("doctor",)):
        _, said, error = await ran(config, *command)
        lines = [*said.rstrip("\n").split("\n"), *error.rstrip("\n").split("\n")]
        assert all(line.isprintable() for line in lines), command
        assert not any(line.startswith("0:0  2026") for line in lines), command
        assert max(map(len, lines)) < 21_000, command
    listed = (await ran(config, "deadletter", "list"))[1].splitlines()
    assert max(map(len, listed)) < 2_000
    assert len(listed) == 3 + 3  # letters, and counts by reason
