"""Laws of restoring a number (live 1): bulk, committed records only, each number served as soon as it is read."""

import asyncio
import json
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from stream.kafka.names import Names
from stream.kafka.topics import create_topics
from stream.kafka.writer import Line, Writer
from stream.ledger.store.record import FORMAT
from stream.partition.restore import Restoring, restore
from tests.kafka.records import call, debtor_of
from tests.kafka.workers import WorkerProcess, configured, counted, latest_kpis, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.timeout(150)]

RESTORES_NUMBER_3_WHEN_TOLD = """
import asyncio, pathlib, stream.partition.task as number
restore = number.restore
async def slow(*given):
    while given[1].partition == 3 and not pathlib.Path({go!r}).exists():
        await asyncio.sleep(0.1)
    return await restore(*given)
number.restore = slow
"""


async def test_a_restore_gives_the_last_committed_record_of_every_key_from_where_it_begins(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    _, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    names = Names(topic_prefix, topic_prefix)
    state, group = TopicPartition(names.ledger, 1), settings.kafka.group
    writer = Writer(settings.kafka_client_options(), "restore-test", 15_000)
    await writer.fence()
    ends = []
    for turn in range(3):
        lines = [Line(b"k-%d" % n, b"%d" % turn) for n in range(2_000 * turn, 2_000 * turn + 3_000)]
        lines += [Line(b"k-1", None), Line(b"turn", b"%d" % turn)]
        written = await writer.commit({tuple(state): lines}, {(names.inbound[0], 1): turn}, group)
        ends.append(written.ends[tuple(state)])
    other = Writer(settings.kafka_client_options(), "restore-test-left-open", 15_000)
    await other.fence()
    await other._producer.begin_transaction()
    await other._send(tuple(state), [Line(b"never", b"seen")])
    await other._producer.flush()
    await other._producer.abort_transaction()

    async def restored(start: int) -> tuple[dict[bytes, bytes | None], list[Restoring], int]:
        found: dict[bytes, bytes | None] = {}
        told: list[Restoring] = []
        end = await restore(settings.kafka_client_options(), state, start, found.__setitem__, told.append)
        return found, told, end

    found, told, end = await restored(0)
    assert found.pop(b"turn") == b"2"
    assert found == {b"k-%d" % n: b"%d" % min(2, n // 2_000) for n in range(7_000)} | {b"k-1": None}
    assert (told[-1].records, told[-1].share, told[-1].seconds_left) == (9_006, 1.0, 0.0)
    assert told[-1].offset == end > ends[-1]  # beyond the control records
    assert [done.offset for done in told] == sorted({done.offset for done in told})
    late, told, _ = await restored(ends[1])
    assert late.keys() == {b"k-%d" % n for n in range(4_000, 7_000)} | {b"k-1", b"turn"}
    assert told[-1].share == 1.0
    assert await restored(end) == ({}, [], end)
    await asyncio.gather(writer.close(), other.close())


async def test_a_number_is_served_as_soon_as_it_is_restored_while_another_still_waits_for_its_state(
    broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    inbound = Names(topic_prefix, topic_prefix).inbound[0]
    debtors = [debtor_of(number, 4) for number in range(4)]

    def calls(first: int) -> list[tuple[bytes | None, bytes | None]]:
        return [(d.encode(), call(first + n, n, d, agent_id=f"a-{n}")) for n, d in enumerate(debtors)]

    async with WorkerProcess(config) as first:
        await first.ready()
        await produce(broker, inbound, calls(0))
        await until_counted(settings, "dials", "agent", {f"a-{n}": 1 for n in range(4)})
    go = tmp_path / "go"
    await produce(broker, inbound, calls(10))
    async with WorkerProcess(config, RESTORES_NUMBER_3_WHEN_TOLD.format(go=str(go))) as worker:
        await worker.counts('collections_partitions_owned{stage="1"}', 3, 60)
        assert worker.get("/health/ready") == 503
        waiting = {(1, 3), (2, 3)}
        opened = {(line["stage"], line["partition"]) for line in worker.events("open")}
        assert not opened & waiting
        # Agents whose entity lies in number 3 of stage 2 wait, too; all others of numbers 0-2 are counted.
        dials: dict[str, int] = {}
        while 2 not in dials.values():
            dials = counted(await latest_kpis(settings), "dials", "agent")
            await asyncio.sleep(0.1)
        assert dials["a-3"] == 1, json.dumps(dials)
        go.touch()
        await until_counted(settings, "dials", "agent", {f"a-{n}": 2 for n in range(4)})
        await worker.ready()
        assert [line["records"] for line in worker.events("restored") if line["partition"] == 3]


@pytest.mark.parametrize(
    ("topic", "record", "refusal"),
    [
        (
            "ledger",
            (b"d-1|ck-1", b"\x09..."),
            f"the ledger record has format 9, this version of kpi-stream reads up to {FORMAT.version}",
        ),
        (
            "windows",
            (b"what|never|was|one", b"{}"),
            "the record of key 'what|never|was|one' cannot be read: ValueError",
        ),
    ],
    ids=["newer", "unreadable"],
)
async def test_state_that_cannot_be_read_is_refused_with_exit_4_naming_topic_and_partition(
    broker: str, topic_prefix: str, tmp_path: Path, topic: str, record: tuple[bytes, bytes], refusal: str
) -> None:
    config, settings = configured(broker, topic_prefix, tmp_path)
    await asyncio.to_thread(create_topics, settings)
    names = Names(topic_prefix, topic_prefix)
    writer = Writer(settings.kafka_client_options(), f"{topic_prefix}-wrong", 15_000)
    await writer.fence()
    state = {"ledger": names.ledger, "windows": names.windows}[topic]
    await writer.commit({(state, 2): [Line(*record)]}, {(names.inbound[0], 2): 0}, f"{topic_prefix}-wrong")
    await writer.close()
    async with WorkerProcess(config) as worker:
        assert await worker.ends() == 4, worker.log[-3000:]
        assert f"{state}-2: {refusal}" in worker.log
        assert "Traceback" not in worker.log
