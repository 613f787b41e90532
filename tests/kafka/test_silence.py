"""Laws of when a silent number moves its clock, and when it says so (live 2). No broker."""

import orjson
import pytest

from stream.kafka.writer import Written
from tests.kafka.on_bench import CALLS, DEBTOR, DELTAS, Bench, sent
from tests.kafka.records import NOON_MS, batch, record


@pytest.mark.parametrize("offset_ms", [None, 60_001, -60_001])
def test_a_worker_whose_clock_is_off_says_nothing_about_silence(offset_ms: int | None) -> None:
    bench = Bench()
    bench.live.clock_offset_ms = offset_ms
    for _ in range(100):
        bench.clock.ms += 1_000
        bench.work.look(lambda _: (0, bench.clock.ms), lambda _: False)
    assert orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")["watermark"] is None


def test_a_worker_whose_clock_is_right_moves_the_watermark_of_a_silent_number() -> None:
    bench = Bench()
    bench.live.clock_offset_ms = 60_000
    for _ in range(100):
        bench.clock.ms += 1_000
        bench.work.look(lambda _: (0, bench.clock.ms), lambda _: False)
    said = orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")
    assert said["watermark"] == said["greatest"] == bench.clock.ms - 1_000 - 30_000  # as of the last look


@pytest.mark.parametrize("fault", ["held", "stale", "backlog"])
def test_silence_is_nothing_to_read_and_not_a_pause_a_dead_broker_or_a_backlog(fault: str) -> None:
    bench = Bench()
    bench.live.clock_offset_ms = 0
    for _ in range(100):
        bench.clock.ms += 1_000
        fetched_ms = bench.clock.ms - (10_000 if fault == "stale" else 0)
        bench.work.look(lambda _, at=fetched_ms: (int(fault == "backlog"), at), lambda _: fault == "held")  # type: ignore[misc]
    assert orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")["watermark"] is None


@pytest.mark.parametrize("fault", ["error", "pause", "backlog", "restore", "gap"])
def test_an_error_a_pause_a_backlog_a_restore_or_a_gap_begins_the_count_of_silence_anew(fault: str) -> None:
    """30 s of silence are 31 looks, the first of which begins the count (and one was made at the start)."""
    bench = Bench()
    bench.live.clock_offset_ms = 0

    def said() -> int | None:
        mark: int | None = orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")["watermark"]
        bench.clock.ms -= 1_000  # the commit's own second
        return mark

    for _ in range(29):
        bench.look()
    if fault == "error":
        bench.look(10_000)
    elif fault == "pause":
        bench.look(held=True)
    elif fault == "backlog":
        bench.look(log_end=5)
    elif fault == "restore":
        bench.work.resume(dict.fromkeys(bench.work.topics, (0, 2)))
    else:
        bench.clock.ms += 10_000
    if fault == "backlog":  # what was there is read by now
        bench.work.resume(dict.fromkeys(bench.work.topics, (5, 2)))
    for _ in range(30):
        bench.look(log_end=5 if fault == "backlog" else 0)
    assert said() is None
    bench.look(log_end=5 if fault == "backlog" else 0)
    assert said() is not None


def test_a_silent_topic_is_left_out_where_the_wall_clock_is_no_event_time() -> None:
    bench = Bench(TIME__IDLE_ADVANCE="false")
    bench.live.clock_offset_ms = 0
    bench.feed(record(0, 1_000, DEBTOR))
    for _ in range(40):
        bench.look()
    said = orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")
    assert (said["watermark"], said["greatest"]) == (NOON_MS + 1_000, NOON_MS + 1_000)


def test_how_far_the_clock_is_off_is_what_the_last_commit_found_and_is_shown() -> None:
    bench = Bench()
    for offset_ms in (61_000, None):  # a transaction that wrote no stamped record tells nothing
        bench.work.commit().then(Written({}, offset_ms))
        assert bench.live.clock_offset_ms == 61_000
    shown = {sample.name: sample.value for family in bench.meters.collect() for sample in family.samples}
    assert shown["collections_clock_offset_seconds"] == 61


def test_a_clock_that_moves_is_told_within_a_second_without_any_record() -> None:
    bench = Bench()
    bench.live.clock_offset_ms = 0
    bench.commit()
    assert not bench.work.due(200)
    for _ in range(31):
        bench.look()
    bench.commit(later_ms=0)
    assert not bench.work.due(200)
    bench.look()
    assert bench.work.due(200)


def test_offsets_that_go_on_over_control_records_are_committed_within_a_second() -> None:
    bench = Bench()
    bench.commit()
    bench.clock.ms += 1_000
    assert not bench.work.due(200)
    bench.work.feed(batch(CALLS, [], start=0, next_offset=2, partition=1))
    assert bench.work.due(200)


def test_the_watermark_is_the_greatest_of_the_topic_in_whatever_order_its_events_came() -> None:
    bench = Bench()
    bench.feed(record(0, 2_000, DEBTOR), record(1, 1_000, DEBTOR))
    bench.commit()
    assert bench.work.positions is not None
    assert bench.work.positions.tps[CALLS].watermark_ms == NOON_MS + 2_000


@pytest.mark.parametrize("step_ms", [3_600_000, -3_600_000])
def test_a_clock_that_has_stepped_since_it_was_compared_says_nothing_about_silence(step_ms: int) -> None:
    """An hour forward would say an hour of silence, and close what is still to come, before the next commit tells."""
    bench = Bench()
    bench.live.clock_compared(0)
    bench.clock.step_ms = step_ms
    for _ in range(100):
        bench.look()
    assert orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")["watermark"] is None
    bench.live.clock_compared(0)
    bench.look()
    assert orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")["watermark"] == bench.clock.ms - 1_000 + (
        step_ms - 30_000
    )


def test_silence_counts_on_whatever_the_wall_clock_does() -> None:
    """A step back of an hour must not make every answer look older than the last pause for an hour."""
    bench = Bench()
    for _ in range(5):
        bench.look(held=True)
    bench.clock.step_ms = -3_600_000
    bench.live.clock_compared(0)
    for _ in range(40):
        bench.look()
    assert orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")["watermark"] is not None
