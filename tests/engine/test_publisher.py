"""How long stage 2 holds a window, and where revisions begin (live 3 and 4)."""

from stream.engine.entities.windows_state import CLOCK_KEY
from stream.windows.exact import dumps, loads
from tests.engine.floor import BASE, DAY, LIVE, MINUTE, feed, kept, row, stage, state_time, ticked
from tests.engine.test_entity_stage import Worker


def test_a_window_is_held_until_its_end_the_grace_the_horizon_and_a_day_for_numbers_that_lag() -> None:
    worker = Worker()
    feed(worker.target, [row(0, dials=1)], BASE)
    worker.tick(0)
    until_ms = BASE + 30 * MINUTE + LIVE.grace_ms + (LIVE.horizon_ms or 0) + DAY
    held = f"w|main|team|a|interval_30m|{BASE}".encode()
    for at_ms, is_held in ((until_ms - 1, True), (until_ms, False)):
        for number in (0, 1):
            state_time(worker.target, at_ms, number)
        worker.tick(at_ms)
        assert (held in worker.state) is is_held


def test_what_is_new_after_a_hand_over_starts_above_everything_that_was_published() -> None:
    target = stage()
    left = stage()
    feed(left, [], BASE)
    clock = loads(dict(left.tick(0).state)[CLOCK_KEY] or b"")  # as a hand-over leaves it
    target.restore(CLOCK_KEY, dumps(clock | {"floor": 41}))
    feed(target, [row(0, dials=1)], BASE)
    assert {record["revision"] for record in ticked(target, 0).values()} == {42}


def test_a_window_that_became_final_by_the_restored_watermark_is_published_after_the_restore() -> None:
    """As a hand-over leaves it: the clock stands beyond the end of a window that was never published as final."""
    worker, clock = Worker(), Worker()
    feed(worker.target, [row(0, dials=1)], BASE)
    worker.tick(0)
    feed(clock.target, [], BASE)
    for number in (0, 1):
        state_time(clock.target, BASE + 40 * MINUTE, number)
    clock.tick(0)
    worker.state[b"c"] = clock.state[b"c"]
    worker.restart()
    worker.kpis.clear()
    worker.tick(10_000)
    final = {record["window"] for record in kept(worker.kpis).values() if record["final"]}
    assert final == {"interval_30m", "shift_late"}


def test_a_row_that_became_known_later_counts_at_once_in_kpis() -> None:
    target = stage()
    feed(target, [row(0, known=30, letters=7)], BASE)
    counted = {record["window"]: record["kpis"][0]["numerator"] for record in ticked(target, 0).values()}
    assert counted["day"] == counted["interval_30m"] == 7
