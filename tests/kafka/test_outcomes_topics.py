"""What a worker does when its topics are changed under it: one outcome each, as in the table of docs/runbook.md."""

import asyncio
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from stream.kafka.names import Names
from stream.kafka.topics import check_topics, create_topics
from tests.kafka.broker_admin import commit, delete, grow, log_ends, make_anew, trim
from tests.kafka.records import call
from tests.kafka.workers import GoesOnError, WorkerProcess, configured, counted, latest_kpis, produce, until_counted

pytestmark = [pytest.mark.broker, pytest.mark.faults, pytest.mark.timeout(240)]


def calls(first: int, count: int) -> list[tuple[bytes | None, bytes | None]]:
    return [(b"d-%d" % (n % 60), call(n, n * 100, f"d-{n % 60}")) for n in range(first, first + count)]


def by_agent(count: int) -> dict[str, int]:
    return dict(Counter(f"a-{n % 3}" for n in range(count)))


class Place:
    """A configuration, and the names that follow from it."""

    def __init__(self, broker: str, prefix: str, folder: Path) -> None:
        self.config, self.settings = configured(broker, prefix, folder)
        self.names = Names(prefix, prefix)
        self.calls = self.names.inbound[0]

    async def counts(self, count: int) -> None:
        await until_counted(self.settings, "dials", "agent", by_agent(count), 60)

    async def produce(self, first: int, count: int) -> None:
        await produce(self.settings.kafka.bootstrap_servers, self.calls, calls(first, count))

    async def has_worked(self) -> None:
        """A worker has counted two hundred calls, and was stopped."""
        async with WorkerProcess(self.config) as worker:
            await worker.ready()
            await self.produce(0, 200)
            await self.counts(200)
            worker.signal(signal.SIGTERM)
            assert await worker.ends() == 0

    async def refuses(self, *words: str) -> None:
        """A worker that is started ends with 4 and says this in one line."""
        async with WorkerProcess(self.config) as worker:
            await ends_with(worker, 4, *words)


async def ends_with(worker: WorkerProcess, code: int, *words: str) -> None:
    assert await worker.ends(60) == code, worker.log[-3000:]
    ends = worker.events("worker ends")
    last = ends[-1]["reason"] if ends else worker.log.splitlines()[-1]
    assert all(word in last for word in words), last
    assert "Traceback" not in worker.log


@pytest.fixture
def place(broker: str, topic_prefix: str, tmp_path: Path) -> Place:
    return Place(broker, topic_prefix, tmp_path)


async def test_a_topic_that_is_deleted_stops_the_worker_and_one_that_is_started_refuses(place: Place) -> None:
    async with WorkerProcess(place.config) as worker:
        await worker.ready()
        await place.produce(0, 200)
        await place.counts(200)
        await delete(place.settings, place.calls)
        await ends_with(worker, 4, f"{place.calls} was deleted")
    await place.refuses(place.calls, "made anew")


async def test_a_topic_that_is_made_anew_under_the_worker_is_never_read_as_if_it_were_the_old_one(place: Place) -> None:
    async with WorkerProcess(place.config) as worker:
        await worker.ready()
        await place.produce(0, 200)
        await place.counts(200)
        await make_anew(place.settings, place.calls)
        await place.produce(200, 300)  # in every partition more than the old topic had
        code = await worker.ends(60)
        assert code in (4, 5), worker.log[-3000:]
    await place.refuses(place.calls, "the log begins later than what the state has read", "made anew")
    assert counted(await latest_kpis(place.settings), "dials", "agent") == by_agent(200)


async def test_a_state_topic_that_is_made_anew_stops_the_worker_before_its_next_commit_and_reading_again_is_refused(
    place: Place,
) -> None:
    async with WorkerProcess(place.config) as worker:
        await worker.ready()
        await place.produce(0, 200)
        await place.counts(200)
        await make_anew(place.settings, place.names.ledger)
        await place.produce(200, 100)
        code = await worker.ends(60)
        assert code in (4, 5), worker.log[-3000:]
    await place.refuses(place.names.ledger, "would count twice")
    assert counted(await latest_kpis(place.settings), "dials", "agent") == by_agent(200)


async def test_an_output_topic_that_is_made_anew_takes_what_changes_from_then_on(place: Place) -> None:
    async with WorkerProcess(place.config) as worker:
        await worker.ready()
        await place.produce(0, 200)
        await place.counts(200)
        await make_anew(place.settings, place.names.kpi)
        await place.produce(200, 100)
        with suppress(GoesOnError):
            assert await worker.ends(10) == 5, worker.log[-3000:]
    async with WorkerProcess(place.config) as worker:
        await worker.ready()
        await place.produce(300, 100)
        await place.counts(400)


async def test_partitions_that_are_increased_stop_the_worker_before_anything_of_them_is_read(place: Place) -> None:
    async with WorkerProcess(place.config) as worker:
        await worker.ready()
        await grow(place.settings, place.calls, 6)
        await ends_with(worker, 4, f"{place.calls} had 4 partitions and now has", "backfill")
    await place.refuses("must have as many")


async def test_the_offset_of_the_state_counts_and_never_that_of_the_group(place: Place) -> None:
    await place.has_worked()
    await commit(place.settings, {(place.calls, number): 0 for number in range(4)})
    async with WorkerProcess(place.config) as worker:
        await worker.ready()
        await place.produce(200, 100)
        await place.counts(300)
        assert worker.metric("collections_events_duplicate_total") == 0


async def test_events_deleted_unread_are_skipped_aloud_and_counted(place: Place) -> None:
    await place.has_worked()
    await place.produce(200, 100)
    await trim(place.settings, ends := await log_ends(place.settings, place.calls))
    await place.produce(300, 60)
    lost = sum(ends.values()) - 200
    expected = Counter(by_agent(200)) + Counter(f"a-{n % 3}" for n in range(300, 360))
    async with WorkerProcess(place.config) as worker:
        await until_counted(place.settings, "dials", "agent", dict(expected), 60)
        assert worker.metric(f'collections_records_lost_total{{topic="{place.calls}"}}') == lost == 100
        assert "records were deleted unread" in worker.log


async def test_deltas_deleted_unread_are_refused_and_the_rebuild_is_named(place: Place) -> None:
    await place.has_worked()
    ends = await log_ends(place.settings, place.names.deltas)
    await produce(place.settings.kafka.bootstrap_servers, place.names.deltas, [(b"~", b"{}")], partition=0)
    await trim(place.settings, {(place.names.deltas, 0): ends[place.names.deltas, 0] + 1})
    await place.refuses(f"{place.names.deltas}-0", "were deleted before they were read", "rebuild")


async def test_a_state_made_under_another_definition_or_pane_is_refused_naming_the_key(
    place: Place, tmp_path: Path
) -> None:
    await place.has_worked()
    kafka = place.settings.kafka
    for words, changed in (
        ("definitions.promise_grace_days = 3", {"definitions": {"promise_grace_days": 9}}),
        ("pane", {"windows": {"pane": "5s"}}),
    ):
        place.config, _ = configured(kafka.bootstrap_servers, kafka.topic_prefix, tmp_path, **changed)
        await place.refuses(words, "backfill and hand-over")


@pytest.mark.parametrize("gone", ["all", "the state", "one that is read"])
async def test_a_worker_makes_no_topics_and_names_the_command_that_does(place: Place, gone: str) -> None:
    """Nor after its restart: whoever makes them knows that what was there before is gone."""
    missing = place.names.ledger if gone == "the state" else place.calls
    if gone != "all":
        await asyncio.to_thread(create_topics, place.settings)
        await delete(place.settings, missing)
    for _ in range(2):
        async with WorkerProcess(place.config, topics=False) as worker:
            word = "none of the others" if gone == "all" else "though others are there"
            await ends_with(worker, 4, f"there is no topic {missing}", word, "`kpi-stream topics create`")
    assert "is missing" in "".join(await asyncio.to_thread(check_topics, place.settings))
