"""Laws of what a worker says of itself and in which order its numbers open (live 1 and 6). No broker."""

import asyncio
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP
from structlog.testing import capture_logs

from stream.engine.entities.publication import StageOutput
from stream.kafka.bulk import BulkThread
from stream.kafka.exits import Exit
from stream.kafka.names import INBOUND
from stream.kafka.writer import Written
from stream.partition.context import LiveState, WorkerSetup
from stream.partition.entities import EntityPartition
from stream.partition.positions import decode
from stream.publish.meters import Meters
from stream.settings import load
from stream.worker.app import build_app
from stream.worker.assignments import Assignments, Fences
from stream.worker.health import Health

DELTAS = "collections.kpi-stream.deltas"


def worker_setup(**environment: str) -> WorkerSetup:
    settings = load(None, {f"KPI_STREAM_KAFKA__{key}": value for key, value in environment.items()})
    counts = {f"collections.{name}.v1": 4 for name in INBOUND} | {DELTAS: 4}
    return WorkerSetup(settings, counts, {}, settings.kafka_client_options())


async def test_no_number_restores_before_all_have_fenced() -> None:
    fences, order = Fences(3), []

    async def open_(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append(f"{name} fenced")
        await fences.done()
        order.append(f"{name} restores")

    await asyncio.gather(open_("a", 0), open_("b", 0.02), open_("c", 0.01))
    assert sorted(order[:3]) == ["a fenced", "b fenced", "c fenced"]
    assert sorted(order[3:]) == ["a restores", "b restores", "c restores"]


def roster(numbers: dict[str, bool], *, assigned: bool = True, closing: bool = False) -> Any:
    """One with these numbers: name -> open."""
    made = [SimpleNamespace(name=name, is_open=is_open) for name, is_open in numbers.items()]
    return SimpleNamespace(tasks=made, assigned=assigned, closing=closing)


@pytest.mark.parametrize(
    ("state", "answers", "said"),
    [
        (roster({}, assigned=False), True, "waiting for partitions"),  # at its start, and in a rebalance
        (roster({"debtor partition 2": False, "debtor partition 3": True}), True, "restoring debtor partition 2"),
        (roster({"debtor partition 2": True}), False, "the broker does not answer"),
        (roster({"debtor partition 2": True}, closing=True), True, "stopping"),
        (roster({"debtor partition 2": True}), True, None),
        (roster({}), True, None),  # a spare worker: there are more of them than numbers
    ],
)
def test_ready_is_said_only_when_all_that_was_assigned_is_open_and_the_broker_answers(
    state: Any, answers: bool, said: str | None
) -> None:
    health = Health()
    assert health.ready() == "starting"
    health.waits(None)
    assert health.ready() == "waiting for partitions"
    health.has(LiveState(worker_setup(), broker_answers=answers), state)
    assert health.ready() == said
    assert health.live() is None


def test_a_worker_that_can_write_nothing_is_not_ready() -> None:
    health, live = Health(), LiveState(worker_setup())
    health.waits(None)
    health.has(live, roster({"debtor partition 2": True}))
    live.leaderless = frozenset({(live.setup.names.inbound[0], 1)})
    assert health.ready() is None
    live.leaderless = frozenset({(live.setup.names.kpi, 1)})
    assert health.ready() == "a partition that is written to has no leader"


async def test_partitions_beyond_those_at_the_start_end_the_worker_before_they_are_opened() -> None:
    ends: list[tuple[Exit, str]] = []

    def end(code: Exit, reason: str) -> None:
        ends.append((code, reason))
        raise InterruptedError  # does not return in production

    ours = replace(worker_setup(), end=end)
    made = Assignments(ours, LiveState(ours), lambda: cast("Any", None), lambda _: cast("Any", None))
    with pytest.raises(InterruptedError):
        made.assign({TP("collections.calls.v1", 5)})
    why = "collections.calls.v1 had 4 partitions and now has 6: growing goes live by backfill and hand-over"
    assert ends == [(Exit.REFUSED, why)]
    assert not made.tasks


async def test_the_consumer_reads_what_is_committed_waits_shortly_and_is_a_static_member_by_its_name() -> None:
    ours = worker_setup(GROUP_INSTANCE_ID="worker-3", FETCH_WAIT="70ms")
    app = build_app(ours)
    thread: Any = SimpleNamespace(app=app)
    consumer: Any = BulkThread._create_worker_consumer(thread, app.transport)
    assert consumer._isolation_level == "read_committed"
    assert consumer._fetch_max_wait_ms == 70
    assert consumer._group_instance_id == "worker-3"
    assert consumer._client._metadata_max_age_ms <= 10_000  # how soon a topic that has grown is noticed
    await consumer.stop()


async def test_a_partition_is_paused_from_its_assignment_until_it_is_sought_to_where_its_state_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """aiokafka's own consumer, without a broker; Faust resumes the flow while it tells of the assignment."""
    tp = TopicPartition("collections.calls.v1", 1)
    consumer: Any = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    consumer.assign([tp])
    thread: Any = BulkThread.__new__(BulkThread)
    thread._consumer, thread._epochs = consumer, {}
    told, sought = [], []

    async def told_to_faust(*_: Any) -> None:
        told.append(consumer.paused())

    monkeypatch.setattr(AIOKafkaConsumerThread, "on_partitions_assigned", told_to_faust)
    await thread.on_partitions_assigned({TP(*tp)})
    assert told == [{tp}]
    assert consumer.paused() == {tp}
    consumer._fetcher = SimpleNamespace(seek_to=lambda *given: sought.append((*given, consumer.paused())))
    await thread._open_partitions({TP(*tp): (42, 7)})
    assert sought == [(tp, 42, {tp})]  # while nothing is fetched
    assert consumer.paused() == set()
    assert thread._epochs == {tp: 7}
    consumer._fetcher = None
    await consumer.stop()


def test_a_fetch_waits_fifty_to_a_hundred_milliseconds_by_default() -> None:
    assert 50 <= worker_setup().settings.kafka.fetch_wait_ms <= 100


def test_stage_two_has_as_many_numbers_as_stage_one_up_to_eight() -> None:
    for partitions, expected in ((4, 4), (8, 8), (64, 8)):
        assert load(None, {"KPI_STREAM_KAFKA__PARTITIONS": str(partitions)}).deltas_partitions == expected


class Quiet:
    """An engine of stage 2 that has nothing to say, and knows dead numbers."""

    watermark_ms = 60_000
    counters: Counter[str] = Counter()
    silent_partitions: frozenset[int] = frozenset()

    def tick(self, _: int, most: int) -> Any:
        return StageOutput()


def test_publication_is_paced_by_a_clock_that_does_not_step() -> None:
    ours = replace(worker_setup(), monotonic_ms=lambda: 7_000, wall_ms=lambda: 7_000 + 3_600_000)
    told: list[int] = []
    engine: Any = Quiet()

    def tick(now_ms: int, _: int) -> Any:
        told.append(now_ms)
        return Quiet().tick(now_ms, 0)

    engine.tick = tick
    EntityPartition(ours, 1, engine).commit(force=True)
    assert told == [7_000]


def test_the_state_of_stage_two_holds_the_counts_and_its_gauges_what_is_committed() -> None:
    plain, told = worker_setup(), list[tuple[int, Any]]()
    listener: Any = SimpleNamespace(on_committed=lambda number, kpis, _: told.append((number, kpis)))
    ours = replace(plain, partitions={**plain.partitions, plain.names.kpi: 4}, listener=listener)
    engine: Any = Quiet()
    engine.tick = lambda _, __: StageOutput(kpis=[(b"k", b"{}")])
    work = EntityPartition(ours, 1, engine)
    commit = work.commit(force=True)
    assert commit is not None
    positions = decode(commit.outgoing[work.state_topic, 1][-1].value or b"")
    assert (positions.partitions, positions.deltas) == (4, 4)
    assert (told, work.positions) == ([], None)  # nothing is committed yet
    commit.then(Written({}, None))
    assert (told, work.positions) == ([(1, [(b"k", b"{}")])], positions)


def test_a_commit_of_much_is_made_in_parts_between_which_it_stays_due_and_smaller_ones_while_diallers_ask() -> None:
    plain = worker_setup()
    ours = replace(plain, partitions={**plain.partitions, plain.names.kpi: 4}, monotonic_ms=lambda: 7_000)
    live, asked = LiveState(ours), list[int]()
    engine: Any = Quiet()

    def tick(_: int, most: int) -> Any:
        asked.append(most)
        number = len(asked)
        return StageOutput(kpis=[(b"k%d" % number, b"{}")], state=[(b"s%d" % number, b"")], behind=number < 3)

    engine.tick = tick
    work = EntityPartition(ours, 1, engine, live)
    assert work.prepare()
    live.asked_ms = 7_000
    assert work.prepare()
    assert work.due(60_000)
    assert not work.step()
    assert not work.prepare()
    commit = work.commit()
    assert commit is not None
    said = [line.key for lines in commit.outgoing.values() for line in lines]
    assert {b"k1", b"k2", b"k3", b"s1", b"s2", b"s3"} <= set(said)
    assert len(said) == 7  # and the offset record
    assert asked[0] > asked[1] == asked[2] > 0


def test_rows_of_windows_that_change_no_more_are_counted_once_they_are_committed() -> None:
    meters = Meters()
    ours = replace(worker_setup(), meters=meters)
    engine: Any = Quiet()
    engine.counters = Counter(frozen=3)
    work = EntityPartition(ours, 1, engine)
    for _ in range(2):
        commit = work.commit(force=True)
        assert commit is not None
        commit.then(Written({}, None))
    shown = {sample.name: sample.value for family in meters.collect() for sample in family.samples}
    assert shown["collections_rows_frozen_total"] == 3


def test_numbers_that_nobody_owns_are_named_once_and_their_gauge_ends_with_the_number() -> None:
    meters, revoked = Meters(), list[int]()
    ours = replace(worker_setup(), meters=meters, listener=cast("Any", SimpleNamespace(on_revoked=revoked.append)))
    work = EntityPartition(ours, 1, cast("Any", Quiet()))
    work._engine.silent_partitions = frozenset({3, 0})  # type: ignore[misc]
    with capture_logs() as logs:
        work.commit(force=True)
        work.commit(force=True)
    assert [line["partitions"] for line in logs] == [[0, 3]]
    shown = {sample.name: sample.value for family in meters.collect() for sample in family.samples}
    assert shown["collections_partitions_silent"] == 2
    assert shown["collections_finality_watermark_timestamp_seconds"] == 60
    work.withdraw()
    assert revoked == [1]
    names = {sample.name for family in meters.collect() for sample in family.samples}
    assert not names & {"collections_partitions_silent", "collections_finality_watermark_timestamp_seconds"}
