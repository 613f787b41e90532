"""What docs/runbook.md says of upgrades, scaling and disasters, done on a real broker by the commands that it names."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from stream.kafka.names import Names
from stream.ledger.store.record import FORMAT
from tests.kafka.broker_admin import delete
from tests.kafka.records import call
from tests.kafka.rehearsed import rehearse
from tests.kafka.workers import WorkerProcess, committed, configured, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

DUPLICATES = "collections_events_duplicate_total"
LONG = 90


def calls(first: int, count: int) -> list[tuple[bytes | None, bytes | None]]:
    return [(b"d-%d" % (n % 60), call(n, n * 100, f"d-{n % 60}")) for n in range(first, first + count)]


def by_agent(count: int) -> dict[str, int]:
    return dict(Counter(f"a-{n % 3}" for n in range(count)))


class Floor:
    """A configuration, calls that are sent, and what must have been counted. `names`: of workers with a place of their
    own in the group, a configuration each."""

    def __init__(self, broker: str, prefix: str, folder: Path, *names: str) -> None:
        self.broker, self.names, self.sent = broker, Names(prefix, prefix), 0
        self.configs = [
            configured(broker, prefix, folder, kafka={"group_instance_id": name} if name else {})[0]
            for name in names or [""]
        ]
        self.config, self.settings = configured(broker, prefix, folder)

    async def send(self, count: int) -> None:
        """Sends so many calls, and returns once all that were ever sent are counted."""
        await produce(self.broker, self.names.inbound[0], calls(self.sent, count))
        self.sent += count
        await self.counted()

    async def counted(self) -> None:
        await until_counted(self.settings, "dials", "agent", by_agent(self.sent), LONG)

    async def ledger(self) -> dict[bytes, tuple[int, bytes]]:
        """Key -> partition and value of the newest record of each call in the ledger."""
        records = await committed(self.broker, self.names.ledger)
        return {r.key: (r.partition, r.value) for r in records if b"|c" in r.key and r.value}

    async def written_by(self, version: int, count: int) -> None:
        """Makes so many calls of the ledger those of another version of its format; no worker may run."""
        for key, (partition, value) in list((await self.ledger()).items())[:count]:
            other = bytes((version,)) + value[1:]
            await produce(self.broker, self.names.ledger, [(key, other)], partition=partition)


async def stopped(worker: WorkerProcess) -> None:
    worker.signal(signal.SIGTERM)
    assert await worker.ends(LONG) == 0, worker.log[-3000:]


async def test_an_upgrade_goes_on_from_what_the_former_version_wrote_and_a_second_worker_comes_and_goes(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    """A call that says no more than calls could say then has the same bytes in format 2, behind another first one."""
    floor = Floor(broker, topic_prefix, tmp_path, "one", "two")
    async with WorkerProcess(floor.configs[0]) as first:
        await first.ready(LONG)
        await floor.send(120)
        await stopped(first)
    await floor.written_by(FORMAT.version - 1, 120)
    await rehearse("To upgrade", floor.config, {"kpi-stream.yaml": floor.config})
    async with WorkerProcess(floor.configs[0]) as first:
        await first.owns(4, LONG)
        await produce(broker, floor.names.inbound[0], calls(0, 120))
        await floor.send(60)
        assert first.metric(DUPLICATES) == 120
        versions = Counter(value[0] for _, value in (await floor.ledger()).values())
        assert versions == {FORMAT.version - 1: 120, FORMAT.version: 60}

        async with WorkerProcess(floor.configs[1]) as second:
            await first.owns(2, LONG)
            await second.owns(2, LONG)
            await floor.send(60)
            await stopped(second)
        await produce(broker, floor.names.inbound[0], calls(floor.sent, 60))  # while nobody has the other's partitions
        floor.sent += 60
        await first.owns(4, LONG)  # once the session of the one that left is over
        await floor.counted()


async def test_the_events_in_kafka_give_back_the_state_and_a_copy_of_them_all_of_kafka(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    """First all is lost; then the state was written by a newer version; then it is lost."""
    floor = Floor(broker, topic_prefix, tmp_path)
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"\n".join(value for _, value in calls(0, 150) if value))
    await rehearse("All of Kafka is lost", floor.config, {"events.jsonl.gz": events})
    floor.sent = 150
    async with WorkerProcess(floor.config, topics=False) as worker:
        await worker.ready(LONG)
        await floor.counted()
        await stopped(worker)

    await floor.written_by(FORMAT.version + 1, 1)
    await rehearse("Going back", floor.config, {"handed-over": tmp_path / "back"})
    found = await floor.ledger()
    assert (len(found), {value[0] for _, value in found.values()}) == (150, {FORMAT.version})

    for topic in (floor.names.ledger, floor.names.deltas, floor.names.windows, floor.names.scoring):
        await delete(floor.settings, topic)
    await rehearse("The state is lost", floor.config, {"handed-over": tmp_path / "again"})
    async with WorkerProcess(floor.config, topics=False) as worker:
        await worker.ready(LONG)
        await floor.send(100)
