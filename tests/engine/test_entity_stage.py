"""Stage 2 against a floor that adds up every row for every window, under any batching, pace, crash and jump."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.alerts.rules import Rule, exact
from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from stream.engine.entities.stage import NO_END, Publication
from tests.effort import examples
from tests.engine.deltas import delta
from tests.engine.floor import (
    BASE,
    DAY,
    HOUR,
    LIVE,
    LOW,
    MINUTE,
    PANE,
    PHASES,
    PLAN,
    REPLAY,
    ROWS,
    RULE,
    Row,
    apart,
    copied,
    expected,
    feed,
    grain_at,
    kept,
    row,
    stage,
    state_time,
    text,
    ticked,
)


@settings(max_examples=examples(60), deadline=None, phases=PHASES)
@given(ROWS, st.randoms(use_true_random=False))
def test_a_replay_adds_up_every_row_in_any_order_and_batching(rows: list[Row], chance: Any) -> None:
    def run(order: list[Row]) -> tuple[dict[bytes, bytes], list[Any]]:
        target = stage(REPLAY, (RULE, LOW))
        alerts = []
        while order:
            batch, order = order[: (size := chance.randint(1, 4))], order[size:]
            feed(target, copied(batch), BASE + 95 * MINUTE)
            alerts += target.tick(0).alerts
        output = target.close()
        assert output.kpis == sorted(output.kpis)
        return dict(output.kpis), [json.loads(value) for _, value in alerts + output.alerts]

    shuffled = chance.sample(rows, len(rows))
    first, second = run(rows), run(shuffled)
    assert first == second
    assert {key.decode(): value for key, value in first[0].items()}.keys() == expected(rows).keys()
    for key, kpis in expected(rows).items():
        record = json.loads(first[0][key.encode()])
        assert (record["kpis"], record["revision"], record["final"]) == (json.loads(kpis), 1, True)
        assert record["as_of"] == record["end"]


@settings(max_examples=examples(80), deadline=None, phases=PHASES)
@given(ROWS, st.sampled_from([REPLAY, LIVE]), st.integers(0, 20))
def test_runs_among_other_rows_are_their_grains(rows: list[Row], publication: Publication, minutes: int) -> None:
    paid = Rule("paid", "recovered_per_hour", "team", "rolling_5m", exact("9"), exact("9"), currency="CNY")
    rules = (RULE, LOW, paid)

    def run(order: list[Row]) -> tuple[Any, ...]:
        target = stage(publication, rules)
        first = BASE + minutes * MINUTE
        state_time(target, first)
        early = target.tick(0)
        feed(target, order, BASE + 95 * MINUTE)
        state_time(target, BASE + 95 * MINUTE)
        output = target.tick(5_000) if publication is LIVE else target.close()
        return early.alerts + output.alerts, sorted(output.kpis)

    assert run(copied(rows)) == run(apart(rows))


class Worker:
    """A caller of stage 2: it keeps what is committed, and can start again from that alone."""

    def __init__(self, rules: tuple[Rule, ...] = (RULE, LOW), most: int = NO_END) -> None:
        self.most = most
        self.target = stage(rules=rules, numbers=2)
        self.state: dict[bytes, bytes] = {}
        self.kpis: list[tuple[bytes, bytes]] = []
        self.alerts: list[bytes] = []

    def tick(self, now_ms: int) -> None:
        output = self.target.tick(now_ms, self.most)
        assert len(output.kpis) <= self.most
        for key, value in output.state:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self.kpis += output.kpis
        self.alerts += [value for _, value in output.alerts]

    def restart(self, rules: tuple[Rule, ...] = (RULE, LOW)) -> None:
        self.target = stage(rules=rules, numbers=2)
        for key, value in self.state.items():
            self.target.restore(key, value)


STEP = st.tuples(
    ROWS.map(lambda rows: rows[:5]),
    st.integers(0, 40),  # minutes that event time moves on
    st.integers(0, 1_500),  # milliseconds until the tick
    st.booleans(),  # a restart after it
)


@settings(max_examples=examples(120), deadline=None, phases=PHASES)
@given(st.lists(STEP, min_size=1, max_size=8), st.sampled_from([0, 0, 3 * 365]), st.sampled_from([1, 7, NO_END]))
def test_what_a_reader_keeps_is_the_sum_of_all_rows_whatever_crashes_and_however_little_a_tick_may_give(
    steps: list[Any], jump_days: int, most: int
) -> None:
    steady, crashing = Worker(), Worker(most=NO_END if jump_days else most)
    event_ms, now_ms = BASE, 1_000_000
    rows: list[Row] = []
    for batch, minutes, wait_ms, restart in steps:
        event_ms += minutes * MINUTE
        now_ms += wait_ms
        rows += batch
        for worker in (steady, crashing):
            feed(worker.target, copied(batch), event_ms)
            state_time(worker.target, event_ms)
            state_time(worker.target, event_ms - MINUTE, number=1)
            worker.tick(now_ms)
        if restart:
            crashing.restart()
    event_ms += jump_days * DAY
    for worker in (steady, crashing):
        state_time(worker.target, event_ms)
        state_time(worker.target, event_ms - MINUTE, number=1)
        worker.tick(now_ms + 1)
        worker.tick(now_ms + 2_000)
    while crashing.target._publisher._queue:  # what is not given yet waits for its turn, and nothing is left out
        now_ms += 2_000
        crashing.tick(now_ms + 2_000)
    check_kept(steady, rows, event_ms)
    assert crashing.alerts == steady.alerts
    first, second = kept(steady.kpis), kept(crashing.kpis)
    # What emptied before its turn came was never seen by anybody: of that there is no record at all.
    unseen = (
        {key for key in first.keys() - second.keys() if not first[key]["kpis"]} if crashing.most < NO_END else set()
    )
    assert {key: (each["kpis"], each["final"]) for key, each in first.items() if key not in unseen} == {
        key: (each["kpis"], each["final"]) for key, each in second.items()
    }


def check_kept(worker: Worker, rows: list[Row], event_ms: int) -> None:
    as_of_ms = event_ms // PANE * PANE + PANE
    wanted = expected(rows, as_of_ms)
    latest = kept(worker.kpis)
    for key, kpis in wanted.items():
        assert latest[key]["kpis"] == json.loads(kpis), key
    for key, record in latest.items():
        assert key in wanted or record["kpis"] == [], key
        ended = not key.endswith("|") and record["end"] <= text(event_ms - MINUTE - LIVE.grace_ms)
        assert record["final"] == ended, key
    revisions: dict[bytes, int] = {}
    for raw, value in worker.kpis:
        revision = json.loads(value)["revision"]
        assert revision > revisions.get(raw, 0)
        revisions[raw] = revision


def test_a_key_is_published_at_most_once_per_pace_and_then_with_all_that_changed() -> None:
    target = stage()
    seen = []
    for tick in range(21):  # a call every 200 ms
        feed(target, [row(0, letters=1)], BASE)
        record = ticked(target, tick * 200).get(f"main|team|a|day|{text(BASE - BASE % DAY - 8 * HOUR)}")
        seen.append(record and record["kpis"][0]["numerator"])
    silence = [None] * 4
    assert seen == [1, *silence, 6, *silence, 11, *silence, 16, *silence, 21]


def test_a_clock_that_goes_back_stalls_nothing() -> None:
    target = stage()
    for now_ms, letters in ((3_600_000, 1), (3_600_100, 2), (0, 3), (100, 4), (1_100, 5)):
        feed(target, [row(0, letters=1)], BASE)
        numerators = {record["kpis"][0]["numerator"] for record in ticked(target, now_ms).values()}
        assert numerators == ({letters} if now_ms not in (3_600_100, 100) else set())


def test_a_window_is_published_at_once_when_it_becomes_final() -> None:
    target = stage()
    feed(target, [row(0, dials=1)], BASE)
    assert not any(record["final"] for record in ticked(target, 0).values())
    state_time(target, BASE + 32 * MINUTE)
    final = [record for record in ticked(target, 1).values() if record["final"]]
    assert {record["window"]: record["revision"] for record in final} == {"interval_30m": 2, "shift_late": 2}


def test_nothing_is_published_when_only_time_moves() -> None:
    target = stage()
    feed(target, [row(0, dials=1)], BASE)
    ticked(target, 0)
    state_time(target, BASE + 20_000)
    assert ticked(target, 5_000) == {}


def test_a_rolling_window_that_empties_is_published_once_without_kpis() -> None:
    target = stage()
    feed(target, [row(0, dials=1)], BASE)
    ticked(target, 0)
    state_time(target, BASE + MINUTE)
    emptied = ticked(target, 2_000)["main|team|a|rolling_1m|"]
    assert (emptied["kpis"], emptied["final"], emptied["start"]) == ([], False, text(BASE + PANE))
    state_time(target, BASE + 2 * MINUTE)
    assert ticked(target, 9_000) == {}


def test_an_undone_fact_leaves_no_trace_in_the_state() -> None:
    worker = Worker()
    feed(worker.target, [row(0, dials=1, talk_ms=7), row(0, "main|team|b", dials=1)], BASE)
    feed(worker.target, [row(0, dials=-1, talk_ms=-7)], BASE)
    worker.tick(0)
    left = [key for key in worker.state if b"main|team|a" in key and not key.startswith((b"a|", b"p|"))]
    assert left == []
    assert {key for key in kept(worker.kpis) if "team|a" in key} == set()
    assert any(b"w|main|team|b" in key for key in worker.state)


def test_a_correction_that_waits_for_its_turn_is_published_after_a_restart() -> None:
    worker = Worker()
    feed(worker.target, [row(0, letters=1)], BASE)
    worker.tick(0)
    feed(worker.target, [row(0, letters=1)], BASE)
    worker.tick(10)
    worker.restart()
    worker.tick(20)
    assert {record["kpis"][0]["numerator"] for record in kept(worker.kpis).values()} == {2}


def test_the_future_waits_for_its_time_and_comes_after_a_restart() -> None:
    worker = Worker()
    feed(worker.target, [row(40, promises_due=1)], BASE)
    worker.tick(0)
    assert worker.kpis == []
    worker.restart()
    state_time(worker.target, BASE + 40 * MINUTE)
    worker.tick(10)
    assert {record["window"] for record in kept(worker.kpis).values()} == {
        "interval_30m", "day", "month", "rolling_1m", "rolling_5m",
    }  # fmt: skip
    assert not any(key.startswith(b"f|") for key in worker.state)


def test_a_dropped_window_is_never_created_anew_and_new_keys_start_above_its_revision() -> None:
    worker = Worker()
    for number in range(4):
        feed(worker.target, [row(0, dials=1)], BASE)
        worker.tick(number * 2_000)
    for number in (0, 1):
        state_time(worker.target, BASE + 60 * DAY, number)
    worker.tick(20_000)
    assert not any(key.startswith((b"w|", b"p|")) for key in worker.state)
    worker.restart()
    worker.kpis.clear()
    feed(worker.target, [row(0, dials=1), row(60 * 24 * 60, "main|team|c", dials=1)], BASE + 60 * DAY)
    worker.tick(30_000)
    assert {key.split("|")[2] for key in kept(worker.kpis)} == {"c"}
    assert min(record["revision"] for record in kept(worker.kpis).values()) > 4
    assert worker.target.counters["frozen"] == 4


def said(worker: Worker) -> list[tuple[str, str, str, Any]]:
    records = [json.loads(value) for value in worker.alerts]
    return [(each["rule"], each["state"], each["at"][11:], each["numerator"]) for each in records]


def go_on(worker: Worker, minute: float, rows: tuple[Row, ...] = ()) -> None:
    feed(worker.target, list(rows), int(BASE + minute * MINUTE))
    for number in (0, 1):
        state_time(worker.target, int(BASE + minute * MINUTE), number)
    worker.tick(int(minute * MINUTE))


def test_a_rule_that_is_added_begins_with_what_the_windows_hold() -> None:
    #  10:00 dials 5, 10:10 dials 2, both within the day and, until 10:05:10 and 10:15:10, in 5 minutes
    few = Rule("few", "dials", "team", "day", exact("6"), exact("6"))
    many = Rule("short", "dials", "team", "rolling_5m", exact("1"), exact("1"), above=True)
    later = Rule("deadlines", "legal_completion_rate", "team", "day", exact("0.5"), exact("0.5"))
    worker = Worker(rules=())
    go_on(worker, 0, (row(0, dials=5), row(20, legal_due=1)))
    go_on(worker, 10.5, (row(10, dials=2),))
    worker.restart((few, many, later))
    go_on(worker, 16)
    assert said(worker) == [("short", "firing", "10:10:40Z", 2), ("short", "resolved", "10:15:10Z", 0)]
    worker.restart((few, many, later))
    go_on(worker, 21, (row(20.5, dials=-3),))
    assert said(worker)[2:] == [("deadlines", "firing", "10:20:10Z", 0), ("few", "firing", "10:20:40Z", 4)]


def test_rows_of_before_the_frontier_leave_ended_windows_alone() -> None:
    #  interval_30m [10:00, 10:30) ends before the frontier 11:00, day and month do not
    target = stage()
    place = (grain_at(10), 0, BASE + HOUR, 1)
    target.apply(b"main|team|a", delta(0, BASE + 2 * HOUR, [(place, {"dials": 1})]))
    assert {record["window"] for record in ticked(target, 0).values()} == {"day", "month"}
    assert target.counters["frozen"] == 1


@pytest.mark.parametrize("batch", [1, 7])
def test_a_run_is_its_grains_one_by_one(batch: int) -> None:
    #  10:03 |============ 600 grains of 10 s ============| 11:43, known at 11:43
    first, length, amounts = grain_at(3), 600, {"productive_ms": 10_000, "on_call_ms": 10_000}
    busy = Rule("busy", "occupancy_ratio", "team", "rolling_5m", exact("0.9"), exact("0.8"), above=True)
    run, single = stage(rules=(busy,)), stage(rules=(busy,))
    known = first + length
    at_ms = known * PLAN.grain_ms
    run.apply(b"main|team|a", delta(0, at_ms, [((first, known, 0, length), amounts)]))
    for begin in range(first, known, batch):
        rows = [((grain, known, 0, 1), amounts) for grain in range(begin, min(known, begin + batch))]
        single.apply(b"main|team|a", delta(0, at_ms, rows))
    for target in (run, single):
        target.apply(STATEMENT_KEY, encode_statement(0, at_ms + HOUR, at_ms))
    one, other = run.tick(0), single.tick(0)
    assert one == other
    assert one.kpis
    assert one.alerts


def test_sums_beyond_64_bits_stay_exact_through_state_and_records() -> None:
    worker = Worker()
    for _ in range(3):
        feed(worker.target, [("main|team|a", grain_at(0), 0, {"recovered_minor:CNY": 2**63 - 1}, 1)], BASE)
    worker.tick(0)
    worker.restart()
    feed(worker.target, [("main|team|a", grain_at(0), 0, {"recovered_minor:CNY": 2**70}, 1)], BASE)
    worker.tick(5_000)
    numerators = {record["kpis"][0]["numerator"] for record in kept(worker.kpis).values()}
    assert numerators == {3 * (2**63 - 1) + 2**70}


def test_a_replay_publishes_only_the_windows_asked_for_but_judges_all_rules() -> None:
    target = stage(Publication(horizon_ms=None, windows=frozenset({"day"}), rolling_records=False), (RULE,))
    feed(target, [row(0, dials=9)], BASE + HOUR)
    output = target.close()
    assert [json.loads(value)["window"] for _, value in output.kpis] == ["day"]
    assert [json.loads(value)["state"] for _, value in output.alerts] == ["firing", "resolved"]


def test_a_replay_gives_rolling_records_at_the_greatest_event_time_when_asked() -> None:
    target = stage(Publication(horizon_ms=None, windows=frozenset({"rolling_5m"})))
    feed(target, [row(0, letters=1), row(3, letters=2), row(7, letters=4), row(9, promises_due=1)], BASE + 7 * MINUTE)
    (key, value), *rest = target.close().kpis
    record = json.loads(value)
    assert (key, rest) == (b"main|team|a|rolling_5m|", [])
    assert (record["start"], record["end"]) == (text(BASE + 2 * MINUTE + PANE), text(BASE + 7 * MINUTE + PANE))
    assert record["kpis"] == [{"kpi": "letters", "numerator": 6, "denominator": None, "value": 6, "status": "ok"}]


def test_the_last_evaluation_is_the_last_pane_not_after_the_greatest_occurred_at() -> None:
    target = stage(REPLAY, (RULE,))
    feed(target, [row(0, dials=9)], BASE + PANE - 1)
    assert target.close().alerts == []
    target = stage(REPLAY, (RULE,))
    feed(target, [row(0, dials=9)], BASE + PANE)
    assert len(target.close().alerts) == 1


@pytest.mark.parametrize("size", [1, 7])
def test_a_jump_of_years_costs_what_changes(size: int) -> None:
    target = stage(rules=(LOW,))
    feed(target, [row(minute, f"main|team|t{minute}", dials=4) for minute in range(size)], BASE)
    target.tick(0)
    state_time(target, BASE + 150 * 365 * DAY)
    output = target.tick(10)
    assert len(output.kpis) + len(output.state) <= 25 * size + 1
