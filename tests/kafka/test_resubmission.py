"""The way back of dead letters, with a worker that reads what comes back."""

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from stream.kafka.names import Names
from tests.kafka.records import call
from tests.kafka.workers import MAIN, ROOT, WorkerProcess, committed, configured, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.timeout(150)]


async def resubmit(config: Path) -> list[str]:
    arguments = ["deadletter", "resubmit", "--all", "--config", str(config)]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", MAIN, *arguments], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return list(done.stdout.splitlines())


async def test_what_is_resubmitted_twice_counts_once_and_what_is_refused_again_does_not_multiply(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    names = Names(topic_prefix, topic_prefix)
    misrouted = [(b"wrong", call(n, n * 1000, f"d-{n}", unknown="kept")) for n in range(10)]
    malformed: list[tuple[bytes | None, bytes | None]] = [(b"d-%d" % n, b"{%d" % n) for n in range(5)]
    async with WorkerProcess(config) as worker:
        await worker.ready()
        await produce(broker, names.inbound[0], [*misrouted, *malformed], headers=[("trace", b"7")])
        await worker.counts('collections_deadletters_total{reason="malformed"}', 5)
        await worker.counts('collections_deadletters_total{reason="misrouted"}', 10)
        assert "15 sent" in await resubmit(config)
        await until_counted(settings, "dials", "site", {"main": 10})
        await worker.counts('collections_deadletters_total{reason="malformed"}', 10)
        assert (await resubmit(config))[-2:] == ["15 sent", "5 left out: the same event as one before it"]
        await worker.counts("collections_events_duplicate_total", 10)
        await worker.counts('collections_deadletters_total{reason="malformed"}', 15)
        await until_counted(settings, "dials", "site", {"main": 10})
        sent = await committed(broker, names.inbound[0])
        assert Counter(record.value for record in sent) == Counter([v for _, v in [*misrouted, *malformed]] * 3)
        assert all(record.headers == (("trace", b"7"),) for record in sent)
