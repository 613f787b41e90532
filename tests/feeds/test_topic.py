"""A topic as a feed, on a real broker: every event exactly once, through kill -9 in a transaction and rebalances."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.broker import free_port
from stream.facts.fact import Call
from stream.feed_kafka.sink import CannotSend, KafkaSink
from stream.kafka.topics import create_topics
from stream.partition.intake import Reader, key_partition
from stream.publish.feed_numbers import numbers_in
from stream.settings import Settings, load
from tests.feeds.pbx import MAPPING, rows, undisturbed
from tests.kafka.records import FakeRecord

SOURCE_PARTITIONS = 2
PARTITIONS = 4
LATE_MS = 1 << 42
"""A timestamp after all events."""
ROOT = Path(__file__).parents[2]
RUNNER = """
import os, signal, sys
from pathlib import Path
from aiokafka import AIOKafkaProducer
from stream.cli.failure import CommandError
from stream.cli.feed_topic import run_topic
from stream.feeds.adjustment import Adjustments
from stream.feeds.loading import load as load_mapping
from stream.settings import load

config, mapping, topic, die_at, moment = sys.argv[1:]
commits = 0

def dying(name):
    plain = getattr(AIOKafkaProducer, name)
    async def call(self, *arguments):
        global commits
        commits += 1
        if commits == int(die_at):
            os.kill(os.getpid(), signal.SIGKILL)
        return await plain(self, *arguments)
    setattr(AIOKafkaProducer, name, call)

if moment:  # what a transaction does last: the records are sent then, and perhaps the offsets
    dying(moment)
feed = load_mapping(Path(mapping).read_text(), mapping, Adjustments())
try:
    sys.exit(run_topic(load(Path(config)), feed, topic, None, 100_000, False))
except CommandError as error:
    sys.exit(f"kpi-stream: {error}")
"""

pytestmark = pytest.mark.timeout(300)


class World:
    """A source topic, the topics of a configuration, and runners of a feed between them."""

    def __init__(
        self, servers: str, prefix: str, folder: Path, mapping: str = MAPPING, limits: dict[str, int] | None = None
    ) -> None:
        self.servers, self.topic = servers, f"{prefix}-source"
        self.prefix = prefix
        self.config, self.mapping = folder / "c.yaml", folder / "pbx.yaml"
        kafka = {"bootstrap_servers": servers, "topic_prefix": prefix, "group": prefix, "partitions": PARTITIONS}
        kafka |= {"session_timeout": "6s"}
        self.config.write_bytes(orjson.dumps({"kafka": kafka, "limits": limits or {}}))
        self.mapping.write_text(mapping)
        self.sent: list[list[bytes]] = [[] for _ in range(SOURCE_PARTITIONS)]

    @property
    def settings(self) -> Settings:
        return load(self.config, {})

    async def prepare(self) -> None:
        await asyncio.to_thread(create_topics, self.settings)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(self.topic, SOURCE_PARTITIONS, 1)])
        finally:
            await admin.close()

    async def send(self, *pieces: Sequence[bytes]) -> None:
        """Sends rows to the partitions of the source, one sequence for each."""
        producer = AIOKafkaProducer(bootstrap_servers=self.servers)
        await producer.start()
        try:
            for partition, lines in enumerate(pieces):
                for line in lines:
                    await producer.send(self.topic, line, b"key", partition)
                self.sent[partition] += lines
        finally:
            await producer.stop()

    async def runner(self, die_at: int = 0, moment: str = "") -> Process:
        """Starts one; it kills itself when it calls `moment` of its producers for the `die_at`-th time."""
        given = (str(self.config), str(self.mapping), self.topic, str(die_at), moment)
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", RUNNER, *given, cwd=ROOT, stdout=PIPE, stderr=PIPE
        )

    async def read(self, part: str, seconds: float = 0.0, until: int = 0) -> list[ConsumerRecord]:
        """The committed records of a topic of ours; waits until there are `until`, for `seconds` at most."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers, isolation_level="read_committed", auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            topic = f"{self.prefix}.{part}.v1"
            tps = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(tps)
            found: list[ConsumerRecord] = []
            deadline = time.monotonic() + seconds
            while True:
                fetched = await consumer.getmany(timeout_ms=300)
                found += [record for some in fetched.values() for record in some]
                if not fetched and (len(found) >= until or time.monotonic() > deadline):
                    return found
        finally:
            await consumer.stop()

    async def everything_arrived(self) -> list[ConsumerRecord]:
        """The events, once as many as there should be are there; exactly those, each in its place."""
        wanted: Counter[bytes] = Counter()
        for lines in self.sent:
            wanted.update(event.json for event in undisturbed(lines, self.mapping.read_text())[0])
        found = await self.read("calls", 90, wanted.total())
        assert Counter(record.value for record in found) == wanted
        readers = [Reader(number, PARTITIONS, 1_000_000) for number in range(PARTITIONS)]
        for each in found:  # as a worker reads it: key, partition and content
            (outcome,) = readers[each.partition].read([FakeRecord(each.offset, each.value, each.key, LATE_MS)])
            assert isinstance(outcome, Call), outcome
        return found


async def ended(runner: Process, number: signal.Signals = signal.SIGTERM) -> str:
    """What a runner says at its end, which must be a clean one."""
    runner.send_signal(number)
    _, error = await asyncio.wait_for(runner.communicate(), 60)
    assert runner.returncode == 0, error
    return error.decode()


@pytest.fixture
async def world(broker: str, topic_prefix: str, tmp_path: Path) -> World:
    made = World(broker, topic_prefix, tmp_path)
    await made.prepare()
    return made


def pieces_of(lines: list[bytes], parts: int) -> list[list[bytes]]:
    size = -(-len(lines) // parts)
    return [lines[at : at + size] for at in range(0, len(lines), size)]


@pytest.mark.broker
async def test_kill_9_in_a_transaction_loses_and_repeats_nothing_and_joins_come_out_the_same(world: World) -> None:
    first, second = pieces_of(rows(600, seed=1, wrong=3), 3), pieces_of(rows(600, seed=2, wrong=2), 3)
    for piece, (die_at, moment) in enumerate(((1, "send_offsets_to_transaction"), (3, "commit_transaction"))):
        await world.send(first[piece], second[piece])
        runner = await world.runner(die_at, moment)
        if die_at > 1:  # both partitions have committed; the next transaction is cut off
            await world.read("calls", 90, 1)
            await world.send([b"of no use"], [b"of no use"])
        assert await asyncio.wait_for(runner.wait(), 90) == -signal.SIGKILL
    await world.send(first[2], second[2])
    runner = await world.runner()
    await world.everything_arrived()
    assert " records" in await ended(runner)
    await world.everything_arrived()
    letters = await world.read("deadletter")
    places = {(headers["partition"], headers["offset"]) for headers in (dict(each.headers) for each in letters)}
    assert len(places) == len(letters) == sum(len(undisturbed(lines)[1]) for lines in world.sent) == 5


@pytest.mark.broker
async def test_partitions_move_between_runners_without_loss_or_repetition(world: World) -> None:
    """The first one is joined by another, sleeps until it is put out of the group, wakes up, and is stopped."""
    first, second = pieces_of(rows(800, seed=3), 4), pieces_of(rows(800, seed=4), 4)
    one = await world.runner()
    await world.send(first[0], second[0])
    await world.read("calls", 90, 1)
    two = await world.runner()
    await world.send(first[1], second[1])
    await asyncio.sleep(2.5)  # while the second one joins
    one.send_signal(signal.SIGSTOP)
    await world.send(first[2], second[2])
    await world.everything_arrived()  # from the second one alone
    one.send_signal(signal.SIGCONT)
    await world.send(first[3], second[3])
    await asyncio.sleep(1.5)
    await ended(one, signal.SIGINT)
    await world.everything_arrived()
    await ended(two)
    await world.everything_arrived()


@pytest.mark.broker
async def test_too_much_that_is_refused_ends_a_feed_with_1_and_one_line_and_is_not_committed(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    world = World(broker, topic_prefix, tmp_path, limits={"deadletter_run": 20})
    await world.prepare()
    await world.send([*rows(20, seed=5), *(b"epoch|c|none|ENTER%d" % number for number in range(30))])
    runner = await world.runner()
    _, error = await asyncio.wait_for(runner.communicate(), 90)
    assert runner.returncode == 1
    (line,) = error.decode().splitlines()
    assert line.startswith(f"kpi-stream: feed pbx: {world.topic}-0 offset ")
    assert "20 records in a row" in line
    assert "limits.deadletter_run" in line
    assert await world.read("deadletter") == []


@pytest.mark.broker
def test_a_sink_of_files_writes_each_piece_whole_with_its_dead_letters(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    world = World(broker, topic_prefix, tmp_path)
    sink = KafkaSink(world.settings, None)
    with pytest.raises(CannotSend, match=rf"there is no topic {topic_prefix}\.\w+\.v1; `kpi-stream topics create`"):
        sink.open()
    sink.close()
    asyncio.run(world.prepare())
    lines = rows(300, wrong=3)
    events, refused = undisturbed(lines)
    sink = KafkaSink(world.settings, "pbx")
    sink.open()
    sink.write(events[:100], refused)
    other = KafkaSink(world.settings, "pbx")
    other.open()
    other.write(events[100:], ())
    with pytest.raises(CannotSend, match="started once more elsewhere"):
        sink.write(events[:1], ())
    sink.close()
    other.close()
    found = asyncio.run(world.read("calls", 60, len(events)))
    assert Counter(each.value for each in found) == Counter(each.json for each in events)
    assert all(each.partition == key_partition(each.key, PARTITIONS) for each in found)
    letters = asyncio.run(world.read("deadletter", 60, 3))
    assert [each.value for each in letters] == [each.value for each in refused]
    headers = dict(letters[0].headers)
    assert (headers["topic"], headers["offset"]) == (b"source-0", b"%d" % refused[0].place.line)


def test_a_sink_without_a_broker_gives_up_in_time_and_says_why(tmp_path: Path) -> None:
    world = World(f"127.0.0.1:{free_port()}", "none", tmp_path)
    told: list[str] = []
    sink = KafkaSink(world.settings, None, told.append, patience_s=2.0)
    begun = time.monotonic()
    with pytest.raises(CannotSend, match=world.servers):
        sink.open()
    sink.close()
    assert time.monotonic() - begun < 30
    assert len(told) <= 1


def mapped(port: int) -> set[str]:
    """The feeds that tell of records that gave events, once both do."""
    deadline = time.monotonic() + 60
    found: set[str] = set()
    while len(found) < 2 and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            numbers = numbers_in(answer.read().decode())
            found = {each.feed for each in numbers if each.mapped and each.last_record_s is not None}
        time.sleep(0.2)
    return found


@pytest.mark.broker
async def test_all_configured_feeds_run_until_sigterm_and_go_on_where_they_were(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    """A file that is followed and a topic, each in its process; twice, with more to read the second time."""
    world = World(broker, topic_prefix, tmp_path)
    await world.prepare()
    document = orjson.loads(world.config.read_bytes())
    log, lines = tmp_path / "q.log", rows(120, seed=7, wrong=1)
    document["feeds"] = [
        {"name": "log", "mapping": "pbx.yaml", "source": {"files": [f"{log}*"], "state": str(tmp_path / "state")}},
        {"name": "rows", "mapping": "pbx.yaml", "source": {"topic": world.topic}},
    ]
    world.config.write_bytes(orjson.dumps(document))
    written: list[bytes] = []
    for piece, sent in zip(pieces_of(lines, 2), pieces_of(rows(120, seed=8), 2), strict=True):
        with log.open("ab") as file:
            file.write(b"\n".join([*piece, b""]))
        await world.send(sent)
        written += piece
        wanted = Counter(each.json for each in (*undisturbed(written)[0], *undisturbed(world.sent[0])[0]))
        program = Path(sys.executable).with_name("kpi-stream")
        port = free_port()
        given = ("feed", "run", "--all", "--metrics-port", str(port), "--config", str(world.config))
        running = await asyncio.create_subprocess_exec(program, *given, stdout=PIPE, stderr=PIPE)
        await world.read("calls", 90, wanted.total())
        assert await asyncio.to_thread(mapped, port) == {"log", "rows"}
        told = await ended(running)
        assert sorted(line.partition(": ")[0] for line in told.splitlines()) == ["feed log", "feed rows"]
        assert Counter(each.value for each in await world.read("calls")) == wanted
    assert len(await world.read("deadletter")) == 1
