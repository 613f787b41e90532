"""Laws of a number's life on a worker, from its assignment to its revocation (live 1). No broker."""

from __future__ import annotations

import asyncio

import pytest
from faust.types import TP

from stream.kafka import writer as writers
from stream.kafka.exits import Exit, RefusedError
from stream.kafka.writer import Line, Writer
from stream.partition.merge import NO_CEILING_MS
from stream.settings import load
from stream.worker import assignments as rosters
from tests.kafka.lives import CALLS, STATE_END, Floor, order, until
from tests.kafka.records import FakeRecord, batch


async def test_all_numbers_fence_side_by_side_before_the_first_one_restores(monkeypatch: pytest.MonkeyPatch) -> None:
    together = asyncio.Barrier(3)  # whoever fences one after the other never gets past it

    async def hook(asked: str, _: int) -> None:
        if asked == "fence":
            await together.wait()

    floor = Floor(monkeypatch, hook=hook)
    floor.assign(0, 1, 2)
    await floor.serves(0, 1, 2)
    first = min(floor.said.index(f"restores {number} from 0") for number in range(3))
    assert all(floor.said.index(f"fenced {number}") < first for number in range(3))
    await floor.roster.revoke()


@pytest.mark.parametrize("slow", [0, 1])
async def test_a_number_is_read_once_it_is_restored_whoever_else_still_restores(
    monkeypatch: pytest.MonkeyPatch, slow: int
) -> None:
    go = asyncio.Event()

    async def hook(asked: str, number: int) -> None:
        if (asked, number) == ("restore", slow):
            await go.wait()

    floor = Floor(monkeypatch, hook=hook)
    floor.assign(0, 1)
    await floor.serves(1 - slow)
    assert f"read {slow}" not in floor.said
    go.set()
    await floor.serves(slow)
    steps = [f"fenced {slow}", f"restores {slow} from 0", f"resume {slow}", f"read {slow}"]
    assert order(floor.said, *steps) == steps
    await floor.roster.revoke()


async def test_what_arrives_before_the_state_is_not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    go = asyncio.Event()

    async def hook(asked: str, _: int) -> None:
        if asked == "restore":
            await go.wait()

    floor = Floor(monkeypatch, hook=hook)
    floor.assign(0)
    await floor.until("restores 0 from 0")
    early, late = batch(CALLS, [FakeRecord(0)]), batch(CALLS, [FakeRecord(1)])
    floor.roster.feed(early)
    go.set()
    await floor.serves(0)
    floor.roster.feed(late)
    assert floor.works[1, 0].fed == [late]
    await floor.roster.revoke()
    floor.roster.feed(early)
    assert floor.works[1, 0].fed == [late]


async def test_a_number_that_is_revoked_commits_shuts_and_lets_go_whatever_its_pace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor(monkeypatch)
    floor.assign(0)
    await floor.serves(0)
    assert "commits 0" not in floor.said  # its next commit is not due
    await floor.roster.revoke()
    last = floor.said[floor.said.index("read 0") + 1 :]
    assert last == ["shut 0", "commits 0", "committed 0", "lets go 0", "withdraw 0"]


async def test_a_number_that_comes_back_fences_and_reads_only_what_lies_beyond_its_own_last_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor(monkeypatch)
    floor.assign(0, 1)
    await floor.serves(0, 1)
    work = floor.works[1, 0]
    await floor.roster.revoke()
    floor.said.clear()
    floor.assign(0, 2)
    await floor.serves(0, 2)
    back = f"restores 0 from {STATE_END + 10}"
    assert order(floor.said, "fenced 0", back, "read 0") == ["fenced 0", back, "read 0"]
    assert "restores 2 from 0" in floor.said
    assert floor.works[1, 0] is work
    await floor.roster.revoke()


async def test_state_that_nobody_asked_for_in_a_while_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Floor(monkeypatch)
    now_ms = 0
    floor.now_ms = lambda: now_ms
    floor.assign(0)
    await floor.serves(0)
    await floor.roster.revoke()
    now_ms = rosters.KEEP_MS
    floor.roster.forget()
    floor.said.clear()
    floor.assign(0)
    await floor.until("restores 0 from 0")
    await floor.roster.revoke()


async def test_a_leave_waits_for_no_producer_longer_than_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wedged:
        async def stop(self) -> None:
            await asyncio.Event().wait()

    assert writers.STOP_SECONDS <= 2
    monkeypatch.setattr(writers, "STOP_SECONDS", 0.01)
    writer = Writer({}, "id", 15_000)
    writer._producer = Wedged()
    await writer.close()
    assert writer._producer is None


async def test_a_restore_is_reported_by_its_stage_and_counts_what_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Floor(monkeypatch)
    floor.assign(0, 3)
    await floor.serves(0, 3)
    shown = {(s.name, s.labels.get("stage")): s.value for f in floor.meters.collect() for s in f.samples}
    assert shown["collections_restore_duration_seconds_count", "1"] == 2
    assert shown["collections_partitions_owned", "1"] == 2
    await floor.roster.revoke()
    shown = {(s.name, s.labels.get("stage")): s.value for f in floor.meters.collect() for s in f.samples}
    assert shown["collections_partitions_owned", "1"] == 0


async def test_what_says_nothing_begins_no_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Floor(monkeypatch)
    floor.flags = {"says": False}
    floor.assign(0)
    await floor.serves(0)
    await floor.roster.revoke()
    assert not order(floor.said, "commits 0")


async def test_a_transaction_begins_when_its_records_are_there_and_the_broker_gives_it_up_by_the_configured_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: dict[str, object] = {}
    said: list[str] = []

    class Producer:
        def __init__(self, **options: object) -> None:
            told.update(options)

        async def start(self) -> None:
            said.append("fenced")

        async def begin_transaction(self) -> None:
            said.append("begun")
            raise InterruptedError

    monkeypatch.setattr(writers, "AIOKafkaProducer", Producer)
    writer = Writer({}, "collections.kpi-stream-1-0", load(None, {}).kafka.transaction_timeout_ms)
    await writer.fence()
    assert said == ["fenced"]
    assert told["transactional_id"] == "collections.kpi-stream-1-0"
    assert 10_000 <= int(str(told["transaction_timeout_ms"])) <= 15_000
    with pytest.raises(InterruptedError):
        await writer.commit({("state", 0): [Line(b"k", b"v")]}, {}, "group")


async def test_the_more_numbers_a_worker_gets_the_slower_each_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Floor(monkeypatch, partitions=32)
    for many, expected_ms in ((16, 200), (32, 400), (4, 200)):
        floor.assign(*range(many))
        assert floor.live.commit_every_ms == expected_ms
        await floor.roster.revoke()


async def test_a_full_lane_is_paused_at_the_consumer_and_an_emptied_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor(monkeypatch)
    floor.assign(0)
    await floor.serves(0)
    work, (number,) = floor.works[1, 0], floor.roster.tasks
    for full, held in ((True, True), (None, True), (False, False), (None, False)):
        work.is_full = full
        number._apply_back_pressure()
        assert (TP(CALLS, 0) in floor.held) is held
        assert (TP(CALLS, 0) in number.reading) is not held
    await floor.roster.revoke()


async def test_a_number_with_much_to_do_lets_the_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Floor(monkeypatch)
    floor.flags = {"slices": 1_000}
    floor.assign(0, 1)
    await floor.serves(0, 1)
    await until(lambda: floor.works[1, 0].slices < 900)
    applied = [each for each in floor.said if each.startswith("applies")]
    assert 20 <= applied[:50].count("applies 0") <= 30
    await floor.roster.revoke()


async def test_a_number_with_much_to_do_lets_everything_else_go_on_between_two_slices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor(monkeypatch)
    floor.flags = {"slices": 1_000}
    floor.assign(0)
    await floor.serves(0)
    assert floor.works[1, 0].slices > 900
    await floor.roster.revoke()


async def test_what_waits_for_a_partition_without_a_leader_is_excused_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go = asyncio.Event()

    async def hook(asked: str, number: int) -> None:
        if asked == "restore" and number > 1:
            await go.wait()

    floor = Floor(monkeypatch, hook=hook)
    floor.flags = {"lag": 5}
    floor.assign(0, 1, 2, 3)
    await floor.serves(0, 1)
    assert floor.roster.excused() == frozenset()
    floor.live.leaderless = frozenset({(CALLS, 0), (CALLS, 2)})
    excused = floor.roster.excused()
    assert excused & floor.roster.moving().keys() == {f"{CALLS}-0", "opening debtor partition 2"}
    floor.live.leaderless = frozenset({("state", 7)})  # no transaction can be written: nothing gets on
    assert floor.roster.excused() == floor.roster.moving().keys()
    go.set()
    await floor.roster.revoke()


async def test_no_transaction_begins_while_a_partition_that_is_written_to_has_no_leader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor(monkeypatch)
    floor.flags = {"is_due": True}
    floor.live.leaderless = frozenset({("collections.kpi.v1", 3)})
    floor.assign(0)
    await floor.serves(0)
    (number,) = floor.roster.tasks
    number._work()
    assert "commits 0" not in floor.said
    floor.live.leaderless = frozenset({(CALLS, 3)})
    number._work()
    await floor.until("committed 0")
    await floor.roster.revoke()


@pytest.mark.parametrize(
    ("failure", "ending"),
    [
        (ZeroDivisionError("deliberately"), (Exit.RESTART, "debtor partition 0 failed: ZeroDivisionError")),
        (RefusedError("topic: why"), (Exit.REFUSED, "topic: why")),
    ],
    ids=str,
)
async def test_whatever_fails_in_a_number_ends_the_worker_and_is_never_passed_over(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, ending: tuple[Exit, str]
) -> None:
    floor = Floor(monkeypatch)
    floor.flags = {"fails": failure}
    floor.assign(0)
    await until(lambda: bool(floor.ends))
    ((code, reason),) = floor.ends
    assert code is ending[0]
    assert reason.startswith(ending[1])
    assert "commits 0" not in floor.said


async def test_those_that_catch_up_go_at_most_max_ahead_of_the_slowest_of_the_worker_and_are_woken_when_they_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Floor(monkeypatch)
    floor.assign(0, 1, 2)
    await floor.serves(0, 1, 2)
    ahead_ms = floor.setup.settings.time.max_ahead_ms
    woken = []
    for number in floor.roster.tasks:
        monkeypatch.setattr(number, "wake", lambda at=number.work.partition: woken.append(at))
    for backlogs, ceiling_ms, wakes in (
        ((5_000, None, 9_000), 5_000 + ahead_ms, False),
        ((6_000, None, 9_000), 6_000 + ahead_ms, True),
        ((None, None, 9_000), 9_000 + ahead_ms, True),
        ((None, None, None), NO_CEILING_MS, True),
    ):
        for at, backlog in enumerate(backlogs):
            floor.works[1, at].backlog = backlog
        woken.clear()
        floor.roster.steer()
        assert floor.live.ceiling_ms == ceiling_ms
        assert woken == ([0, 1, 2] if wakes else [])
    await floor.roster.revoke()
